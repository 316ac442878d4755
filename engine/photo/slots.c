/* SPDX-License-Identifier: MIT */
#include "photo/slots.h"

VkDeviceSize bd_slot_align(VkDeviceSize bytes) {
    return (bytes + BD_SLOT_ALIGN - 1) / BD_SLOT_ALIGN * BD_SLOT_ALIGN;
}

VkDeviceSize bd_slot_row_bytes(const bd_slot_shape *shape) {
    VkDeviceSize w = shape->w;
    switch ((bd_slot_kind)shape->kind) {
    case BD_SLOT_PICTURE: return w * 4;
    case BD_SLOT_PICTURE16: return w * 8;
    case BD_SLOT_PLANE: return (w + 3) / 4 * 16;
    case BD_SLOT_GRID: return w * 16;
    case BD_SLOT_PAIRS: return w * 32;
    case BD_SLOT_BYTES: return (w + 3) / 4 * 4;
    case BD_SLOT_OUTSIDE: break;
    }
    return 0;
}

VkDeviceSize bd_slot_bytes(const bd_slot_shape *shape) {
    return bd_slot_row_bytes(shape) * shape->h;
}

static bool in_use_together(bd_slot_use a, bd_slot_use b) {
    return a.first <= b.last && b.first <= a.last;
}

/* The lowest offset in a chunk at which `bytes` are free while slot `s` is in use; placed: those that have a place. */
static VkDeviceSize lowest_offset(const bd_slot_shape *shapes, const bd_slot_use *uses, const bd_slot_place *places,
                                  const uint32_t *placed, uint32_t placed_count, uint32_t s, uint32_t chunk) {
    VkDeviceSize bytes = bd_slot_align(bd_slot_bytes(&shapes[s])), offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < placed_count; i++) {
            uint32_t other = placed[i];
            VkDeviceSize begin = places[other].offset, end = begin + bd_slot_align(bd_slot_bytes(&shapes[other]));
            if (places[other].chunk == chunk && in_use_together(uses[s], uses[other]) && begin < offset + bytes &&
                offset < end) {
                offset = end;
                moved = true;
            }
        }
    }
    return offset;
}

static uint32_t list_by_size(const bd_slot_shape *shapes, const bd_slot_use *uses, uint32_t count, bd_slot_owner owner,
                             uint32_t *list) {
    uint32_t listed = 0;
    for (uint32_t s = 1; s < count; s++) {
        if (shapes[s].kind == BD_SLOT_OUTSIDE || shapes[s].owner != (uint32_t)owner || uses[s].first > uses[s].last) {
            continue;
        }
        uint32_t at = listed++;
        for (; at && bd_slot_bytes(&shapes[list[at - 1]]) < bd_slot_bytes(&shapes[s]); at--) {
            list[at] = list[at - 1];
        }
        list[at] = s;
    }
    return listed;
}

bool bd_slots_place(const bd_slot_shape *shapes, const bd_slot_use *uses, uint32_t count, bd_slot_owner owner,
                    VkDeviceSize most, bd_slot_place *places, VkDeviceSize needed[BD_MOST_CHUNKS]) {
    uint32_t list[BD_MOST_SLOTS];
    uint32_t listed = list_by_size(shapes, uses, count, owner, list);
    for (uint32_t chunk = 0; chunk < BD_MOST_CHUNKS; chunk++) {
        needed[chunk] = 0;
    }
    for (uint32_t i = 0; i < listed; i++) {
        uint32_t s = list[i], chunk = 0;
        VkDeviceSize bytes = bd_slot_align(bd_slot_bytes(&shapes[s])), offset = 0;
        for (; chunk < BD_MOST_CHUNKS; chunk++) {
            offset = lowest_offset(shapes, uses, places, list, i, s, chunk);
            if (offset == 0 || offset + bytes <= most) {
                break;
            }
        }
        if (chunk == BD_MOST_CHUNKS) {
            return false;
        }
        places[s] = (bd_slot_place){chunk, offset};
        needed[chunk] = BD_MAX(needed[chunk], offset + bytes);
    }
    return true;
}

bool bd_slot_memory_must_grow(const bd_slot_memory *memory, const VkDeviceSize needed[BD_MOST_CHUNKS]) {
    for (uint32_t i = 0; i < BD_MOST_CHUNKS; i++) {
        if (memory->chunks[i].buffer && memory->chunks[i].bytes < needed[i]) {
            return true;
        }
    }
    return false;
}

bd_result bd_slot_memory_reserve(bd_slot_memory *memory, bd_vk *vk, const VkDeviceSize needed[BD_MOST_CHUNKS],
                                 bd_error *error) {
    memory->generation += bd_slot_memory_must_grow(memory, needed);
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < BD_MOST_CHUNKS && !result; i++) {
        if (needed[i]) {
            result = bd_vk_buffer_reserve(vk, &memory->chunks[i], needed[i], BD_VK_MEMORY_DEVICE, error);
        }
    }
    return result;
}

void bd_slot_memory_finish(bd_slot_memory *memory, bd_vk *vk) {
    for (uint32_t i = 0; i < BD_MOST_CHUNKS; i++) {
        bd_vk_buffer_finish(vk, &memory->chunks[i]);
    }
    memory->generation++;
}

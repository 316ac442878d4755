/* SPDX-License-Identifier: MIT */
#include "photo/recorder.h"

enum { MOST_STAMPS = 32, ALIGN_ROWS = 64 /* of a picture of any width begin at a multiple of 256 bytes */ };

/* Of a part of the commands, on the slowest devices: some 10 ms. */
#define PART_BYTES ((VkDeviceSize)12 << 20)

/* ---- barriers ---------------------------------------------------------------------------------------------------- */

static void forget_pending(bd_recorder *to) {
    to->pending_count = 0;
    to->all_pending = false;
    to->barriers++;
}

static void barrier(bd_recorder *to) {
    bd_vk_commands_barrier(&to->commands[to->current]);
    forget_pending(to);
}

/* Whether what is about to be done has to wait for what is pending. */
static bool must_wait(const bd_recorder *to, const bd_vk_binding *at, bool writes) {
    VkDeviceSize begin = at->offset, end = begin + at->bytes;
    for (uint32_t i = 0; i < to->pending_count; i++) {
        const bd_pending *p = &to->pending[i];
        if (p->buffer == at->buffer->buffer && (p->written || writes) && p->begin < end && begin < p->end) {
            return true;
        }
    }
    return to->all_pending;
}

static void add_pending(bd_recorder *to, const bd_vk_binding *at, bool writes) {
    VkDeviceSize begin = at->offset, end = begin + at->bytes;
    for (uint32_t i = 0; i < to->pending_count; i++) {
        bd_pending *p = &to->pending[i];
        if (p->buffer == at->buffer->buffer && p->begin == begin && p->end == end) {
            p->written = p->written || writes;
            return;
        }
    }
    to->pending[to->pending_count++] = (bd_pending){at->buffer->buffer, begin, end, writes};
}

/* Up to BD_VK_BINDINGS ranges that are read and one that is written. */
static void touch(bd_recorder *to, const bd_vk_binding *reads, uint32_t count, const bd_vk_binding *written) {
    bool wait = to->pending_count + count + 1 > BD_MOST_PENDING || must_wait(to, written, true);
    for (uint32_t i = 0; i < count && !wait; i++) {
        wait = reads[i].buffer && must_wait(to, &reads[i], false);
    }
    if (wait) {
        barrier(to);
    }
    add_pending(to, written, true);
    for (uint32_t i = 0; i < count; i++) {
        if (reads[i].buffer) {
            add_pending(to, &reads[i], false);
        }
    }
}

/* ---- command buffers --------------------------------------------------------------------------------------------- */

static void begin_commands(bd_recorder *to) {
    if (to->current == BD_MOST_COMMANDS) {
        to->result = bd_fail(to->error, BD_ERR_IMAGE_TOO_LARGE, "a photo takes more than %d command buffers",
                             (int)BD_MOST_COMMANDS);
        return;
    }
    bd_vk_commands *commands = &to->commands[to->current];
    if (!commands->pool) {
        to->result = bd_vk_commands_init(to->vk, commands, MOST_STAMPS, to->error);
    }
    if (!to->result) {
        to->result = bd_vk_commands_begin(commands, 0, to->error);
    }
    to->part_bytes = 0;
    to->list[to->list_count++] = commands;
}

void bd_recorder_begin(bd_recorder *to) {
    to->current = 0;
    to->list_count = 0;
    to->pending_count = 0;
    to->all_pending = true;
    to->dispatches = 0;
    to->barriers = 0;
    to->result = BD_OK;
    begin_commands(to);
}

bd_result bd_recorder_end(bd_recorder *to) {
    if (!to->result) {
        bd_vk_commands_barrier_host(&to->commands[to->current]);
        to->result = bd_vk_commands_end(&to->commands[to->current], to->error);
    }
    return to->result;
}

void bd_recorder_run(bd_recorder *to, bd_vk_commands *commands) {
    if (to->result) {
        return;
    }
    barrier(to);
    to->result = bd_vk_commands_end(&to->commands[to->current], to->error);
    to->list[to->list_count++] = commands;
    to->current++;
    if (!to->result) {
        begin_commands(to);
    }
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

bd_size bd_recorder_size(const bd_recorder *to, bd_slot slot) {
    return (bd_size){to->shapes[slot].w, to->shapes[slot].h};
}

void bd_bind(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot) {
    bd_bind_bytes(to, dispatch, binding, slot, 0, to->slots[slot].bytes);
}

void bd_bind_rows(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot, uint32_t first,
                  uint32_t rows) {
    VkDeviceSize row = bd_slot_row_bytes(&to->shapes[slot]);
    bd_bind_bytes(to, dispatch, binding, slot, row * first, row * rows);
}

void bd_bind_bytes(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot, VkDeviceSize offset,
                   VkDeviceSize bytes) {
    bd_vk_binding *at = &dispatch->bindings[binding];
    const bd_slot_use *use = &to->uses[slot];
    if (!to->result && slot != BD_NO_SLOT && (to->pass < use->first || to->pass > use->last)) {
        to->result = bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s is bound by a pass that was not told of it",
                             to->names[slot]);
    }
    at->buffer = to->slots[slot].buffer;
    at->offset = to->slots[slot].offset + offset;
    at->bytes = bytes;
    if (to->shapes[slot].kind == BD_SLOT_OUTSIDE) {
        at->format = to->slots[slot].format;
    }
}

void bd_match_depth(const bd_recorder *to, bd_vk_dispatch *dispatch, bd_slot picture) {
    if (to->shapes[picture].kind == BD_SLOT_PICTURE16) {
        bd_kernel_deepen(dispatch);
    }
}

void bd_recorder_dispatch(bd_recorder *to, const bd_vk_dispatch *dispatch) {
    if (to->result) {
        return;
    }
    const VkDeviceSize most = PART_BYTES * bd_vk_part_scale(to->vk);
    VkDeviceSize bytes = 0;
    for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
        bytes += dispatch->bindings[b].buffer ? dispatch->bindings[b].bytes : 0;
    }
    uint32_t slices = (uint32_t)((bytes + most - 1) / most);
    if (to->part_bytes && to->part_bytes + bytes > most) {
        to->result = bd_vk_commands_split(&to->commands[to->current], to->error);
        to->part_bytes = 0;
    }
    if (to->result) {
        return;
    }
    to->part_bytes += slices > 1 ? bytes / slices : bytes;
    touch(to, dispatch->bindings, BD_BIND_DST, &dispatch->bindings[BD_BIND_DST]);
    to->dispatches++;
    to->result = bd_vk_commands_dispatch_slices(&to->commands[to->current], dispatch, slices, to->error);
    if (to->result == BD_ERR_UNSUPPORTED) { /* the device's limits */
        to->result = bd_fail_as(to->error, BD_ERR_IMAGE_TOO_LARGE);
    }
}

void bd_recorder_copy(bd_recorder *to, const bd_vk_binding *from, const bd_vk_binding *dst) {
    if (!to->result) {
        touch(to, from, 1, dst);
        bd_vk_commands_copy(&to->commands[to->current], from->buffer, from->offset, dst->buffer, dst->offset,
                            from->bytes);
    }
}

void bd_recorder_fill(bd_recorder *to, bd_slot slot, VkDeviceSize bytes, uint32_t word) {
    const bd_vk_binding at = {.buffer = to->slots[slot].buffer, .offset = to->slots[slot].offset, .bytes = bytes};
    if (!to->result) {
        touch(to, NULL, 0, &at);
        bd_vk_commands_fill(&to->commands[to->current], at.buffer, at.offset, bytes, word);
    }
}

void bd_recorder_barrier_indirect(bd_recorder *to) {
    if (!to->result) {
        bd_vk_commands_barrier_indirect(&to->commands[to->current]);
        forget_pending(to);
    }
}

void bd_recorder_stamp(bd_recorder *to, const char *label) {
    if (!to->result) {
        bd_vk_commands_stamp(&to->commands[to->current], label);
    }
}

/* ---- bands ------------------------------------------------------------------------------------------------------- */

uint32_t bd_band_rows(const VkPhysicalDeviceLimits *limits, bool deep, VkDeviceSize band_bytes, bd_size size,
                      uint32_t unit) {
    uint64_t row = (uint64_t)((size.w + 3) / 4) * 16; /* of a plane: no picture's is longer, but for one of 16 bits */
    row *= deep ? 2 : 1;
    uint64_t limit = BD_MIN((uint64_t)limits->maxStorageBufferRange, (uint64_t)limits->maxTexelBufferElements * 4);
    limit = band_bytes ? band_bytes : limit;
    uint64_t step = unit;
    while (step % ALIGN_ROWS) {
        step *= 2;
    }
    uint64_t rows = limit / row / step * step;
    return (uint32_t)BD_MIN(BD_MAX(rows, step), (uint64_t)size.h);
}

bd_band bd_bands(const bd_recorder *to, bd_size size, uint32_t unit) {
    uint32_t most = bd_band_rows(&to->vk->limits, to->deep, to->band_bytes, size, unit);
    return (bd_band){.first = 0, .rows = BD_MIN(most, size.h), .most = most, .end = size.h};
}

bd_band bd_bands_apart(const bd_recorder *to, bd_size size) {
    bd_band band = bd_bands(to, size, 1);
    if (band.most < size.h) {
        band.most = BD_MAX(band.most, 3u * BD_BAND_AROUND) - 2 * BD_BAND_AROUND;
        band.rows = band.most;
    }
    return band;
}

bd_band bd_bands_of_blocks(const bd_recorder *to, bd_size size, uint32_t block) {
    bd_band band = bd_bands(to, size, 1);
    if (band.most < size.h) {
        band.most = BD_MAX((band.most - BD_MIN(band.most, ALIGN_ROWS)) / block, 1u) * block;
        band.rows = BD_MIN(band.most, size.h);
    }
    return band;
}

bd_rows bd_rows_from(uint32_t first, uint32_t end) {
    uint32_t begin = first / ALIGN_ROWS * ALIGN_ROWS;
    return (bd_rows){begin, end - begin};
}

bd_rows bd_rows_behind(uint32_t height, int64_t first, uint32_t rows) {
    int64_t begin = BD_MIN(BD_MAX(first, 0), (int64_t)height - 1);
    int64_t end = BD_MIN(BD_MAX(first + rows, begin + 1), (int64_t)height);
    return bd_rows_from((uint32_t)begin, (uint32_t)end);
}

void bd_band_next(bd_band *band) {
    band->first += band->rows;
    band->rows = BD_MIN(band->most, band->end - band->first);
}

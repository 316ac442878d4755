/* SPDX-License-Identifier: MIT
 * What the passes over one photo read and write: pictures, planes, grids and tables on the device, by handle.
 *
 * Slots get their memory when a recipe is complete: two of them share it where one is done with before the other
 * begins. What the host writes or reads belongs to one photo in flight; all else is shared by photos, which the queue
 * runs one after the other. */
#ifndef BD_SLOTS_H
#define BD_SLOTS_H

#include "vk/vk.h"

typedef uint32_t bd_slot;
enum { BD_NO_SLOT = 0, BD_MOST_SLOTS = 160 /* with BD_NO_SLOT */, BD_MOST_CHUNKS = 32 };

typedef struct bd_size {
    uint32_t w, h;
} bd_size;

typedef enum bd_slot_kind {
    BD_SLOT_PICTURE,   /* (h, w) rgba8 */
    BD_SLOT_PICTURE16, /* (h, w) rgba16 */
    BD_SLOT_PLANE,     /* (h, ceil(w / 4) * 4) f32 */
    BD_SLOT_GRID,      /* (h, w) vec4 */
    BD_SLOT_PAIRS,     /* (h, w) vec4[2] */
    BD_SLOT_BYTES,     /* (h, ceil(w / 4) * 4) u8 */
    BD_SLOT_OUTSIDE    /* memory of somebody else, bound when the recipe is made */
} bd_slot_kind;

/* Which part of memory a slot needs. */
typedef enum bd_slot_owner {
    BD_SLOT_SHARED,
    BD_SLOT_FRAME, /* the host writes it before, or reads it after the photo */
    BD_SLOT_KEPT   /* what it holds outlives the photo, in memory that is bound when the recipe is made */
} bd_slot_owner;

/* All of four bytes: equal slots have equal bytes. */
typedef struct bd_slot_shape {
    uint32_t kind, w, h, owner;
} bd_slot_shape;

typedef struct bd_slot_place {
    uint32_t chunk;
    VkDeviceSize offset;
} bd_slot_place;

typedef struct bd_slot_use {
    uint32_t first, last; /* passes; first > last: none */
} bd_slot_use;

/* Of one row, a multiple of 4; rows lie side by side. */
VkDeviceSize bd_slot_row_bytes(const bd_slot_shape *shape);
VkDeviceSize bd_slot_bytes(const bd_slot_shape *shape);

/* What slots, and parts of them that are bound by themselves, begin at a multiple of: no device asks for more. */
enum { BD_SLOT_ALIGN = 256 };
VkDeviceSize bd_slot_align(VkDeviceSize bytes);

/* Finds a place for every slot of an owner, so that two that are in use together do not overlap; largest first, each at
 * the lowest offset that is free.
 *
 * most     bytes of a chunk, unless a single slot needs more
 * needed   (BD_MOST_CHUNKS) bytes of each chunk; written
 * Returns false when there are too many chunks. */
bool bd_slots_place(const bd_slot_shape *shapes, const bd_slot_use *uses, uint32_t count, bd_slot_owner owner,
                    VkDeviceSize most, bd_slot_place *places, VkDeviceSize needed[BD_MOST_CHUNKS]);

/* Memory that slots lie in. It only grows. */
typedef struct bd_slot_memory {
    bd_vk_buffer chunks[BD_MOST_CHUNKS];
    uint32_t generation; /* grows whenever a chunk is replaced: what was recorded with it is of no use */
} bd_slot_memory;

/* Whether a reserve would replace a chunk, for which the device must be done with all of them. */
bool bd_slot_memory_must_grow(const bd_slot_memory *memory, const VkDeviceSize needed[BD_MOST_CHUNKS]);
bd_result bd_slot_memory_reserve(bd_slot_memory *memory, bd_vk *vk, const VkDeviceSize needed[BD_MOST_CHUNKS],
                                 bd_error *error);
void bd_slot_memory_finish(bd_slot_memory *memory, bd_vk *vk);

#endif

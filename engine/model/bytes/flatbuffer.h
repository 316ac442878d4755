/* SPDX-License-Identifier: MIT
 * FlatBuffers read in place: little-endian, offsets relative to their own place, fields found through a vtable that has
 * the place of each one in its table. What a file says is checked where it is used; the first offset that leads out of
 * the file, or out of its table, marks the reader broken, and from then on everything is absent. So a caller reads a
 * group of fields and then asks for bd_fb.broken once. Source: FlatBuffers' internals.md. */
#ifndef BD_FLATBUFFER_H
#define BD_FLATBUFFER_H

#include "base/base.h"

typedef struct bd_fb {
    const uint8_t *data;
    size_t bytes;
    bool broken;
    size_t broken_at; /* the byte that made no sense */
} bd_fb;

typedef struct bd_fb_table {
    size_t at; /* 0: there is none */
    size_t vtable;
    uint32_t vtable_bytes, bytes;
} bd_fb_table;

typedef struct bd_fb_vector {
    const uint8_t *items; /* NULL: there is none; all of them lie in the file, perhaps unaligned */
    uint32_t count;
} bd_fb_vector;

bd_fb_table bd_fb_root(bd_fb *fb);

/* Fields by their number; fallback (or nothing) where the table does not have them. width: 1, 2, 4 or 8 bytes. */
int64_t bd_fb_signed(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t width, int64_t fallback);
uint64_t bd_fb_unsigned(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t width, uint64_t fallback);
float bd_fb_float(bd_fb *fb, const bd_fb_table *table, uint32_t field, float fallback);
bd_fb_table bd_fb_child(bd_fb *fb, const bd_fb_table *table, uint32_t field);
bd_fb_vector bd_fb_items(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t item_bytes);

/* Item i < count of a vector of offsets to tables, int32, int64, float. */
bd_fb_table bd_fb_item_table(bd_fb *fb, const bd_fb_vector *vector, uint32_t i);
int32_t bd_fb_item_i32(const bd_fb_vector *vector, uint32_t i);
int64_t bd_fb_item_i64(const bd_fb_vector *vector, uint32_t i);
float bd_fb_item_float(const bd_fb_vector *vector, uint32_t i);

#endif

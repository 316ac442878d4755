/* SPDX-License-Identifier: MIT */
#include "model/bytes/flatbuffer.h"

#include <string.h>

static void break_at(bd_fb *fb, size_t at) {
    if (!fb->broken) {
        fb->broken = true;
        fb->broken_at = BD_MIN(at, fb->bytes);
    }
}

static bool holds(bd_fb *fb, size_t at, size_t bytes) {
    if (fb->broken || at > fb->bytes || bytes > fb->bytes - at) {
        break_at(fb, at);
        return false;
    }
    return true;
}

/* The caller knows that the bytes are there. */
static uint64_t load(const uint8_t *from, uint32_t width) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < width; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

static int64_t extend(uint64_t value, uint32_t width) {
    uint64_t sign = (uint64_t)1 << (8 * width - 1);
    return value & sign ? -(int64_t)(~value & (sign - 1)) - 1 : (int64_t)(value & (sign - 1));
}

static float as_float(uint64_t bits) {
    uint32_t word = (uint32_t)bits;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static bd_fb_table table_at(bd_fb *fb, size_t at) {
    bd_fb_table table = {0};
    if (!at || !holds(fb, at, 4)) {
        break_at(fb, at);
        return table;
    }
    int64_t vtable = (int64_t)at - extend(load(fb->data + at, 4), 4);
    if (vtable < 0 || !holds(fb, (size_t)vtable, 4)) {
        break_at(fb, at);
        return table;
    }
    uint32_t vtable_bytes = (uint32_t)load(fb->data + vtable, 2), bytes = (uint32_t)load(fb->data + vtable + 2, 2);
    if (vtable_bytes < 4 || bytes < 4 || !holds(fb, (size_t)vtable, vtable_bytes) || !holds(fb, at, bytes)) {
        break_at(fb, (size_t)vtable);
        return table;
    }
    return (bd_fb_table){at, (size_t)vtable, vtable_bytes, bytes};
}

/* Where a field of that width lies; 0: the table does not have it. */
static size_t find(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t width) {
    uint32_t entry = 4 + 2 * field;
    if (fb->broken || !table->at || entry + 2 > table->vtable_bytes) {
        return 0;
    }
    uint32_t offset = (uint32_t)load(fb->data + table->vtable + entry, 2);
    if (!offset) {
        return 0;
    }
    if (offset < 4 || offset + width > table->bytes) {
        break_at(fb, table->vtable + entry);
        return 0;
    }
    return table->at + offset;
}

/* Where the offset that stands at `at` leads; 0: out of the file. */
static size_t follow(bd_fb *fb, size_t at) {
    size_t offset = (size_t)load(fb->data + at, 4);
    if (offset > fb->bytes - at || !offset) {
        break_at(fb, at);
        return 0;
    }
    return at + offset;
}

bd_fb_table bd_fb_root(bd_fb *fb) {
    size_t at = holds(fb, 0, 4) ? follow(fb, 0) : 0;
    return fb->broken ? (bd_fb_table){0} : table_at(fb, at);
}

int64_t bd_fb_signed(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t width, int64_t fallback) {
    size_t at = find(fb, table, field, width);
    return at ? extend(load(fb->data + at, width), width) : fallback;
}

uint64_t bd_fb_unsigned(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t width, uint64_t fallback) {
    size_t at = find(fb, table, field, width);
    return at ? load(fb->data + at, width) : fallback;
}

float bd_fb_float(bd_fb *fb, const bd_fb_table *table, uint32_t field, float fallback) {
    size_t at = find(fb, table, field, 4);
    return at ? as_float(load(fb->data + at, 4)) : fallback;
}

bd_fb_table bd_fb_child(bd_fb *fb, const bd_fb_table *table, uint32_t field) {
    size_t at = find(fb, table, field, 4);
    size_t to = at ? follow(fb, at) : 0;
    return to ? table_at(fb, to) : (bd_fb_table){0};
}

bd_fb_vector bd_fb_items(bd_fb *fb, const bd_fb_table *table, uint32_t field, uint32_t item_bytes) {
    bd_fb_vector vector = {0};
    size_t at = find(fb, table, field, 4);
    size_t to = at ? follow(fb, at) : 0;
    if (!to || !holds(fb, to, 4)) {
        return vector;
    }
    uint32_t count = (uint32_t)load(fb->data + to, 4);
    if (count > (fb->bytes - to - 4) / item_bytes) {
        break_at(fb, to);
        return vector;
    }
    return (bd_fb_vector){fb->data + to + 4, count};
}

bd_fb_table bd_fb_item_table(bd_fb *fb, const bd_fb_vector *vector, uint32_t i) {
    size_t at = (size_t)(vector->items - fb->data) + 4 * (size_t)i;
    size_t to = fb->broken ? 0 : follow(fb, at);
    return to ? table_at(fb, to) : (bd_fb_table){0};
}

int32_t bd_fb_item_i32(const bd_fb_vector *vector, uint32_t i) {
    return (int32_t)extend(load(vector->items + 4 * (size_t)i, 4), 4);
}

int64_t bd_fb_item_i64(const bd_fb_vector *vector, uint32_t i) {
    return extend(load(vector->items + 8 * (size_t)i, 8), 8);
}

float bd_fb_item_float(const bd_fb_vector *vector, uint32_t i) {
    return as_float(load(vector->items + 4 * (size_t)i, 4));
}

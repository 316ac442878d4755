/* SPDX-License-Identifier: MIT */
#include "image/boxes.h"

#include <string.h>

static uint64_t big_endian(const uint8_t *from, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

bool bd_box_next(const uint8_t *data, size_t bytes, size_t *at, bd_box *box) {
    enum { HEAD = 8, LARGE = 16, TO_THE_END = 0, SIZE_FOLLOWS = 1 };
    const size_t left = bytes - BD_MIN(*at, bytes);
    if (left < HEAD) {
        return false;
    }
    uint64_t size = big_endian(data + *at, 4);
    size_t head = HEAD;
    if (size == SIZE_FOLLOWS && left >= LARGE) {
        size = big_endian(data + *at + HEAD, 8);
        head = LARGE;
    } else if (size == TO_THE_END) {
        size = left;
    }
    if (size < head) {
        return false;
    }
    *box =
        (bd_box){.data = data + *at + head, .bytes = (size_t)BD_MIN(size, (uint64_t)left) - head, .cut = size > left};
    memcpy(box->type, data + *at + 4, 4);
    *at += head + box->bytes;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "image/iptc.h"

#include <string.h>

/* A resource: "8BIM", a number, a name with its length before it and padded to even, a length, data padded to even. */
const uint8_t *bd_iptc_find(const uint8_t *blocks, size_t bytes, size_t *iptc_bytes) {
    enum { IPTC = 0x0404 };
    size_t at = 0;
    while (bytes - at >= BD_IPTC_HEADER && !memcmp(blocks + at, "8BIM", 4)) {
        uint32_t number = (uint32_t)blocks[at + 4] << 8 | blocks[at + 5];
        size_t head = 6 + ((size_t)blocks[at + 6] + 2) / 2 * 2;
        if (bytes - at < head + 4) {
            break;
        }
        const uint8_t *l = blocks + at + head;
        size_t length = (size_t)l[0] << 24 | (size_t)l[1] << 16 | (size_t)l[2] << 8 | l[3];
        at += head + 4;
        if (length > bytes - at) {
            break;
        }
        if (number == IPTC && length) {
            *iptc_bytes = length;
            return blocks + at;
        }
        at += BD_MIN(length + length % 2, bytes - at);
    }
    return NULL;
}

/* A data set: 0x1c, two numbers, a length, data; of a long one, the length is that of the length that follows. Returns its
 * bytes; 0: there is no whole one. */
static size_t data_set(const uint8_t *iptc, size_t bytes) {
    enum { MARK = 0x1c, HEAD = 5, LONG_MOST = 4 };
    if (bytes < HEAD || iptc[0] != MARK) {
        return 0;
    }
    size_t length = (size_t)iptc[3] << 8 | iptc[4], more = 0;
    if (length & 0x8000) {
        more = length & 0x7fff;
        if (more > LONG_MOST || more > bytes - HEAD) {
            return 0;
        }
        length = 0;
        for (size_t i = 0; i < more; i++) {
            length = length << 8 | iptc[HEAD + i];
        }
    }
    return length <= bytes - HEAD - more ? HEAD + more + length : 0;
}

static bool is_zero(const uint8_t *data, size_t bytes) {
    bool zero = true;
    for (size_t i = 0; i < bytes && zero; i++) {
        zero = !data[i];
    }
    return zero;
}

size_t bd_iptc_measure(const uint8_t *iptc, size_t bytes, bool *whole) {
    size_t end = 0;
    for (size_t size; (size = data_set(iptc + end, bytes - end)) > 0;) {
        end += size;
    }
    *whole = is_zero(iptc + end, bytes - end);
    return end;
}

size_t bd_iptc_drop_pictures(uint8_t *iptc, size_t bytes, bool *whole) {
    enum { APPLICATION = 2, PREVIEW_FIRST = 200, PREVIEW_LAST = 202, OBJECT = 8 };
    size_t at = 0, left = 0;
    for (size_t size; (size = data_set(iptc + at, bytes - at)) > 0; at += size) {
        const uint8_t record = iptc[at + 1], number = iptc[at + 2];
        if (record != OBJECT && (record != APPLICATION || number < PREVIEW_FIRST || number > PREVIEW_LAST)) {
            memmove(iptc + left, iptc + at, size);
            left += size;
        }
    }
    *whole = is_zero(iptc + at, bytes - at);
    return left;
}

void bd_iptc_begin(size_t bytes, uint8_t header[BD_IPTC_HEADER]) {
    const uint8_t made[BD_IPTC_HEADER] = {
        '8',           'B', 'I', 'M', 4, 4, 0, 0, (uint8_t)(bytes >> 24), (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 8),
        (uint8_t)bytes};
    memcpy(header, made, sizeof made);
}

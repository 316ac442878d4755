/* SPDX-License-Identifier: MIT
 * Big-endian numbers in a row. */
#ifndef BD_CURSOR_H
#define BD_CURSOR_H

#include "base/base.h"

typedef struct bd_cursor {
    const uint8_t *data;
    size_t bytes;
    bool ended; /* more was asked for than there was: that was 0 */
} bd_cursor;

/* Of 0..8 bytes. */
static inline uint64_t bd_cursor_number(bd_cursor *cursor, size_t bytes) {
    uint64_t number = 0;
    if (bytes > cursor->bytes) {
        cursor->ended = true;
        cursor->bytes = 0;
        return 0;
    }
    for (cursor->bytes -= bytes; bytes; bytes--) {
        number = number << 8 | *cursor->data++;
    }
    return number;
}

/* What is there of the next bytes; the cursor goes behind them. */
static inline bd_cursor bd_cursor_part(bd_cursor *cursor, uint64_t bytes) {
    bd_cursor part = {cursor->data, (size_t)BD_MIN((uint64_t)cursor->bytes, bytes), bytes > cursor->bytes};
    cursor->ended |= part.ended;
    if (part.bytes) {
        cursor->data += part.bytes;
        cursor->bytes -= part.bytes;
    }
    return part;
}

#endif

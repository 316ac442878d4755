/* SPDX-License-Identifier: MIT
 * The boxes that HEIC, AVIF, JPEG XL and JPEG 2000 files consist of (ISO/IEC 14496-12, 4.2). */
#ifndef BD_BOXES_H
#define BD_BOXES_H

#include "base/base.h"

typedef struct bd_box {
    char type[5];
    const uint8_t *data;
    size_t bytes;
    bool cut; /* the file ends before the box does */
} bd_box;

/* The box at *at, and on to the next; false: there is none. */
bool bd_box_next(const uint8_t *data, size_t bytes, size_t *at, bd_box *box);

#endif

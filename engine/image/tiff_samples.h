/* SPDX-License-Identifier: MIT
 * Numbers of TIFF's many kinds, as its decoders leave them in memory. */
#ifndef BD_TIFF_SAMPLES_H
#define BD_TIFF_SAMPLES_H

#include "base/base.h"

typedef enum bd_tiff_numbers {
    BD_TIFF_COUNTS, /* 0 to the most that the bits hold: the whole range */
    BD_TIFF_FLOATS, /* 0 to 1; 16, 32 or 64 bits */
    BD_TIFF_INDICES /* stay as they are; up to 8 bits */
} bd_tiff_numbers;

/* Can they be read? */
bool bd_tiff_can_read(bd_tiff_numbers numbers, unsigned bits);
/* count samples, of a row that begins at a byte, become 0..65535 where deep, else 0..255. */
void bd_tiff_read_samples(const uint8_t *from, bd_tiff_numbers numbers, unsigned bits, bool deep, size_t count,
                          uint16_t *to);

#endif

/* SPDX-License-Identifier: MIT
 * IPTC's data sets, and Photoshop's image resource blocks, in which files keep them. */
#ifndef BD_IPTC_H
#define BD_IPTC_H

#include "base/base.h"

/* The data sets in resource blocks; NULL: none. */
const uint8_t *bd_iptc_find(const uint8_t *blocks, size_t bytes, size_t *iptc_bytes);
/* The bytes of data sets up to the first damaged one. whole: there was none but zeros that fill up. */
size_t bd_iptc_measure(const uint8_t *iptc, size_t bytes, bool *whole);
/* Takes previews and embedded objects (IIM 4.2, 2:200 to 2:202 and record 8) out of data sets, and all behind the first
 * damaged one. Returns the bytes left. whole: there was none but zeros that fill up. */
size_t bd_iptc_drop_pictures(uint8_t *iptc, size_t bytes, bool *whole);
/* What stands before data sets in a block of their own; a NUL follows where bytes is odd. */
enum { BD_IPTC_HEADER = 12 };
void bd_iptc_begin(size_t bytes, uint8_t header[BD_IPTC_HEADER]);

#endif

/* SPDX-License-Identifier: MIT
 * Photoshop's image resource blocks, in which files keep IPTC's data sets. */
#ifndef BD_IPTC_H
#define BD_IPTC_H

#include "base/base.h"

/* The data sets in resource blocks; NULL: none. */
const uint8_t *bd_iptc_find(const uint8_t *blocks, size_t bytes, size_t *iptc_bytes);
/* The bytes of data sets without zeros that fill up behind them. */
size_t bd_iptc_measure(const uint8_t *iptc, size_t bytes);
/* What stands before data sets in a block of their own; a NUL follows where bytes is odd. */
enum { BD_IPTC_HEADER = 12 };
void bd_iptc_begin(size_t bytes, uint8_t header[BD_IPTC_HEADER]);

#endif

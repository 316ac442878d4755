/* SPDX-License-Identifier: MIT */
#ifndef BD_HEIF_ENCODE_H
#define BD_HEIF_ENCODE_H

#include "image/encoder.h"

/* An image of 8 bits. */
void bd_avif_encode(bd_encoder *to);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BD_WEBP_ENCODE_H
#define BD_WEBP_ENCODE_H

#include "image/encoder.h"

/* An image of 8 bits; grey becomes RGB. */
void bd_webp_encode(bd_encoder *to);

#endif

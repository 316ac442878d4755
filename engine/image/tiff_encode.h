/* SPDX-License-Identifier: MIT */
#ifndef BD_TIFF_ENCODE_H
#define BD_TIFF_ENCODE_H

#include "image/encoder.h"

/* An image of any format, with its depth. */
void bd_tiff_encode(bd_encoder *to);

#endif

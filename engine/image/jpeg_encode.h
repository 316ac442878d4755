/* SPDX-License-Identifier: MIT
 * JPEG out. */
#ifndef BD_JPEG_ENCODE_H
#define BD_JPEG_ENCODE_H

#include "image/encoder.h"

void bd_jpeg_encode(bd_encoder *to);

#endif

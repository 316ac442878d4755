/* SPDX-License-Identifier: MIT
 * PNG out. */
#ifndef BD_PNG_ENCODE_H
#define BD_PNG_ENCODE_H

#include "image/encoder.h"

void bd_png_encode(bd_encoder *to);

#endif

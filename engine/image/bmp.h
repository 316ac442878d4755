/* SPDX-License-Identifier: MIT
 * BMP in. */
#ifndef BD_BMP_H
#define BD_BMP_H

#include "image/image_source.h"

/* Writes an RGBA8 image on success only. */
bd_result bd_bmp_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

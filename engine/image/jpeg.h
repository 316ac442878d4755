/* SPDX-License-Identifier: MIT
 * JPEG. */
#ifndef BD_JPEG_H
#define BD_JPEG_H

#include "image/image_source.h"

/* Writes an RGBA8 image on success only. */
bd_result bd_jpeg_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

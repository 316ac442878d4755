/* SPDX-License-Identifier: MIT
 * PNG. */
#ifndef BD_PNG_H
#define BD_PNG_H

#include "image/image_source.h"

/* Writes an RGBA8 image, or what was asked for, on success only. */
bd_result bd_png_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

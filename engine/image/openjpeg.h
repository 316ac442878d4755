/* SPDX-License-Identifier: MIT
 * JPEG 2000 in. */
#ifndef BD_OPENJPEG_H
#define BD_OPENJPEG_H

#include "image/image_source.h"

/* Writes an RGBA8 or RGBA16 image on success only. */
bd_result bd_openjpeg_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

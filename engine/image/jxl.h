/* SPDX-License-Identifier: MIT
 * JPEG XL in. */
#ifndef BD_JXL_H
#define BD_JXL_H

#include "image/image_source.h"

/* Writes an RGBA8 or RGBA16 image on success only. */
bd_result bd_jxl_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

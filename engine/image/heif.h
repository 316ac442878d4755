/* SPDX-License-Identifier: MIT
 * HEIC and AVIF in. */
#ifndef BD_HEIF_H
#define BD_HEIF_H

#include "image/image_source.h"

/* Write an RGBA8 or RGBA16 image on success only. */
bd_result bd_heic_decode(const bd_image_source *source, bd_image *image, bd_error *error);
bd_result bd_avif_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

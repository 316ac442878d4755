/* SPDX-License-Identifier: MIT
 * GIF, HDR and TGA by stb_image. */
#ifndef BD_STB_H
#define BD_STB_H

#include "image/image_source.h"

/* Writes an RGBA8 image on success only. */
bd_result bd_stb_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * PSD in. */
#ifndef BD_PSD_H
#define BD_PSD_H

#include "image/image_source.h"

/* Writes an RGBA8 or RGBA16 image on success only. */
bd_result bd_psd_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * PNM and PAM. */
#ifndef BD_PNM_H
#define BD_PNM_H

#include "image/image_source.h"

/* Writes an RGBA8 or RGBA16 image on success only. */
bd_result bd_pnm_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BD_TIFF_H
#define BD_TIFF_H

#include "image/image_source.h"

/* Reads the first full page of a TIFF file whose header was recognised. Errors: BD_ERR_FILE_CORRUPT, BD_ERR_UNSUPPORTED,
 * BD_ERR_IMAGE_TOO_LARGE, BD_ERR_OUT_OF_MEMORY. */
bd_result bd_tiff_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

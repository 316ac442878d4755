/* SPDX-License-Identifier: MIT
 * What a JPEG XL makes libjxl decode before there is a picture, seen before it does. */
#ifndef BD_JXL_LAYERS_H
#define BD_JXL_LAYERS_H

#include "image/image_source.h"

/* What is broken is left to the decoder. BD_ERR_IMAGE_TOO_LARGE: more layers than its pixels are worth;
 * BD_ERR_OUT_OF_MEMORY, BD_ERR_UNSUPPORTED: as bd_codec_load(). */
bd_result bd_jxl_check(const bd_image_source *source, bd_error *error);

#endif

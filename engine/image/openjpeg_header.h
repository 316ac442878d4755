/* SPDX-License-Identifier: MIT
 * What the headers of a JPEG 2000 make OpenJPEG allocate, seen before it does. */
#ifndef BD_OPENJPEG_HEADER_H
#define BD_OPENJPEG_HEADER_H

#include "image/image_source.h"

/* What is broken otherwise is left to OpenJPEG. BD_ERR_FILE_CORRUPT, BD_ERR_UNSUPPORTED: more components than that, or
 * than that in its palette; BD_ERR_IMAGE_TOO_LARGE: its pixels, or its parts in proportion to them. */
bd_result bd_openjpeg_check(const bd_image_source *source, uint32_t components_most, bd_error *error);

#endif

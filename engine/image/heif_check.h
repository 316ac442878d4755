/* SPDX-License-Identifier: MIT
 * What the boxes of a HEIC or AVIF make libheif do, seen before it does: old ones follow items that are made of each
 * other until the stack is full, and decode an item as often as it is referred to. */
#ifndef BD_HEIF_CHECK_H
#define BD_HEIF_CHECK_H

#include "image/image_source.h"

/* form: for messages. BD_ERR_FILE_CORRUPT: boxes that are broken, that there are two of, that contradict each other or
 * lead round; BD_ERR_UNSUPPORTED; BD_ERR_IMAGE_TOO_LARGE: more work than its pixels are worth; BD_ERR_OUT_OF_MEMORY. */
bd_result bd_heif_check(const bd_image_source *source, const char *form, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BD_WEBP_H
#define BD_WEBP_H

#include "image/image_source.h"

struct WebPDemuxer;

/* EXIF's orientation, and of a file whose metadata is wanted that. BD_ERR_OUT_OF_MEMORY. */
bd_result bd_webp_read_metadata(const bd_image_source *source, const struct WebPDemuxer *demuxer, int *orientation,
                                bd_error *error);
/* Reads a WebP file whose header was recognised; of an animation its first frame on the canvas. Errors:
 * BD_ERR_FILE_CORRUPT, BD_ERR_IMAGE_TOO_LARGE, BD_ERR_OUT_OF_MEMORY. */
bd_result bd_webp_decode(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

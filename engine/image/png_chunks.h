/* SPDX-License-Identifier: MIT
 * Metadata in the chunks of a PNG. */
#ifndef BD_PNG_CHUNKS_H
#define BD_PNG_CHUNKS_H

#include "image/image_source.h"

/* The keyword of iTXt that has XMP, and that of zTXt that has IPTC as ImageMagick puts it. */
#define BD_PNG_XMP "XML:com.adobe.xmp"
#define BD_PNG_IPTC "Raw profile type iptc"

/* EXIF's orientation, and of a file whose metadata is wanted that. BD_ERR_OUT_OF_MEMORY. */
bd_result bd_png_read_metadata(const bd_image_source *source, int *orientation, bd_error *error);
/* cICP's numbers: primaries, transfer, matrix, and whether the range is full. false: there is none, or it is damaged. */
bool bd_png_find_cicp(const bd_image_source *source, uint8_t numbers[4]);

#endif

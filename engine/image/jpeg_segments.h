/* SPDX-License-Identifier: MIT
 * What the segments of a JPEG say besides its pixels. */
#ifndef BD_JPEG_SEGMENTS_H
#define BD_JPEG_SEGMENTS_H

#include "image/image_source.h"

enum { BD_JPEG_SEGMENT_MOST = 65533 }; /* bytes that one holds */

/* What metadata begins with in its segments. */
#define BD_JPEG_EXIF "Exif\0"
#define BD_JPEG_XMP "http://ns.adobe.com/xap/1.0/"
#define BD_JPEG_RESOURCES "Photoshop 3.0"

/* Reads the segments before the first scan: the orientation, and the metadata where it is wanted.
 * BD_ERR_OUT_OF_MEMORY. */
bd_result bd_jpeg_read_segments(const bd_image_source *source, int *orientation, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Cameras' raw pictures that are TIFF files, such as DNG, NEF, ARW and CR2. libtiff reads the preview in them. */
#ifndef BD_CAMERA_RAW_H
#define BD_CAMERA_RAW_H

#include "image/image_source.h"

/* Of a TIFF the page would be read whose directory lies at a place. BD_ERR_UNSUPPORTED: the file holds a raw picture, or
 * one below that page that is larger. Warns where the page is reduced, so that a thumbnail is all that there is. */
bd_result bd_tiff_check_page(const bd_image_source *source, uint64_t page, bool reduced, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Cameras' raw pictures that are TIFF files, such as DNG, NEF, ARW and CR2. libtiff reads the preview in them. */
#ifndef BD_CAMERA_RAW_H
#define BD_CAMERA_RAW_H

#include "image/image_source.h"

/* Does a TIFF, of which the page would be read whose directory lies at a place, hold a raw picture or a larger one than
 * that in its subdirectories? */
bool bd_tiff_is_camera_raw(const bd_image_source *source, uint64_t page);

#endif

/* SPDX-License-Identifier: MIT
 * Placing rows by EXIF orientation. */
#ifndef BD_ORIENTATION_H
#define BD_ORIENTATION_H

#include "image/image_source.h"

/* Do orientations 5..8 lay rows down as columns? */
static inline bool bd_orientation_turns(int orientation) {
    return orientation >= 5;
}

/* Copies rows first..first+count-1 of a picture of width stored pixels, in image's format without gaps, to where they
 * belong in image, which has the size of the upright picture and is RGBA. */
void bd_image_place_rows(bd_image *image, int orientation, const uint8_t *rows, uint32_t width, uint32_t first,
                         uint32_t count);

/* Turns a whole picture upright, by way of a second one, profile included. On failure image is as it was. */
bd_result bd_image_orient(const bd_image_source *source, int orientation, bd_image *image, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Placing rows by EXIF orientation. */
#ifndef BD_ORIENTATION_H
#define BD_ORIENTATION_H

#include "image/image_source.h"

/* The orientation (1..8) in an EXIF block that starts with "Exif\0\0"; 1 when there is none that makes sense. */
int bd_exif_orientation(const uint8_t *exif, size_t bytes);
/* The same of a file's block, which may start behind that. BD_ERR_OUT_OF_MEMORY. */
bd_result bd_exif_read_orientation(const bd_image_source *source, const uint8_t *block, size_t bytes, int *orientation,
                                   bd_error *error);

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

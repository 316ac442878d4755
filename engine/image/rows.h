/* SPDX-License-Identifier: MIT
 * Rows of a caller's images, of any format and stride, to and from the device's RGBA. */
#ifndef BD_ROWS_H
#define BD_ROWS_H

#include "image/image_source.h"

/* Whether alpha is full whatever the pixels hold there. */
bool bd_image_is_opaque(const bd_image *image);

/* The row y of an image with colours becomes RGBA, of 16 bits where deep, with a full alpha where opaque. */
void bd_row_load(const bd_image *image, uint32_t y, bool opaque, bool deep, void *to);
/* Makes every alpha of such a row full. */
void bd_row_fill_alpha(void *row, bool deep, size_t pixels);

/* Rows of RGBA, of 16 bits where deep, and without gaps become those of an image with colours. */
void bd_rows_store(const void *rows, bool deep, const bd_image *image);
/* Rows of u8 or u16, stride bytes apart, become those of an image without. */
void bd_rows_store_gray(const void *rows, size_t stride, bool deep, const bd_image *image);

/* An RGBA16 image of the library's becomes an RGBA8 one where it lies. */
void bd_image_narrow(bd_image *image);

/* Makes *result what a call writes its image to.
 *
 * result   zeroed: an image of the library's is made; one of the library's of this size and format is used again, any
 *          other of it is released first; memory of the caller's stays, and must have this size and colours, or none.
 * Errors   BD_ERR_INVALID_ARGUMENT, BD_ERR_OUT_OF_MEMORY.
 */
bd_result bd_image_make_room(const bd_allocator *allocator, const char *name, uint32_t width, uint32_t height,
                             bd_format format, bd_image *result, bd_error *error);
/* What bd_image_make_room asks of memory of the caller's. */
bd_result bd_image_check_room(const char *name, uint32_t width, uint32_t height, bd_format format,
                              const bd_image *result, bd_error *error);
/* Fails unless pixels, size, format and stride of a caller's image fit together. what: for the message. */
bd_result bd_image_check(const bd_image *image, const char *what, bd_error *error);

#endif

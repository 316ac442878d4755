/* SPDX-License-Identifier: MIT
 * Pixels that know their allocator. */
#ifndef BD_PIXELS_H
#define BD_PIXELS_H

#include "image/image_source.h"

/* Bytes of a pixel. */
static inline size_t bd_format_bytes(bd_format format) {
    static const uint8_t bytes[] = {
        [BD_FORMAT_RGBA8] = 4, [BD_FORMAT_GRAY8] = 1, [BD_FORMAT_GRAY16] = 2, [BD_FORMAT_RGBA16] = 8,
        [BD_FORMAT_BGRA8] = 4, [BD_FORMAT_RGBX8] = 4, [BD_FORMAT_BGRX8] = 4};
    return bytes[format];
}

/* Is it a picture with colours? */
static inline bool bd_format_is_rgba(bd_format format) {
    return format != BD_FORMAT_GRAY8 && format != BD_FORMAT_GRAY16;
}

/* Pixels that the library owns lie in one allocation behind this much room, where their allocator is kept. */
enum { BD_IMAGE_ROOM = 64 };

/* An image with uninitialised pixels, rows without gaps; has_alpha false. name is for the message. */
bd_result bd_image_create(const bd_allocator *allocator, const char *name, uint32_t width, uint32_t height,
                          bd_format format, bd_image *image, bd_error *error);

/* The same around memory from allocator that holds BD_IMAGE_ROOM bytes and the pixels; takes it over. */
void bd_image_adopt(const bd_allocator *allocator, void *memory, uint32_t width, uint32_t height, bd_format format,
                    bd_image *image);

/* Gives an image of the library's a copy of an ICC profile in place of the one it had; bytes 0: none. */
bd_result bd_image_set_profile(bd_image *image, const void *profile, size_t bytes, bd_error *error);

/* Sets has_alpha by looking at the pixels of an RGBA image. */
void bd_image_find_alpha(bd_image *image);

/* An RGBA8 or RGBA16 image to a GRAY16 one of its luminance (BT.709's weights on sRGB's numbers). */
bd_result bd_image_to_gray16(const bd_image_source *source, bd_image *image, bd_error *error);

#endif

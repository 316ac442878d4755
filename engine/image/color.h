/* SPDX-License-Identifier: MIT
 * Colours from one ICC profile to another. */
#ifndef BD_COLOR_H
#define BD_COLOR_H

#include "image/image_source.h"

/* Keeps a file's ICC profile in image: an RGB one as it is; a grey one, of a grey picture, as the RGB profile of the
 * same curve. One that cannot be used is left out with a warning, and the picture counts as sRGB. */
bd_result bd_image_take_profile(const bd_image_source *source, const void *data, size_t bytes, bool gray,
                                bd_image *image, bd_error *error);
/* The same from PNG's numbers: colours are light to the power 1 / gamma (0: sRGB's curve) of a white point and
 * primaries (x, y of white, red, green, blue; NULL: sRGB's). */
bd_result bd_image_take_gamma(const bd_image_source *source, double gamma, const double *white_and_primaries,
                              bd_image *image, bd_error *error);
/* Is the profile of an image one of RGB pictures? Encoders take anything. BD_ERR_INVALID_ARGUMENT. */
bd_result bd_image_check_profile(const bd_image *image, const char *name, bd_error *error);

/* A conversion of pixels: relative colorimetric with black point compensation, alpha copied. */
typedef struct bd_color bd_color;

/* From the colours of one RGBA image, and its format, to those of another; pixels are not looked at. What comes out is
 * RGBA16 where deep, else RGBA8. *color NULL: nothing but the depth would change. Errors: BD_ERR_INVALID_ARGUMENT (a
 * profile that lcms2 refuses), BD_ERR_OUT_OF_MEMORY. */
bd_result bd_color_create(const bd_allocator *allocator, const bd_image *from, const bd_image *to, bool deep,
                          bd_color **color, bd_error *error);
/* From Adobe's inverted CMYK with this profile to sRGB, both of 16 bits where deep; alpha is not written. *color NULL:
 * the profile cannot be used, which was a warning. */
bd_result bd_color_create_cmyk(const bd_image_source *source, const void *data, size_t bytes, bool deep,
                               bd_color **color, bd_error *error);
/* From CIE L*a*b* of 16 bits as ICC's fourth version encodes it, with D50, and alpha to sRGB's RGBA16. */
bd_result bd_color_create_lab(const bd_image_source *source, bd_color **color, bd_error *error);
/* count pixels; to may be from where both have one format. */
void bd_color_pixels(const bd_color *color, const void *from, void *to, size_t count);
/* Inverted CMYK to opaque RGBA in place, by bd_color_create_cmyk's color or, where that is NULL, as if inks were ideal. */
void bd_color_inks(const bd_color *color, bool deep, void *pixels, size_t count);
void bd_color_destroy(bd_color *color); /* NULL is fine */

#endif

/* SPDX-License-Identifier: MIT
 * What the decoders share: the file being read, pixels that know their allocator, and placing rows by EXIF orientation.
 * The only folder that knows image libraries. */
#ifndef BD_IMAGE_H
#define BD_IMAGE_H

#include "base/base.h"

/* A file in memory and how it is to be read. */
typedef struct bd_image_source {
    const uint8_t *data;
    size_t bytes;
    const char *name; /* for messages */
    const bd_allocator *allocator;
    bool ignore_orientation;
    bool indices; /* PNG only */
    bool gray16;
    bool keep_depth;
    uint64_t max_pixels;
    bd_log_fn log; /* NULL: warnings go nowhere */
    void *log_user;
} bd_image_source;

/* One line for source->log. */
void bd_image_warn(const bd_image_source *source, const char *format, ...) BD_PRINTF(2, 3);

/* Bytes of a pixel. */
static inline size_t bd_format_bytes(bd_format format) {
    static const uint8_t bytes[] = {
        [BD_FORMAT_RGBA8] = 4, [BD_FORMAT_GRAY8] = 1, [BD_FORMAT_GRAY16] = 2, [BD_FORMAT_RGBA16] = 8};
    return bytes[format];
}

/* Is it a picture with colours? */
static inline bool bd_format_is_rgba(bd_format format) {
    return format == BD_FORMAT_RGBA8 || format == BD_FORMAT_RGBA16;
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

/* Is what a header claims within the limits? BD_ERR_FILE_CORRUPT, BD_ERR_IMAGE_TOO_LARGE. */
bd_result bd_image_check_size(const bd_image_source *source, int64_t width, int64_t height, bd_error *error);

/* Each decoder writes an RGBA8 image (PNG: what was asked for) on success only. */
bd_result bd_jpeg_decode(const bd_image_source *source, bd_image *image, bd_error *error);
bd_result bd_png_decode(const bd_image_source *source, bd_image *image, bd_error *error);
bd_result bd_pnm_decode(const bd_image_source *source, bd_image *image, bd_error *error);

/* BMP, GIF, HDR, PSD and TGA by stb_image; kind names the form in messages. */
bd_result bd_stb_decode(const bd_image_source *source, const char *kind, bd_image *image, bd_error *error);

/* An RGBA8 image to a GRAY16 one of its luminance (BT.709's weights on sRGB's numbers). */
bd_result bd_image_to_gray16(const bd_image_source *source, bd_image *image, bd_error *error);

/* The orientation (1..8) in an EXIF block that starts with "Exif\0\0"; 1 when there is none that makes sense. */
int bd_exif_orientation(const uint8_t *exif, size_t bytes);

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

/* ---- color.c ---- */

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
/* From Adobe's inverted CMYK with this profile to sRGB; alpha is not written. *color NULL: the profile cannot be used,
 * which was a warning. */
bd_result bd_color_create_cmyk(const bd_image_source *source, const void *data, size_t bytes, bd_color **color,
                               bd_error *error);
/* count pixels; to may be from where both have one format. */
void bd_color_pixels(const bd_color *color, const void *from, void *to, size_t count);
void bd_color_destroy(bd_color *color); /* NULL is fine */

#endif

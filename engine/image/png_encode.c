/* SPDX-License-Identifier: MIT
 * PNG out, by libpng. */
#include "image/png_encode.h"

#include <setjmp.h>

#include <png.h>

#include "image/pixels.h"
#include "image/rows.h"

static void *png_allocate(png_structp png, png_alloc_size_t bytes) {
    bd_encoder *to = png_get_mem_ptr(png);
    void *memory = bd_alloc(to->params.allocator, bytes);
    to->out_of_memory |= !memory;
    return memory;
}

static void png_release(png_structp png, void *memory) {
    const bd_encoder *to = png_get_mem_ptr(png);
    bd_free(to->params.allocator, memory);
}

PNG_FUNCTION(static void, png_stop, (png_structp png, png_const_charp text), PNG_NORETURN) {
    bd_encoder *to = png_get_error_ptr(png);
    to->result = bd_fail(to->error, to->out_of_memory ? BD_ERR_OUT_OF_MEMORY : BD_ERR_INVALID_ARGUMENT, "%s: PNG: %s",
                         to->name, text);
    png_longjmp(png, 1);
}

static void png_ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void png_put(png_structp png, png_bytep from, size_t bytes) {
    bd_encoder *to = png_get_io_ptr(png);
    if (!bd_encoder_put(to, from, bytes)) {
        to->out_of_memory = true;
        png_error(png, "out of memory");
    }
}

static void png_flush_nothing(png_structp png) {
    (void)png;
}

static void write_png_palette(bd_encoder *to, png_structp png, png_infop info) {
    png_color colors[256];
    for (uint32_t i = 0; i < to->params.palette_count; i++) {
        const uint8_t *rgb = to->params.palette + (size_t)i * 3;
        colors[i] = (png_color){rgb[0], rgb[1], rgb[2]};
    }
    png_set_PLTE(png, info, colors, (int)to->params.palette_count);
}

static void write_png(bd_encoder *to, png_structp png, png_infop info) {
    const bd_image *image = to->image;
    int color = PNG_COLOR_TYPE_GRAY;
    bool pixels = bd_format_is_rgba(image->format);
    bool deep = bd_encoder_is_deep(to);
    if (pixels) {
        color = bd_image_is_opaque(image) ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA;
    } else if (to->params.palette) {
        color = PNG_COLOR_TYPE_PALETTE;
    }
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_benign_errors(png, 1); /* of oddities in profiles */
    png_set_write_fn(png, to, png_put, png_flush_nothing);
    png_set_IHDR(png, info, image->width, image->height, deep ? 16 : 8, color, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (color == PNG_COLOR_TYPE_PALETTE) {
        write_png_palette(to, png, info);
    }
    if (pixels && image->profile) {
        png_set_iCCP(png, info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, image->profile,
                     (png_uint_32)image->profile_bytes);
        if (!png_get_valid(png, info, PNG_INFO_iCCP)) {
            png_error(png, "the colour profile cannot be written");
        }
    } else if (pixels) {
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    }
    png_set_filter(png, PNG_FILTER_TYPE_BASE, pixels ? PNG_FILTER_UP : PNG_FILTER_NONE);
    png_set_compression_level(png, 1);
    png_set_compression_buffer_size(png, (size_t)64 << 10);
    png_write_info(png, info);
    if (color == PNG_COLOR_TYPE_RGB) {
        png_set_filler(png, 0, PNG_FILLER_AFTER); /* drops alpha */
    }
    if (bd_encoder_is_swapped(to)) {
        png_set_bgr(png);
    }
    const uint16_t one = 1;
    if (deep && *(const uint8_t *)&one) {
        png_set_swap(png); /* PNG's numbers are big-endian */
    }
    for (uint32_t y = 0; y < image->height; y++) {
        png_write_row(png, bd_encoder_row(to, y));
    }
    png_write_end(png, NULL);
}

void bd_png_encode(bd_encoder *to) {
    png_structp png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, to, png_stop, png_ignore, to, png_allocate, png_release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        to->result = bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
        return;
    }
    if (!setjmp(png_jmpbuf(png))) {
        write_png(to, png, info);
    }
    png_destroy_write_struct(&png, &info);
}

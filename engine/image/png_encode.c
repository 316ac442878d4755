/* SPDX-License-Identifier: MIT
 * PNG out, by libpng. */
#include "image/png_encode.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "image/iptc.h"
#include "image/metadata.h"
#include "image/pixels.h"
#include "image/png_chunks.h"
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

static void put_text(png_structp png, png_infop info, int kind, const char *key, const char *value, size_t bytes) {
    png_text text = {.compression = kind, .key = (png_charp)(uintptr_t)key, .text = (png_charp)(uintptr_t)value};
    if (kind == PNG_ITXT_COMPRESSION_NONE) {
        text.itxt_length = bytes;
    } else {
        text.text_length = bytes;
    }
    png_set_text(png, info, &text, 1);
}

/* PNG 3rd edition, 11.3.3.1. */
static bool is_keyword(const char *key) {
    enum { MOST = 79 };
    size_t length = strlen(key);
    bool sound = length >= 1 && length <= MOST && key[0] != ' ' && key[length - 1] != ' ';
    for (size_t i = 0; i < length && sound; i++) {
        sound = key[i] >= ' ' && key[i] <= '~' && !(key[i] == ' ' && key[i + 1] == ' ');
    }
    return sound;
}

static bool is_ascii(const char *text) {
    while (*text && (unsigned char)*text < 0x80) {
        text++;
    }
    return !*text;
}

typedef struct iptc_text {
    char *text; /* NULL: none */
    size_t length;
} iptc_text;

/* As ImageMagick puts it, in hexadecimal; false: out of memory. */
static bool make_iptc_text(const bd_encoder *to, iptc_text *made) {
    static const char digits[] = "0123456789abcdef";
    enum { LINE = 36, HEAD = 40 }; /* bytes of a line; characters of the lines before */
    const bd_metadata *m = &to->metadata;
    uint8_t header[BD_IPTC_HEADER];
    size_t bytes = sizeof header + m->iptc_bytes + m->iptc_bytes % 2;
    bd_iptc_begin(m->iptc_bytes, header);
    if (!m->iptc_bytes) {
        return true;
    }
    char *text = bd_alloc(to->params.allocator, HEAD + bytes * 2 + bytes / LINE + 2);
    if (!text) {
        return false;
    }
    size_t used = (size_t)snprintf(text, HEAD, "\niptc\n%8zu", bytes);
    for (size_t i = 0; i < bytes; i++) {
        size_t at = i - sizeof header;
        uint8_t value = i < sizeof header ? header[i] : at < m->iptc_bytes ? m->iptc[at] : 0;
        if (i % LINE == 0) {
            text[used++] = '\n';
        }
        text[used++] = digits[value >> 4];
        text[used++] = digits[value & 15];
    }
    text[used++] = '\n';
    text[used] = '\0';
    *made = (iptc_text){text, used};
    return true;
}

static void put_metadata(bd_encoder *to, const iptc_text *iptc, png_structp png, png_infop info) {
    const bd_metadata *m = &to->metadata;
    double x = round(m->density[0] / 0.0254), y = round(m->density[1] / 0.0254);
    if (x >= 1 && x < PNG_UINT_31_MAX && y >= 1 && y < PNG_UINT_31_MAX) {
        png_set_pHYs(png, info, (png_uint_32)x, (png_uint_32)y, PNG_RESOLUTION_METER);
    }
    if (m->exif_bytes) {
        png_set_eXIf_1(png, info, (png_uint_32)m->exif_bytes, (png_bytep)(uintptr_t)m->exif);
    }
    if (m->xmp_bytes) {
        put_text(png, info, PNG_ITXT_COMPRESSION_NONE, BD_PNG_XMP, (const char *)m->xmp, m->xmp_bytes);
    }
    if (iptc->text) {
        put_text(png, info, PNG_TEXT_COMPRESSION_zTXt, BD_PNG_IPTC, iptc->text, iptc->length);
    }
    for (size_t i = 0; i < m->text_count; i++) {
        const char *value = m->texts[i].value;
        if (is_keyword(m->texts[i].key)) {
            put_text(png, info, is_ascii(value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
                     m->texts[i].key, value, strlen(value));
        } else {
            to->dropped |= 1u << BD_METADATA_TEXT;
        }
    }
}

static void write_png(bd_encoder *to, const iptc_text *iptc, png_structp png, png_infop info) {
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
    put_metadata(to, iptc, png, info);
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
    iptc_text iptc = {NULL, 0};
    if (!info || !make_iptc_text(to, &iptc)) {
        png_destroy_write_struct(&png, &info);
        to->result = bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
        return;
    }
    if (!setjmp(png_jmpbuf(png))) {
        write_png(to, &iptc, png, info);
    }
    png_destroy_write_struct(&png, &info);
    bd_free(to->params.allocator, iptc.text);
}

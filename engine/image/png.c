/* SPDX-License-Identifier: MIT
 * PNG in, by libpng: it checks every sum of a file, where stb_image would show what it can. Where 16 bits are not kept
 * they become 8 by rounding v * 255 / 65535. */
#include "image/png.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "image/cicp.h"
#include "image/color.h"
#include "image/orientation.h"
#include "image/pixels.h"
#include "image/png_chunks.h"

enum { GAMMA_LEAST = 20000, GAMMA_MOST = 500000 }; /* 1e5 / exponent: what lies outside is a mistake */

typedef struct png_reader {
    png_structp png;
    png_infop info;
    const bd_image_source *source;
    size_t at;
    bd_error *error;
    bd_result result;
    bool out_of_memory;
    bd_image image;
    bool gray, alpha; /* what the file can hold */
    bool ended;       /* the file, before its end and after its pixels */
} png_reader;

static void *allocate(png_structp png, png_alloc_size_t bytes) {
    png_reader *reader = png_get_mem_ptr(png);
    void *memory = bd_alloc(reader->source->allocator, bytes);
    reader->out_of_memory |= !memory;
    return memory;
}

static void release(png_structp png, void *memory) {
    const png_reader *reader = png_get_mem_ptr(png);
    bd_free(reader->source->allocator, memory);
}

PNG_FUNCTION(static void, stop, (png_structp png, png_const_charp text), PNG_NORETURN) {
    png_reader *reader = png_get_error_ptr(png);
    reader->result = bd_fail(reader->error, reader->out_of_memory ? BD_ERR_OUT_OF_MEMORY : BD_ERR_FILE_CORRUPT,
                             "%s: PNG: %s", reader->source->name, text);
    png_longjmp(png, 1);
}

/* libpng only warns of a wrong checksum when the last row had already come out, and of what it leaves out. */
static void warn(png_structp png, png_const_charp text) {
    const png_reader *reader = png_get_error_ptr(png);
    bool damaged = strstr(text, "CRC error") != NULL;
    if (!strcmp(text, "IDAT: incorrect data check") || (damaged && reader->source->strict)) {
        png_error(png, text);
    }
    if (damaged) {
        bd_image_warn(reader->source, "%s: PNG: a damaged part is left out: %s", reader->source->name, text);
    }
    if (!damaged && !strncmp(text, "iCCP", 4)) {
        bd_image_warn(reader->source, "%s: PNG: %s", reader->source->name, text);
    }
}

/* Has the last row come out? libpng then reads on to the end of the pixels' chunk. */
static bool has_all_rows(const png_reader *reader) {
    enum { PASSES = 7 };
    if (!reader->image.pixels) {
        return false;
    }
    return png_get_interlace_type(reader->png, reader->info) == PNG_INTERLACE_NONE
               ? png_get_current_row_number(reader->png) >= reader->image.height
               : png_get_current_pass_number(reader->png) >= PASSES;
}

static void read_bytes(png_structp png, png_bytep to, size_t bytes) {
    png_reader *reader = png_get_io_ptr(png);
    if (bytes > reader->source->bytes - reader->at) {
        reader->ended = has_all_rows(reader);
        if (reader->ended) {
            png_longjmp(png, 1);
        }
        png_error(png, "the file is truncated");
    }
    memcpy(to, reader->source->data + reader->at, bytes);
    reader->at += bytes;
}

/* PNG's numbers are big-endian. */
static void ask_for_host_order(png_structp png) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one) {
        png_set_swap(png);
    }
}

/* Every kind of PNG to RGBA. Returns whether the file can hold alpha. */
static bool ask_for_rgba(png_reader *reader, bool deep) {
    png_structp png = reader->png;
    int color = png_get_color_type(png, reader->info);
    bool alpha = (color & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, reader->info, PNG_INFO_tRNS);
    png_set_expand(png);
    if (deep) {
        ask_for_host_order(png);
    } else {
        png_set_scale_16(png);
    }
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, deep ? 65535 : 255, PNG_FILLER_AFTER);
    return alpha;
}

/* Indices or grey values, one byte each. */
static bool ask_for_indices(png_reader *reader) {
    int color = png_get_color_type(reader->png, reader->info);
    if ((color != PNG_COLOR_TYPE_PALETTE && color != PNG_COLOR_TYPE_GRAY) ||
        png_get_bit_depth(reader->png, reader->info) > 8) {
        return false;
    }
    png_set_packing(reader->png);
    return true;
}

static void ask_for_gray16(png_reader *reader) {
    png_structp png = reader->png;
    png_set_expand(png);
    png_set_expand_16(png);
    png_set_strip_alpha(png);
    png_set_rgb_to_gray(png, PNG_ERROR_ACTION_NONE, PNG_RGB_TO_GRAY_DEFAULT, PNG_RGB_TO_GRAY_DEFAULT);
    ask_for_host_order(png);
}

/* By cICP; false: the file has none that can be used. High dynamic range is better told by a profile, where there is
 * one. */
static bool take_cicp(png_reader *reader, bool has_profile) {
    enum { UNSPECIFIED = 2 };
    uint8_t numbers[4];
    if (!bd_png_find_cicp(reader->source, numbers)) {
        return false;
    }
    const int primaries = numbers[0], transfer = numbers[1];
    if (numbers[2] || numbers[3] != 1) {
        bd_image_warn(reader->source, "%s: PNG: cICP is ignored: a matrix, or not the full range",
                      reader->source->name);
        return false;
    }
    if (primaries == UNSPECIFIED || transfer == UNSPECIFIED ||
        (has_profile && (transfer == BD_CICP_PQ || transfer == BD_CICP_HLG))) {
        return false;
    }
    reader->result = bd_image_take_cicp(reader->source, primaries, transfer, &reader->image, reader->error);
    return true;
}

/* What a file says about its colours (PNG 3rd edition, 4.3): cICP before iCCP before sRGB before gAMA and cHRM. */
static void read_color(png_reader *reader) {
    png_structp png = reader->png;
    png_charp name;
    png_bytep profile;
    png_uint_32 bytes;
    int number;
    png_fixed_point gamma = 0;
    double points[8];
    const bool has_profile = png_get_iCCP(png, reader->info, &name, &number, &profile, &bytes) != 0;
    if (take_cicp(reader, has_profile)) {
        return;
    }
    if (has_profile) {
        reader->result =
            bd_image_take_profile(reader->source, profile, bytes, reader->gray, &reader->image, reader->error);
        return;
    }
    if (png_get_sRGB(png, reader->info, &number)) {
        return;
    }
    bool placed = png_get_cHRM(png, reader->info, &points[0], &points[1], &points[2], &points[3], &points[4],
                               &points[5], &points[6], &points[7]) != 0;
    bool curved = png_get_gAMA_fixed(png, reader->info, &gamma) != 0 && gamma >= GAMMA_LEAST && gamma <= GAMMA_MOST;
    for (int i = 0; i < 8 && placed; i++) {
        static const double srgb[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
        if (points[i] < srgb[i] - 0.002 || points[i] > srgb[i] + 0.002) {
            break;
        }
        placed = i < 7;
    }
    /* A file that knows no better says 1 / 2.2 where it means sRGB. */
    curved = curved && (gamma < 45455 - 500 || gamma > 45455 + 500);
    if (curved || placed) {
        reader->result = bd_image_take_gamma(reader->source, curved ? 1e5 / gamma : 0.0, placed ? points : NULL,
                                             &reader->image, reader->error);
    }
}

static void read_file(png_reader *reader) {
    const bd_image_source *source = reader->source;
    png_structp png = reader->png;
    /* Text and the like are skipped unread; tRNS matters, and what is said about colours. */
    static const char kept[] = "iCCP\0sRGB\0gAMA\0cHRM";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    if (!source->gray16) { /* libpng would weigh the channels by them, where bd_image_to_gray16 weighs sRGB's numbers */
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep)kept, sizeof kept / 5);
    }
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png, reader, read_bytes);
    png_read_info(png, reader->info);
    uint32_t width = png_get_image_width(png, reader->info), height = png_get_image_height(png, reader->info);
    reader->result = bd_image_check_size(source, width, height, reader->error);
    if (reader->result) {
        return;
    }
    if (source->indices && !ask_for_indices(reader)) {
        reader->result = bd_fail(reader->error, BD_ERR_FILE_FORMAT, "%s: not a PNG of indices", source->name);
        return;
    }
    reader->gray = !(png_get_color_type(png, reader->info) & PNG_COLOR_MASK_COLOR);
    bd_format format = BD_FORMAT_GRAY8;
    if (source->gray16) {
        ask_for_gray16(reader);
        format = BD_FORMAT_GRAY16;
    } else if (!source->indices) {
        bool deep = source->keep_depth && png_get_bit_depth(png, reader->info) == 16;
        reader->alpha = ask_for_rgba(reader, deep);
        format = deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8;
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
    if (png_get_rowbytes(png, reader->info) != (size_t)width * bd_format_bytes(format)) {
        png_error(png, "not a kind that can be read");
    }
    reader->result =
        bd_image_create(source->allocator, source->name, width, height, format, &reader->image, reader->error);
    if (reader->result) {
        return;
    }
    for (; passes; passes--) {
        for (uint32_t y = 0; y < height; y++) {
            png_read_row(png, reader->image.pixels + y * reader->image.stride_bytes, NULL);
        }
    }
    png_read_end(png, reader->info);
}

/* What is left to do once the pixels are there. */
static void settle(png_reader *reader) {
    const bd_image_source *source = reader->source;
    if (reader->ended) {
        reader->result = bd_image_miss_end(source, "PNG", reader->error);
    }
    if (reader->alpha) {
        bd_image_find_alpha(&reader->image);
    }
    if (bd_format_is_rgba(reader->image.format) && !reader->result) {
        read_color(reader);
    }
}

bd_result bd_png_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    png_reader reader = {.source = source, .error = error};
    reader.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reader, stop, warn, &reader, allocate, release);
    reader.info = reader.png ? png_create_info_struct(reader.png) : NULL;
    if (!reader.info) {
        png_destroy_read_struct(&reader.png, NULL, NULL);
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
    }
    if (!setjmp(png_jmpbuf(reader.png))) {
        read_file(&reader);
    }
    if (!reader.result && !setjmp(png_jmpbuf(reader.png))) {
        settle(&reader);
    }
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    int orientation;
    if (!reader.result) {
        reader.result = bd_png_read_metadata(source, &orientation, error);
    }
    if (!reader.result && !source->ignore_orientation && !source->gray16) {
        reader.result = bd_image_orient(source, orientation, &reader.image, error);
    }
    if (reader.result) {
        bd_image_finish(&reader.image);
        return reader.result;
    }
    *image = reader.image;
    return BD_OK;
}

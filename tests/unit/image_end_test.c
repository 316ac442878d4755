/* SPDX-License-Identifier: MIT
 * Files that lack their end: they open, with one note, only where all pixels are there, and never where they are read
 * strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>

#include "image/image.h"
#include "support/pictures.h"

enum { WIDTH = 41, HEIGHT = 27 };

/* ---- files ---- */

typedef struct jpeg_kind {
    const char *name;
    bool progressive, apart, arithmetic; /* apart: a scan a component */
    J_COLOR_SPACE stored;
    unsigned restart;
    int sampling;
} jpeg_kind;

static bytes jpeg_of(const jpeg_kind *kind) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = kind->stored == JCS_CMYK ? 4 : 3;
    jpeg.in_color_space = kind->stored == JCS_CMYK ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, kind->stored);
    jpeg_set_quality(&jpeg, 80, TRUE);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = kind->sampling;
    jpeg.restart_interval = kind->restart;
    jpeg.arith_code = kind->arithmetic;
    static const jpeg_scan_info apart[3] = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    if (kind->apart) {
        jpeg.scan_info = apart;
        jpeg.num_scans = 3;
    }
    if (kind->progressive) {
        jpeg_simple_progression(&jpeg);
    }
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        uint8_t row[WIDTH * 4];
        for (int x = 0; x < WIDTH; x++) {
            for (int c = 0; c < jpeg.input_components; c++) {
                row[x * jpeg.input_components + c] = (uint8_t)(x * 5 + y * (c + 3) + (x * y * 37 + c * 11) % 60);
            }
        }
        JSAMPROW rows = row;
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (bytes){data, size};
}

static void png_collect(png_structp png, png_bytep from, size_t size) {
    append_bytes(png_get_io_ptr(png), from, size);
}

static void png_flush_none(png_structp png) {
    (void)png;
}

static bytes png_of(int color, int depth, int interlace) {
    bytes file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, png_collect, png_flush_none);
    png_set_IHDR(png, info, WIDTH, HEIGHT, depth, color, interlace, 0, 0);
    png_set_compression_buffer_size(png, 300); /* several chunks of pixels */
    png_write_info(png, info);
    for (int passes = png_set_interlace_handling(png); passes; passes--) {
        for (int y = 0; y < HEIGHT; y++) {
            uint8_t row[WIDTH * 8];
            for (size_t i = 0; i < sizeof row; i++) {
                row[i] = (uint8_t)(i * 7 + (size_t)y * i % 50);
            }
            png_write_row(png, row);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

/* ---- reading them ---- */

static void count_line(void *user, bd_log_level level, const char *message) {
    int *lines = user;
    assert_int_equal(level, BD_LOG_WARNING);
    assert_non_null(strstr(message, "all its pixels are there"));
    ++*lines;
}

/* Returns how many shortened files open. */
static size_t check_ends(const char *name, bytes file) {
    bd_image whole = decoded(file), image;
    size_t opened = 0;
    for (size_t size = 0; size < file.size; size++) {
        bytes part = copy_of_bytes(file.data, size);
        int lines = 0;
        bd_error error = {0};
        bd_image_read_params params = {
            .struct_size = sizeof params, .max_pixels = 1 << 20, .log = count_line, .log_user = &lines};
        bd_result result = bd_image_decode(part.data, part.size, name, &params, &image, &error);
        if (!result) {
            opened++;
            if (largest_difference(&whole, &image)) {
                fail_msg("%s: %zu of %zu bytes open with other pixels", name, size, file.size);
            }
            assert_int_equal(lines, 1);
            bd_image_finish(&image);
        } else {
            assert_int_equal(lines, 0);
            assert_true(is_one_line(&error));
            if (opened) {
                fail_msg("%s: %zu of %zu bytes do not open, fewer do: %s", name, size, file.size, error.message);
            }
        }
        params.strict = true;
        assert_int_not_equal(bd_image_decode(part.data, part.size, name, &params, &image, &error), BD_OK);
        free(part.data);
    }
    bd_image_finish(&whole);
    return opened;
}

static void test_jpeg(void **state) {
    (void)state;
    static const jpeg_kind kinds[] = {
        {.name = "plain", .stored = JCS_YCbCr, .sampling = 1},
        {.name = "halved", .stored = JCS_YCbCr, .sampling = 2},
        {.name = "restarts", .stored = JCS_YCbCr, .sampling = 1, .restart = 2},
        {.name = "grey", .stored = JCS_GRAYSCALE, .sampling = 1},
        {.name = "inks", .stored = JCS_CMYK, .sampling = 1},
        {.name = "apart", .stored = JCS_YCbCr, .sampling = 2, .apart = true},
        {.name = "progressive", .stored = JCS_YCbCr, .sampling = 2, .progressive = true},
        {.name = "progressive grey", .stored = JCS_GRAYSCALE, .sampling = 1, .progressive = true},
    };
    for (size_t i = 0; i < BD_COUNT(kinds); i++) {
        bytes file = jpeg_of(&kinds[i]);
        size_t opened = check_ends(kinds[i].name, file);
        if (opened < 2) { /* without FF D9, and without D9 */
            fail_msg("%s: only %zu open", kinds[i].name, opened);
        }
        free(file.data);
    }
    /* Nothing tells where its data end. */
    bytes file = jpeg_of(&(jpeg_kind){.stored = JCS_YCbCr, .sampling = 1, .arithmetic = true});
    assert_int_equal(check_ends("arithmetic", file), 0);
    free(file.data);
}

static void test_png(void **state) {
    (void)state;
    static const int colors[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    for (size_t i = 0; i < BD_COUNT(colors); i++) {
        for (int k = 0; k < 4; k++) {
            char name[40];
            int interlace = k & 1 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE;
            bytes file = png_of(colors[i], k & 2 ? 16 : 8, interlace);
            (void)snprintf(name, sizeof name, "png %d %d", colors[i], k);
            size_t opened = check_ends(name, file);
            if (opened < 12 + 4) { /* IEND, and the sum before it */
                fail_msg("%s: only %zu open", name, opened);
            }
            free(file.data);
        }
    }
}

static void test_gif(void **state) {
    (void)state;
    bd_image picture = smooth_picture(WIDTH, HEIGHT, BD_FORMAT_RGBA8, false);
    const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_GIF};
    bytes file = {0};
    bd_error error;
    void *data;
    bd_result result = bd_image_encode(&picture, &params, &data, &file.size, &error);
    bd_image_finish(&picture);
    if (result == BD_ERR_UNSUPPORTED) {
        skip();
    }
    assert_int_equal(result, BD_OK);
    file.data = data;
    assert_int_equal(check_ends("gif", file), 1); /* without the byte that ends it */
    bd_release(NULL, data);
}

/* A chunk that pixels do not need, with a wrong sum. */
static void test_damaged_chunk(void **state) {
    (void)state;
    static const uint8_t text[] = {0, 0, 0, 5, 't', 'E', 'X', 't', 'a', 0, 'b', 'c', 'd', 1, 2, 3, 4};
    enum { HEADER_END = 33 };
    bytes plain = png_of(PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE), file = copy_of_bytes(plain.data, HEADER_END);
    append_bytes(&file, text, sizeof text);
    append_bytes(&file, text, sizeof text);
    append_bytes(&file, plain.data + HEADER_END, plain.size - HEADER_END);
    bd_image whole = decoded(plain), image = decoded(file);
    assert_int_equal(largest_difference(&whole, &image), 0);
    bd_image_finish(&image);
    const bd_image_read_params strict = {.struct_size = sizeof strict, .strict = true};
    assert_int_equal(bd_image_decode(file.data, file.size, "x", &strict, &image, NULL), BD_ERR_FILE_CORRUPT);
    bd_image_finish(&whole);
    free(plain.data);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_gif),
        cmocka_unit_test(test_damaged_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

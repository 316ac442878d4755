/* SPDX-License-Identifier: MIT
 * Small files that ask for much work: refused at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <zlib.h>

#include "image/image.h"
#include "platform/clock.h"
#include "support/files.h"
#include "support/pictures.h"
#include "support/profiles.h"

static bd_result decode(const void *data, size_t size, uint64_t max_pixels, bd_error *error) {
    const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = max_pixels};
    bd_image image = {0};
    double started = bd_now_ms();
    bd_result result = bd_image_decode(data, size, "made", &params, &image, error);
    bd_image_finish(&image);
    assert_true(bd_now_ms() - started < 2000);
    return result;
}

/* No pixels in a row, of which there are two milliards. */
static void test_empty_rows(void **state) {
    (void)state;
    for (int from_top = 0; from_top < 2; from_top++) {
        uint8_t bmp[14 + 40 + 8 + 16] = {'B', 'M', [10] = 14 + 40 + 8, [14] = 40, [26] = 1, [28] = 4};
        memcpy(bmp + 22, from_top ? (const uint8_t[]){1, 0, 0, 0x80} : (const uint8_t[]){0xff, 0xff, 0xff, 0x7f}, 4);
        bd_error error = {0};
        assert_int_equal(decode(bmp, sizeof bmp, 0, &error), BD_ERR_FILE_CORRUPT);
    }
}

/* A grey ramp; progressive: in the scans that libjpeg has for it. */
static unsigned char *make_jpeg(unsigned side, bool progressive, unsigned long *size) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, size);
    jpeg.image_width = jpeg.image_height = side;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    if (progressive) {
        jpeg_simple_progression(&jpeg);
    }
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t *row = malloc(side);
    assert_non_null(row);
    for (unsigned y = 0; y < side; y++) {
        memset(row, (int)(y * 255 / side), side);
        (void)jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return data;
}

/* A header alone must not cost its memory. */
static void test_headers(void **state) {
    (void)state;
    bd_image image;
    bd_error error;
    static const char huge[] = "P6 1000000 1000000 255\n ";
    assert_int_equal(bd_image_decode(huge, sizeof huge - 1, "huge", NULL, &image, &error), BD_ERR_IMAGE_TOO_LARGE);
    static const char wide[] = "P6 99999999 1 255\n ";
    assert_int_equal(bd_image_decode(wide, sizeof wide - 1, "wide", NULL, &image, &error), BD_ERR_IMAGE_TOO_LARGE);
}

/* Coefficients of one component take two bytes a pixel: as much as half as many pixels do. So the limit is that of pixels
 * itself for grey, and lower for three components without subsampling. */
static void test_coefficients(void **state) {
    (void)state;
    enum { SIDE = 64 };
    for (int progressive = 0; progressive < 2; progressive++) {
        unsigned long size = 0;
        unsigned char *data = make_jpeg(SIDE, progressive, &size);
        bd_error error = {0};
        assert_int_equal(decode(data, size, SIDE * SIDE, &error), BD_OK);
        assert_int_equal(decode(data, size, SIDE * SIDE - 1, &error), BD_ERR_IMAGE_TOO_LARGE);
        free(data);
    }
    /* 1.2 MB, 14142x14142, three components, 200 scans. */
    const char *path = test_shared_file("broken/progref200_3.jpg");
    if (!path) {
        print_message("skipped: progref200_3.jpg is not there\n");
        return;
    }
    const bd_image_read_params params = {.struct_size = sizeof params};
    bd_image image = {0};
    bd_error error = {0};
    double started = bd_now_ms();
    assert_int_equal(bd_image_read(path, &params, &image, &error), BD_ERR_IMAGE_TOO_LARGE);
    assert_true(bd_now_ms() - started < 2000);
    assert_non_null(strstr(error.message, "coefficients"));
}

/* A conversion of floats with stages that are all one and the same. */
static void test_profile(void **state) {
    (void)state;
    bytes profile = stages_profile(100000);
    bd_image image = smooth_picture(8, 8, BD_FORMAT_RGBA8, false);
    assert_int_equal(bd_image_set_profile(&image, profile.data, profile.size, NULL), BD_OK);
    bytes file = encoded_as(&image, BD_IMAGE_FILE_PNG);
    bd_error error = {0};
    assert_int_equal(decode(file.data, file.size, 0, &error), BD_OK);
    bd_image_finish(&image);
    free(file.data);
    free(profile.data);
}

/* 200 million pixels around a canvas of one. */
static void test_outside_of_canvas(void **state) {
    (void)state;
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; i < bd_image_form_count() && (!form.name || strcmp(form.name, "GIF") != 0); i++) {
        assert_int_equal(bd_image_form_at(i, &form), BD_OK);
    }
    if (!form.frames) {
        skip(); /* without giflib only what lies on the canvas is decoded */
    }
    static const uint8_t gif[] = {'G',  'I',  'F',  '8',  '9', 'a', 1,   0,   1, 0,    0x80, 0,
                                  0,    0,    0,    0,    255, 255, 255, ',', 0, 0,    0,    0,
                                  0xff, 0xff, 0xb8, 0x0b, 0,   2,   2,   4,   1, 0x51, 0,    ';'};
    bd_error error = {0};
    assert_int_equal(decode(gif, sizeof gif, 0, &error), BD_ERR_FILE_CORRUPT);
    assert_non_null(strstr(error.message, "65535x3000"));
}

/* Thousands of texts of a megabyte each, of which none can be kept. */
static void test_texts(void **state) {
    (void)state;
    enum { TEXT = (1 << 20) + 1, TEXTS = 4000 };
    char *text = malloc(TEXT);
    assert_non_null(text);
    memset(text, 'a', TEXT);
    uint8_t chunk[4096] = {[4] = 'z', 'T', 'X', 't', 'a', 0, 0};
    uLongf size = sizeof chunk - 16;
    assert_int_equal(compress(chunk + 11, &size, (const Bytef *)text, TEXT), Z_OK);
    const uint32_t length = (uint32_t)size + 3, sum = (uint32_t)crc32(0, chunk + 4, length + 4);
    chunk[2] = (uint8_t)(length >> 8);
    chunk[3] = (uint8_t)length;
    for (int i = 0; i < 4; i++) {
        chunk[length + 8 + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    bd_image image = smooth_picture(8, 8, BD_FORMAT_RGBA8, false);
    bytes plain = encoded_as(&image, BD_IMAGE_FILE_PNG);
    enum { HEAD = 8 + 25 };
    bytes file = copy_of_bytes(plain.data, HEAD);
    for (int i = 0; i < TEXTS; i++) {
        append_bytes(&file, chunk, length + 12);
    }
    append_bytes(&file, plain.data + HEAD, plain.size - HEAD);
    bd_metadata metadata = {.struct_size = sizeof metadata};
    const bd_image_read_params params = {.struct_size = sizeof params, .metadata = &metadata};
    bd_image back = {0};
    bd_error error = {0};
    const double started = bd_now_ms();
    assert_int_equal(bd_image_decode(file.data, file.size, "made", &params, &back, &error), BD_OK);
    assert_true(bd_now_ms() - started < 2000);
    assert_int_equal(metadata.text_count, 0);
    bd_metadata_finish(&metadata);
    bd_image_finish(&back);
    bd_image_finish(&image);
    free(file.data);
    free(plain.data);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_rows),        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_coefficients),      cmocka_unit_test(test_profile),
        cmocka_unit_test(test_outside_of_canvas), cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

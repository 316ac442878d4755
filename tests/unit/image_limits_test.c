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
#include "support/tiffs.h"

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

typedef struct tiled {
    uint32_t width, height, side[2]; /* of a tile */
    uint16_t samples;
    bool separate, subsampled;
    bool huge;
} tiled;

/* All tiles lie at one place, of 64 KiB. */
static bytes tiled_file(const tiled *p) {
    enum { PIXELS = 8, PIXELS_BYTES = 1 << 16 };
    const uint32_t across = (p->width + p->side[0] - 1) / p->side[0], down = (p->height + p->side[1] - 1) / p->side[1],
                   count = across * down * (p->separate ? p->samples : 1);
    tiff t = {.data = calloc(1, TIFF_ROOM), .used = PIXELS + PIXELS_BYTES};
    assert_non_null(t.data);
    memcpy(t.data, "II*\0", 4);
    memset(t.data + PIXELS, 0x55, PIXELS_BYTES);
    const uint64_t pixels = (uint64_t)p->side[0] * p->side[1],
                   bytes_of_one = p->subsampled ? pixels * 3 / 2 : pixels * (p->separate ? 1 : p->samples);
    const uint32_t size = (uint32_t)BD_MIN(bytes_of_one, (uint64_t)PIXELS_BYTES);
    const uint32_t places = (uint32_t)t.used, sizes = places + 4 * count;
    for (uint32_t i = 0; i < count; i++) {
        put_number(&t, places + 4 * i, 4, PIXELS);
        put_number(&t, sizes + 4 * i, 4, size);
    }
    t.used = sizes + 4 * count;
    const uint32_t photometric = p->subsampled ? 6 : p->samples == 3 ? 2 : 1;
    const field fields[] = {number(0x0100, LONG, p->width),
                            number(0x0101, LONG, p->height),
                            number(0x0102, SHORT, 8),
                            number(0x0103, SHORT, 1),
                            number(0x0106, SHORT, photometric),
                            number(0x0115, SHORT, p->samples),
                            number(0x011c, SHORT, p->separate ? 2 : 1),
                            number(0x0142, LONG, p->side[0]),
                            number(0x0143, LONG, p->side[1]),
                            number(0x0144, LONG, places),
                            number(0x0145, LONG, sizes),
                            blob(0x0212, SHORT, "\2\0\2\0", 4)};
    const size_t at = put_directory(&t, fields, BD_COUNT(fields) - !p->subsampled);
    put_number(&t, 4, 4, at);
    for (size_t i = 9; i < 11 && count > 1; i++) {
        put_number(&t, at + 2 + i * 12 + 4, 4, count);
    }
    for (size_t i = 9; i < 11 && count == 1; i++) {
        put_number(&t, at + 2 + i * 12 + 8, 4, i == 9 ? PIXELS : size);
    }
    return bytes_of(&t);
}

/* A tile may be larger than its picture, and all of them together. */
static void test_tiles(void **state) {
    (void)state;
    static const tiled pictures[] = {{10, 10000, {256, 256}, 3, true, false, false},
                                     {10000, 10, {256, 256}, 1, false, false, false},
                                     {16, 16, {16, 16}, 3, false, true, false},
                                     {200, 3, {128, 128}, 3, false, true, false},
                                     {3000, 1, {1, 1 << 24}, 1, false, false, true},
                                     {640, 4, {16, 1 << 20}, 1, false, false, true},
                                     {4, 120000, {1 << 12, 1 << 10}, 3, true, false, true},
                                     {16, 16, {1 << 15, 1 << 15}, 3, false, true, true},
                                     {3000, 1, {16, 1 << 19}, 3, false, true, true}};
    if (!bd_form_of_file(BD_IMAGE_FILE_TIFF)->decode) {
        skip();
    }
    for (size_t i = 0; i < BD_COUNT(pictures); i++) {
        bytes file = tiled_file(&pictures[i]);
        bd_error error = {0};
        const bd_result result = decode(file.data, file.size, 0, &error);
        if (result != (pictures[i].huge ? BD_ERR_FILE_CORRUPT : BD_OK)) {
            fail_msg("%zu: %d, %s", i, result, error.message);
        }
        assert_true(!pictures[i].huge || strstr(error.message, "blocks of"));
        free(file.data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_rows),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_coefficients),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_outside_of_canvas),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

#include "backdrop.h"
#include "platform/clock.h"
#include "support/files.h"

static bd_result decode(const void *data, size_t bytes, uint64_t max_pixels, bd_error *error) {
    const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = max_pixels};
    bd_image image = {0};
    double started = bd_now_ms();
    bd_result result = bd_image_decode(data, bytes, "made", &params, &image, error);
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
static unsigned char *make_jpeg(unsigned side, bool progressive, unsigned long *bytes) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, bytes);
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
        unsigned long bytes = 0;
        unsigned char *data = make_jpeg(SIDE, progressive, &bytes);
        bd_error error = {0};
        assert_int_equal(decode(data, bytes, SIDE * SIDE, &error), BD_OK);
        assert_int_equal(decode(data, bytes, SIDE * SIDE - 1, &error), BD_ERR_IMAGE_TOO_LARGE);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_rows),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_coefficients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 * Tables and fits: bit for bit what Pillow makes, and properties that need no golden. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "geometry/fit.h"
#include "geometry/resample_table.h"
#include "reference/reference.h"

static void read_image(const char *path, bd_image *image) {
    bd_error error;
    if (bd_image_read(path,
                      &(bd_image_read_params){.struct_size = sizeof(bd_image_read_params), .ignore_orientation = true},
                      image, &error)) {
        fail_msg("%s", error.message);
    }
}

/* Tight RGBA rows, as the references take them. */
static uint8_t *tight(const bd_image *image) {
    uint8_t *pixels = malloc((size_t)image->width * image->height * 4);
    assert_non_null(pixels);
    for (uint32_t y = 0; y < image->height; y++) {
        memcpy(pixels + (size_t)y * image->width * 4, image->pixels + y * image->stride_bytes,
               (size_t)image->width * 4);
    }
    return pixels;
}

static uint8_t *resize(const bd_image *image, bd_resample_filter filter, const float box[4], int32_t out_w,
                       int32_t out_h) {
    int32_t w = (int32_t)image->width, h = (int32_t)image->height;
    bd_resample_table across = {0}, down = {0};
    bd_error error;
    assert_int_equal(bd_resample_table_init(&across, NULL, filter, w, box[0], box[2], out_w, 0, &error), BD_OK);
    assert_int_equal(bd_resample_table_init(&down, NULL, filter, h, box[1], box[3], out_h, 0, &error), BD_OK);
    uint8_t *in = tight(image), *half = malloc((size_t)out_w * (size_t)h * 4);
    uint8_t *out = malloc((size_t)out_w * (size_t)out_h * 4);
    assert_true(half && out);
    bd_ref_resample_horizontal(in, false, w, h, across.bounds, across.coefficients, across.taps, half, out_w);
    bd_ref_resample_vertical(half, false, out_w, h, down.bounds, down.coefficients, down.taps, out, out_h);
    free(in);
    free(half);
    bd_resample_table_finish(&across);
    bd_resample_table_finish(&down);
    return out;
}

/* Resizes input and compares with the picture in golden, byte for byte. */
static void check_golden(const char *input, const char *golden, bd_resample_filter filter, const float *box) {
    bd_image in, expected;
    read_image(input, &in);
    read_image(golden, &expected);
    const float whole[4] = {0, 0, (float)in.width, (float)in.height};
    uint8_t *got = resize(&in, filter, box ? box : whole, (int32_t)expected.width, (int32_t)expected.height);
    uint8_t *want = tight(&expected);
    for (size_t i = 0; i < (size_t)expected.width * expected.height * 4; i++) {
        if (got[i] != want[i]) {
            fail_msg("%s: pixel %zu channel %zu is %d, expected %d", golden, i / 4, i % 4, got[i], want[i]);
        }
    }
    free(got);
    free(want);
    bd_image_finish(&in);
    bd_image_finish(&expected);
}

static void test_own_goldens(void **state) {
    (void)state;
    const char *root = getenv("BACKDROP_SOURCE_DIR");
    if (!root) {
        print_message("BACKDROP_SOURCE_DIR is not set\n");
        skip();
    }
    char path[4096], name[64], in[64], out[64], in_path[4096], out_path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/resample/resample.txt", root);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    int width, height, cases = 0;
    float box[4];
    while (fscanf(list, "%63s %63s %63s %d %d %f %f %f %f", name, in, out, &width, &height, &box[0], &box[1], &box[2],
                  &box[3]) == 9) {
        snprintf(in_path, sizeof in_path, "%s/tests/golden/resample/%s", root, in);
        snprintf(out_path, sizeof out_path, "%s/tests/golden/resample/%s", root, out);
        bd_resample_filter filter = !strcmp(name, "lanczos")    ? BD_RESAMPLE_LANCZOS
                                    : !strcmp(name, "triangle") ? BD_RESAMPLE_TRIANGLE
                                                                : BD_RESAMPLE_BOX;
        check_golden(in_path, out_path, filter, box);
        cases++;
    }
    fclose(list);
    assert_true(cases >= 10);
}

static void test_tutorial_photos(void **state) {
    (void)state;
    static const char *const names[] = {"astronaut_512", "grace_hopper",     "chelsea_cat",
                                        "ibm_stc",       "ibm_stc-brownbag", "rocket"};
    const char *shared = getenv("BACKDROP_SHARED_DIR");
    char photo[4096], golden[4096];
    snprintf(photo, sizeof photo, "%s/data/photos/rocket.jpg", shared ? shared : "");
    FILE *there = fopen(photo, "rb");
    if (!there) {
        print_message("no shared data\n");
        skip();
    }
    fclose(there);
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        snprintf(photo, sizeof photo, "%s/data/photos/%s.jpg", shared, names[i]);
        snprintf(golden, sizeof golden, "%s/data/golden/mnv2_pascal/%s.resized.png", shared, names[i]);
        bd_image resized, original;
        read_image(golden, &resized);
        read_image(photo, &original);
        uint32_t width, height;
        bd_fit_resized(original.width, original.height, 513, &width, &height);
        assert_int_equal(width, resized.width);
        assert_int_equal(height, resized.height);
        bd_image_finish(&resized);
        bd_image_finish(&original);
        check_golden(photo, golden, BD_RESAMPLE_LANCZOS, NULL);
    }
}

/* Every output pixel's coefficients sum to one and stay inside the input, whatever the sizes. */
static void test_tables_are_sound(void **state) {
    (void)state;
    static const int32_t sizes[] = {1, 2, 3, 7, 64, 513, 4000};
    for (size_t i = 0; i < BD_COUNT(sizes) * BD_COUNT(sizes) * 4; i++) {
        int32_t in = sizes[i % BD_COUNT(sizes)], out = sizes[i / BD_COUNT(sizes) % BD_COUNT(sizes)];
        bd_resample_filter filter = (bd_resample_filter)(i / BD_COUNT(sizes) / BD_COUNT(sizes));
        bd_resample_table table;
        assert_int_equal(bd_resample_table_init(&table, NULL, filter, in, 0, (float)in, out, 5.0f, NULL), BD_OK);
        for (int32_t o = 0; o < out; o++) {
            int32_t first = table.bounds[2 * o], count = table.bounds[2 * o + 1];
            assert_true(first >= 0 && count >= 1 && count <= table.taps && first + count <= in);
            int64_t sum = 0;
            for (int32_t t = 0; t < table.taps; t++) {
                sum += table.coefficients[(size_t)o * (size_t)table.taps + (size_t)t];
            }
            assert_in_range((int64_t)(1 << 22) - sum + table.taps, 0, 2 * table.taps);
        }
        bd_resample_table_finish(&table);
    }
}

static void test_gaussian(void **state) {
    (void)state;
    bd_resample_table table;
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_GAUSSIAN, 101, 0, 101, 101, 2.0f, NULL), BD_OK);
    const int32_t *middle = table.coefficients + (size_t)50 * (size_t)table.taps;
    int32_t centre = 50 - table.bounds[100];
    assert_int_equal(table.bounds[101], 13);
    assert_in_range(middle[centre], 836000, 840000); /* 2^22 / (2 sqrt(2 pi)), cut at 3 sigma */
    assert_int_equal(middle[centre - 3], middle[centre + 3]);
    assert_true(middle[centre] > middle[centre + 1] && middle[centre + 5] > middle[centre + 6]);
    bd_resample_table_finish(&table);
    /* A sigma far beyond the picture averages it. */
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_GAUSSIAN, 4, 0, 4, 4, 1e30f, NULL), BD_OK);
    assert_int_equal(table.taps, 4);
    assert_int_equal(table.coefficients[0], 1 << 20);
    bd_resample_table_finish(&table);
}

static void test_repeat(void **state) {
    (void)state;
    bd_resample_table table;
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_REPEAT, 3, 2, 3, 7, 0, NULL), BD_OK);
    assert_int_equal(table.taps, 1);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(table.bounds[2 * i], (2 + i) % 3);
        assert_int_equal(table.bounds[2 * i + 1], 1);
        assert_int_equal(table.coefficients[i], 1 << BD_RESAMPLE_PRECISION_BITS);
    }
    bd_resample_table_finish(&table);
}

static void test_bad_arguments(void **state) {
    (void)state;
    bd_resample_table table;
    bd_error error;
    const float nan = strtof("nan", NULL);
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_BOX, 0, 0, 0, 1, 0, &error),
                     BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_BOX, 4, 2, 2, 1, 0, &error),
                     BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_BOX, 4, 0, 5, 1, 0, &error),
                     BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_BOX, 4, nan, 4, 1, 0, &error),
                     BD_ERR_INVALID_ARGUMENT);
    assert_int_equal(bd_resample_table_init(&table, NULL, BD_RESAMPLE_BOX, 4, 0, 4, 0, 0, &error),
                     BD_ERR_INVALID_ARGUMENT);
}

static void check_plan(bd_fit_plan plan, const float box[4], uint32_t width, uint32_t height, int32_t x, int32_t y) {
    for (int i = 0; i < 4; i++) {
        assert_float_equal(plan.box[i], box[i], 1e-4);
    }
    assert_int_equal(plan.width, width);
    assert_int_equal(plan.height, height);
    assert_int_equal(plan.offset_x, x);
    assert_int_equal(plan.offset_y, y);
}

static void test_fit(void **state) {
    (void)state;
    check_plan(bd_fit_background(BD_FIT_COVER, NULL, 200, 100, 50, 50), (const float[]){50, 0, 150, 100}, 50, 50, 0, 0);
    check_plan(bd_fit_background(BD_FIT_COVER, NULL, 10, 40, 100, 100), (const float[]){0, 15, 10, 25}, 100, 100, 0, 0);
    check_plan(bd_fit_background(BD_FIT_CONTAIN, NULL, 200, 100, 50, 51), (const float[]){0, 0, 200, 100}, 50, 25, 0,
               -13);
    check_plan(bd_fit_background(BD_FIT_CONTAIN, NULL, 1000, 1, 5, 5), (const float[]){0, 0, 1000, 1}, 5, 1, 0, -2);
    check_plan(bd_fit_background(BD_FIT_STRETCH, NULL, 3, 4, 50, 60), (const float[]){0, 0, 3, 4}, 50, 60, 0, 0);
    bd_fit_plan tile = bd_fit_background(BD_FIT_TILE, NULL, 3, 4, 50, 60);
    check_plan(tile, (const float[]){0, 0, 3, 4}, 3, 4, 0, 0);
    assert_true(tile.wrap);
    const float corner[2] = {0.0f, 1.0f}, third[2] = {1.0f / 3.0f, 0.25f};
    check_plan(bd_fit_background(BD_FIT_COVER, corner, 200, 100, 50, 50), (const float[]){0, 0, 100, 100}, 50, 50, 0,
               0);
    check_plan(bd_fit_background(BD_FIT_COVER, third, 10, 40, 100, 100), (const float[]){0, 7.5f, 10, 17.5f}, 100, 100,
               0, 0);
    check_plan(bd_fit_background(BD_FIT_CONTAIN, corner, 200, 100, 50, 51), (const float[]){0, 0, 200, 100}, 50, 25, 0,
               -26);
    check_plan(bd_fit_background(BD_FIT_TILE, corner, 3, 4, 50, 60), (const float[]){0, 0, 3, 4}, 3, 4, 0, -56);
    check_plan(bd_fit_classic(513, 300, 400, 513), (const float[]){0, 0, 513, 300}, 513, 300, 0, -213);
    check_plan(bd_fit_classic(300, 513, 513, 400), (const float[]){0, 0, 300, 513}, 300, 513, -213, 0);
    /* A box too short for floats is still one that can be resampled. */
    bd_fit_plan thin = bd_fit_background(BD_FIT_COVER, NULL, 200000000, 1, 1, 1000);
    assert_true(thin.box[0] < thin.box[2] && thin.box[2] <= 200000000.0f);
}

static void test_resized_size(void **state) {
    (void)state;
    uint32_t width, height;
    bd_fit_resized(1280, 720, 513, &width, &height);
    assert_int_equal(width, 513);
    assert_int_equal(height, 288);
    bd_fit_resized(20000, 10, 513, &width, &height);
    assert_int_equal(width, 513);
    assert_int_equal(height, 1);
    bd_fit_resized(1, 1, 513, &width, &height);
    assert_int_equal(width, 513);
    assert_int_equal(height, 513);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_goldens),
        cmocka_unit_test(test_tutorial_photos),
        cmocka_unit_test(test_tables_are_sound),
        cmocka_unit_test(test_gaussian),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_resized_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 * The kernels of the subject's light: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

/* Of pictures; see deepen. */
static bool deep;

static size_t pixel_bytes(void) {
    return deep ? 8 : 4;
}

static void deepen(bd_vk_dispatch *dispatch) {
    if (deep) {
        bd_kernel_deepen(dispatch);
    }
}

static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {70, 33}, {5, 130}, {257, 9}};

static size_t plane_bytes(int32_t w, int32_t h) {
    return (size_t)(w + 3) / 4 * 16 * (size_t)h;
}

/* Mattes with much that is 0 and 1; *plane: the same in fours, zero past w. free() both. */
static float *make_alpha(int32_t w, int32_t h, float **plane) {
    float *dense = check_floats(&harness, (size_t)w * (size_t)h, -0.7f, 1.7f);
    *plane = calloc(1, plane_bytes(w, h));
    assert_non_null(*plane);
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        dense[i] = fminf(fmaxf(dense[i], 0.0f), 1.0f);
        size_t x = i % (size_t)w, y = i / (size_t)w;
        (*plane)[y * ((size_t)(w + 3) / 4 * 4) + x] = dense[i];
    }
    return dense;
}

/* Greyish colours, so that both kinds of sums have something. */
static uint8_t *make_picture(int32_t w, int32_t h, bool premultiplied) {
    uint8_t *picture = check_bytes(&harness, (size_t)w * (size_t)h * pixel_bytes());
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        uint64_t p[4];
        for (size_t c = 0; c < 4; c++) {
            p[c] = bd_ref_number(picture, deep, 4 * i + c);
        }
        p[1] = (3 * p[0] + p[1]) / 4;
        p[2] = (3 * p[0] + p[2]) / 4;
        for (size_t c = 0; c < 3; c++) {
            uint64_t value = premultiplied ? p[c] * p[3] / bd_ref_most(deep) : p[c];
            bd_ref_set_number(picture, deep, 4 * i + c, (uint32_t)value);
        }
    }
    return picture;
}

static void add_items(const float *items, size_t count, float sums[8]) {
    double totals[8] = {0.0};
    for (size_t i = 0; i < count * 8; i++) {
        totals[i % 8] += (double)items[i];
    }
    for (int i = 0; i < 8; i++) {
        sums[i] = (float)totals[i];
    }
}

/* Vulkan gives pow() some 1e-5 of its result, and what is left of it in a and b is small. */
static void check_sums(const char *label, const float expected[8], const float sums[8]) {
    check_tensor_within(label, expected, sums, 2, 4, 2, 2e-4f, 2e-4f, 1e-8);
}

static void check_statistics(int32_t w, int32_t h, int32_t block, bool subject, bool premultiplied) {
    uint8_t *picture = make_picture(w, h, premultiplied);
    float *plane, *alpha = make_alpha(w, h, &plane), expected[8], sums[8];
    bd_ref_statistics(picture, deep, w, h, subject ? alpha : NULL, premultiplied, block, expected);
    int32_t columns = (w + block - 1) / block, rows = (h + block - 1) / block;
    int32_t segments = (rows + BD_STATISTICS_ROWS - 1) / BD_STATISTICS_ROWS;
    const bd_push_harmonize push = {
        .src_w = w, .src_h = h, .dst_w = columns, .dst_h = segments, .block = block, .count = rows};
    size_t count = (size_t)columns * (size_t)segments;
    const check_input inputs[4] = {{picture, (size_t)w * (size_t)h * pixel_bytes()}, {plane, plane_bytes(w, h)}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_statistics(&harness.vk, &push, subject, premultiplied, &dispatch);
        deepen(&dispatch);
        float *items = check_output(count * 32), *got = check_output(BD_STATISTICS_SUMS * 32);
        check_run(&harness, &dispatch, inputs, items, count * 32, "statistics", 0.0);
        add_items(items, count, sums);
        check_sums("statistics", expected, sums);
        const check_input second[4] = {{items, count * 32}};
        bd_kernel_statistics_sum(&harness.vk, (uint32_t)count, &dispatch);
        check_run(&harness, &dispatch, second, got, BD_STATISTICS_SUMS * 32, "statistics_sum", 0.0);
        add_items(got, BD_STATISTICS_SUMS, sums);
        check_sums("statistics_sum", expected, sums);
        free(items);
        free(got);
    }
    free(picture);
    free(plane);
    free(alpha);
}

static void test_statistics(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < 4; kind++) {
            check_statistics(sizes[i][0], sizes[i][1], kind == 3 ? 4 : 1, kind % 2, kind / 2);
        }
    }
}

/* Sums as pictures have them: means m, of which deviations follow. */
static void make_sums(float sums[8]) {
    float weight = check_float(&harness, 1.0f, 1e5f), l = check_float(&harness, 0.05f, 0.95f);
    float gray = weight * check_float(&harness, 0.0f, 0.1f);
    const float made[8] = {weight * l,
                           weight * (l * l + check_float(&harness, 0.0f, 0.05f)),
                           weight * check_float(&harness, 0.0f, 0.02f),
                           weight,
                           gray * check_float(&harness, 0.05f, 0.95f),
                           gray * check_float(&harness, -0.05f, 0.05f),
                           gray * check_float(&harness, -0.05f, 0.05f),
                           gray};
    memcpy(sums, made, sizeof made);
}

static void test_solve(void **state) {
    (void)state;
    for (int i = 0; i < 40; i++) {
        float sums[2][8], *spread[2], expected[12];
        for (int s = 0; s < 2; s++) {
            make_sums(sums[s]);
            if (i == 7 + s) {
                memset(sums[s], 0, sizeof sums[s]); /* nothing there */
            }
            spread[s] = calloc(BD_STATISTICS_SUMS, 32);
            assert_non_null(spread[s]);
            memcpy(spread[s] + 8 * (size_t)check_between(&harness, 0, BD_STATISTICS_SUMS - 1), sums[s], 32);
        }
        bd_ref_harmonize(sums[0], sums[1], i % 2, expected);
        if (i == 7 || i == 8) {
            const float same[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
            assert_memory_equal(expected, same, sizeof same);
        }
        const check_input inputs[4] = {{spread[0], BD_STATISTICS_SUMS * 32}, {spread[1], BD_STATISTICS_SUMS * 32}};
        CHECK_EACH_COLUMN(&harness) {
            bd_vk_dispatch dispatch;
            bd_kernel_harmonize_solve(&harness.vk, i % 2, &dispatch);
            float *got = check_output(48);
            check_run(&harness, &dispatch, inputs, got, 48, "harmonize_solve", 0.0);
            check_tensor("harmonize_solve", expected, got, 3, 4, 3, 2e-5f, 0.0f);
            free(got);
        }
        free(spread[0]);
        free(spread[1]);
    }
}

static void check_light_reduce(int32_t w, int32_t h, int32_t block, int kind) {
    bool picture = kind != 0, tile = kind == 2, premultiplied = kind == 3;
    int32_t bw = tile ? 7 : w / 2 + 1, bh = tile ? 5 : h, ox = tile ? -3 : -w / 4, oy = tile ? 2 : -1;
    uint8_t *background = make_picture(bw, bh, premultiplied);
    float *plane, *alpha = make_alpha(w, h, &plane);
    int32_t gw = (w + block - 1) / block, gh = (h + block - 1) / block;
    size_t nodes = (size_t)gw * (size_t)gh;
    float *expected = check_output(nodes * 16);
    const bd_ref_background behind = {.pixels = picture ? background : NULL,
                                      .deep = deep,
                                      .w = bw,
                                      .h = bh,
                                      .offset_x = ox,
                                      .offset_y = oy,
                                      .wrap = tile,
                                      .premultiplied = premultiplied,
                                      .fill = {200, 90, 10, 128},
                                      .fill_low = {1, 255, 130, 7}};
    bd_ref_light_reduce(&behind, alpha, w, h, block, expected);
    const bd_push_light push = {.src_w = w,
                                .src_h = h,
                                .dst_w = gw,
                                .dst_h = gh,
                                .block = block,
                                .bg_w = bw,
                                .bg_h = bh,
                                .offset_x = ox,
                                .offset_y = oy,
                                .fill = bd_kernel_color_word(behind.fill),
                                .fill_low = bd_kernel_color_word(behind.fill_low)};
    const check_input inputs[4] = {{background, (size_t)bw * (size_t)bh * pixel_bytes()}, {plane, plane_bytes(w, h)}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_light_reduce(&harness.vk, &push, picture, tile, premultiplied, &dispatch);
        deepen(&dispatch);
        float *got = check_output(nodes * 16);
        check_run(&harness, &dispatch, inputs, got, nodes * 16, "light_reduce", 0.0);
        check_tensor("light_reduce", expected, got, nodes, 4, gw, 2e-5f, 2e-5f);
        free(got);
    }
    free(expected);
    free(background);
    free(plane);
    free(alpha);
}

static void test_light_reduce(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < 4; kind++) {
            check_light_reduce(sizes[i][0], sizes[i][1], 1, kind);
            check_light_reduce(sizes[i][0], sizes[i][1], 8, kind);
        }
    }
}

static void check_relight(int32_t w, int32_t h, bool harmonize, bool wrap) {
    enum { BLOCK = 4 };
    int32_t gw = (w + BLOCK - 1) / BLOCK, gh = (h + BLOCK - 1) / BLOCK;
    size_t pixels = (size_t)w * (size_t)h, nodes = (size_t)gw * (size_t)gh;
    size_t bytes = pixels * pixel_bytes();
    uint8_t *front = check_bytes(&harness, bytes), *expected = check_output(bytes);
    float *plane, *alpha = make_alpha(w, h, &plane), *light = check_floats(&harness, nodes * 4, 0.0f, 1.0f);
    for (size_t i = 0; i < nodes * 2; i++) {
        light[i] = 0.0f; /* no light reaches the upper half */
    }
    float sums[2][8], map[12], scale = 1.0f / BLOCK, bias = 0.5f * scale - 0.5f;
    make_sums(sums[0]);
    make_sums(sums[1]);
    bd_ref_harmonize(sums[0], sums[1], true, map);
    for (size_t i = 0; i < pixels; i++) {
        float veil[4];
        bd_ref_sample(light, gw, gh, 4, (float)(i % (size_t)w) * scale + bias, (float)(i / (size_t)w) * scale + bias,
                      veil);
        bd_ref_relight(front + pixel_bytes() * i, deep, alpha[i], harmonize ? map : NULL, wrap ? veil : NULL,
                       expected + pixel_bytes() * i);
    }
    const bd_push_light push = {.src_w = gw,
                                .src_h = gh,
                                .dst_w = w,
                                .dst_h = h,
                                .scale_x = scale,
                                .bias_x = bias,
                                .scale_y = scale,
                                .bias_y = bias};
    const check_input inputs[4] = {{light, nodes * 16}, {front, bytes}, {plane, plane_bytes(w, h)}, {map, sizeof map}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_relight(&harness.vk, &push, harmonize, wrap, &dispatch);
        deepen(&dispatch);
        uint8_t *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, "relight", 0.0);
        /* A 32-bit float of light, 4e-6 of which make three steps of 16 bits where it is dark. */
        check_pixels("relight", deep, expected, got, pixels, (size_t)w, deep ? 4 : 1);
        free(got);
    }
    free(front);
    free(expected);
    free(plane);
    free(alpha);
    free(light);
}

static void test_relight(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 1; kind < 4; kind++) {
            check_relight(sizes[i][0], sizes[i][1], kind & 1, kind & 2);
        }
    }
}

static void test_deep(void **state) {
    deep = true;
    test_statistics(state);
    test_light_reduce(state);
    test_relight(state);
    deep = false;
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_statistics), cmocka_unit_test(test_solve),
                                              cmocka_unit_test(test_light_reduce), cmocka_unit_test(test_relight),
                                              cmocka_unit_test(test_deep)};
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

/* SPDX-License-Identifier: MIT
 * The kernels of a blurred background: every variant against its scalar reference. */
#include <math.h>
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

static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {70, 33}, {5, 130}, {257, 9}, {2, 40000}};

/* A third of the alphas are 0, a third small. */
static uint8_t *make_photo(size_t pixels) {
    uint8_t *photo = check_bytes(&harness, pixels * pixel_bytes());
    for (size_t i = 3; i < 4 * pixels; i += 4) {
        uint32_t a = bd_ref_number(photo, deep, i), most = bd_ref_most(deep);
        bd_ref_set_number(photo, deep, i, a < most / 3 ? 0 : a < most / 3 * 2 ? a % 4 : a);
    }
    return photo;
}

static void check_grid(const bd_vk_dispatch *dispatch, const check_input inputs[4], const float *expected, size_t nodes,
                       int32_t width, float absolute, float relative, const char *label) {
    float *got = check_output(nodes * 16);
    check_run(&harness, dispatch, inputs, got, nodes * 16, label, 0.0);
    check_tensor(label, expected, got, nodes, 4, width, absolute, relative);
    free(got);
}

static void check_weigh(int32_t w, int32_t h, int32_t block) {
    size_t pixels = (size_t)w * (size_t)h, pitch = (size_t)(w + 3) / 4 * 4;
    uint8_t *photo = make_photo(pixels);
    float *alpha = check_floats(&harness, pixels, -0.3f, 1.3f), *plane = calloc(pitch * (size_t)h, sizeof *plane);
    assert_non_null(plane);
    for (size_t i = 0; i < pixels; i++) {
        alpha[i] = fminf(fmaxf(alpha[i], 0.0f), 1.0f);
        plane[i / (size_t)w * pitch + i % (size_t)w] = alpha[i];
    }
    const bd_push_weigh push = {
        .src_w = w, .src_h = h, .dst_w = (w + block - 1) / block, .dst_h = (h + block - 1) / block, .block = block};
    size_t nodes = (size_t)push.dst_w * (size_t)push.dst_h;
    float *expected = check_output(nodes * 16);
    bd_ref_weigh(photo, deep, alpha, w, h, block, expected);
    const check_input inputs[4] = {{photo, pixels * pixel_bytes()}, {plane, pitch * (size_t)h * 4}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_blur(&harness.vk, BD_KERNEL_WEIGH, &push, false, &dispatch);
        deepen(&dispatch);
        check_grid(&dispatch, inputs, expected, nodes, push.dst_w, 1e-6f, 1e-5f, "weigh");
    }
    free(expected);
    free(plane);
    free(alpha);
    free(photo);
}

static void test_weigh(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_weigh(sizes[i][0], sizes[i][1], 1);
        check_weigh(sizes[i][0], sizes[i][1], 2);
        check_weigh(sizes[i][0], sizes[i][1], 32);
    }
}

static void check_gauss(int32_t w, int32_t h, int32_t radius, bool vertical) {
    size_t nodes = (size_t)w * (size_t)h;
    float *src = check_floats(&harness, nodes * 4, 0.0f, 1.0f), *expected = check_output(nodes * 16);
    const bd_push_weigh push = {.dst_w = w,
                                .dst_h = h,
                                .radius = radius,
                                .falloff = -check_float(&harness, 3.0f, 9.0f) / (float)(radius * radius)};
    bd_ref_gauss(src, w, h, radius, push.falloff, vertical, expected);
    const check_input inputs[4] = {{src, nodes * 16}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_blur(&harness.vk, BD_KERNEL_GAUSS, &push, vertical, &dispatch);
        check_grid(&dispatch, inputs, expected, nodes, w, 1e-6f, 1e-5f, "gauss");
    }
    free(expected);
    free(src);
}

static void test_gauss(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        check_gauss(sizes[i / 2][0], sizes[i / 2][1], 1, i % 2);
        check_gauss(sizes[i / 2][0], sizes[i / 2][1], 9, i % 2);
        check_gauss(sizes[i / 2][0], sizes[i / 2][1], check_between(&harness, 1, 200), i % 2);
    }
}

static void check_unweigh(int32_t w, int32_t h, int32_t block) {
    int32_t gw = (w + block - 1) / block, gh = (h + block - 1) / block;
    size_t pixels = (size_t)w * (size_t)h, nodes = (size_t)gw * (size_t)gh;
    uint8_t *photo = make_photo(pixels), *expected = check_output(pixels * pixel_bytes());
    float *grid = check_floats(&harness, nodes * 4, 0.0f, 1.0f);
    for (size_t n = 0; n < nodes; n++) { /* weights of all sizes, or none */
        float weight = grid[4 * n + 3] < 0.2f ? 0.0f : powf(10.0f, -8.0f * grid[4 * n + 3]);
        for (size_t c = 0; c < 4; c++) {
            grid[4 * n + c] = (c == 3 ? 1.0f : grid[4 * n + c]) * weight;
        }
    }
    float scale = 1.0f / (float)block, bias = 0.5f * scale - 0.5f;
    for (size_t n = 0; n < pixels; n++) {
        float sum[4], x = (float)(n % (size_t)w) * scale + bias, y = (float)(n / (size_t)w) * scale + bias;
        bd_ref_sample(grid, gw, gh, 4, x, y, sum);
        bd_ref_unweigh(sum, deep, photo + pixel_bytes() * n, expected + pixel_bytes() * n);
    }
    const bd_push_weigh push = {
        .src_w = gw, .src_h = gh, .dst_w = w, .dst_h = h, .scale = scale, .bias_x = bias, .bias_y = bias};
    const check_input inputs[4] = {{grid, nodes * 16}, {photo, pixels * pixel_bytes()}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_blur(&harness.vk, BD_KERNEL_UNWEIGH, &push, false, &dispatch);
        deepen(&dispatch);
        uint8_t *got = check_output(pixels * pixel_bytes());
        check_run(&harness, &dispatch, inputs, got, pixels * pixel_bytes(), "unweigh", 0.0);
        check_pixels("unweigh", deep, expected, got, pixels, (size_t)w, 1);
        free(got);
    }
    free(grid);
    free(expected);
    free(photo);
}

static void test_unweigh(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_unweigh(sizes[i][0], sizes[i][1], 1);
        check_unweigh(sizes[i][0], sizes[i][1], 8);
    }
}

static void test_deep(void **state) {
    deep = true;
    test_weigh(state);
    test_unweigh(state);
    deep = false;
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weigh),
        cmocka_unit_test(test_gauss),
        cmocka_unit_test(test_unweigh),
        cmocka_unit_test(test_deep),
    };
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

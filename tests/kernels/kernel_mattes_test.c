/* SPDX-License-Identifier: MIT
 * The kernels of mattes: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {70, 33}, {5, 130}, {257, 9}};

static size_t plane_bytes(int32_t w, int32_t h) {
    return (size_t)(w + 3) / 4 * 16 * (size_t)h;
}

static void run_guided(bd_kernel kernel, const bd_push_guided *push, bool flag, const check_input inputs[4],
                       const float *expected, size_t nodes, float absolute, const char *label) {
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_guided(&harness.vk, kernel, push, flag, &dispatch);
        float *got = check_output(nodes * 16);
        check_run(&harness, &dispatch, inputs, got, nodes * 16, label, 0.0);
        check_tensor(label, expected, got, nodes, 4, push->dst_w, absolute, 1e-5f);
        free(got);
    }
}

/* ---- the guided filter ------------------------------------------------------------------------------------------- */

static void check_reduce(int32_t w, int32_t h, int32_t block) {
    uint8_t *photo = check_bytes(&harness, (size_t)w * (size_t)h * 4);
    const bd_push_guided push = {
        .src_w = w, .src_h = h, .dst_w = (w + block - 1) / block, .dst_h = (h + block - 1) / block, .block = block};
    size_t nodes = (size_t)push.dst_w * (size_t)push.dst_h;
    float *expected = check_output(nodes * 16);
    bd_ref_block_means(photo, w, h, block, expected);
    const check_input inputs[4] = {{photo, (size_t)w * (size_t)h * 4}};
    run_guided(BD_KERNEL_GUIDED_REDUCE, &push, false, inputs, expected, nodes, 1e-6f, "reduce");
    free(expected);
    free(photo);
}

static void test_reduce(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_reduce(sizes[i][0], sizes[i][1], 1);
        check_reduce(sizes[i][0], sizes[i][1], 3);
        check_reduce(sizes[i][0], sizes[i][1], 16);
    }
}

static void test_start(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        int32_t w = sizes[i][0], h = sizes[i][1];
        size_t nodes = (size_t)w * (size_t)h;
        float *grid = check_floats(&harness, nodes * 4, 0.0f, 1.0f), *dense = check_floats(&harness, nodes, 0.0f, 1.0f);
        float *plane = check_pad(dense, (size_t)h, w), *expected = check_output(nodes * 16);
        for (size_t n = 0; n < nodes; n++) {
            memcpy(expected + 4 * n, grid + 4 * n, 12);
            expected[4 * n + 3] = fminf(fmaxf((dense[n] - 0.2f) / 0.6f, 0.0f), 1.0f);
        }
        const bd_push_guided push = {.dst_w = w, .dst_h = h, .level = 0.2f};
        const check_input inputs[4] = {{grid, nodes * 16}, {plane, plane_bytes(w, h)}};
        run_guided(BD_KERNEL_GUIDED_START, &push, false, inputs, expected, nodes, 1e-6f, "start");
        free(expected);
        free(plane);
        free(dense);
        free(grid);
    }
}

/* The moments' sums go from one kernel to the next: the second is checked on what the first gave. */
static void check_lines(int32_t w, int32_t h, int32_t radius) {
    size_t nodes = (size_t)w * (size_t)h;
    float *grid = check_floats(&harness, nodes * 4, 0.0f, 1.0f), *expected = check_output(nodes * 16);
    double *room = malloc(nodes * 15 * sizeof *room);
    assert_non_null(room);
    const bd_push_guided push = {.dst_w = w, .dst_h = h, .radius = radius, .eps = 1e-3f};
    bd_ref_guided_lines(grid, w, h, radius, push.eps, room, expected);
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        float *sums = check_output(nodes * 64), *got = check_output(nodes * 16);
        bd_kernel_guided(&harness.vk, BD_KERNEL_GUIDED_ROWS, &push, false, &dispatch);
        const check_input first[4] = {{grid, nodes * 16}}, second[4] = {{sums, nodes * 64}};
        check_run(&harness, &dispatch, first, sums, nodes * 64, "moments", 0.0);
        bd_kernel_guided(&harness.vk, BD_KERNEL_GUIDED_SOLVE, &push, false, &dispatch);
        check_run(&harness, &dispatch, second, got, nodes * 16, "lines", 0.0);
        /* The inverse of a window's colours multiplies roundings by its condition number. */
        check_tensor_within("lines", expected, got, nodes, 4, w, 2e-3f, 2e-3f, 1e-7);
        free(got);
        free(sums);
    }
    free(room);
    free(expected);
    free(grid);
}

static void test_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_lines(sizes[i][0], sizes[i][1], 2);
        check_lines(sizes[i][0], sizes[i][1], 7);
    }
}

static void check_box(int32_t w, int32_t h, int32_t radius, bool vertical, bool flag) {
    size_t nodes = (size_t)w * (size_t)h;
    int32_t uw = (w + 1) / 2, uh = (h + 1) / 2;
    float *src = check_floats(&harness, nodes * 4, 0.0f, 1.0f), *expected = check_output(nodes * 16);
    float *doubt = check_floats(&harness, (size_t)uw * (size_t)uh * 4, 0.0f, 1.0f);
    const bd_push_guided push = {.src_w = uw,
                                 .src_h = uh,
                                 .dst_w = w,
                                 .dst_h = h,
                                 .radius = radius,
                                 .scale_x = 0.5f,
                                 .bias_x = -0.25f,
                                 .scale_y = 0.5f,
                                 .bias_y = -0.25f,
                                 .level = 0.2f,
                                 .knee = 0.3f,
                                 .slope = 3.0f};
    bd_ref_box(src, w, h, radius, vertical, !vertical && flag, expected);
    for (size_t n = 0; n < nodes && vertical && flag; n++) {
        float u[4];
        bd_ref_sample(doubt, uw, uh, 4, (float)(n % (size_t)w) * 0.5f - 0.25f, (float)(n / (size_t)w) * 0.5f - 0.25f,
                      u);
        float level = 0.2f * fminf(fmaxf(1.0f - 3.0f * fmaxf(u[0] - 0.3f, 0.0f), 0.0f), 1.0f);
        for (size_t c = 0; c < 4; c++) {
            expected[4 * n + c] = (expected[4 * n + c] - (c == 3 ? level : 0.0f)) / (1.0f - 2.0f * level);
        }
    }
    const check_input inputs[4] = {{src, nodes * 16}, {vertical ? doubt : NULL, (size_t)uw * (size_t)uh * 16}};
    run_guided(vertical ? BD_KERNEL_BOX_COLUMNS : BD_KERNEL_BOX_ROWS, &push, flag, inputs, expected, nodes, 1e-5f,
               vertical ? "box columns" : "box rows");
    free(doubt);
    free(expected);
    free(src);
}

static void test_box(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < 4; kind++) {
            check_box(sizes[i][0], sizes[i][1], 3, kind & 1, kind & 2);
        }
    }
}

/* The lines of a grid with twice the spacing on a grid of colours, and on a photo's pixels. */
static void check_join(int32_t w, int32_t h) {
    int32_t lw = (w + 1) / 2, lh = (h + 1) / 2;
    size_t nodes = (size_t)w * (size_t)h, count = (size_t)lw * (size_t)lh;
    float *lines = check_floats(&harness, count * 4, -1.0f, 1.0f);
    float *grid = check_floats(&harness, nodes * 4, 0.0f, 1.0f), *expected = check_output(nodes * 16);
    const bd_push_guided push = {.src_w = lw,
                                 .src_h = lh,
                                 .dst_w = w,
                                 .dst_h = h,
                                 .scale_x = 0.5f,
                                 .bias_x = -0.25f,
                                 .scale_y = 0.5f,
                                 .bias_y = -0.25f};
    for (size_t n = 0; n < nodes; n++) {
        float line[4];
        bd_ref_sample(lines, lw, lh, 4, (float)(n % (size_t)w) * 0.5f - 0.25f, (float)(n / (size_t)w) * 0.5f - 0.25f,
                      line);
        memcpy(expected + 4 * n, grid + 4 * n, 12);
        expected[4 * n + 3] = bd_ref_line(line, grid + 4 * n);
    }
    const check_input inputs[4] = {{lines, count * 16}, {grid, nodes * 16}};
    run_guided(BD_KERNEL_GUIDED_JOIN, &push, false, inputs, expected, nodes, 1e-5f, "join");
    free(expected);
    free(grid);
    free(lines);
}

/* Of a photo with two rows more on either side than are written; noise 0: without the kernels' way for noise. */
static void check_apply(int32_t w, int32_t h, int32_t block, float noise) {
    int32_t lw = (w + block - 1) / block, lh = (h + block - 1) / block, first = 2, above = noise > 0.0f ? 2 : 0;
    int32_t rows = h + 2 * above;
    size_t pixels = (size_t)w * (size_t)h, read = (size_t)w * (size_t)rows, count = (size_t)lw * (size_t)lh;
    float *lines = check_floats(&harness, count * 4, -1.0f, 1.0f), *dense = check_output(pixels * sizeof *dense);
    float *colours = check_output(read * 12), *between = check_output(read * 12), taps[8] = {0.0f};
    uint8_t *photo = check_bytes(&harness, read * 4);
    float scale = 1.0f / (float)block, bias = 0.5f * scale - 0.5f;
    for (size_t n = 0; n < read * 3; n++) {
        colours[n] = (float)photo[n / 3 * 4 + n % 3] / 255.0f;
    }
    if (noise > 0.0f) {
        (void)bd_ref_noise_taps(noise, 1.0f, 0.0f, taps);
        bd_ref_noise_blur(colours, w, rows, 3, taps, false, between);
        bd_ref_noise_blur(between, w, rows, 3, taps, true, colours);
    }
    for (size_t n = 0; n < pixels; n++) {
        float line[4];
        bd_ref_sample(lines, lw, lh, 4, (float)(n % (size_t)w) * scale + bias,
                      (float)(n / (size_t)w + (size_t)first) * scale + bias, line);
        dense[n] = bd_ref_line(line, colours + 3 * (n + (size_t)above * (size_t)w));
    }
    float *expected = check_pad(dense, (size_t)h, w);
    const bd_push_guided push = {.src_w = lw,
                                 .src_h = lh,
                                 .dst_w = w,
                                 .dst_h = h,
                                 .first = first,
                                 .scale_x = scale,
                                 .bias_x = bias,
                                 .scale_y = scale,
                                 .bias_y = bias,
                                 .src_rows = rows,
                                 .above = above};
    const check_input inputs[4] = {{lines, count * 16}, {photo, read * 4}, {taps, sizeof taps}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_guided_apply(&harness.vk, &push, block >= 4, noise > 0.0f, &dispatch);
        float *got = check_output(plane_bytes(w, h));
        check_run(&harness, &dispatch, inputs, got, plane_bytes(w, h), "apply", 0.0);
        check_tensor("apply", expected, got, plane_bytes(w, h) / 16, 4, (w + 3) / 4, 1e-5f, 1e-5f);
        free(got);
    }
    free(expected);
    free(photo);
    free(between);
    free(colours);
    free(dense);
    free(lines);
}

static void test_apply(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_join(sizes[i][0], sizes[i][1]);
        check_apply(sizes[i][0], sizes[i][1], 4, 3.0f);
        for (int32_t block = 1; block <= 8; block++) {
            check_apply(sizes[i][0], sizes[i][1], block, 0.0f);
            check_apply(sizes[i][0], sizes[i][1], block, block % 2 ? 4.0f : 1.5f);
        }
    }
}

/* ---- planes ------------------------------------------------------------------------------------------------------ */

static void check_sample(int32_t w, int32_t h, int32_t out_w, int32_t out_h, bool nearest, bool threshold) {
    size_t pixels = (size_t)out_w * (size_t)out_h;
    float *dense = check_floats(&harness, (size_t)w * (size_t)h, 0.0f, 1.0f), *plane = check_pad(dense, (size_t)h, w);
    float *sampled = check_output(pixels * sizeof *sampled);
    const bd_push_plane push = {.src_w = w,
                                .src_h = h,
                                .dst_w = out_w,
                                .dst_h = out_h,
                                .scale_x = (float)w / (float)out_w,
                                .bias_x = 0.125f,
                                .scale_y = (float)h / (float)out_h,
                                .bias_y = -0.25f};
    for (size_t n = 0; n < pixels; n++) {
        float x = fminf(fmaxf((float)(n % (size_t)out_w) * push.scale_x + push.bias_x, 0.0f), (float)(w - 1));
        float y = fminf(fmaxf((float)(n / (size_t)out_w) * push.scale_y + push.bias_y, 0.0f), (float)(h - 1));
        bd_ref_sample(dense, w, h, 1, nearest ? floorf(x + 0.5f) : x, nearest ? floorf(y + 0.5f) : y, &sampled[n]);
        sampled[n] = threshold ? (float)(sampled[n] > 0.5f) : sampled[n];
    }
    float *expected = check_pad(sampled, (size_t)out_h, out_w);
    const check_input inputs[4] = {{plane, plane_bytes(w, h)}};
    size_t bytes = plane_bytes(out_w, out_h);
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_plane(&harness.vk, BD_KERNEL_PLANE_SAMPLE, &push, nearest, threshold, &dispatch);
        float *got = check_output(bytes);
        check_run(&harness, &dispatch, inputs, got, bytes, "sample", 0.0);
        check_tensor("sample", expected, got, bytes / 16, 4, (out_w + 3) / 4, nearest || threshold ? 0.0f : 1e-6f,
                     0.0f);
        free(got);
    }
    free(expected);
    free(sampled);
    free(plane);
    free(dense);
}

static void test_sample(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int kind = 0; kind < 3; kind++) {
            check_sample(sizes[i][0], sizes[i][1], 2 * sizes[i][0], 4 * sizes[i][1], kind == 1, kind == 2);
        }
    }
}

static void test_pack(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * BD_COUNT(sizes); i++) {
        int32_t w = sizes[i / 2][0], h = sizes[i / 2][1];
        bool wide = i % 2;
        size_t values = plane_bytes(w, h) / 4, bytes = values * (wide ? 2 : 1);
        float *plane = check_floats(&harness, values, -0.2f, 1.2f);
        uint8_t *expected = check_output(bytes);
        for (size_t n = 0; n < values; n++) {
            float v = fminf(fmaxf(plane[n], 0.0f), 1.0f) * (wide ? 65535.0f : 255.0f) + 0.5f;
            expected[n * (wide ? 2 : 1)] = (uint8_t)((uint32_t)v & 255u);
            if (wide) {
                expected[2 * n + 1] = (uint8_t)((uint32_t)v >> 8);
            }
        }
        const bd_push_plane push = {.dst_w = w, .dst_h = h};
        const check_input inputs[4] = {{plane, values * 4}};
        CHECK_EACH_COLUMN(&harness) {
            bd_vk_dispatch dispatch;
            bd_kernel_plane(&harness.vk, BD_KERNEL_PLANE_PACK, &push, wide, false, &dispatch);
            uint8_t *got = check_output(bytes);
            check_run(&harness, &dispatch, inputs, got, bytes, "pack", 0.0);
            check_picture("pack", expected, got, bytes, bytes / (size_t)h, 0);
            free(got);
        }
        free(expected);
        free(plane);
    }
}

/* ---- foreground -------------------------------------------------------------------------------------------------- */

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

static float *make_alpha(size_t pixels) {
    float *alpha = check_floats(&harness, pixels, -0.3f, 1.3f);
    for (size_t i = 0; i < pixels; i++) {
        alpha[i] = fminf(fmaxf(alpha[i], 0.0f), 1.0f);
    }
    return alpha;
}

static void check_pixels_of(const bd_vk_dispatch *dispatch, const check_input inputs[4], const uint8_t *expected,
                            size_t pixels, size_t row, int32_t tolerance, const char *label) {
    uint8_t *got = check_output(pixels * pixel_bytes());
    check_run(&harness, dispatch, inputs, got, pixels * pixel_bytes(), label, 0.0);
    check_pixels(label, deep, expected, got, pixels, row, tolerance);
    free(got);
}

static void check_step(int32_t w, int32_t h, bool fresh, int32_t shift) {
    int32_t sw = (w + shift) >> shift, sh = (h + shift) >> shift;
    size_t nodes = (size_t)w * (size_t)h, before = (size_t)sw * (size_t)sh;
    float *level = check_floats(&harness, nodes * 4, 0.0f, 1.0f);
    float *pairs = check_floats(&harness, before * 8, 0.0f, 1.0f), *expected = check_output(nodes * 32);
    bd_ref_foreground_step(fresh ? NULL : pairs, sw, shift, level, w, h, expected);
    const bd_push_foreground push = {.src_w = sw, .src_h = sh, .dst_w = w, .dst_h = h, .shift = shift};
    const check_input inputs[4] = {{pairs, before * 32}, {level, nodes * 16}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_foreground(&harness.vk, BD_KERNEL_FOREGROUND_STEP, &push, fresh, &dispatch);
        float *got = check_output(nodes * 32);
        check_run(&harness, &dispatch, inputs, got, nodes * 32, "step", 0.0);
        check_tensor("step", expected, got, nodes * 2, 4, 2 * w, 1e-4f, 0.0f);
        free(got);
    }
    free(expected);
    free(pairs);
    free(level);
}

static void check_pyramid(int32_t w, int32_t h, int32_t shift) {
    int32_t lw = (w + (1 << shift) - 1) >> shift, lh = (h + (1 << shift) - 1) >> shift;
    size_t pixels = (size_t)w * (size_t)h, nodes = (size_t)lw * (size_t)lh;
    size_t bytes = pixels * pixel_bytes();
    uint8_t *photo = check_bytes(&harness, bytes), *expected = check_output(bytes);
    float *dense = make_alpha(pixels), *alpha = check_pad(dense, (size_t)h, w), *level = check_output(nodes * 16);
    float *pairs = check_floats(&harness, nodes * 8, 0.0f, 1.0f);
    for (size_t n = 0; n < nodes; n++) {
        size_t at = ((n / (size_t)lw) << shift) * (size_t)w + ((n % (size_t)lw) << shift);
        for (size_t c = 0; c < 3; c++) {
            level[4 * n + c] = (float)bd_ref_number(photo, deep, 4 * at + c) / (float)bd_ref_most(deep);
        }
        level[4 * n + 3] = dense[at];
    }
    for (size_t n = 0; n < pixels; n++) {
        float pair[8], zoom = 1.0f / (float)(1 << shift);
        bd_ref_sample(pairs, lw, lh, 8, (float)(n % (size_t)w) * zoom, (float)(n / (size_t)w) * zoom, pair);
        bd_ref_foreground_pixel(pair, dense[n], shift > 0, deep, photo + pixel_bytes() * n,
                                expected + pixel_bytes() * n);
    }
    const bd_push_foreground pick = {.src_w = w, .src_h = h, .dst_w = lw, .dst_h = lh, .shift = shift};
    const bd_push_foreground apply = {.src_w = lw, .src_h = lh, .dst_w = w, .dst_h = h, .shift = shift};
    const check_input first[4] = {{photo, bytes}, {alpha, plane_bytes(w, h)}};
    const check_input second[4] = {{pairs, nodes * 32}, {photo, bytes}, {alpha, plane_bytes(w, h)}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_foreground(&harness.vk, BD_KERNEL_FOREGROUND_PICK, &pick, false, &dispatch);
        deepen(&dispatch);
        float *got = check_output(nodes * 16);
        check_run(&harness, &dispatch, first, got, nodes * 16, "pick", 0.0);
        check_tensor("pick", level, got, nodes, 4, lw, 1e-6f, 0.0f);
        free(got);
        bd_kernel_foreground(&harness.vk, BD_KERNEL_FOREGROUND_APPLY, &apply, false, &dispatch);
        deepen(&dispatch);
        check_pixels_of(&dispatch, second, expected, pixels, (size_t)w, 1, "foreground");
    }
    free(pairs);
    free(level);
    free(alpha);
    free(dense);
    free(expected);
    free(photo);
}

static void check_half(int32_t w, int32_t h) {
    int32_t lw = (w + 1) / 2, lh = (h + 1) / 2;
    size_t nodes = (size_t)lw * (size_t)lh;
    float *level = check_floats(&harness, (size_t)w * (size_t)h * 4, 0.0f, 1.0f), *expected = check_output(nodes * 16);
    for (size_t n = 0; n < nodes; n++) {
        memcpy(expected + 4 * n, level + 8 * ((n / (size_t)lw) * (size_t)w + n % (size_t)lw), 16);
    }
    const bd_push_foreground push = {.src_w = w, .src_h = h, .dst_w = lw, .dst_h = lh};
    const check_input inputs[4] = {{level, (size_t)w * (size_t)h * 16}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_foreground(&harness.vk, BD_KERNEL_FOREGROUND_HALF, &push, false, &dispatch);
        float *got = check_output(nodes * 16);
        check_run(&harness, &dispatch, inputs, got, nodes * 16, "half", 0.0);
        check_tensor("half", expected, got, nodes, 4, lw, 0.0f, 0.0f);
        free(got);
    }
    free(expected);
    free(level);
}

static void test_foreground(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        int32_t w = sizes[i][0], h = sizes[i][1];
        check_step(w, h, true, 0);
        check_step(w, h, false, 0);
        check_step(w, h, false, 1);
        check_half(w, h);
        check_pyramid(w, h, 0);
        check_pyramid(w, h, 3);
    }
}

static void test_deep(void **state) {
    deep = true;
    test_foreground(state);
    deep = false;
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce), cmocka_unit_test(test_start),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_box),    cmocka_unit_test(test_apply),      cmocka_unit_test(test_sample),
        cmocka_unit_test(test_pack),   cmocka_unit_test(test_foreground), cmocka_unit_test(test_deep),
    };
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

/* SPDX-License-Identifier: MIT
 * The kernels of blur fusion: every variant against its scalar reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

#define LEAST 0.02f /* weight of a node that has any */

static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {70, 33}, {5, 130}, {257, 9}, {2, 40000}};

static void check_kernel(bd_kernel kernel, const bd_push_fusion *push, bool finish, const float *src, size_t src_bytes,
                         const float *level, const float *expected, float absolute, float relative, const char *label) {
    size_t nodes = (size_t)push->dst_w * (size_t)push->dst_h;
    const check_input inputs[4] = {{src, src_bytes}, {level, nodes * 16}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_fusion(&harness.vk, kernel, push, finish, &dispatch);
        float *got = check_output(nodes * 32);
        check_run(&harness, &dispatch, inputs, got, nodes * 32, label, 0.0);
        check_tensor(label, expected, got, nodes * 2, 4, 2 * push->dst_w, absolute, relative);
        free(got);
    }
}

/* Whole areas without any, and with nothing but the subject. */
static float *make_level(int32_t w, int32_t h) {
    size_t nodes = (size_t)w * (size_t)h;
    float *level = check_floats(&harness, nodes * 4, 0.0f, 1.0f);
    for (size_t n = 0; n < nodes; n++) {
        size_t area = (n % (size_t)w / 20 + n / (size_t)w / 20) % 3;
        level[4 * n + 3] = area ? (float)(area - 1) : check_float(&harness, LEAST, 1.0f - LEAST);
    }
    return level;
}

static void check_reduce(int32_t w, int32_t h, int32_t block) {
    const bd_push_fusion push = {
        .src_w = w, .src_h = h, .dst_w = (w + block - 1) / block, .dst_h = (h + block - 1) / block, .block = block};
    size_t nodes = (size_t)push.dst_w * (size_t)push.dst_h;
    float *level = make_level(w, h), *expected = check_output(nodes * 32);
    bd_ref_fusion_reduce(level, w, h, block, expected);
    check_kernel(BD_KERNEL_FUSION_REDUCE, &push, false, level, (size_t)w * (size_t)h * 16, NULL, expected, 1e-6f, 1e-5f,
                 "reduce");
    free(expected);
    free(level);
}

static void check_sums(int32_t w, int32_t h, int32_t radius) {
    const bd_push_fusion push = {.dst_w = w, .dst_h = h, .radius = radius};
    size_t nodes = (size_t)w * (size_t)h;
    float *level = make_level(w, h), *pairs = check_output(nodes * 32), *expected = check_output(nodes * 32);
    float largest = (float)(2 * radius + 1);
    bd_ref_fusion_reduce(level, w, h, 1, pairs);
    bd_ref_fusion_sum(pairs, w, h, radius, false, expected);
    check_kernel(BD_KERNEL_FUSION_ROWS, &push, false, pairs, nodes * 32, NULL, expected, 2e-6f * largest, 0.0f, "rows");
    bd_ref_fusion_sum(pairs, w, h, radius, true, expected);
    check_kernel(BD_KERNEL_FUSION_COLUMNS, &push, false, pairs, nodes * 32, NULL, expected, 2e-6f * largest, 0.0f,
                 "columns");
    for (size_t n = 0; n < nodes && radius <= 5; n++) {
        float sums[8];
        memcpy(sums, expected + 8 * n, sizeof sums);
        bd_ref_fusion_finish(sums, level + 4 * n, expected + 8 * n);
    }
    if (radius <= 5) {
        check_kernel(BD_KERNEL_FUSION_COLUMNS, &push, true, pairs, nodes * 32, level, expected, 4e-6f * largest / LEAST,
                     0.0f, "finish");
    }
    free(expected);
    free(pairs);
    free(level);
}

static void check_spread(int32_t w, int32_t h, int32_t block) {
    int32_t bw = (w + block - 1) / block, bh = (h + block - 1) / block;
    float scale = 1.0f / (float)block, bias = 0.5f * scale - 0.5f;
    const bd_push_fusion push = {.src_w = bw, .src_h = bh, .dst_w = w, .dst_h = h, .scale = scale, .bias = bias};
    size_t nodes = (size_t)w * (size_t)h, blocks = (size_t)bw * (size_t)bh;
    float *level = make_level(w, h), *pairs = check_output(blocks * 32), *expected = check_output(nodes * 32);
    bd_ref_fusion_reduce(level, w, h, block, pairs);
    for (size_t n = 0; n < nodes; n++) {
        float sums[8];
        bd_ref_sample(pairs, bw, bh, 8, (float)(n % (size_t)w) * scale + bias, (float)(n / (size_t)w) * scale + bias,
                      sums);
        bd_ref_fusion_spread(sums, level + 4 * n, expected + 8 * n);
    }
    check_kernel(BD_KERNEL_FUSION_SPREAD, &push, false, pairs, blocks * 32, level, expected, 1e-3f, 0.0f, "spread");
    free(expected);
    free(pairs);
    free(level);
}

static void test_reduce(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_reduce(sizes[i][0], sizes[i][1], 1);
        check_reduce(sizes[i][0], sizes[i][1], 8);
    }
}

static void test_sums(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_sums(sizes[i][0], sizes[i][1], 2);
        check_sums(sizes[i][0], sizes[i][1], 5);
        check_sums(sizes[i][0], sizes[i][1], check_between(&harness, 1, 60));
    }
}

static void test_spread(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        check_spread(sizes[i][0], sizes[i][1], 1);
        check_spread(sizes[i][0], sizes[i][1], 8);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_spread),
    };
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

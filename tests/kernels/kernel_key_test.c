/* SPDX-License-Identifier: MIT
 * The kernels of a uniform backdrop: every variant against its scalar reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "reference/reference.h"
#include "support/kernel_check.h"

static check harness;

static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {70, 33}, {5, 130}, {257, 9}};
static const uint32_t colors[] = {0xff40b020u, 0xffc04820u, 0xfff4f4f4u, 0xff909090u, 0xff6a8470u, 0xff000000u};

static size_t plane_bytes(int32_t w, int32_t h) {
    return (size_t)(w + 3) / 4 * 16 * (size_t)h;
}

static uint8_t clamped(float value) {
    return (uint8_t)fminf(fmaxf(value + 0.5f, 0.0f), 255.0f);
}

/* A third backdrop under shade and noise, a third anything, a third between. */
static uint8_t *make_photo(int32_t w, int32_t h, uint32_t color) {
    uint8_t *photo = check_bytes(&harness, (size_t)w * (size_t)h * 4);
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        float share = (float)check_between(&harness, 0, 2) / 2.0f, shade = check_float(&harness, 0.6f, 1.1f);
        for (uint32_t c = 0; c < 3; c++) {
            float back = shade * (float)(color >> 8 * c & 255u) + check_float(&harness, -4.0f, 4.0f);
            photo[4 * i + c] = clamped(share * back + (1.0f - share) * (float)photo[4 * i + c]);
        }
    }
    return photo;
}

/* Of grids that hold means of light times a weight, and the weight. */
static float *make_grid(size_t nodes) {
    float *grid = check_floats(&harness, nodes * 4, 0.0f, 1.0f);
    for (size_t i = 0; i < nodes; i++) {
        grid[4 * i + 3] = i % 3 ? grid[4 * i + 3] : 0.0f;
        for (size_t c = 0; c < 3; c++) {
            grid[4 * i + c] *= grid[4 * i + 3];
        }
    }
    return grid;
}

/* With the key behind them. */
static float *make_pairs(size_t nodes, const float *key) {
    float *pairs = check_floats(&harness, nodes * 8 + 16, 0.0f, 1.0f);
    for (size_t i = 0; i < nodes; i++) {
        float shade = check_float(&harness, 0.5f, 1.0f);
        for (size_t c = 0; c < 3; c++) {
            pairs[8 * i + 4 + c] = shade * key[c];
        }
        pairs[8 * i + 7] = i % 2 ? pairs[8 * i + 7] : 0.1f * pairs[8 * i + 7];
    }
    memcpy(pairs + nodes * 8, key, 64);
    return pairs;
}

static void pair_at(const float *pairs, const bd_push_key *push, size_t pixel, float pair[8]) {
    float x = (float)(pixel % (size_t)push->dst_w) * push->scale + push->bias;
    float y = (float)(pixel / (size_t)push->dst_w + (size_t)push->first) * push->scale + push->bias;
    bd_ref_sample(pairs, push->src_w, push->src_h, 8, x, y, pair);
}

static bd_push_key push_of(int32_t w, int32_t h, int32_t block) {
    float scale = 1.0f / (float)block;
    return (bd_push_key){.src_w = (w + block - 1) / block,
                         .src_h = (h + block - 1) / block,
                         .dst_w = w,
                         .dst_h = h,
                         .tolerance = 0.025f,
                         .softness = 0.06f,
                         .scale = scale,
                         .bias = 0.5f * scale - 0.5f};
}

/* ---- the key ----------------------------------------------------------------------------------------------------- */

/* Powers differ in their last digits: what lies on the border of two bins may be in either. */
static void check_counts(const uint32_t *expected, const uint32_t *got) {
    uint32_t total = 0, moved = 0;
    for (size_t i = 0; i < BD_KEY_BINS; i++) {
        total += expected[4 * i];
        moved += (uint32_t)abs((int)expected[4 * i] - (int)got[4 * i]);
    }
    if (moved > 2 + total / 100) {
        fail_msg("%u of %u pixels are in other bins", moved / 2, total);
    }
}

static void check_count(int32_t w, int32_t h, int32_t spacing, int32_t border, uint32_t color) {
    const size_t bytes = (size_t)BD_KEY_BINS * 16;
    uint8_t *photo = make_photo(w, h, color);
    uint32_t *expected = calloc(1, bytes), *got = malloc(bytes);
    assert_non_null(expected);
    assert_non_null(got);
    bd_ref_key_count(photo, w, h, spacing, border, expected);
    const check_input inputs[4] = {{photo, (size_t)w * (size_t)h * 4}}, second[4] = {{expected, bytes}};
    const bd_push_key push = {.src_w = w,
                              .src_h = h,
                              .dst_w = (w + spacing - 1) / spacing,
                              .dst_h = (h + spacing - 1) / spacing,
                              .rows = h,
                              .block = spacing,
                              .radius = border};
    float key[16], chosen[16];
    bd_ref_key_choose(expected, 0, key);
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        memset(got, 0, bytes);
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_COUNT, &push, false, &dispatch);
        check_run(&harness, &dispatch, inputs, got, bytes, "key_count", 0.0);
        check_counts(expected, got);
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_CHOOSE, &push, false, &dispatch);
        check_run(&harness, &dispatch, second, chosen, sizeof chosen, "key_choose", 0.0);
        check_tensor("key_choose", key, chosen, 4, 4, 4, 1e-4f, 1e-4f);
    }
    free(photo);
    free(expected);
    free(got);
}

static void test_key(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (size_t c = 0; c < BD_COUNT(colors); c += 2) {
            check_count(sizes[i][0], sizes[i][1], 1, 1, colors[c]);
            check_count(sizes[i][0], sizes[i][1], 2, 9, colors[c]);
        }
    }
    for (size_t c = 0; c < BD_COUNT(colors); c++) {
        float expected[16], got[16];
        const uint32_t none[4] = {0};
        bd_ref_key_choose(NULL, colors[c], expected);
        const bd_push_key push = {.color = colors[c]};
        const check_input inputs[4] = {{none, sizeof none}};
        CHECK_EACH_COLUMN(&harness) {
            bd_vk_dispatch dispatch;
            bd_kernel_key(&harness.vk, BD_KERNEL_KEY_CHOOSE, &push, true, &dispatch);
            check_run(&harness, &dispatch, inputs, got, sizeof got, "key_choose given", 0.0);
            check_tensor("key_choose given", expected, got, 4, 4, 4, 1e-4f, 1e-4f);
        }
    }
}

/* ---- what is around ---------------------------------------------------------------------------------------------- */

static void check_reduce(int32_t w, int32_t h, int32_t block, bool front, uint32_t color) {
    uint8_t *photo = make_photo(w, h, color);
    float key[16];
    bd_ref_key_choose(NULL, color, key);
    const bd_push_key push = {.src_w = w,
                              .src_h = h,
                              .dst_w = (w + block - 1) / block,
                              .dst_h = (h + block - 1) / block,
                              .block = block,
                              .tolerance = 0.04f};
    size_t nodes = (size_t)push.dst_w * (size_t)push.dst_h;
    float *expected = check_output(nodes * 16), *got = check_output(nodes * 16);
    bd_ref_key_reduce(photo, w, h, block, key, front, push.tolerance, expected);
    const check_input inputs[4] = {{photo, (size_t)w * (size_t)h * 4}, {key, sizeof key}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_REDUCE, &push, front, &dispatch);
        check_run(&harness, &dispatch, inputs, got, nodes * 16, "key_reduce", 0.0);
        check_tensor_within("key_reduce", expected, got, nodes, 4, push.dst_w, 1e-3f, 1e-3f, 1e-7);
    }
    free(photo);
    free(expected);
    free(got);
}

static void check_pair(int32_t w, int32_t h, uint32_t color) {
    size_t nodes = (size_t)w * (size_t)h, bytes = nodes * 32 + 64;
    float key[16], *grids[3], *expected = check_output(bytes), *got = check_output(bytes);
    bd_ref_key_choose(NULL, color, key);
    for (int i = 0; i < 3; i++) {
        grids[i] = make_grid(nodes);
    }
    const bd_push_key push = {.dst_w = w, .dst_h = h, .gain_back = 0.3f, .gain_front = 0.7f};
    for (size_t i = 0; i < nodes; i++) {
        bd_ref_key_pair(grids[0] + 4 * i, grids[1] + 4 * i, grids[2] + 4 * i, key, 0.3f, 0.7f, expected + 8 * i);
    }
    memcpy(expected + 8 * nodes, key, sizeof key);
    const check_input inputs[4] = {
        {grids[0], nodes * 16}, {grids[1], nodes * 16}, {grids[2], nodes * 16}, {key, sizeof key}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_PAIR, &push, false, &dispatch);
        check_run(&harness, &dispatch, inputs, got, bytes, "key_pair", 0.0);
        check_tensor("key_pair", expected, got, bytes / 16, 4, 2 * w, 1e-5f, 1e-5f);
    }
    for (int i = 0; i < 3; i++) {
        free(grids[i]);
    }
    free(expected);
    free(got);
}

static void test_around(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (size_t c = 0; c < BD_COUNT(colors); c++) {
            check_reduce(sizes[i][0], sizes[i][1], c % 2 ? 4 : 1, false, colors[c]);
            check_reduce(sizes[i][0], sizes[i][1], c % 2 ? 1 : 4, true, colors[c]);
        }
        check_pair(sizes[i][0], sizes[i][1], colors[i]);
    }
}

/* ---- alpha ------------------------------------------------------------------------------------------------------- */

static void check_matte(int32_t w, int32_t h, uint32_t color, bool shadow) {
    bd_push_key push = push_of(w, h, 4);
    push.first = 0;
    size_t pixels = (size_t)w * (size_t)h, nodes = (size_t)push.src_w * (size_t)push.src_h, bytes = plane_bytes(w, h);
    uint8_t *photo = make_photo(w, h, color);
    float key[16], pair[8], *dense = check_output(pixels * sizeof *dense), *got = check_output(bytes);
    bd_ref_key_choose(NULL, color, key);
    float *pairs = make_pairs(nodes, key);
    for (size_t i = 0; i < pixels; i++) {
        pair_at(pairs, &push, i, pair);
        dense[i] = bd_ref_key_matte(photo + 4 * i, pair, key, push.tolerance, push.softness, shadow);
    }
    float *expected = check_pad(dense, (size_t)h, w);
    const check_input inputs[4] = {{pairs, nodes * 32 + 64}, {photo, pixels * 4}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_MATTE, &push, shadow, &dispatch);
        check_run(&harness, &dispatch, inputs, got, bytes, "key_matte", 0.0);
        /* Two powers' last digits, times how steep the ramps are. */
        check_tensor_within("key_matte", expected, got, bytes / 16, 4, (w + 3) / 4, 4e-3f, 1e-4f, 1e-6);
    }
    free(photo);
    free(dense);
    free(got);
    free(pairs);
    free(expected);
}

static void check_gate(int32_t w, int32_t h, int32_t radius) {
    const bd_push_key push = push_of(w, h, 3), near = {.dst_w = push.src_w, .dst_h = push.src_h, .radius = radius};
    size_t pixels = (size_t)w * (size_t)h, nodes = (size_t)push.src_w * (size_t)push.src_h, bytes = plane_bytes(w, h);
    float *coarse = check_floats(&harness, nodes, -1.0f, 2.0f), *alpha = check_floats(&harness, pixels, 0.0f, 1.0f);
    float *reach = check_output(nodes * 16), *got_reach = check_output(nodes * 16), *dense = check_output(pixels * 4);
    for (size_t i = 0; i < nodes; i++) {
        coarse[i] = fminf(fmaxf(coarse[i], 0.0f), 1.0f);
    }
    bd_ref_key_reach(coarse, push.src_w, push.src_h, radius, reach);
    for (size_t i = 0; i < pixels; i++) {
        float at[4];
        bd_ref_sample(reach, push.src_w, push.src_h, 4, (float)(i % (size_t)w) * push.scale + push.bias,
                      (float)(i / (size_t)w) * push.scale + push.bias, at);
        dense[i] = bd_ref_key_gate(alpha[i], at);
    }
    float *plane = check_pad(coarse, (size_t)push.src_h, push.src_w), *expected = check_pad(dense, (size_t)h, w);
    const check_input first[4] = {{plane, plane_bytes(push.src_w, push.src_h)}}, second[4] = {{reach, nodes * 16}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_REACH, &near, false, &dispatch);
        check_run(&harness, &dispatch, first, got_reach, nodes * 16, "key_reach", 0.0);
        check_tensor("key_reach", reach, got_reach, nodes, 4, push.src_w, 0.0f, 0.0f);
        float *got = check_pad(alpha, (size_t)h, w);
        bd_kernel_key(&harness.vk, BD_KERNEL_KEY_GATE, &push, false, &dispatch);
        check_run(&harness, &dispatch, second, got, bytes, "key_gate", 0.0);
        check_tensor("key_gate", expected, got, bytes / 16, 4, (w + 3) / 4, 2e-5f, 1e-5f);
        free(got);
    }
    free(coarse);
    free(alpha);
    free(reach);
    free(got_reach);
    free(dense);
    free(plane);
    free(expected);
}

static void test_alpha(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (size_t c = 0; c < BD_COUNT(colors); c++) {
            check_matte(sizes[i][0], sizes[i][1], colors[c], c % 2 != i % 2);
        }
        check_gate(sizes[i][0], sizes[i][1], 1);
        check_gate(sizes[i][0], sizes[i][1], 5);
    }
}

/* ---- the subject's colours --------------------------------------------------------------------------------------- */

static void check_front(int32_t w, int32_t h, uint32_t color, const bd_ref_key_way *way) {
    bd_push_key push = push_of(w, h, 4);
    push.spill = way->spill;
    size_t pixels = (size_t)w * (size_t)h, nodes = (size_t)push.src_w * (size_t)push.src_h;
    size_t each = way->deep ? 8 : 4;
    uint8_t *photo = check_bytes(&harness, pixels * each), *expected = check_output(pixels * each);
    float key[16], pair[8], *planes[2], *dense[2];
    bd_ref_key_choose(NULL, color, key);
    for (int i = 0; i < 2; i++) {
        dense[i] = check_floats(&harness, pixels, -0.5f, 1.5f);
        for (size_t n = 0; n < pixels; n++) {
            dense[i][n] = fminf(fmaxf(dense[i][n], 0.0f), 1.0f);
        }
        planes[i] = check_pad(dense[i], (size_t)h, w);
    }
    float *pairs = make_pairs(nodes, key);
    for (size_t i = 0; i < pixels; i++) {
        pair_at(pairs, &push, i, pair);
        bd_ref_key_front(photo + each * i, way, pair, key, dense[0][i], dense[1][i], expected + each * i);
    }
    const check_input inputs[4] = {{pairs, nodes * 32 + 64},
                                   {photo, pixels * each},
                                   {planes[0], plane_bytes(w, h)},
                                   {planes[1], plane_bytes(w, h)}};
    CHECK_EACH_COLUMN(&harness) {
        bd_vk_dispatch dispatch;
        bd_kernel_key_front(&harness.vk, &push, way->shadow, way->unmix, way->network, &dispatch);
        if (way->deep) {
            bd_kernel_deepen(&dispatch);
        }
        uint8_t *got = check_output(pixels * each);
        check_run(&harness, &dispatch, inputs, got, pixels * each, "key_front", 0.0);
        /* What is divided by a small alpha is as much less sure. */
        check_pixels("key_front", way->deep, expected, got, pixels, (size_t)w, way->deep ? 100 : 1);
        free(got);
    }
    for (int i = 0; i < 2; i++) {
        free(dense[i]);
        free(planes[i]);
    }
    free(pairs);
    free(photo);
    free(expected);
}

static void test_front(void **state) {
    (void)state;
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (unsigned kind = 0; kind < 16; kind++) {
            const bd_ref_key_way way = {.deep = kind & 1,
                                        .shadow = kind & 2,
                                        .unmix = kind & 4,
                                        .network = kind & 8,
                                        .spill = kind % 3 ? 1.0f : 0.5f};
            check_front(sizes[i][0], sizes[i][1], colors[kind % BD_COUNT(colors)], &way);
        }
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_key), cmocka_unit_test(test_around),
                                              cmocka_unit_test(test_alpha), cmocka_unit_test(test_front)};
    int status = check_open(&harness, argc, argv);
    return status ? status : check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

/* SPDX-License-Identifier: MIT
 * The kernels of integer networks, every candidate of every kernel set in 32 and 16 bits, equal to the scalar reference
 * to the bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"
#include "support/kernel_fixture.h"

static check harness;
static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];

static void begin(fixture *f) {
    fixture_begin(f, &harness);
    f->exact = true;
}

/* Multipliers that lead to ties, of any size, and the ends of their range. */
static bd_scale random_scale(int32_t least_shift, int32_t most_shift) {
    static const int32_t few[] = {0, 1, 1 << 30, 3 << 29, INT32_MAX};
    uint32_t kind = check_random(&harness) % 4;
    bd_scale scale = {.shift = check_between(&harness, least_shift, most_shift)};
    scale.multiplier = kind == 0   ? few[check_random(&harness) % BD_COUNT(few)]
                       : kind == 1 ? 1 << 30
                                   : check_between(&harness, 1 << 30, INT32_MAX);
    return scale;
}

static uint32_t add_scales(fixture *f, int32_t channels, int32_t least_shift, int32_t most_shift) {
    const bd_shape shape = bd_shape_make(2, (const int32_t[]){2, channels});
    int32_t *values = bd_pool_alloc(&f->graph.pool, 2 * (size_t)channels * sizeof *values);
    assert_non_null(values);
    for (int32_t c = 0; c < channels; c++) {
        bd_scale scale = random_scale(least_shift, most_shift);
        values[c] = scale.multiplier;
        values[channels + c] = scale.shift;
    }
    return bd_graph_add_const(&f->graph, "scales", BD_I32, &shape, values);
}

/* The stand-in for matrix units takes seconds: one tile in eight of them, another with every seed. */
static bool too_slow(const bd_kernel_choice *choice) {
    return strstr(choice->name, "_softcoop") && check_random(&harness) % 8 != 0;
}

static void check_set(fixture *f, bd_precision precision, const float *expected) {
    uint32_t count =
        bd_kernel_candidates(&harness.vk, &f->graph, f->graph.count - 1, precision, found, BD_COUNT(found));
    assert_int_not_equal(count, 0);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_not_equal(found[i].family, BD_KERNEL_FAMILY_BLOCK);
        if (!too_slow(&found[i])) {
            fixture_check(f, &found[i], expected, 0, 0);
        }
    }
}

/* Takes expected. narrow: 16 bits hold the tensors. */
static void check_all(fixture *f, float *expected, bool narrow) {
    for (int column = 0; column < BD_COLUMN_COUNT; column++) {
        if (!bd_column_runs(&harness.vk.traits, (bd_column)column)) {
            continue;
        }
        harness.vk.column = (uint32_t)column;
        check_set(f, BD_PRECISION_FP32, expected);
        if (narrow && bd_kernel_has_fp16(&harness.vk)) {
            check_set(f, BD_PRECISION_FP16, expected);
            uint32_t count = bd_kernel_candidates(&harness.vk, &f->graph, f->graph.count - 1, BD_PRECISION_FAST16,
                                                  found, BD_COUNT(found));
            for (uint32_t i = 0; i < count; i++) {
                assert_false(found[i].packed);
            }
        }
    }
    harness.vk.column = harness.native;
    free(expected);
}

/* ---- convolutions ------------------------------------------------------------------------------------------------ */

typedef struct case_conv {
    int32_t h, w, in, out, kernel, stride, dilation; /* out 0: depthwise */
} case_conv;

/* Sums stay below 2^24, whatever the signs. */
static void check_conv(const case_conv *t, bd_rounding rounding) {
    fixture f;
    begin(&f);
    bool dense = t->out != 0, bias = check_random(&harness) % 4 != 0;
    int32_t out = dense ? t->out : t->in, taps = t->kernel * t->kernel * (dense ? t->in : 1);
    const window a = {.h = t->h,
                      .w = t->w,
                      .in = t->in,
                      .out = out,
                      .kernel = t->kernel,
                      .stride = t->stride,
                      .dilation = t->dilation,
                      .low = (float)check_between(&harness, -255, 0),
                      .high = (float)check_between(&harness, 0, 255)};
    int32_t h = fixture_out_size(t->h, &a), w = fixture_out_size(t->w, &a);
    int32_t most = BD_MIN(255, ((1 << 24) - (1 << 20)) / 255 / taps);
    uint32_t inputs[5] = {
        fixture_integers(&f, BD_OP_INPUT, (const int32_t[]){1, t->h, t->w, t->in}, -255, 255),
        fixture_integers(&f, BD_OP_CONST, (const int32_t[]){t->kernel, t->kernel, t->in, dense ? out : 1}, -most, most),
        BD_NO_NODE, BD_NO_NODE, BD_NO_NODE};
    inputs[2] = bias ? fixture_integers(&f, BD_OP_CONST, (const int32_t[]){1, 1, 1, out}, 1 - (1 << 20), (1 << 20) - 1)
                     : BD_NO_NODE;
    uint32_t scales = add_scales(&f, out, -20, check_random(&harness) % 8 ? -4 : 5);
    inputs[dense ? 4 : 3] = scales;
    bd_node *node = fixture_node(&f, dense ? BD_OP_CONV : BD_OP_DEPTHWISE, inputs, dense ? 5 : 4, h, w, out);
    node->u.conv = fixture_attributes(&a);
    node->u.conv.rounding = rounding;
    fixture_describe(&f, &a);
    bd_conv_attrs sums = fixture_attributes(&(const window){.h = t->h,
                                                            .w = t->w,
                                                            .kernel = t->kernel,
                                                            .stride = t->stride,
                                                            .dilation = t->dilation,
                                                            .low = -(1 << 24),
                                                            .high = 1 << 24});
    float *expected = fixture_expected(node);
    const float *x = fixture_values(&f, inputs[0]), *weights = fixture_values(&f, inputs[1]);
    if (dense) {
        bd_ref_conv(x, t->h, t->w, t->in, weights, fixture_values(&f, inputs[2]), NULL, &sums, expected, h, w, out);
    } else {
        bd_ref_depthwise(x, t->h, t->w, t->in, weights, fixture_values(&f, inputs[2]), &sums, expected, h, w);
    }
    bd_ref_requantise_rows(expected, (size_t)h * (size_t)w, out, f.graph.nodes[scales].data, rounding, a.low, a.high,
                           expected);
    check_all(&f, expected, true);
    fixture_finish(&f);
}

static bd_rounding random_rounding(void) {
    return check_random(&harness) % 2 ? BD_ROUNDING_UP : BD_ROUNDING_AWAY;
}

static void test_conv1x1(void **state) {
    (void)state;
    static const case_conv cases[] = {
        {1, 1, 1, 1, 1, 1, 1},     {1, 7, 3, 5, 1, 1, 1},    {5, 13, 32, 16, 1, 1, 1},
        {9, 11, 160, 21, 1, 1, 1}, {5, 7, 256, 37, 1, 1, 1}, {33, 32, 21, 54, 1, 1, 1}, /* the last: flat too */
        {27, 31, 40, 66, 1, 1, 1},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        check_conv(&cases[i], i % 2 ? BD_ROUNDING_AWAY : BD_ROUNDING_UP);
    }
}

static void test_conv(void **state) {
    (void)state;
    static const case_conv cases[] = {
        {17, 15, 3, 32, 3, 2, 1}, {9, 6, 12, 21, 3, 1, 1}, {5, 9, 8, 21, 3, 1, 6}, {10, 14, 4, 8, 1, 2, 1}};
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        check_conv(&cases[i], random_rounding());
    }
}

static void test_depthwise(void **state) {
    (void)state;
    static const case_conv cases[] = {{1, 1, 8, 0, 3, 1, 1},   {5, 9, 21, 0, 3, 1, 2},  {13, 11, 32, 0, 3, 2, 1},
                                      {9, 14, 64, 0, 3, 1, 4}, {11, 7, 72, 0, 3, 2, 1}, {6, 5, 20, 0, 5, 1, 1},
                                      {8, 8, 12, 0, 3, 2, 1}};
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        check_conv(&cases[i], BD_ROUNDING_AWAY);
        check_conv(&cases[i], BD_ROUNDING_UP);
    }
}

/* ---- the other operations ---------------------------------------------------------------------------------------- */

static void check_pool(int32_t size, int32_t channels, int32_t kernel, int32_t stride) {
    fixture f;
    begin(&f);
    int32_t zero = check_between(&harness, -128, 255);
    bool map = kernel == size;
    const window a = {
        .h = size, .w = size, .kernel = kernel, .stride = stride, .dilation = 1, .low = -512, .high = 512};
    int32_t out = map ? 1 : fixture_out_size(size, &a);
    uint32_t input = fixture_integers(&f, BD_OP_INPUT, (const int32_t[]){1, size, size, channels}, -1 - zero, 2 - zero);
    (void)snprintf(f.label, sizeof f.label, "%d %d k%d s%d zero %d", size, channels, kernel, stride, zero);
    bd_node *node = fixture_node(&f, BD_OP_POOL_AVERAGE, &input, 1, out, out, channels);
    node->u.conv = fixture_attributes(&a);
    node->u.conv.rounding = BD_ROUNDING_AWAY;
    node->u.conv.zero_point = zero;
    if (map) {
        node->u.conv.pad_top = node->u.conv.pad_left = 0;
    }
    float *expected = fixture_expected(node);
    bd_ref_pool(fixture_values(&f, input), size, size, channels, &node->u.conv, false, expected, out, out);
    check_all(&f, expected, true);
    fixture_finish(&f);
}

static void test_pool(void **state) {
    (void)state;
    check_pool(1, 3, 1, 1);
    check_pool(2, 21, 2, 1); /* quarters */
    check_pool(33, 40, 33, 1);
    check_pool(9, 5, 3, 2);
    check_pool(12, 8, 2, 2);
}

/* The sum of a large map is past 2^24. */
static void test_pool_large(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    uint32_t input = fixture_integers(&f, BD_OP_INPUT, (const int32_t[]){1, 270, 270, 4}, 253, 255);
    bd_node *node = fixture_node(&f, BD_OP_POOL_AVERAGE, &input, 1, 1, 1, 4);
    const window a = {.h = 270, .w = 270, .kernel = 270, .stride = 270, .dilation = 1, .low = -512, .high = 512};
    node->u.conv = fixture_attributes(&a);
    node->u.conv.rounding = BD_ROUNDING_AWAY;
    float *expected = fixture_expected(node);
    bd_ref_pool(fixture_values(&f, input), 270, 270, 4, &node->u.conv, false, expected, 1, 1);
    check_all(&f, expected, true);
    fixture_finish(&f);
}

static void test_resize(void **state) {
    (void)state;
    static const int32_t sizes[][4] = {{1, 5, 21, 1}, {3, 17, 4, 1}, {9, 33, 21, 1}, {5, 41, 6, 2}, {9, 65, 1, 2}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        fixture f;
        begin(&f);
        const int32_t *s = sizes[i];
        int32_t zero = check_between(&harness, -128, 255);
        uint32_t input = fixture_integers(&f, BD_OP_INPUT, (const int32_t[]){1, s[0], s[0], s[2]}, -2 - zero, 2 - zero);
        (void)snprintf(f.label, sizeof f.label, "%d to %d %d zero %d", s[0], s[1], s[2], zero);
        bd_node *node = fixture_node(&f, BD_OP_RESIZE_BILINEAR, &input, 1, s[1], s[1], s[2]);
        node->u.resize.align_corners = s[3] == 1;
        node->u.resize.half_pixel_centers = s[3] == 2;
        node->u.resize.round = true;
        node->u.resize.zero_point = zero;
        float *expected = fixture_expected(node);
        bd_ref_resize(fixture_values(&f, input), s[0], s[0], s[2], s[3] == 1, s[3] == 2, expected, s[1], s[1]);
        for (int32_t k = 0; k < s[1] * s[1] * s[2]; k++) {
            expected[k] = bd_ref_round(expected[k], zero);
        }
        check_all(&f, expected, true);
        fixture_finish(&f);
    }
}

static void check_elementwise(const bd_op op, int32_t pixels, int32_t channels, bool whole_range) {
    fixture f;
    begin(&f);
    bool add = op == BD_OP_ADD;
    int32_t most = add ? 255 : whole_range ? (1 << 24) - 1 : 2048;
    const int32_t dims[4] = {1, 1, pixels, channels};
    uint32_t inputs[2] = {fixture_integers(&f, BD_OP_INPUT, dims, -most, most),
                          fixture_integers(&f, BD_OP_INPUT, dims, -most, most)};
    bd_node *node = fixture_node(&f, op, inputs, add ? 2 : 1, 1, pixels, channels);
    node->u.requantise.rounding = random_rounding();
    node->u.requantise.low = (float)check_between(&harness, -255, 0);
    node->u.requantise.high = (float)check_between(&harness, 0, 255);
    bool usual = check_random(&harness) % 4 != 0;
    for (int i = 0; i < 3; i++) {
        bool sum = add && i == 2;
        node->u.requantise.scales[i] =
            add && usual ? random_scale(sum ? -21 : -3, sum ? -16 : 0) : random_scale(-31, add ? 0 : BD_SHIFT_MOST);
    }
    const bd_scale *scales = node->u.requantise.scales;
    (void)snprintf(f.label, sizeof f.label, "%d %d by %d %d", pixels, channels, scales[0].multiplier, scales[0].shift);
    float *expected = fixture_expected(node);
    const float *a = fixture_values(&f, inputs[0]), *b = fixture_values(&f, inputs[1]);
    for (int32_t i = 0; i < pixels * channels; i++) {
        float value =
            (float)(add ? bd_ref_add_integers((int32_t)a[i], (int32_t)b[i], scales, node->u.requantise.rounding)
                        : bd_ref_requantise((int64_t)a[i], scales[0], node->u.requantise.rounding));
        expected[i] = BD_MIN(BD_MAX(value, node->u.requantise.low), node->u.requantise.high);
    }
    check_all(&f, expected, !whole_range);
    fixture_finish(&f);
}

static void test_elementwise(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        check_elementwise(BD_OP_ADD, check_between(&harness, 1, 300), check_between(&harness, 1, 9), false);
        check_elementwise(BD_OP_REQUANTISE, check_between(&harness, 1, 300), check_between(&harness, 1, 9), i % 2 == 0);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv1x1),     cmocka_unit_test(test_conv),       cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_pool),        cmocka_unit_test(test_pool_large), cmocka_unit_test(test_resize),
        cmocka_unit_test(test_elementwise),
    };
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    return check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

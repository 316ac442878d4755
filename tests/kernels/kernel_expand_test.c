/* SPDX-License-Identifier: MIT
 * Every candidate that computes an expansion and the depthwise convolution behind it in one dispatch, by 32 bits, 16 and
 * packed 16, against one scalar reference after the other: odd sizes, both strides, dilations, paddings that fall on one
 * side, channels that fill no tile, every activation. None of them is a default. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"
#include "support/kernel_fixture.h"

static check harness;
static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];

#define NO_CLAMP .low = -INFINITY, .high = INFINITY
#define RELU6 .low = 0.0f, .high = 6.0f
#define EXPANSION .kernel = 1, .stride = 1, .dilation = 1

enum { SOME = 4 }; /* pipelines of another width for every map: they take llvmpipe a second each */

/* An expansion to `around.in` channels and the window over it; returns the reference's output and leaves what is between
 * in *middle: free() both. */
static float *make(fixture *f, const window *expansion, const window *around, float **middle) {
    *middle = fixture_conv(f, expansion);
    uint32_t inner = f->graph.count - 1;
    f->graph.nodes[inner].data = *middle;
    int32_t h = fixture_out_size(around->h, around), w = fixture_out_size(around->w, around), c = around->in;
    const uint32_t inputs[3] = {inner, fixture_tensor(f, BD_OP_CONST, 3, 3, c, 1, -1.0f, 1.0f),
                                around->bias ? fixture_tensor(f, BD_OP_CONST, 1, 1, 1, c, -1.0f, 1.0f) : BD_NO_NODE};
    bd_node *node = fixture_node(f, BD_OP_DEPTHWISE, inputs, 3, h, w, c);
    node->u.conv = fixture_attributes(around);
    (void)snprintf(f->label + strlen(f->label), sizeof f->label - strlen(f->label), " then 3x3 s%d d%d%s%s",
                   around->stride, around->dilation, around->valid ? " valid" : "",
                   around->hard_swish ? " hard_swish" : "");
    float *expected = fixture_expected(node);
    bd_ref_depthwise(*middle, around->h, around->w, c, fixture_values(f, inputs[1]), fixture_values(f, inputs[2]),
                     &node->u.conv, expected, h, w);
    return expected;
}

/* What lavapipe makes of products on units that it plays itself takes LLVM minutes where the depth is one step:
 * matrix_test has those. */
static bool too_slow(const bd_kernel_choice *choice) {
    return harness.vk.info.kind == BD_DEVICE_SOFTWARE && strstr(choice->name, "_khrcoop") && choice->depth > 32;
}

/* stride: every so many-th candidate only, from a random one. */
static void check_expand(window expansion, window around, uint32_t stride) {
    fixture f;
    around.h = expansion.h;
    around.w = expansion.w;
    around.in = expansion.out;
    around.kernel = 3;
    fixture_begin(&f, &harness);
    float *middle;
    float *expected = make(&f, &expansion, &around, &middle);
    uint32_t node = f.graph.count - 1;
    uint32_t inner = f.graph.nodes[node].inputs[0];
    uint32_t listed[2] = {0}; /* [on matrix units] */
    uint32_t first = check_random(&harness) % stride;
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        uint32_t count =
            bd_kernel_candidates(&harness.vk, &f.graph, node, (bd_precision)precision, found, BD_COUNT(found));
        for (uint32_t i = 0; i < count; i++) {
            bool repeated = precision == BD_PRECISION_FAST16 && !found[i].packed;
            if (found[i].family != BD_KERNEL_FAMILY_EXPAND || repeated) {
                continue;
            }
            assert_int_not_equal(i, 0);
            assert_int_equal(bd_kernel_absorbs(&f.graph, node, &found[i]), inner);
            assert_int_equal(found[i].precision, BD_MIN(precision, BD_PRECISION_FP16));
            listed[found[i].matrix[0] != 0]++;
            if ((first + i) % stride == 0 && !too_slow(&found[i])) {
                fixture_check(&f, &found[i], expected, 9 * fixture_conv_error(&expansion), 1e-5f);
            }
        }
    }
    printf("%s: %u on lanes, %u on matrix units\n", f.label, listed[0], listed[1]);
    /* The smallest tile of a matrix unit takes 17 KiB. */
    bool units = (harness.vk.matrix_count || harness.vk.info.kind == BD_DEVICE_SOFTWARE) &&
                 harness.vk.limits.maxComputeSharedMemorySize >= 32768 && (expansion.in + 3) / 4 % 2 == 0;
    assert_in_range(listed[0], 2, 3 * 8);
    assert_in_range(listed[1], units, units ? 8 * BD_MAX(harness.vk.matrix_count, 1u) : 8);
    free(middle);
    free(expected);
    fixture_finish(&f);
}

static void test_strides(void **state) {
    (void)state;
    check_expand((window){.h = 29, .w = 33, .in = 16, .out = 96, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 2, .dilation = 1, .bias = true, RELU6}, SOME);
    /* SAME of an even size: padding on the right and below alone. */
    check_expand((window){.h = 30, .w = 38, .in = 24, .out = 144, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 2, .dilation = 1, .bias = false, RELU6}, SOME);
    check_expand((window){.h = 37, .w = 41, .in = 24, .out = 100, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 1, .dilation = 1, .bias = true, RELU6}, 1);
    check_expand((window){.h = 65, .w = 67, .in = 32, .out = 192, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 1, .dilation = 1, .bias = true, NO_CLAMP}, SOME);
}

static void test_dilations(void **state) {
    (void)state;
    check_expand((window){.h = 33, .w = 29, .in = 64, .out = 384, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 1, .dilation = 2, .bias = true, RELU6}, SOME);
    check_expand((window){.h = 13, .w = 21, .in = 160, .out = 960, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 1, .dilation = 4, .bias = true, RELU6}, SOME);
    check_expand((window){.h = 27, .w = 19, .in = 96, .out = 104, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 2, .dilation = 2, .bias = true, RELU6}, SOME);
    /* Most phases of so small a map have no pixel, and most taps of the others see padding. */
    check_expand((window){.h = 3, .w = 5, .in = 16, .out = 40, EXPANSION, .bias = true, RELU6},
                 (window){.stride = 1, .dilation = 6, .bias = true, RELU6}, SOME);
}

/* Also vec4s that do not come in pairs, on either side. */
static void test_activations(void **state) {
    (void)state;
    check_expand(
        (window){.h = 23, .w = 31, .in = 20, .out = 108, EXPANSION, .bias = false, .hard_swish = true, NO_CLAMP},
        (window){.stride = 1, .dilation = 1, .bias = true, .hard_swish = true, NO_CLAMP}, SOME);
    check_expand(
        (window){.h = 25, .w = 18, .in = 21, .out = 66, EXPANSION, .bias = true, .low = -0.5f, .high = INFINITY},
        (window){.stride = 2, .dilation = 1, .bias = true, .hard_swish = true, NO_CLAMP}, SOME);
    check_expand(
        (window){.h = 19, .w = 26, .in = 48, .out = 160, EXPANSION, .bias = true, .hard_swish = true, NO_CLAMP},
        (window){.stride = 1, .dilation = 2, .valid = true, .bias = true, RELU6}, SOME);
}

/* What must not be absorbed: an expansion with a residual, with a second reader, of integers, or wider than a pixel; and
 * what ends as integers absorbs none. */
static void test_refusals(void **state) {
    (void)state;
    enum { ALONE, RESIDUAL, SECOND_READER, OUTPUT, ROUNDED_INNER, ROUNDED, WIDE, CASES };
    for (int kind = ALONE; kind < CASES; kind++) {
        fixture f;
        const window expansion = {.h = 9,
                                  .w = 9,
                                  .in = 16,
                                  .out = 96,
                                  .kernel = kind == WIDE ? 3 : 1,
                                  .stride = 1,
                                  .dilation = 1,
                                  .bias = true,
                                  .residual = kind == RESIDUAL,
                                  RELU6};
        const window around = {.h = 9, .w = 9, .in = 96, .kernel = 3, .stride = 1, .dilation = 1, RELU6};
        fixture_begin(&f, &harness);
        float *middle;
        free(make(&f, &expansion, &around, &middle));
        uint32_t node = f.graph.count - 1;
        uint32_t inner = f.graph.nodes[node].inputs[0];
        if (kind == SECOND_READER) {
            (void)fixture_node(&f, BD_OP_SIGMOID, &inner, 1, 9, 9, 96);
        }
        f.graph.output = kind == OUTPUT ? inner : node;
        f.graph.nodes[inner].u.conv.rounding = kind == ROUNDED_INNER ? BD_ROUNDING_UP : BD_ROUNDING_NONE;
        f.graph.nodes[node].u.conv.rounding = kind == ROUNDED ? BD_ROUNDING_UP : BD_ROUNDING_NONE;
        uint32_t count = bd_kernel_candidates(&harness.vk, &f.graph, node, BD_PRECISION_FP32, found, BD_COUNT(found));
        uint32_t absorbing = 0;
        for (uint32_t i = 0; i < count; i++) {
            absorbing += bd_kernel_absorbs(&f.graph, node, &found[i]) != BD_NO_NODE;
        }
        if (kind == ALONE) {
            assert_int_not_equal(absorbing, 0);
        } else {
            assert_int_equal(absorbing, 0);
        }
        free(middle);
        fixture_finish(&f);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strides),
        cmocka_unit_test(test_dilations),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_refusals),
    };
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    harness.vk.column = BD_COLUMN_STORAGE;
    return check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

/* SPDX-License-Identifier: MIT
 * Every candidate of bd_kernel_candidates for the storage set, by 32 bits, 16 and packed 16, against the scalar
 * references: odd sizes, split depths, taps outside the input, blocks with the depthwise convolution inside. Then those
 * of wide8. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"
#include "support/kernel_fixture.h"
#include "network/tuned_kernels.h"

static check harness;
static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];

#define NO_CLAMP .low = -INFINITY, .high = INFINITY
#define RELU6 .low = 0.0f, .high = 6.0f

static uint32_t list(fixture *f, bd_precision precision) {
    uint32_t count =
        bd_kernel_candidates(&harness.vk, &f->graph, f->graph.count - 1, precision, found, BD_COUNT(found));
    assert_in_range(count, 1, BD_COUNT(found) - 1);
    for (uint32_t i = 0; i < count; i++) {
        bool tiled = found[i].family == BD_KERNEL_FAMILY_GEMM || found[i].family == BD_KERNEL_FAMILY_BLOCK;
        bool lanes = (tiled || found[i].family == BD_KERNEL_FAMILY_DEPTHWISE) && !found[i].matrix[0];
        assert_int_equal(found[i].precision, BD_MIN(precision, BD_PRECISION_FP16));
        assert_int_equal(found[i].packed, precision == BD_PRECISION_FAST16 && harness.vk.half && lanes);
        for (uint32_t other = 0; other < i; other++) {
            assert_string_not_equal(found[i].name, found[other].name);
        }
    }
    return count;
}

/* The stand-in for matrix units takes seconds: one tile in four of them, another with every seed. */
static bool too_slow(const bd_kernel_choice *choice) {
    return strstr(choice->name, "_softcoop") && check_random(&harness) % 4 != 0;
}

/* FAST16 lists what is not packed as FP16 does. */
static bool is_repeated(const bd_kernel_choice *choice, bd_precision precision) {
    return precision == BD_PRECISION_FAST16 && !choice->packed;
}

/* Every candidate in all precisions; stride > 1: every stride-th only, from a random one. */
static uint32_t check_all(fixture *f, const float *expected, float absolute, float relative, uint32_t stride) {
    uint32_t checked = 0;
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        uint32_t count = list(f, (bd_precision)precision);
        for (uint32_t i = check_random(&harness) % stride; i < count; i += stride) {
            if (is_repeated(&found[i], (bd_precision)precision) || too_slow(&found[i])) {
                continue;
            }
            /* The depthwise result of a block is rounded to 16 bits for matrix units. */
            bool rounded = found[i].family == BD_KERNEL_FAMILY_BLOCK && found[i].matrix[0];
            fixture_check(f, &found[i], expected, rounded ? absolute + 4e-3f : absolute, relative);
            checked++;
        }
    }
    return checked;
}

static uint32_t check_conv_all(const window *a, uint32_t stride) {
    fixture f;
    fixture_begin(&f, &harness);
    float *expected = fixture_conv(&f, a);
    uint32_t checked = check_all(&f, expected, fixture_conv_error(a), 1e-5f, stride);
    free(expected);
    fixture_finish(&f);
    return checked;
}

/* Large enough for groups of every tile and for split depths; 40 channels: half a tile of 16. */
static void test_conv1x1(void **state) {
    (void)state;
    const window wide = {.h = 27,
                         .w = 31,
                         .in = 40,
                         .out = 130,
                         .kernel = 1,
                         .stride = 1,
                         .dilation = 1,
                         .bias = true,
                         .residual = true,
                         RELU6};
    const window deep = {
        .h = 33, .w = 33, .in = 384, .out = 36, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, NO_CLAMP};
    const window small = {
        .h = 29, .w = 67, .in = 16, .out = 16, .kernel = 1, .stride = 1, .dilation = 1, .bias = false, NO_CLAMP};
    const window pixel = {.h = 1,
                          .w = 1,
                          .in = 330,
                          .out = 100,
                          .kernel = 1,
                          .stride = 1,
                          .dilation = 1,
                          .bias = true,
                          .residual = true,
                          RELU6};
    printf("%u candidates\n",
           check_conv_all(&wide, 1) + check_conv_all(&deep, 1) + check_conv_all(&small, 1) + check_conv_all(&pixel, 1));
}

static void test_conv(void **state) {
    (void)state;
    static const int32_t dilations[] = {1, 6, 18};
    uint32_t checked = 0;
    for (size_t i = 0; i < BD_COUNT(dilations); i++) {
        const window a = {.h = 33,
                          .w = 33,
                          .in = 24,
                          .out = 40,
                          .kernel = 3,
                          .stride = 1,
                          .dilation = dilations[i],
                          .bias = true,
                          .residual = i == 1,
                          NO_CLAMP};
        checked += check_conv_all(&a, i ? 3 : 1);
    }
    const window strided = {
        .h = 65, .w = 63, .in = 3, .out = 32, .kernel = 3, .stride = 2, .dilation = 1, .bias = true, RELU6};
    /* Widths that tiles of outputs do not divide, and channels that do not come in eights. */
    const window thin = {.h = 23,
                         .w = 29,
                         .in = 4,
                         .out = 36,
                         .kernel = 7,
                         .stride = 2,
                         .dilation = 1,
                         .bias = false,
                         .residual = true,
                         NO_CLAMP};
    printf("%u candidates\n", checked + check_conv_all(&strided, 3) + check_conv_all(&thin, 3));
}

static void test_depthwise(void **state) {
    (void)state;
    static const int32_t sizes[][4] = {{1, 1, 1, 5}, {17, 23, 1, 40}, {19, 22, 2, 36}, {21, 9, 4, 8}, {5, 40, 12, 64}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int32_t stride = 1; stride <= 2; stride++) {
            const window a = {.h = sizes[i][0],
                              .w = sizes[i][1],
                              .in = sizes[i][3],
                              .kernel = 3,
                              .stride = stride,
                              .dilation = sizes[i][2],
                              .bias = i % 2 == 0,
                              RELU6};
            fixture f;
            fixture_begin(&f, &harness);
            float *expected = fixture_depthwise(&f, &a);
            check_all(&f, expected, 1e-5f, 1e-5f, 1);
            free(expected);
            fixture_finish(&f);
        }
    }
}

/* Depthwise, then a projection that adds a residual: the fused candidates against one reference after the other. */
static void check_block(const window *a, int32_t out, bool residual) {
    fixture f;
    fixture_begin(&f, &harness);
    float *middle = fixture_depthwise(&f, a);
    uint32_t depthwise = f.graph.count - 1;
    int32_t h = f.graph.nodes[depthwise].shape.dims[1], w = f.graph.nodes[depthwise].shape.dims[2];
    f.graph.nodes[depthwise].data = middle; /* what unfused candidates read, rounded below */
    uint32_t inputs[4] = {depthwise, fixture_tensor(&f, BD_OP_CONST, 1, 1, a->in, out, -1.0f, 1.0f),
                          fixture_tensor(&f, BD_OP_CONST, 1, 1, 1, out, -1.0f, 1.0f), BD_NO_NODE};
    if (residual) {
        inputs[3] = fixture_tensor(&f, BD_OP_INPUT, 1, h, w, out, -1.0f, 1.0f);
    }
    bd_node *node = fixture_node(&f, BD_OP_CONV, inputs, 4, h, w, out);
    const window one = {.kernel = 1, .stride = 1, .dilation = 1, NO_CLAMP};
    node->u.conv = fixture_attributes(&one);
    (void)snprintf(f.label + strlen(f.label), sizeof f.label - strlen(f.label), " then 1x1 to %d", out);
    float *expected = fixture_expected(node);
    bd_ref_conv(middle, h, w, a->in, fixture_values(&f, inputs[1]), fixture_values(&f, inputs[2]),
                fixture_values(&f, inputs[3]), &node->u.conv, expected, h, w, out);
    uint32_t blocks = 0;
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        uint32_t count = list(&f, (bd_precision)precision);
        for (uint32_t i = 0; i < count; i++) {
            if (found[i].family != BD_KERNEL_FAMILY_BLOCK || is_repeated(&found[i], (bd_precision)precision) ||
                too_slow(&found[i])) {
                continue;
            }
            assert_int_equal(bd_kernel_absorbs(&f.graph, f.graph.count - 1, &found[i]), depthwise);
            /* For matrix units each of the sum's terms up to 6 is rounded to 11 bits. */
            float rounding = found[i].matrix[0] ? 6e-3f * sqrtf((float)a->in) : 0.0f;
            fixture_check(&f, &found[i], expected, 1e-4f + rounding, 1e-4f);
            blocks++;
        }
    }
    printf("%s: %u blocks\n", f.label, blocks);
    assert_int_not_equal(blocks, 0);
    free(expected);
    free(middle);
    fixture_finish(&f);
}

static void test_block(void **state) {
    (void)state;
    const window plain = {.h = 37, .w = 41, .in = 40, .kernel = 3, .stride = 1, .dilation = 2, .bias = true, RELU6};
    const window strided = {.h = 65, .w = 61, .in = 24, .kernel = 3, .stride = 2, .dilation = 1, .bias = false, RELU6};
    const window odd = {.h = 29, .w = 33, .in = 21, .kernel = 3, .stride = 1, .dilation = 4, .bias = true, RELU6};
    check_block(&plain, 160, true);
    check_block(&strided, 24, false);
    check_block(&odd, 15, true);
}

/* Shader names are prefixes of choices' names, and a name is found again in a second listing. */
static void test_names(void **state) {
    (void)state;
    fixture f;
    fixture_begin(&f, &harness);
    const window a = {
        .h = 65, .w = 65, .in = 64, .out = 64, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6};
    free(fixture_conv(&f, &a));
    uint32_t count = list(&f, BD_PRECISION_FP16);
    assert_true(count > 4);
    for (uint32_t i = 0; i < count; i++) {
        const char *shader = bd_shaders[found[i].shader].name;
        assert_int_equal(strncmp(found[i].name, shader, strlen(shader)), 0);
    }
    bd_kernel_choice first = found[0];
    bd_kernel_choice few[2];
    assert_int_equal(bd_kernel_candidates(&harness.vk, &f.graph, f.graph.count - 1, BD_PRECISION_FP16, few, 2), 2);
    assert_string_equal(few[0].name, first.name);
    fixture_finish(&f);
}

/* The ones without loops, of the wide8 set: one slice and several, panels that overlap, both activations. Their sums are
 * the plain kernel's to the bit, so that a series gives what single photos give. */
static void test_flat(void **state) {
    (void)state;
    if (!bd_column_runs(&harness.vk.traits, BD_COLUMN_WIDE8) || !harness.vk.addresses) {
        skip();
    }
    static const window windows[] = {
        {.h = 33, .w = 32, .in = 3, .out = 16, .kernel = 1, .stride = 1, .dilation = 1, RELU6},
        {.h = 37,
         .w = 41,
         .in = 21,
         .out = 54,
         .kernel = 1,
         .stride = 1,
         .dilation = 1,
         .bias = true,
         .residual = true,
         NO_CLAMP},
        {.h = 67, .w = 29, .in = 150, .out = 129, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 65,
         .w = 65,
         .in = 160,
         .out = 64,
         .kernel = 1,
         .stride = 1,
         .dilation = 1,
         .bias = true,
         NO_CLAMP,
         .hard_swish = true},
        {.h = 33, .w = 35, .in = 260, .out = 12, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 40,
         .w = 27,
         .in = 960,
         .out = 24,
         .kernel = 1,
         .stride = 1,
         .dilation = 1,
         .bias = true,
         .residual = true,
         NO_CLAMP}};
    harness.vk.column = BD_COLUMN_WIDE8;
    for (size_t i = 0; i < BD_COUNT(windows); i++) {
        fixture f;
        fixture_begin(&f, &harness);
        float *expected = fixture_conv(&f, &windows[i]);
        uint32_t count = list(&f, BD_PRECISION_FP32);
        assert_int_equal(count, 2);
        assert_int_equal(found[1].family, BD_KERNEL_FAMILY_FLAT);
        for (uint32_t n = 0; n < count; n++) {
            fixture_check(&f, &found[n], expected, fixture_conv_error(&windows[i]), 1e-5f);
        }
        float *plain = fixture_run(&f, &found[0]), *flat = fixture_run(&f, &found[1]);
        assert_memory_equal(flat, plain, (size_t)(windows[i].h * windows[i].w * windows[i].out) * sizeof *flat);
        free(plain);
        free(flat);
        free(expected);
        fixture_finish(&f);
    }
    harness.vk.column = BD_COLUMN_STORAGE;
}

/* What is measured is kept and obeyed, and not measured again; a session for one photo has none that are made slowly. */
static void settle(int32_t side, int32_t in, bool is_short) {
    const window a = {
        .h = side, .w = side, .in = in, .out = 16, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6};
    harness.vk.column = BD_COLUMN_WIDE8;
    fixture f;
    fixture_begin(&f, &harness);
    free(fixture_conv(&f, &a));
    uint32_t node = f.graph.count - 1;
    bd_kernel_choice choices[16];
    assert_in_range(f.graph.count, 1, BD_COUNT(choices));
    bd_tuning tuning = {.count = 0};
    bd_error error;
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(
            bd_tuning_settle(&tuning, &harness.vk, &f.graph, BD_PRECISION_FP32, BD_KERNEL_FAMILY_FLAT, &error), BD_OK);
        assert_int_equal(tuning.count, 1);
    }
    assert_int_equal(list(&f, BD_PRECISION_FP32), 2);
    for (int flat = 0; flat < 2; flat++) {
        assert_int_equal(
            bd_tuning_put(&tuning, tuning.entries[0].signature, found[flat].name, tuning.entries[0].us, &error), BD_OK);
        bd_tuning_choose(&tuning, &harness.vk, &f.graph, BD_PRECISION_FP32, true, choices);
        assert_string_equal(choices[node].name, found[flat].name);
        bd_tuning_choose(&tuning, &harness.vk, &f.graph, BD_PRECISION_FP32, false, choices);
        assert_string_equal(choices[node].name, found[is_short ? flat : 0].name);
    }
    bd_tuning_finish(&tuning);
    fixture_finish(&f);
    harness.vk.column = BD_COLUMN_STORAGE;
}

static void test_settle(void **state) {
    (void)state;
    if (!bd_column_runs(&harness.vk.traits, BD_COLUMN_WIDE8) || !harness.vk.addresses) {
        skip();
    }
    settle(201, 32, true);
    settle(33, 32, false);
    settle(33, 176, false);
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_conv1x1), cmocka_unit_test(test_conv),
        cmocka_unit_test(test_depthwise), cmocka_unit_test(test_block),   cmocka_unit_test(test_flat),
        cmocka_unit_test(test_settle),
    };
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    harness.vk.column = BD_COLUMN_STORAGE;
    return check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

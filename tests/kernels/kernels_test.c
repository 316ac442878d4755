/* SPDX-License-Identifier: MIT
 * The network's kernels: every variant against its scalar reference, through the table, packing and grids that the
 * engine uses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reference/reference.h"
#include "support/kernel_fixture.h"

static check harness;

/* ---- convolutions ------------------------------------------------------------------------------------------------ */

static void check_conv(const window *a) {
    fixture f;
    fixture_begin(&f, &harness);
    float *expected = fixture_conv(&f, a);
    fixture_compare(&f, expected, fixture_conv_error(a), 1e-5f);
    fixture_finish(&f);
}

static void check_depthwise(const window *a) {
    fixture f;
    fixture_begin(&f, &harness);
    float *expected = fixture_depthwise(&f, a);
    fixture_compare(&f, expected, 1e-5f, 1e-5f);
    fixture_finish(&f);
}

#define NO_CLAMP .low = -INFINITY, .high = INFINITY
#define RELU6 .low = 0.0f, .high = 6.0f

static void test_conv1x1(void **state) {
    (void)state;
    static const struct {
        int32_t h, w, in, out;
    } sizes[] = {{1, 1, 1, 1},    {1, 1, 320, 256}, {1, 7, 3, 5},    {4, 4, 4, 32},    {1, 17, 24, 21},
                 {5, 13, 32, 16}, {3, 43, 16, 96},  {8, 8, 64, 64},  {9, 11, 160, 21}, {13, 5, 20, 68},
                 {16, 8, 7, 132}, {5, 13, 256, 37}, {3, 43, 384, 96}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int residual = 0; residual < 2; residual++) {
            const window a = {.h = sizes[i].h,
                              .w = sizes[i].w,
                              .in = sizes[i].in,
                              .out = sizes[i].out,
                              .kernel = 1,
                              .stride = 1,
                              .dilation = 1,
                              .bias = i % 3 != 2,
                              .residual = residual != 0,
                              .low = i % 2 ? 0.0f : -INFINITY,
                              .high = i % 2 ? 6.0f : INFINITY,
                              .hard_swish = i % 2 == 0};
            check_conv(&a);
        }
    }
    for (int i = 0; i < 12; i++) {
        const window a = {.h = check_between(&harness, 1, 12),
                          .w = check_between(&harness, 1, 12),
                          .in = check_between(&harness, 1, 90),
                          .out = check_between(&harness, 1, 90),
                          .kernel = 1,
                          .stride = 1,
                          .dilation = 1,
                          .bias = true,
                          .residual = check_between(&harness, 0, 1) == 1,
                          NO_CLAMP};
        check_conv(&a);
    }
}

static void test_conv(void **state) {
    (void)state;
    static const window cases[] = {
        {.h = 33, .w = 29, .in = 3, .out = 32, .kernel = 3, .stride = 2, .dilation = 1, .bias = true, RELU6},
        {.h = 32, .w = 30, .in = 3, .out = 16, .kernel = 3, .stride = 2, .dilation = 1, .bias = true, NO_CLAMP},
        {.h = 23, .w = 24, .in = 3, .out = 8, .kernel = 7, .stride = 2, .dilation = 1, .bias = false, NO_CLAMP},
        {.h = 1, .w = 1, .in = 5, .out = 3, .kernel = 3, .stride = 1, .dilation = 1, .bias = true, NO_CLAMP},
        {.h = 9,
         .w = 6,
         .in = 12,
         .out = 21,
         .kernel = 3,
         .stride = 1,
         .dilation = 1,
         .bias = true,
         .residual = true,
         NO_CLAMP},
        {.h = 11, .w = 17, .in = 6, .out = 9, .kernel = 1, .stride = 2, .dilation = 1, .bias = true, NO_CLAMP},
        {.h = 10,
         .w = 14,
         .in = 4,
         .out = 8,
         .kernel = 1,
         .stride = 2,
         .dilation = 1,
         .bias = true,
         .residual = true,
         RELU6},
        {.h = 9,
         .w = 12,
         .in = 5,
         .out = 7,
         .kernel = 3,
         .stride = 1,
         .dilation = 2,
         .valid = true,
         .bias = true,
         NO_CLAMP},
        {.h = 12, .w = 9, .in = 8, .out = 72, .kernel = 5, .stride = 1, .dilation = 1, .bias = true, NO_CLAMP},
        {.h = 21,
         .w = 18,
         .in = 3,
         .out = 18,
         .kernel = 3,
         .stride = 2,
         .dilation = 1,
         .bias = true,
         .hard_swish = true,
         NO_CLAMP},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        check_conv(&cases[i]);
    }
    static const int32_t dilations[] = {1, 2, 4, 6, 12, 18, 24, 36};
    for (size_t i = 0; i < BD_COUNT(dilations); i++) {
        const window small = {.h = 5,
                              .w = 9,
                              .in = 8,
                              .out = 21,
                              .kernel = 3,
                              .stride = 1,
                              .dilation = dilations[i],
                              .bias = true,
                              NO_CLAMP};
        const window large = {.h = 13,
                              .w = 26,
                              .in = 5,
                              .out = 6,
                              .kernel = 3,
                              .stride = 1,
                              .dilation = dilations[i],
                              .bias = true,
                              .residual = true,
                              RELU6};
        check_conv(&small);
        check_conv(&large);
        window strided = large;
        strided.stride = 2;
        strided.in = 12;
        strided.out = 40;
        strided.residual = false;
        check_conv(&strided);
    }
}

static void test_depthwise(void **state) {
    (void)state;
    static const int32_t dilations[] = {1, 2, 4, 6, 12, 18, 24, 36};
    static const int32_t sizes[][3] = {{1, 1, 8},    {5, 9, 21},  {13, 11, 32}, {40, 37, 12},
                                       {3, 26, 100}, {9, 14, 64}, {11, 7, 72},  {6, 5, 140}};
    for (size_t d = 0; d < BD_COUNT(dilations); d++) {
        for (size_t i = 0; i < BD_COUNT(sizes); i++) {
            window a = {.h = sizes[i][0],
                        .w = sizes[i][1],
                        .in = sizes[i][2],
                        .out = sizes[i][2],
                        .kernel = 3,
                        .stride = 1,
                        .dilation = dilations[d],
                        .bias = i % 2 == 0,
                        RELU6};
            check_depthwise(&a);
            if (dilations[d] <= 2) {
                a.stride = 2;
                check_depthwise(&a);
                a.hard_swish = true;
                check_depthwise(&a);
                a.kernel = 5; /* MobileNetV3 */
                check_depthwise(&a);
                a.stride = 1;
                check_depthwise(&a);
                a.kernel = 3;
                check_depthwise(&a);
            }
        }
    }
    for (int i = 0; i < 16; i++) {
        const window a = {.h = check_between(&harness, 5, 30),
                          .w = check_between(&harness, 5, 30),
                          .in = check_between(&harness, 1, 140),
                          .kernel = check_between(&harness, 1, 5),
                          .stride = check_between(&harness, 1, 3),
                          .dilation = 1,
                          .valid = check_between(&harness, 0, 1) == 1,
                          .bias = true,
                          NO_CLAMP};
        check_depthwise(&a);
    }
}

/* ---- the other operations ---------------------------------------------------------------------------------------- */

static void check_pool(const window *a, bd_op op, int32_t kernel_h, int32_t kernel_w) {
    fixture f;
    fixture_begin(&f, &harness);
    (void)snprintf(f.label, sizeof f.label, "%dx%d %d k%dx%d s%d", a->h, a->w, a->in, kernel_h, kernel_w, a->stride);
    bool map = kernel_h == a->h && kernel_w == a->w;
    int32_t h = map ? 1 : fixture_out_size(a->h, a), w = map ? 1 : fixture_out_size(a->w, a);
    uint32_t input = fixture_tensor(&f, BD_OP_INPUT, 1, a->h, a->w, a->in, -3.0f, 5.0f);
    bd_node *node = fixture_node(&f, op, &input, 1, h, w, a->in);
    node->u.conv = fixture_attributes(a);
    node->u.conv.kernel_h = kernel_h;
    node->u.conv.kernel_w = kernel_w;
    if (map) {
        node->u.conv.pad_top = node->u.conv.pad_left = 0;
    }
    float *expected = fixture_expected(node);
    bd_ref_pool(fixture_values(&f, input), a->h, a->w, a->in, &node->u.conv, op == BD_OP_POOL_MAX, expected, h, w);
    fixture_compare(&f, expected, op == BD_OP_POOL_MAX ? 0.0f : 1e-5f, 1e-6f);
    fixture_finish(&f);
}

static void test_pool(void **state) {
    (void)state;
    static const window cases[] = {
        {.h = 1, .w = 1, .in = 3, .kernel = 3, .stride = 1, .dilation = 1, NO_CLAMP},
        {.h = 15, .w = 10, .in = 21, .kernel = 3, .stride = 2, .dilation = 1, NO_CLAMP},
        {.h = 8, .w = 13, .in = 64, .kernel = 2, .stride = 2, .dilation = 1, .valid = true, NO_CLAMP},
        {.h = 33, .w = 33, .in = 40, .kernel = 5, .stride = 3, .dilation = 1, NO_CLAMP},
        {.h = 65, .w = 65, .in = 320, .kernel = 3, .stride = 1, .dilation = 1, NO_CLAMP},
        {.h = 1, .w = 31, .in = 9, .kernel = 3, .stride = 1, .dilation = 1, NO_CLAMP},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        const window *a = &cases[i];
        if (a->h < 65) {
            check_pool(a, BD_OP_POOL_AVERAGE, a->kernel, a->kernel);
            check_pool(a, BD_OP_POOL_MAX, a->kernel, a->kernel);
        }
        check_pool(a, BD_OP_POOL_AVERAGE, a->h, a->w);
        check_pool(a, BD_OP_POOL_MAX, a->h, a->w);
    }
}

static void test_resize(void **state) {
    (void)state;
    static const int32_t sizes[][5] = {{1, 1, 5, 7, 21}, {3, 5, 17, 9, 4}, {9, 9, 33, 33, 21}, {7, 6, 3, 2, 5},
                                       {5, 5, 5, 5, 1},  {4, 9, 1, 1, 16}, {2, 3, 50, 1, 8},   {17, 17, 65, 65, 3}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        for (int mode = 0; mode < 3; mode++) {
            fixture f;
            fixture_begin(&f, &harness);
            const int32_t *s = sizes[i];
            (void)snprintf(f.label, sizeof f.label, "%dx%d to %dx%d %d mode %d", s[0], s[1], s[2], s[3], s[4], mode);
            uint32_t input = fixture_tensor(&f, BD_OP_INPUT, 1, s[0], s[1], s[4], -10.0f, 10.0f);
            bd_node *node = fixture_node(&f, BD_OP_RESIZE_BILINEAR, &input, 1, s[2], s[3], s[4]);
            node->u.resize.align_corners = mode == 1;
            node->u.resize.half_pixel_centers = mode == 2;
            float *expected = fixture_expected(node);
            bd_ref_resize(fixture_values(&f, input), s[0], s[1], s[4], mode == 1, mode == 2, expected, s[2], s[3]);
            fixture_compare(&f, expected, 1e-5f, 0.0f);
            fixture_finish(&f);
        }
    }
}

static float apply(bd_op op, float a, float b) {
    return op == BD_OP_CLAMP ? fminf(fmaxf(a, -0.5f), 0.75f) : op == BD_OP_MUL ? a * b : a + b;
}

static void check_elementwise(bd_op op, int32_t h, int32_t w, int32_t c, bool broadcast, bool swapped) {
    fixture f;
    fixture_begin(&f, &harness);
    (void)snprintf(f.label, sizeof f.label, "%dx%d %d%s%s", h, w, c, broadcast ? " broadcast" : "",
                   swapped ? " swapped" : "");
    uint32_t wide = fixture_tensor(&f, BD_OP_INPUT, 1, h, w, c, -2.0f, 2.0f);
    uint32_t other = fixture_tensor(&f, broadcast ? BD_OP_CONST : BD_OP_INPUT, 1, broadcast ? 1 : h, broadcast ? 1 : w,
                                    c, -2.0f, 2.0f);
    const uint32_t inputs[] = {swapped ? other : wide, swapped ? wide : other};
    bd_node *node = fixture_node(&f, op, inputs, op == BD_OP_CLAMP ? 1 : 2, h, w, c);
    if (op == BD_OP_CLAMP) {
        node->u.clamp.low = -0.5f;
        node->u.clamp.high = 0.75f;
    }
    float *expected = fixture_expected(node);
    const float *a = fixture_values(&f, wide), *b = fixture_values(&f, other);
    for (int32_t i = 0; i < h * w * c; i++) {
        expected[i] = apply(op, a[i], b[broadcast ? i % c : i]);
    }
    fixture_compare(&f, expected, 0.0f, 0.0f);
    fixture_finish(&f);
}

static void test_elementwise(void **state) {
    (void)state;
    static const int32_t sizes[][3] = {{1, 1, 1}, {3, 5, 21}, {16, 16, 4}, {9, 7, 100}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        const int32_t *s = sizes[i];
        for (int broadcast = 0; broadcast < 2; broadcast++) {
            check_elementwise(BD_OP_ADD, s[0], s[1], s[2], broadcast != 0, false);
            check_elementwise(BD_OP_MUL, s[0], s[1], s[2], broadcast != 0, true);
        }
        check_elementwise(BD_OP_CLAMP, s[0], s[1], s[2], false, false);
    }
}

static void test_activations(void **state) {
    (void)state;
    static const bd_op ops[] = {BD_OP_HARD_SIGMOID, BD_OP_HARD_SWISH, BD_OP_SIGMOID};
    static const int32_t sizes[][3] = {{1, 1, 1}, {3, 5, 21}, {16, 16, 4}, {1, 1, 30}, {9, 7, 99}};
    for (size_t i = 0; i < BD_COUNT(sizes) * BD_COUNT(ops); i++) {
        fixture f;
        fixture_begin(&f, &harness);
        const int32_t *s = sizes[i / BD_COUNT(ops)];
        bd_op op = ops[i % BD_COUNT(ops)];
        (void)snprintf(f.label, sizeof f.label, "%dx%d %d", s[0], s[1], s[2]);
        uint32_t input = fixture_tensor(&f, BD_OP_INPUT, 1, s[0], s[1], s[2], -7.0f, 7.0f);
        bd_node *node = fixture_node(&f, op, &input, 1, s[0], s[1], s[2]);
        float *expected = fixture_expected(node);
        for (int32_t k = 0; k < s[0] * s[1] * s[2]; k++) {
            expected[k] = bd_ref_activation(op, fixture_values(&f, input)[k]);
        }
        fixture_compare(&f, expected, 2e-6f, 2e-6f);
        fixture_finish(&f);
    }
}

static void test_softmax(void **state) {
    (void)state;
    static const int32_t sizes[][3] = {{1, 1, 1}, {5, 13, 21}, {8, 8, 4}, {1, 3, 150}};
    for (size_t i = 0; i < BD_COUNT(sizes); i++) {
        fixture f;
        fixture_begin(&f, &harness);
        const int32_t *s = sizes[i];
        (void)snprintf(f.label, sizeof f.label, "%dx%d %d", s[0], s[1], s[2]);
        uint32_t input = fixture_tensor(&f, BD_OP_INPUT, 1, s[0], s[1], s[2], -90.0f, 90.0f);
        bd_node *node = fixture_node(&f, BD_OP_SOFTMAX, &input, 1, s[0], s[1], s[2]);
        float *expected = fixture_expected(node);
        bd_ref_softmax(fixture_values(&f, input), (size_t)(s[0] * s[1]), s[2], expected);
        fixture_compare(&f, expected, 2e-6f, 2e-5f);
        fixture_finish(&f);
    }
}

static void check_concat(int32_t h, int32_t w, const int32_t *channels, uint32_t count) {
    fixture f;
    fixture_begin(&f, &harness);
    uint32_t inputs[4];
    int32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        inputs[i] = fixture_tensor(&f, BD_OP_INPUT, 1, h, w, channels[i], -1.0f, 1.0f);
        total += channels[i];
    }
    (void)snprintf(f.label, sizeof f.label, "%dx%d %d of %u", h, w, total, count);
    bd_node *node = fixture_node(&f, BD_OP_CONCAT, inputs, count, h, w, total);
    node->u.axis = 3;
    float *expected = fixture_expected(node);
    int32_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *values = fixture_values(&f, inputs[i]);
        for (int32_t at = 0; at < h * w * channels[i]; at++) {
            expected[at / channels[i] * total + offset + at % channels[i]] = values[at];
        }
        offset += channels[i];
    }
    fixture_compare(&f, expected, 0.0f, 0.0f);
    fixture_finish(&f);
}

static void test_concat(void **state) {
    (void)state;
    check_concat(5, 7, (const int32_t[]){8, 12}, 2);
    check_concat(3, 3, (const int32_t[]){5}, 1);
    check_concat(4, 9, (const int32_t[]){4, 5, 7}, 3);
    check_concat(6, 5, (const int32_t[]){3, 8, 1, 9}, 4);
    check_concat(2, 11, (const int32_t[]){16, 21}, 2);
    check_concat(1, 1, (const int32_t[]){1, 1}, 2);
}

/* The shapes that decide DeepLabv3 MobileNetV2 at 513x513. */
static void bench_network(void **state) {
    (void)state;
    static const window products[] = {
        {.h = 257, .w = 257, .in = 32, .out = 16, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 65, .w = 65, .in = 64, .out = 384, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 65,
         .w = 65,
         .in = 384,
         .out = 64,
         .kernel = 1,
         .stride = 1,
         .dilation = 1,
         .bias = true,
         .residual = true,
         NO_CLAMP},
        {.h = 65, .w = 65, .in = 160, .out = 960, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 65,
         .w = 65,
         .in = 960,
         .out = 160,
         .kernel = 1,
         .stride = 1,
         .dilation = 1,
         .bias = true,
         .residual = true,
         NO_CLAMP},
        {.h = 65, .w = 65, .in = 256, .out = 21, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, NO_CLAMP},
        {.h = 513, .w = 513, .in = 3, .out = 32, .kernel = 3, .stride = 2, .dilation = 1, .bias = true, RELU6},
        {.h = 65, .w = 65, .in = 64, .out = 64, .kernel = 3, .stride = 1, .dilation = 12, .bias = true, RELU6},
    };
    static const window depthwise[] = {
        {.h = 257, .w = 257, .in = 96, .kernel = 3, .stride = 2, .dilation = 1, .bias = true, RELU6},
        {.h = 65, .w = 65, .in = 384, .kernel = 3, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 65, .w = 65, .in = 960, .kernel = 3, .stride = 1, .dilation = 2, .bias = true, RELU6},
    };
    for (size_t i = 0; i < BD_COUNT(products); i++) {
        check_conv(&products[i]);
    }
    for (size_t i = 0; i < BD_COUNT(depthwise); i++) {
        check_depthwise(&depthwise[i]);
    }
}

/* The multiply-adds whose tap lies inside the image, of all: along one axis, as windows are square. */
static double share_inside(const window *a) {
    int32_t out = fixture_out_size(a->h, a), inside = 0;
    for (int32_t y = 0; y < out; y++) {
        for (int32_t tap = 0; tap < a->kernel; tap++) {
            int32_t at = y * a->stride - fixture_attributes(a).pad_top + tap * a->dilation;
            inside += at >= 0 && at < a->h;
        }
    }
    double share = (double)inside / (out * a->kernel);
    return share * share;
}

/* Dense convolutions of DeepLab's ResNets and Xceptions: GFLOP/s count every tap; the share inside is printed before.
 */
static void bench_dense(void **state) {
    (void)state;
    static const int32_t cases[][6] = {
        /* size, in, out, kernel, stride, dilation */
        {65, 320, 256, 3, 1, 6},   {65, 320, 256, 3, 1, 12},  {65, 320, 256, 3, 1, 18}, {65, 2048, 256, 3, 1, 12},
        {65, 2048, 256, 3, 1, 24}, {65, 2048, 256, 3, 1, 36}, {33, 2048, 256, 3, 1, 6}, {33, 2048, 256, 3, 1, 12},
        {33, 2048, 256, 3, 1, 18}, {65, 256, 256, 3, 1, 1},   {65, 512, 512, 3, 1, 4},  {129, 128, 128, 3, 2, 1},
        {513, 3, 64, 7, 2, 1},     {65, 2048, 512, 1, 1, 1},  {65, 2048, 256, 1, 1, 1}, {33, 2048, 512, 1, 1, 1},
        {129, 256, 512, 1, 2, 1},  {65, 512, 1024, 1, 2, 1},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        const int32_t *c = cases[i];
        const window a = {.h = c[0],
                          .w = c[0],
                          .in = c[1],
                          .out = c[2],
                          .kernel = c[3],
                          .stride = c[4],
                          .dilation = c[5],
                          .bias = true,
                          RELU6};
        print_message("inside the image: %.2f of the next one's\n", share_inside(&a));
        check_conv(&a);
    }
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv1x1), cmocka_unit_test(test_conv),   cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_pool),    cmocka_unit_test(test_resize), cmocka_unit_test(test_elementwise),
        cmocka_unit_test(test_softmax), cmocka_unit_test(test_concat), cmocka_unit_test(test_activations),
    };
    static const struct CMUnitTest benches[] = {cmocka_unit_test(bench_network), cmocka_unit_test(bench_dense)};
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    return check_close(&harness, harness.bench ? cmocka_run_group_tests(benches, NULL, NULL)
                                               : cmocka_run_group_tests(tests, NULL, NULL));
}

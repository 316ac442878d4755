/* SPDX-License-Identifier: MIT
 * The oracle itself, on cases small enough to work out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/infer.h"
#include "reference/reference.h"

static void check(const float *got, const float *expected, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fabsf(got[i] - expected[i]) > 1e-6f) {
            fail_msg("element %zu: %g, expected %g", i, (double)got[i], (double)expected[i]);
        }
    }
}

static bd_conv_attrs window(int32_t kernel, int32_t stride, int32_t dilation, int32_t pad) {
    return (bd_conv_attrs){.kernel_h = kernel,
                           .kernel_w = kernel,
                           .stride_h = stride,
                           .stride_w = stride,
                           .dilation_h = dilation,
                           .dilation_w = dilation,
                           .pad_top = pad,
                           .pad_left = pad,
                           .clamp_low = -INFINITY,
                           .clamp_high = INFINITY};
}

static const float one_to_nine[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void test_conv(void **state) {
    (void)state;
    float y[18];
    const float ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    bd_conv_attrs attrs = window(3, 1, 1, 1);
    bd_ref_conv(one_to_nine, 3, 3, 1, ones, NULL, NULL, &attrs, y, 3, 3, 1);
    check(y, (const float[]){12, 21, 16, 27, 45, 33, 24, 39, 28}, 9);

    /* Rate 2: only taps two away from the pixel. */
    attrs = window(3, 1, 2, 2);
    bd_ref_conv(one_to_nine, 3, 3, 1, ones, NULL, NULL, &attrs, y, 3, 3, 1);
    check(y, (const float[]){20, 10, 20, 10, 5, 10, 20, 10, 20}, 9);

    /* Two outputs of a 1x1: bias, residual, then the clamp; stride 2. */
    attrs = window(1, 2, 1, 0);
    attrs.clamp_low = 0.0f;
    attrs.clamp_high = 6.0f;
    bd_ref_conv(one_to_nine, 3, 3, 1, (const float[]){1, -1}, (const float[]){0.5f, 3.0f},
                (const float[]){1, 1, 1, 1, 1, 1, 1, 1}, &attrs, y, 2, 2, 2);
    check(y, (const float[]){2.5f, 3, 4.5f, 1, 6, 0, 6, 0}, 8);
}

static void test_conv_blocks_of_channels(void **state) {
    (void)state;
    /* 19 output channels: a full block and a rest. Channel o: 1 * o + 10 * 2o. */
    enum { OC = 19 };
    float weights[2 * OC], y[OC], expected[OC];
    for (int o = 0; o < OC; o++) {
        weights[o] = (float)o;
        weights[OC + o] = 2.0f * (float)o;
        expected[o] = 21.0f * (float)o;
    }
    bd_conv_attrs attrs = window(1, 1, 1, 0);
    bd_ref_conv((const float[]){1, 10}, 1, 1, 2, weights, NULL, NULL, &attrs, y, 1, 1, OC);
    check(y, expected, OC);
}

static void test_depthwise(void **state) {
    (void)state;
    const float x[8] = {1, 10, 2, 20, 3, 30, 4, 40};                                  /* (2,2,2) */
    const float weights[18] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0}; /* centre, right */
    float y[8];
    bd_conv_attrs attrs = window(3, 1, 1, 1);
    bd_ref_depthwise(x, 2, 2, 2, weights, (const float[]){1, 0}, &attrs, y, 2, 2);
    check(y, (const float[]){4, 20, 3, 40, 8, 60, 5, 80}, 8);
}

static void test_pool(void **state) {
    (void)state;
    float y[9];
    bd_conv_attrs attrs = window(3, 2, 1, 1);
    bd_ref_pool(one_to_nine, 3, 3, 1, &attrs, false, y, 2, 2);
    check(y, (const float[]){3, 4, 6, 7}, 4);
    bd_ref_pool(one_to_nine, 3, 3, 1, &attrs, true, y, 2, 2);
    check(y, (const float[]){5, 6, 8, 9}, 4);
}

/* Multiplier 2^30 is a half. */
static void test_requantise(void **state) {
    (void)state;
    enum { HALF = 1 << 30 };
    static const struct {
        int32_t x, shift, up, away;
    } cases[] = {
        {1, 0, 1, 1},    {-1, 0, 0, 0},    {3, 0, 2, 2},   {-3, 0, -1, -1},   {3, 1, 3, 3},  {4, -2, 1, 1},
        {-4, -2, 0, -1}, {-6, -2, -1, -1}, {12, -2, 2, 2}, {-12, -2, -1, -2}, {5, -1, 2, 2}, /* 2.5 -> 3, 1.5 -> 2:
                                                                                                twice, where 1.25 would
                                                                                                be 1 */
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        bd_scale scale = {HALF, cases[i].shift};
        assert_int_equal(bd_ref_requantise(cases[i].x, scale, BD_ROUNDING_UP), cases[i].up);
        assert_int_equal(bd_ref_requantise(cases[i].x, scale, BD_ROUNDING_AWAY), cases[i].away);
    }
    assert_int_equal(bd_ref_requantise((1 << 24) - 1, (bd_scale){INT32_MAX, 5}, BD_ROUNDING_UP), 536870880);
    assert_int_equal(bd_ref_requantise(1 - (1 << 24), (bd_scale){INT32_MAX, -31}, BD_ROUNDING_AWAY), 0);

    float y[4] = {3, -3, 90, -90};
    bd_ref_requantise_rows(y, 2, 2, (const int32_t[]){HALF, HALF, 0, -1}, BD_ROUNDING_UP, -20, 30, y);
    check(y, (const float[]){2, 0, 30, -20}, 4);
    /* 0.5 * (3 / 2 + 1 / 4) = 0.875 */
    const bd_scale scales[3] = {{HALF, 0}, {HALF, -1}, {HALF, -20}};
    assert_int_equal(bd_ref_add_integers(3, 1, scales, BD_ROUNDING_AWAY), 1);
    assert_int_equal(bd_ref_add_integers(-3, 2, scales, BD_ROUNDING_AWAY), -1); /* -0.5 */

    bd_conv_attrs attrs = window(2, 1, 1, 0);
    attrs.rounding = BD_ROUNDING_AWAY;
    bd_ref_pool((const float[]){0, -1, 0, -1}, 2, 2, 1, &attrs, false, y, 1, 1);
    attrs.zero_point = 1;
    bd_ref_pool((const float[]){0, -1, 0, -1}, 2, 2, 1, &attrs, false, y + 1, 1, 1);
    check(y, (const float[]){-1, 0}, 2);
    y[0] = bd_ref_round(-0.5f, 0);
    y[1] = bd_ref_round(-0.5f, 3);
    check(y, (const float[]){-1, 0}, 2);
}

static void test_resize(void **state) {
    (void)state;
    const float x[2] = {0, 4};
    float y[4];
    bd_ref_resize(x, 1, 2, 1, true, false, y, 1, 3);
    check(y, (const float[]){0, 2, 4}, 3);
    bd_ref_resize(x, 1, 2, 1, false, false, y, 1, 4);
    check(y, (const float[]){0, 2, 4, 4}, 4);
    bd_ref_resize(x, 1, 2, 1, false, true, y, 1, 4);
    check(y, (const float[]){0, 1, 3, 4}, 4);
    /* From one pixel, as after image pooling. */
    bd_ref_resize((const float[]){7}, 1, 1, 1, true, false, y, 2, 2);
    check(y, (const float[]){7, 7, 7, 7}, 4);
}

static void test_activations(void **state) {
    (void)state;
    static const float x[] = {-4, -3, -1.5f, 0, 1, 3, 5};
    static const bd_op ops[] = {BD_OP_HARD_SIGMOID, BD_OP_HARD_SWISH, BD_OP_SIGMOID};
    static const float expected[3][7] = {
        {0, 0, 0.25f, 0.5f, 0.6666667f, 1, 1},
        {0, 0, -0.375f, 0, 0.6666667f, 3, 5},
        {0.01798621f, 0.04742587f, 0.1824255f, 0.5f, 0.7310586f, 0.9525741f, 0.9933072f},
    };
    for (size_t i = 0; i < BD_COUNT(ops); i++) {
        float y[7];
        for (size_t k = 0; k < BD_COUNT(x); k++) {
            y[k] = bd_ref_activation(ops[i], x[k]);
        }
        check(y, expected[i], 7);
    }
    /* As a convolution's: 2 * 1 - 0.5 = 1.5 */
    float y;
    bd_conv_attrs attrs = window(1, 1, 1, 0);
    attrs.hard_swish = true;
    bd_ref_conv((const float[]){1}, 1, 1, 1, (const float[]){2}, (const float[]){-0.5f}, NULL, &attrs, &y, 1, 1, 1);
    check(&y, (const float[]){1.125f}, 1);
}

static void test_softmax_argmax(void **state) {
    (void)state;
    const float x[6] = {1000, 1000, -1000, 0, 3, 3};
    float y[6];
    int32_t labels[2];
    bd_ref_softmax(x, 2, 3, y);
    check(y, (const float[]){0.5f, 0.5f, 0, 0.0242889f, 0.4878555f, 0.4878555f}, 6);
    bd_ref_argmax(x, 2, 3, labels);
    assert_int_equal(labels[0], 0);
    assert_int_equal(labels[1], 1);
}

static void test_binary(void **state) {
    (void)state;
    const bd_shape grid = bd_shape_make(2, (const int32_t[]){2, 3});
    const bd_shape row = bd_shape_make(1, (const int32_t[]){3});
    const bd_shape column = bd_shape_make(2, (const int32_t[]){2, 1});
    float y[6];
    bd_ref_binary(BD_OP_SUB, one_to_nine, &grid, (const float[]){1, 2, 3}, &row, y, &grid);
    check(y, (const float[]){0, 0, 0, 3, 3, 3}, 6);
    bd_ref_binary(BD_OP_MUL, (const float[]){1, 10}, &column, (const float[]){1, 2, 3}, &row, y, &grid);
    check(y, (const float[]){1, 2, 3, 10, 20, 30}, 6);
}

static void test_space_to_batch(void **state) {
    (void)state;
    /* 3x3 padded to 4x4 at the bottom right, in four phases. */
    const bd_shape space = bd_shape_make(4, (const int32_t[]){1, 3, 3, 1});
    const bd_shape batch = bd_shape_make(4, (const int32_t[]){4, 2, 2, 1});
    const int32_t block[2] = {2, 2}, none[2] = {0, 0}, one[2] = {1, 1};
    float y[16], back[9];
    bd_ref_space_to_batch(one_to_nine, &space, block, none, y, &batch);
    check(y, (const float[]){1, 3, 7, 9, 2, 0, 8, 0, 4, 6, 0, 0, 5, 0, 0, 0}, 16);
    bd_ref_batch_to_space(y, &batch, block, none, back, &space);
    check(back, one_to_nine, 9);
    bd_ref_space_to_batch(one_to_nine, &space, block, one, y, &batch);
    check(y, (const float[]){0, 0, 0, 5, 0, 0, 4, 6, 0, 2, 0, 8, 1, 3, 7, 9}, 16);
    bd_ref_batch_to_space(y, &batch, block, one, back, &space);
    check(back, one_to_nine, 9);
}

static void test_window(void **state) {
    (void)state;
    const bd_shape in = bd_shape_make(2, (const int32_t[]){3, 3}), out = bd_shape_make(2, (const int32_t[]){2, 2});
    float y[4];
    bd_ref_window(one_to_nine, &in, (const int32_t[]){-1, 1}, (const int32_t[]){1, 1}, y, &out);
    check(y, (const float[]){0, 0, 2, 3}, 4);
    bd_ref_window(one_to_nine, &in, (const int32_t[]){0, 2}, (const int32_t[]){2, -2}, y, &out);
    check(y, (const float[]){3, 1, 9, 7}, 4);
}

static void test_preprocess(void **state) {
    (void)state;
    bd_preprocess_attrs by = {.scale = {2, 1, 1}, .offset = {-1, 0, 0.5f}, .outside = {9, 8, 7}};
    float y[6];
    bd_ref_preprocess((const uint8_t[]){10, 20, 30, 255}, 1, 1, &by, y, 1, 2);
    check(y, (const float[]){19, 20, 30.5f, 9, 8, 7}, 6);
    by.bgr = true;
    bd_ref_preprocess((const uint8_t[]){10, 20, 30, 255}, 1, 1, &by, y, 1, 2);
    check(y, (const float[]){59, 20, 10.5f, 9, 8, 7}, 6);
}

static void test_labels_mask(void **state) {
    (void)state;
    /* Two pixels, two classes; upsampled to three with corners aligned: the middle is a tie. */
    const float logits[4] = {1, 0, 0, 1};
    const bd_ref_sampling sampling = {.scale = {0.5f, 1}, .bias = {0, 0}, .max = {1, 0}};
    const bd_class_set second = {{2}};
    uint8_t labels[3];
    float mask[3];
    bd_ref_labels(logits, 1, 2, 2, &sampling, (bd_ref_steps){0}, labels, 1, 3);
    assert_memory_equal(labels, ((const uint8_t[]){0, 0, 1}), 3);
    bd_ref_mask(logits, 1, 2, 2, &sampling, &second, false, mask, 1, 3);
    check(mask, (const float[]){0.2689414f, 0.5f, 0.7310586f}, 3);
    bd_ref_mask(logits, 1, 2, 2, &sampling, &second, true, mask, 1, 3);
    check(mask, (const float[]){0, 0, 1}, 3);
}

static void test_composite(void **state) {
    (void)state;
    const uint8_t photo[12] = {200, 100, 0, 255, 200, 100, 0, 255, 200, 100, 0, 51};
    const uint8_t picture[8] = {0, 0, 100, 255, 50, 0, 0, 255};
    const float mask[3] = {1.0f, 0.5f, 0.5f};
    bd_ref_background background = {.pixels = picture, .w = 2, .h = 1, .fill = {0, 0, 0, 0}};
    uint8_t y[12];
    bd_ref_composite(photo, 3, 1, mask, 3, 1, &background, y);
    /* Opaque; half over (50,0,0); alpha 0.1 over nothing keeps the photo's colour. */
    assert_memory_equal(y, ((const uint8_t[]){200, 100, 0, 255, 125, 50, 0, 255, 200, 100, 0, 26}), 12);

    background.wrap = true;
    background.offset_x = -1;
    const float nothing[1] = {0};
    bd_ref_composite(photo, 3, 1, nothing, 1, 1, &background, y);
    assert_memory_equal(y, ((const uint8_t[]){50, 0, 0, 255, 0, 0, 100, 255, 50, 0, 0, 255}), 12);

    /* What cannot be seen has no colour, unless it is kept. */
    background = (bd_ref_background){.fill = {9, 8, 7, 0}};
    bd_ref_composite(photo, 1, 1, nothing, 1, 1, &background, y);
    assert_memory_equal(y, ((const uint8_t[]){0, 0, 0, 0}), 4);
    background.keep_hidden = true;
    bd_ref_composite(photo, 1, 1, nothing, 1, 1, &background, y);
    assert_int_equal(y[3], 0);

    /* One mask pixel wider than the photo's: read between the two. */
    background = (bd_ref_background){.fill = {0, 0, 0, 255}};
    bd_ref_composite(photo, 1, 1, (const float[]){0, 1}, 2, 1, &background, y);
    assert_memory_equal(y, ((const uint8_t[]){100, 50, 0, 255}), 4);
}

static void count_nodes(void *user, const bd_graph *graph, uint32_t node, const float *data) {
    (void)graph;
    (void)node;
    (void)data;
    ++*(int *)user;
}

/* photo -> preprocess -> 1x1 conv whose bias is another node's output; an unread node is not computed. */
static void test_run(void **state) {
    (void)state;
    static const float weights[3] = {1, 1, 1}, half[1] = {0.5f};
    static const int32_t dims[4] = {1, 1, 2, 3}, weights_dims[4] = {1, 1, 3, 1}, bias_dims[1] = {1};
    bd_graph graph;
    bd_error error;
    assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
    uint32_t input = bd_graph_add(&graph, BD_OP_INPUT, "photo", NULL, 0);
    uint32_t pre = bd_graph_add(&graph, BD_OP_PREPROCESS, "pre", &input, 1);
    bd_shape shape = bd_shape_make(4, weights_dims);
    uint32_t w = bd_graph_add_const(&graph, "w", BD_F32, &shape, weights);
    shape = bd_shape_make(1, bias_dims);
    uint32_t h = bd_graph_add_const(&graph, "half", BD_F32, &shape, half);
    uint32_t bias = bd_graph_add(&graph, BD_OP_ADD, "bias", (const uint32_t[]){h, h}, 2);
    uint32_t unread = bd_graph_add(&graph, BD_OP_ADD, "unread", (const uint32_t[]){h, h}, 2);
    uint32_t conv = bd_graph_add(&graph, BD_OP_CONV, "conv", (const uint32_t[]){pre, w, bias}, 3);
    assert_true(conv != BD_NO_NODE && unread != BD_NO_NODE);
    graph.nodes[input].shape = graph.nodes[pre].shape = graph.nodes[conv].shape = bd_shape_make(4, dims);
    graph.nodes[conv].shape.dims[3] = 1;
    graph.nodes[bias].shape = graph.nodes[unread].shape = shape;
    graph.nodes[conv].u.conv = window(1, 1, 1, 0);
    for (int i = 0; i < 3; i++) {
        graph.nodes[pre].u.preprocess.scale[i] = 1.0f;
        graph.nodes[pre].u.preprocess.outside[i] = -1.0f;
    }
    graph.input = input;
    graph.output = conv;

    float y[2];
    int computed = 0;
    const uint8_t photo[12] = {1, 2, 3, 255};
    assert_int_equal(bd_ref_run(&graph, photo, 1, 1, NULL, y, count_nodes, &computed, &error), BD_OK);
    check(y, (const float[]){7, -2}, 2);
    assert_int_equal(computed, 5);
    assert_int_equal(bd_ref_run(&graph, photo, 1, 3, NULL, y, NULL, NULL, &error), BD_ERR_INVALID_ARGUMENT);
    bd_graph_finish(&graph);
}

/* Every operation that has a kernel has a rule for its shape and a reference. */
static void test_every_operation(void **state) {
    (void)state;
    static const float values[48] = {1};
    uint32_t tried = 0;
    for (int op = 0; op < BD_OP_COUNT; op++) {
        bd_kernel_demand demand = bd_infer_demand((bd_op)op);
        if (demand == BD_DEMAND_NO_KERNEL || demand == BD_DEMAND_NOTHING) {
            continue;
        }
        bd_graph graph;
        bd_error error;
        assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
        const bd_shape shape = bd_shape_make(4, (const int32_t[]){1, 3, 4, 4});
        const bd_shape filters = bd_shape_make(4, (const int32_t[]){1, 1, 4, op == BD_OP_DEPTHWISE ? 1 : 4});
        const bd_shape side = bd_shape_make(1, (const int32_t[]){2});
        static const int32_t sides[2] = {3, 4};
        uint32_t x = bd_graph_add_const(&graph, "x", BD_F32, &shape, values), inputs[2] = {x, x};
        uint32_t count = demand == BD_DEMAND_EQUAL_MAPS || demand == BD_DEMAND_ALL_MAPS ? 2 : 1;
        if (demand == BD_DEMAND_MAP_WEIGHTS) {
            inputs[count++] = bd_graph_add_const(&graph, "weights", BD_F32, &filters, values);
        } else if (op == BD_OP_RESIZE_BILINEAR) {
            inputs[count++] = bd_graph_add_const(&graph, "size", BD_I32, &side, sides);
        }
        uint32_t node = bd_graph_add(&graph, (bd_op)op, bd_op_name((bd_op)op), inputs, count);
        bd_node *n = &graph.nodes[node];
        n->dtype = BD_F32;
        if (bd_op_has_window((bd_op)op)) {
            n->u.conv = window(1, 1, 1, 0);
        } else if (demand == BD_DEMAND_ALL_MAPS) {
            n->u.axis = 3;
        } else if (op == BD_OP_REQUANTISE) {
            n->u.requantise.rounding = BD_ROUNDING_UP;
            n->u.requantise.scales[0].multiplier = 1 << 30;
            n->u.requantise.high = 127.0f;
        }
        graph.output = node;
        float *y = NULL;
        if (bd_graph_infer(&graph, &error) ||
            !(y = calloc((size_t)bd_shape_elements(&graph.nodes[node].shape), sizeof *y)) ||
            bd_ref_run(&graph, NULL, 0, 0, NULL, y, NULL, NULL, &error)) {
            fail_msg("%s: %s", bd_op_name((bd_op)op), error.message);
        }
        for (int64_t i = 0; i < bd_shape_elements(&graph.nodes[node].shape); i++) {
            if (isnan(y[i])) {
                fail_msg("%s: its reference gives no number", bd_op_name((bd_op)op));
            }
        }
        free(y);
        bd_graph_finish(&graph);
        tried++;
    }
    assert_true(tried > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),           cmocka_unit_test(test_conv_blocks_of_channels),
        cmocka_unit_test(test_depthwise),      cmocka_unit_test(test_pool),
        cmocka_unit_test(test_resize),         cmocka_unit_test(test_activations),
        cmocka_unit_test(test_softmax_argmax), cmocka_unit_test(test_binary),
        cmocka_unit_test(test_space_to_batch), cmocka_unit_test(test_window),
        cmocka_unit_test(test_preprocess),     cmocka_unit_test(test_labels_mask),
        cmocka_unit_test(test_composite),      cmocka_unit_test(test_run),
        cmocka_unit_test(test_requantise),     cmocka_unit_test(test_every_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

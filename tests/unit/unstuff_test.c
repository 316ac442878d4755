/* SPDX-License-Identifier: MIT
 * Kernels written out with zeros, and the operations of exports that fold or fall away: what is left, and that it
 * computes the same. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "reference/reference.h"

enum { SIDE = 12 };

static bd_graph graph;
static bd_error error;
static uint32_t seed;

static void begin(void) {
    seed = 1;
    assert_int_equal(bd_graph_init(&graph, NULL, "u.pb", &error), BD_OK);
    graph.input = bd_graph_add(&graph, BD_OP_INPUT, "photo", NULL, 0);
    graph.nodes[graph.input].dtype = BD_F32;
    graph.nodes[graph.input].shape = bd_shape_make(4, (const int32_t[]){1, SIDE, SIDE, 3});
}

static uint32_t add(bd_op op, uint32_t a, uint32_t b) {
    const uint32_t inputs[2] = {a, b};
    return bd_graph_add(&graph, op, "node", inputs, b == BD_NO_NODE ? 1 : 2);
}

static uint32_t integers(uint32_t count, const int32_t *values) {
    int32_t *data = bd_pool_alloc(&graph.pool, count * sizeof *data);
    memcpy(data, values, count * sizeof *data);
    const bd_shape shape = {1, {(int32_t)count}};
    return bd_graph_add_const(&graph, "integers", BD_I32, &shape, data);
}

/* Weights that are zero but at every rate-th tap. */
static uint32_t stuffed(int32_t kh, int32_t kw, int32_t rate_h, int32_t rate_w, int32_t oc) {
    const bd_shape shape = {4, {kh, kw, 3, oc}};
    size_t taps = (size_t)(3 * oc);
    float *data = bd_pool_alloc(&graph.pool, (size_t)bd_shape_elements(&shape) * sizeof *data);
    for (int32_t y = 0; y < kh; y++) {
        for (int32_t x = 0; x < kw; x++) {
            for (size_t i = 0; i < taps; i++) {
                seed = seed * 1664525u + 1013904223u;
                bool tap = y % rate_h == 0 && x % rate_w == 0;
                data[(size_t)(y * kw + x) * taps + i] = tap ? (float)(seed >> 8) / (float)(1 << 23) - 1.0f : 0;
            }
        }
    }
    return bd_graph_add_const(&graph, "weights", BD_F32, &shape, data);
}

static uint32_t convolve(bd_op op, uint32_t x, uint32_t weights, int32_t stride, bd_padding padding) {
    uint32_t index = add(op, x, weights);
    bd_conv_attrs *a = &graph.nodes[index].u.conv;
    a->stride_h = a->stride_w = stride;
    a->padding = padding;
    return index;
}

static float *run(void) {
    uint8_t photo[SIDE * SIDE * 4];
    for (size_t i = 0; i < sizeof photo; i++) {
        photo[i] = (uint8_t)(i * 73);
    }
    int64_t count = bd_shape_elements(&graph.nodes[graph.output].shape);
    float *output = malloc((size_t)count * sizeof *output);
    assert_non_null(output);
    if (bd_ref_run(&graph, photo, SIDE, SIDE, NULL, output, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    return output;
}

/* The pass must leave the function as it is; returns the convolution. */
static const bd_node *unstuff(uint32_t output) {
    graph.output = output;
    assert_int_equal(bd_graph_infer(&graph, &error), BD_OK);
    const bd_shape shape = graph.nodes[output].shape;
    float *before = run();
    assert_int_equal(bd_pass_unstuff(&graph, &error), BD_OK);
    assert_int_equal(bd_graph_infer(&graph, &error), BD_OK);
    assert_memory_equal(&graph.nodes[graph.output].shape, &shape, sizeof shape);
    float *after = run();
    for (int64_t i = 0; i < bd_shape_elements(&shape); i++) {
        assert_float_equal(before[i], after[i], 1e-3f);
    }
    free(before);
    free(after);
    return &graph.nodes[graph.output];
}

static void check_window(const bd_node *conv, int32_t kh, int32_t kw, int32_t dh, int32_t dw) {
    assert_int_equal(conv->u.conv.kernel_h, kh);
    assert_int_equal(conv->u.conv.kernel_w, kw);
    assert_int_equal(conv->u.conv.dilation_h, dh);
    assert_int_equal(conv->u.conv.dilation_w, dw);
    const bd_node *weights = &graph.nodes[conv->inputs[1]];
    assert_int_equal(weights->shape.dims[0], kh);
    assert_int_equal(weights->shape.dims[1], kw);
}

static void test_stuffed(void **state) {
    (void)state;
    static const struct {
        int32_t kernel[2], rate[2], left[2], stride;
        bd_padding padding;
    } cases[] = {
        {{5, 5}, {2, 2}, {3, 3}, 1, BD_PADDING_SAME},  {{9, 9}, {4, 4}, {3, 3}, 1, BD_PADDING_SAME},
        {{9, 9}, {2, 2}, {5, 5}, 1, BD_PADDING_VALID}, {{5, 9}, {2, 4}, {3, 3}, 2, BD_PADDING_SAME},
        {{5, 3}, {2, 1}, {3, 3}, 1, BD_PADDING_SAME},  {{3, 7}, {1, 3}, {3, 3}, 1, BD_PADDING_VALID},
        {{7, 7}, {3, 1}, {3, 7}, 1, BD_PADDING_SAME},  {{5, 5}, {1, 1}, {5, 5}, 1, BD_PADDING_SAME},
        {{3, 3}, {2, 2}, {3, 3}, 1, BD_PADDING_SAME},  {{6, 6}, {5, 5}, {6, 6}, 1, BD_PADDING_SAME},
        {{1, 11}, {1, 5}, {1, 3}, 1, BD_PADDING_SAME},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        for (int dense = 0; dense < 2; dense++) {
            begin();
            uint32_t weights =
                stuffed(cases[i].kernel[0], cases[i].kernel[1], cases[i].rate[0], cases[i].rate[1], dense ? 4 : 1);
            const bd_node *conv = unstuff(convolve(dense ? BD_OP_CONV : BD_OP_DEPTHWISE, graph.input, weights,
                                                   cases[i].stride, cases[i].padding));
            bool taken = cases[i].left[0] < cases[i].kernel[0];
            bool taken_w = cases[i].left[1] < cases[i].kernel[1];
            check_window(conv, cases[i].left[0], cases[i].left[1], taken ? cases[i].rate[0] : 1,
                         taken_w ? cases[i].rate[1] : 1);
            bd_graph_finish(&graph);
        }
    }
}

/* One tap too many, and the kernel is as dense as it says. */
static void test_almost_stuffed(void **state) {
    (void)state;
    for (int32_t tap = 0; tap < 25; tap++) {
        begin();
        uint32_t weights = stuffed(5, 5, 2, 2, 1);
        float data[75];
        memcpy(data, graph.nodes[weights].data, sizeof data);
        data[tap * 3 + 1] = 0.25f;
        graph.nodes[weights].data = data;
        const bd_node *conv = unstuff(convolve(BD_OP_DEPTHWISE, graph.input, weights, 1, BD_PADDING_SAME));
        check_window(conv, tap / 5 % 2 ? 5 : 3, tap % 5 % 2 ? 5 : 3, tap / 5 % 2 ? 1 : 2, tap % 5 % 2 ? 1 : 2);
        bd_graph_finish(&graph);
    }
}

/* Many readers of one constant share what is made of it; a dilation that is there multiplies. */
static void test_shared(void **state) {
    (void)state;
    begin();
    uint32_t weights = stuffed(5, 5, 2, 2, 1);
    uint32_t first = convolve(BD_OP_DEPTHWISE, graph.input, weights, 1, BD_PADDING_SAME);
    uint32_t second = convolve(BD_OP_DEPTHWISE, first, weights, 1, BD_PADDING_SAME);
    graph.nodes[second].u.conv.dilation_h = 2;
    const bd_node *conv = unstuff(second);
    check_window(conv, 3, 3, 4, 2);
    assert_int_equal(graph.nodes[conv->inputs[0]].inputs[1], conv->inputs[1]);
    bd_graph_finish(&graph);
}

/* ---- operations that fold or fall away -------------------------------------------------------------------------- */

static const bd_node *folded(uint32_t output) {
    graph.output = output;
    if (bd_pass_fold(&graph, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(graph.nodes[graph.output].op, BD_OP_CONST);
    return &graph.nodes[graph.output];
}

static void test_transpose(void **state) {
    (void)state;
    begin();
    const float values[6] = {0, 1, 2, 10, 11, 12};
    const bd_shape shape = {3, {2, 1, 3}};
    uint32_t x = bd_graph_add_const(&graph, "x", BD_F32, &shape, values);
    const bd_node *y = folded(add(BD_OP_TRANSPOSE, x, integers(3, (const int32_t[]){2, -3, 1})));
    assert_int_equal(y->shape.dims[0], 3);
    assert_int_equal(y->shape.dims[1], 2);
    assert_int_equal(y->shape.dims[2], 1);
    const float expected[6] = {0, 10, 1, 11, 2, 12};
    assert_memory_equal(y->data, expected, sizeof expected);
    bd_graph_finish(&graph);
    static const int32_t broken[3][3] = {{0, 0, 1}, {0, 1, 3}, {0, 1, -4}};
    for (size_t i = 0; i < 3; i++) {
        begin();
        x = bd_graph_add_const(&graph, "x", BD_F32, &shape, values);
        graph.output = add(BD_OP_TRANSPOSE, x, integers(3, broken[i]));
        assert_int_equal(bd_graph_infer(&graph, &error), BD_ERR_MODEL_UNSUPPORTED);
        bd_graph_finish(&graph);
    }
}

static void test_rsqrt(void **state) {
    (void)state;
    begin();
    const float values[2] = {4, 0.01f};
    const bd_shape shape = {1, {2}};
    const bd_node *y = folded(add(BD_OP_RSQRT, bd_graph_add_const(&graph, "x", BD_F32, &shape, values), BD_NO_NODE));
    assert_float_equal(((const float *)y->data)[0], 0.5f, 0);
    assert_float_equal(((const float *)y->data)[1], 10, 1e-5f);
    bd_graph_finish(&graph);
}

static uint32_t quantise(uint32_t x) {
    uint32_t index = add(BD_OP_FAKE_QUANT, x, BD_NO_NODE);
    graph.nodes[index].u.quant.low = -1;
    graph.nodes[index].u.quant.high = 2.75f;
    graph.nodes[index].u.quant.step = 0.25f;
    return index;
}

static void test_fake_quant(void **state) {
    (void)state;
    begin();
    const float values[6] = {-3, -0.9f, 0.1f, 0.125f, 1, 7}, expected[6] = {-1, -1, 0, 0.25f, 1, 2.75f};
    const bd_shape shape = {1, {6}};
    const bd_node *y = folded(quantise(bd_graph_add_const(&graph, "x", BD_F32, &shape, values)));
    assert_memory_equal(y->data, expected, sizeof expected);
    bd_graph_finish(&graph);
    /* Behind an activation the range joins it; elsewhere nothing is left. */
    for (int activated = 0; activated < 2; activated++) {
        begin();
        uint32_t x = convolve(BD_OP_CONV, graph.input, stuffed(3, 3, 1, 1, 4), 1, BD_PADDING_SAME);
        if (activated) {
            x = add(BD_OP_CLAMP, x, BD_NO_NODE);
            graph.nodes[x].u.clamp.low = 0;
            graph.nodes[x].u.clamp.high = 6;
        }
        graph.output = quantise(x);
        assert_int_equal(bd_graph_infer(&graph, &error), BD_OK);
        assert_int_equal(bd_pass_fuse(&graph, &error), BD_OK);
        const bd_node *conv = &graph.nodes[graph.output];
        assert_int_equal(conv->op, BD_OP_CONV);
        assert_int_equal(graph.count, 3);
        assert_true(conv->u.conv.clamp_high == (activated ? 2.75f : INFINITY));
        assert_true(conv->u.conv.clamp_low == (activated ? 0 : -INFINITY));
        bd_graph_finish(&graph);
    }
}

/* Labels enlarged to the size they have. */
static void test_tail(void **state) {
    (void)state;
    static const int32_t same[2] = {SIDE, SIDE}, other[2] = {SIDE * 2, SIDE}, axis = 3;
    for (int good = 0; good < 2; good++) {
        begin();
        uint32_t logits = convolve(BD_OP_CONV, graph.input, stuffed(3, 3, 1, 1, 4), 1, BD_PADDING_SAME);
        uint32_t labels = add(BD_OP_EXPAND_DIMS, add(BD_OP_ARGMAX, logits, integers(1, &axis)), integers(1, &axis));
        graph.output = add(BD_OP_RESIZE_NEAREST, labels, integers(2, good ? same : other));
        bd_result result = bd_graph_lower(&graph, SIDE, &error);
        assert_int_equal(result, good ? BD_OK : BD_ERR_MODEL_UNSUPPORTED);
        bd_graph_finish(&graph);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stuffed),   cmocka_unit_test(test_almost_stuffed), cmocka_unit_test(test_shared),
        cmocka_unit_test(test_transpose), cmocka_unit_test(test_rsqrt),          cmocka_unit_test(test_fake_quant),
        cmocka_unit_test(test_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 * Shape inference against TensorFlow's, and graphs that must be refused. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"

static bd_graph graph;
static bd_error error;

static int begin(void **state) {
    (void)state;
    return bd_graph_init(&graph, NULL, "g.json", &error) ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    bd_graph_finish(&graph);
    return 0;
}

static uint32_t add_input(int32_t h, int32_t w, int32_t c) {
    uint32_t index = bd_graph_add(&graph, BD_OP_INPUT, "x", NULL, 0);
    graph.nodes[index].shape = bd_shape_make(4, (const int32_t[]){1, h, w, c});
    graph.nodes[index].dtype = BD_F32;
    graph.input = index;
    return index;
}

/* A constant of zeros, or of the I32 values given. */
static uint32_t add_const(bd_dtype dtype, uint32_t rank, const int32_t *dims, const int32_t *values) {
    const bd_shape shape = bd_shape_make(rank, dims);
    const size_t bytes = (size_t)bd_shape_elements(&shape) * bd_dtype_bytes(dtype);
    void *data = bd_pool_alloc(&graph.pool, bytes);
    if (values && bytes) {
        memcpy(data, values, bytes);
    }
    return bd_graph_add_const(&graph, "c", dtype, &shape, data);
}

static uint32_t add_list(int32_t count, const int32_t *values) {
    return add_const(BD_I32, 1, &count, values);
}

static uint32_t add(bd_op op, uint32_t count, const uint32_t *inputs) {
    graph.output = bd_graph_add(&graph, op, "n", inputs, count);
    return graph.output;
}

static void check_shape(uint32_t rank, const int32_t *dims) {
    if (bd_graph_infer(&graph, &error)) {
        fail_msg("%s", error.message);
    }
    const bd_shape *shape = &graph.nodes[graph.output].shape;
    assert_int_equal(shape->rank, rank);
    for (uint32_t d = 0; d < rank; d++) {
        assert_int_equal(shape->dims[d], dims[d]);
    }
}

static void check_refused(const char *message) {
    assert_int_equal(bd_graph_infer(&graph, &error), BD_ERR_MODEL_UNSUPPORTED);
    if (!strstr(error.message, message) || strncmp(error.message, "g.json: node n: operation ", 26)) {
        fail_msg("'%s' does not say '%s'", error.message, message);
    }
}

/* ---- windows ---------------------------------------------------------------------------------------------------- */

static void test_windows(void **state) {
    /* out, before and after as tf.nn.conv2d has them (core/framework/kernel_shape_util.cc). */
    static const struct {
        int32_t in, kernel, stride, dilation;
        bd_padding padding;
        int32_t out, before, after;
    } rows[] = {
        {513, 3, 2, 1, BD_PADDING_SAME, 257, 1, 1}, {512, 3, 2, 1, BD_PADDING_SAME, 256, 0, 1},
        {65, 3, 1, 4, BD_PADDING_SAME, 65, 4, 4},   {7, 2, 1, 1, BD_PADDING_SAME, 7, 0, 1},
        {5, 1, 3, 1, BD_PADDING_SAME, 2, 0, 0},     {1, 7, 2, 1, BD_PADDING_SAME, 1, 3, 3},
        {10, 3, 2, 3, BD_PADDING_SAME, 5, 2, 3},    {65, 3, 1, 1, BD_PADDING_VALID, 63, 0, 0},
        {66, 3, 2, 1, BD_PADDING_VALID, 32, 0, 0},  {9, 3, 1, 4, BD_PADDING_VALID, 1, 0, 0},
        {65, 65, 65, 1, BD_PADDING_VALID, 1, 0, 0}, {10, 3, 2, 1, BD_PADDING_EXPLICIT, 6, 2, 1},
    };
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        begin(state);
        /* Height by the row; width a plain 1-window that must not interfere. */
        uint32_t x = add_input(rows[i].in, 6, 3), n = add(BD_OP_POOL_MAX, 1, &x);
        bd_conv_attrs *a = &graph.nodes[n].u.conv;
        a->kernel_h = rows[i].kernel;
        a->kernel_w = 1;
        a->stride_h = rows[i].stride;
        a->dilation_h = rows[i].dilation;
        a->padding = rows[i].padding;
        if (a->padding == BD_PADDING_EXPLICIT) {
            a->pad_top = rows[i].before;
            a->pad_bottom = rows[i].after;
        }
        const int32_t expected[4] = {1, rows[i].out, 6, 3};
        check_shape(4, expected);
        a = &graph.nodes[n].u.conv;
        assert_int_equal(a->padding, BD_PADDING_EXPLICIT);
        assert_int_equal(a->pad_top, rows[i].before);
        assert_int_equal(a->pad_bottom, rows[i].after);
        assert_int_equal(a->pad_left, 0);
        check_shape(4, expected); /* inferring again changes nothing */
        end(state);
    }
}

static void test_convolutions(void **state) {
    (void)state;
    uint32_t x = add_input(8, 9, 3), w = add_const(BD_F32, 4, (const int32_t[]){3, 2, 3, 5}, NULL);
    uint32_t b = add_const(BD_F32, 1, (const int32_t[]){5}, NULL);
    uint32_t y = add(BD_OP_CONV, 4, (const uint32_t[]){x, w, b, BD_NO_NODE});
    check_shape(4, (const int32_t[]){1, 6, 8, 5});
    assert_int_equal(graph.nodes[y].u.conv.kernel_h, 3);
    assert_int_equal(graph.nodes[y].u.conv.kernel_w, 2);
    w = add_const(BD_F32, 4, (const int32_t[]){3, 3, 5, 1}, NULL);
    add(BD_OP_DEPTHWISE, 2, (const uint32_t[]){y, w});
    check_shape(4, (const int32_t[]){1, 4, 6, 5});
    w = add_const(BD_F32, 4, (const int32_t[]){1, 1, 4, 2}, NULL);
    add(BD_OP_CONV, 2, (const uint32_t[]){x, w});
    check_refused("has weights of (1,1,4,2) for 3 channels");
}

static void test_bad_windows(void **state) {
    static const struct {
        int32_t kernel, stride, dilation, pad;
        bd_padding padding;
    } rows[] = {
        {3, 0, 1, 0, BD_PADDING_SAME},           {3, -1, 1, 0, BD_PADDING_VALID},
        {0, 1, 1, 0, BD_PADDING_SAME},           {3, 1, 0, 0, BD_PADDING_SAME},
        {9, 1, 1, 0, BD_PADDING_VALID},          {INT_MAX, 1, INT_MAX, 0, BD_PADDING_SAME},
        {3, INT_MAX, 1, 0, BD_PADDING_SAME},     {3, 1, 1, -1, BD_PADDING_EXPLICIT},
        {3, 1, 1, INT_MAX, BD_PADDING_EXPLICIT}, {INT_MIN, 1, 1, 0, BD_PADDING_VALID},
    };
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        begin(state);
        uint32_t x = add_input(8, 8, 3);
        bd_conv_attrs *a = &graph.nodes[add(BD_OP_POOL_AVERAGE, 1, &x)].u.conv;
        a->kernel_h = a->kernel_w = rows[i].kernel;
        a->stride_h = a->stride_w = rows[i].stride;
        a->dilation_h = a->dilation_w = rows[i].dilation;
        a->pad_top = rows[i].pad;
        a->padding = rows[i].padding;
        check_refused("has ");
        end(state);
    }
}

/* ---- arrangement ------------------------------------------------------------------------------------------------ */

static void test_strided_slices(void **state) {
    static const struct {
        int32_t count, begin[3], end[3], strides[3];
        uint32_t begin_mask, end_mask, ellipsis, new_axis, shrink;
        uint32_t rank; /* of x (1,4,5,3); 9: refused */
        int32_t dims[6];
    } rows[] = {
        {1, {0}, {1}, {1}, 0, 0, 0, 0, 0, 4, {1, 4, 5, 3}},
        {2, {0, 1}, {1, 3}, {1, 1}, 0, 0, 0, 0, 1, 3, {2, 5, 3}},
        {2, {0, -1}, {0, -4}, {1, -1}, 1, 1, 0, 0, 0, 4, {1, 3, 5, 3}},
        {2, {0, -1}, {0, 0}, {1, -2}, 1, 3, 0, 0, 0, 4, {1, 2, 5, 3}},
        {2, {0, 2}, {0, 3}, {1, 1}, 0, 0, 1, 0, 0, 4, {1, 4, 5, 1}},
        {2, {0, 2}, {0, 3}, {1, 1}, 0, 0, 1, 0, 2, 3, {1, 4, 5}},
        {2, {0, 0}, {0, 1}, {1, 1}, 0, 0, 0, 1, 0, 5, {1, 1, 4, 5, 3}},
        {3, {0, 9, 0}, {1, 99, 99}, {1, 1, 2}, 0, 0, 0, 0, 0, 4, {1, 0, 3, 3}},
        {1, {1}, {2}, {1}, 0, 0, 0, 0, 1, 9, {0}},
        {1, {0}, {1}, {0}, 0, 0, 0, 0, 0, 9, {0}},
        {1, {0}, {1}, {INT_MIN}, 0, 0, 0, 0, 0, 9, {0}},
        {1, {INT_MIN}, {INT_MAX}, {INT_MAX}, 0, 0, 0, 0, 0, 4, {1, 4, 5, 3}},
        {3, {0}, {0}, {1, 1, 1}, 0, 0, 5, 0, 0, 9, {0}},
    };
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        begin(state);
        uint32_t x = add_input(4, 5, 3), from = add_list(rows[i].count, rows[i].begin);
        uint32_t to = add_list(rows[i].count, rows[i].end), by = add_list(rows[i].count, rows[i].strides);
        bd_node *node = &graph.nodes[add(BD_OP_STRIDED_SLICE, 4, (const uint32_t[]){x, from, to, by})];
        node->u.slice.begin_mask = rows[i].begin_mask;
        node->u.slice.end_mask = rows[i].end_mask;
        node->u.slice.ellipsis_mask = rows[i].ellipsis;
        node->u.slice.new_axis_mask = rows[i].new_axis;
        node->u.slice.shrink_axis_mask = rows[i].shrink;
        if (rows[i].rank == 9) {
            check_refused("does not fit");
        } else {
            check_shape(rows[i].rank, rows[i].dims);
        }
        end(state);
    }
}

static void test_arrangement(void **state) {
    (void)state;
    uint32_t x = add_input(4, 6, 3);
    add(BD_OP_RESHAPE, 2, (const uint32_t[]){x, add_list(3, (const int32_t[]){2, -1, 3})});
    check_shape(3, (const int32_t[]){2, 12, 3});
    uint32_t e = add(BD_OP_EXPAND_DIMS, 2, (const uint32_t[]){x, add_list(1, (const int32_t[]){-1})});
    check_shape(5, (const int32_t[]){1, 4, 6, 3, 1});
    add(BD_OP_SQUEEZE, 1, &e);
    check_shape(3, (const int32_t[]){4, 6, 3});
    graph.nodes[add(BD_OP_CONCAT, 2, (const uint32_t[]){x, x})].u.axis = -1;
    check_shape(4, (const int32_t[]){1, 4, 6, 6});
    assert_int_equal(graph.nodes[graph.output].u.axis, 3);
    graph.nodes[add(BD_OP_PACK, 2, (const uint32_t[]){x, x})].u.axis = -2;
    check_shape(5, (const int32_t[]){1, 4, 6, 2, 3});
    add(BD_OP_ARGMAX, 2, (const uint32_t[]){x, add_list(1, (const int32_t[]){-1})});
    check_shape(3, (const int32_t[]){1, 4, 6});
    assert_int_equal(graph.nodes[graph.output].dtype, BD_I32);
    add(BD_OP_MEAN, 2, (const uint32_t[]){x, add_list(2, (const int32_t[]){1, -2})});
    check_shape(4, (const int32_t[]){1, 1, 1, 3});
    add(BD_OP_SLICE, 3,
        (const uint32_t[]){x, add_list(4, (const int32_t[]){0, 1, 2, 0}), add_list(4, (const int32_t[]){1, -1, 3, 3})});
    check_shape(4, (const int32_t[]){1, 3, 3, 3});
    uint32_t block = add_list(2, (const int32_t[]){2, 4});
    uint32_t edges = add_const(BD_I32, 2, (const int32_t[]){2, 2}, (const int32_t[]){1, 1, 2, 4});
    uint32_t s = add(BD_OP_SPACE_TO_BATCH, 3, (const uint32_t[]){x, block, edges});
    check_shape(4, (const int32_t[]){8, 3, 3, 3});
    add(BD_OP_BATCH_TO_SPACE, 3, (const uint32_t[]){s, block, edges});
    check_shape(4, (const int32_t[]){1, 4, 6, 3});
    add(BD_OP_ADD, 2, (const uint32_t[]){add_const(BD_F32, 2, (const int32_t[]){6, 1}, NULL), x});
    check_shape(4, (const int32_t[]){1, 4, 6, 3});
}

/* Each appends one node, "n", that must be refused. */
static void test_refusals(void **state) {
    enum { CASES = 14 };
    for (int i = 0; i < CASES; i++) {
        begin(state);
        uint32_t x = add_input(4, 6, 3), a = add_list(2, (const int32_t[]){-1, -1});
        uint32_t huge = add_list(4, (const int32_t[]){INT_MAX, 0, INT_MAX, 0});
        uint32_t pads = add_const(BD_I32, 2, (const int32_t[]){4, 2}, (const int32_t[]){0, 0, INT_MAX, 1, 0, 0, 0, 0});
        uint32_t edges = add_const(BD_I32, 2, (const int32_t[]){2, 2}, (const int32_t[]){0, 0, INT_MAX, INT_MAX});
        uint32_t half = add_list(4, (const int32_t[]){1, 1 << 20, 1 << 20, 3});
        uint32_t two = add_const(BD_F32, 1, (const int32_t[]){2}, NULL), one = add_list(1, (const int32_t[]){9});
        switch (i) {
        case 0: add(BD_OP_RESHAPE, 2, (const uint32_t[]){x, a}); break;
        case 1: add(BD_OP_RESHAPE, 2, (const uint32_t[]){x, huge}); break;
        case 2: add(BD_OP_RESHAPE, 2, (const uint32_t[]){x, half}); break;
        case 3: add(BD_OP_RESHAPE, 2, (const uint32_t[]){x, x}); break;
        case 4: add(BD_OP_PAD, 2, (const uint32_t[]){x, pads}); break;
        case 5: add(BD_OP_SPACE_TO_BATCH, 3, (const uint32_t[]){x, a, edges}); break;
        case 6: add(BD_OP_RESIZE_BILINEAR, 2, (const uint32_t[]){x, a}); break;
        case 7: add(BD_OP_ADD, 2, (const uint32_t[]){x, two}); break;
        case 8: add(BD_OP_ADD, 2, (const uint32_t[]){x, a}); break;
        case 9: add(BD_OP_ADD, 1, &x); break;
        case 10: add(BD_OP_ARGMAX, 2, (const uint32_t[]){x, one}); break;
        case 11: graph.nodes[add(BD_OP_CONCAT, 1, &x)].u.axis = INT_MIN; break;
        case 12: add(BD_OP_CONV, 2, (const uint32_t[]){x, BD_NO_NODE}); break;
        default: add(BD_OP_IDENTITY, 1, (const uint32_t[]){graph.count}); break; /* reads itself */
        }
        check_refused("");
        end(state);
    }
}

/* A convolution of 3 to 4 channels that ends with integers. */
static uint32_t add_integer_conv(bd_op op, const int32_t *scales) {
    uint32_t x = add_input(4, 6, 3), channels = op == BD_OP_CONV ? 4 : 3;
    uint32_t w = add_const(BD_F32, 4, (const int32_t[]){1, 1, 3, op == BD_OP_CONV ? 4 : 1}, NULL);
    uint32_t s = add_const(BD_I32, 2, (const int32_t[]){2, (int32_t)channels}, scales);
    uint32_t y = op == BD_OP_CONV ? add(op, 5, (const uint32_t[]){x, w, BD_NO_NODE, BD_NO_NODE, s})
                                  : add(op, 4, (const uint32_t[]){x, w, BD_NO_NODE, s});
    graph.nodes[y].u.conv.rounding = BD_ROUNDING_UP;
    graph.nodes[y].u.conv.clamp_low = -128;
    graph.nodes[y].u.conv.clamp_high = 127;
    return y;
}

static const int32_t good_scales[8] = {1 << 30, INT32_MAX, 1 << 30, 0, -31, 5, 0, 0};

static void test_integers(void **state) {
    (void)state;
    uint32_t y = add_integer_conv(BD_OP_CONV, good_scales);
    check_shape(4, (const int32_t[]){1, 4, 6, 4});
    char text[256];
    assert_true(bd_graph_print(&graph, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, "n (1,4,6,4) <- 0 1 - - 2 kernel 1,1 clamp -128..127 up output"));
    y = add(BD_OP_REQUANTISE, 1, &y);
    graph.nodes[y].u.requantise.rounding = BD_ROUNDING_AWAY;
    graph.nodes[y].u.requantise.scales[0] = (bd_scale){1 << 30, 5};
    check_shape(4, (const int32_t[]){1, 4, 6, 4});
    y = add(BD_OP_ADD, 2, (const uint32_t[]){y, y});
    graph.nodes[y].u.requantise.rounding = BD_ROUNDING_AWAY;
    check_shape(4, (const int32_t[]){1, 4, 6, 4});
    assert_true(bd_graph_print(&graph, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, "4 requantise n (1,4,6,4) <- 3 away\n"));
    graph.nodes[y].u.requantise.scales[2].shift = 1;
    check_refused("out of range");
}

static void test_bad_scales(void **state) {
    for (int i = 0; i < 10; i++) {
        begin(state);
        bool depthwise = i % 2;
        const int32_t bad[8] = {1, 1, i == 0 ? -1 : 1, 1, i == 1 ? 6 : 1, 1, 1, i == 2 ? -32 : 1};
        uint32_t y = add_integer_conv(depthwise ? BD_OP_DEPTHWISE : BD_OP_CONV, bad);
        bd_node *node = &graph.nodes[y];
        switch (i) {
        case 3: node->u.conv.rounding = BD_ROUNDING_NONE; break;
        case 4: node->u.conv.clamp_low = 1; break;
        case 5: node->u.conv.clamp_high = INFINITY; break;
        case 6: node->u.conv.hard_swish = true; break;
        case 7: node->input_count = 3; break;
        case 8: node->inputs[3] = node->inputs[0]; break;
        case 9: graph.nodes[node->inputs[3]].shape.dims[1] = 2; break;
        default: break;
        }
        check_refused("scale");
        end(state);
    }
}

static void test_concat_overflow(void **state) {
    (void)state;
    uint32_t x = add_input(4, 6, 3);
    bd_result result = BD_OK;
    for (int i = 0; i < 40 && !result; i++) {
        x = add(BD_OP_CONCAT, 2, (const uint32_t[]){x, x});
        graph.nodes[x].u.axis = 3;
        result = bd_graph_infer_node(&graph, x, &error);
        if (!i) {
            assert_int_equal(bd_graph_infer(&graph, &error), BD_OK);
        }
    }
    assert_int_equal(result, BD_ERR_MODEL_UNSUPPORTED);
    assert_non_null(strstr(error.message, "2^31-1"));
}

static void test_text(void **state) {
    (void)state;
    uint32_t x = add_input(8, 8, 3), w = add_const(BD_F32, 4, (const int32_t[]){3, 3, 3, 4}, NULL);
    uint32_t y = add(BD_OP_CONV, 4, (const uint32_t[]){x, w, BD_NO_NODE, BD_NO_NODE});
    graph.nodes[y].u.conv.stride_h = 2;
    graph.nodes[y].u.conv.clamp_low = 0;
    graph.nodes[y].u.conv.clamp_high = 6;
    graph.nodes[y].u.conv.padding = BD_PADDING_SAME;
    check_shape(4, (const int32_t[]){1, 4, 8, 4});
    static const char expected[] = "0 input x (1,8,8,3)\n1 const c (3,3,3,4)\n"
                                   "2 conv n (1,4,8,4) <- 0 1 - - kernel 3,3 stride 2,1 pad 0,1 clamp 0..6 output\n";
    char text[256], few[8];
    assert_int_equal(bd_graph_print(&graph, text, sizeof text), sizeof expected - 1);
    assert_string_equal(text, expected);
    assert_int_equal(bd_graph_print(&graph, few, sizeof few), sizeof expected - 1);
    assert_string_equal(few, "0 input");
    assert_int_equal(bd_graph_print(&graph, NULL, 0), sizeof expected - 1);
    assert_string_equal(bd_op_name((bd_op)999), "unknown");
}

static void test_elements(void **state) {
    (void)state;
    bd_shape shape = bd_shape_make(2, (const int32_t[]){46341, 46341});
    assert_int_equal(bd_shape_elements(&shape), -1);
    shape.dims[1] = 46340;
    assert_int_equal(bd_shape_elements(&shape), 46341 * 46340);
    shape.dims[0] = 0;
    assert_int_equal(bd_shape_elements(&shape), 0);
    shape.dims[0] = -1;
    assert_int_equal(bd_shape_elements(&shape), -1);
    shape.rank = 0;
    assert_int_equal(bd_shape_elements(&shape), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test_setup_teardown(test_convolutions, begin, end),
        cmocka_unit_test(test_bad_windows),
        cmocka_unit_test(test_strided_slices),
        cmocka_unit_test_setup_teardown(test_arrangement, begin, end),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test_setup_teardown(test_concat_overflow, begin, end),
        cmocka_unit_test_setup_teardown(test_text, begin, end),
        cmocka_unit_test_setup_teardown(test_integers, begin, end),
        cmocka_unit_test(test_bad_scales),
        cmocka_unit_test(test_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

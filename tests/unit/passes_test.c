/* SPDX-License-Identifier: MIT
 * Each pass on a small graph: what is left, and that it computes what the graph as exported computes. Those of its two
 * ends: passes_ends_test.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/small_graphs.h"

static uint32_t edges(int32_t top, int32_t bottom, int32_t left, int32_t right) {
    return sg_ints(2, (const int32_t[]){2, 2}, (const int32_t[]){top, bottom, left, right});
}

/* Lowers what build leaves in graph; before and after must compute the same. */
static void check_lowered(uint32_t (*build)(void)) {
    sg_begin();
    sg_graph.output = build();
    if (bd_pass_fold(&sg_graph, &sg_error)) {
        fail_msg("%s", sg_error.message);
    }
    uint8_t *photo = sg_any_photo(SG_SIDE);
    float *expected = sg_run(photo, SG_SIDE);
    const bd_shape shape = sg_output()->shape;
    bd_graph_finish(&sg_graph);

    sg_begin();
    sg_graph.output = build();
    if (bd_graph_lower(&sg_graph, SG_SIDE, &sg_error)) {
        fail_msg("%s", sg_error.message);
    }
    sg_check_valid();
    assert_int_equal(sg_output()->shape.rank, shape.rank);
    assert_memory_equal(sg_output()->shape.dims, shape.dims, shape.rank * sizeof shape.dims[0]);
    float *got = sg_run(photo, SG_SIDE), largest = 0;
    for (int64_t i = 0; i < bd_shape_elements(&shape); i++) {
        largest = fmaxf(largest, fabsf(expected[i]));
        if (!(fabsf(got[i] - expected[i]) <= 1e-5f * (1 + fabsf(expected[i])))) {
            fail_msg("element %d: %g, not %g", (int)i, (double)got[i], (double)expected[i]);
        }
    }
    assert_true(largest > 0.01f);
    free(photo);
    free(expected);
    free(got);
}

/* ---- fuse ------------------------------------------------------------------------------------------------------- */

static uint32_t build_norm(void) {
    uint32_t x = sg_two(BD_OP_ADD, sg_vector(4), sg_two(BD_OP_MUL, sg_stem(), sg_vector(4)));
    x = sg_conv(BD_OP_DEPTHWISE, sg_clamp(x, 0, 6), sg_floats(4, (const int32_t[]){3, 3, 4, 1}), 2, BD_PADDING_SAME);
    x = sg_two(BD_OP_SUB, sg_two(BD_OP_DIV, x, sg_scalar(0.25f)), sg_vector(4));
    x = sg_two(BD_OP_MUL, sg_two(BD_OP_ADD, x, sg_scalar(0.5f)), sg_vector(4)); /* bias and weights scaled */
    return sg_two(BD_OP_MINIMUM, sg_two(BD_OP_MAXIMUM, x, sg_scalar(-3)), sg_scalar(5));
}

static void test_norm(void **state) {
    (void)state;
    check_lowered(build_norm);
    assert_int_equal(sg_count_op(BD_OP_CONV), 1);
    assert_int_equal(sg_count_op(BD_OP_DEPTHWISE), 1);
    assert_int_equal(sg_count_op(BD_OP_ADD) + sg_count_op(BD_OP_MUL) + sg_count_op(BD_OP_CLAMP), 0);
    assert_int_equal(sg_output()->op, BD_OP_DEPTHWISE);
    assert_int_equal(sg_output()->input_count, 3);
    assert_true(sg_output()->u.conv.clamp_low == -3 && sg_output()->u.conv.clamp_high == 5);
    bd_graph_finish(&sg_graph);
}

/* The grappler's order: the offset is added after the residual. */
static uint32_t build_residual(void) {
    uint32_t x = sg_stem();
    uint32_t sum = sg_two(BD_OP_ADD_N, x, sg_point(sg_clamp(x, 0, INFINITY), 4, 4));
    return sg_clamp(sg_two(BD_OP_ADD, sg_vector(4), sum), -1, 1);
}

static void test_residual(void **state) {
    (void)state;
    check_lowered(build_residual);
    /* The first convolution has two readers: its activation stays a node, and it is the residual. */
    assert_int_equal(sg_count_op(BD_OP_CONV), 2);
    assert_int_equal(sg_count_op(BD_OP_CLAMP), 1);
    assert_int_equal(sg_count_op(BD_OP_ADD) + sg_count_op(BD_OP_ADD_N), 0);
    assert_int_equal(sg_output()->op, BD_OP_CONV);
    assert_int_equal(sg_output()->input_count, 4);
    assert_int_equal(sg_graph.nodes[sg_output()->inputs[3]].op, BD_OP_CONV);
    assert_int_equal(sg_graph.nodes[sg_output()->inputs[2]].op, BD_OP_CONST);
    bd_graph_finish(&sg_graph);
}

/* Nothing may be fused into a tensor that is read elsewhere, nor behind an activation. */
static uint32_t build_shared(void) {
    uint32_t x = sg_stem(), y = sg_point(x, 4, 4);
    uint32_t a = sg_two(BD_OP_MUL, y, sg_vector(4)), b = sg_two(BD_OP_ADD, sg_clamp(y, 0, 6), sg_scalar(0.5f));
    uint32_t c = sg_two(BD_OP_MUL, sg_clamp(sg_point(x, 4, 4), 0, 1), sg_vector(4));
    return sg_two(BD_OP_ADD, sg_concat(a, b), sg_concat(c, sg_one(BD_OP_IDENTITY, x)));
}

static void test_shared(void **state) {
    (void)state;
    check_lowered(build_shared);
    assert_int_equal(sg_count_op(BD_OP_MUL), 2);
    assert_int_equal(sg_count_op(BD_OP_ADD), 2);
    assert_int_equal(sg_count_op(BD_OP_CONCAT), 2);
    assert_int_equal(sg_count_op(BD_OP_IDENTITY), 0);
    bd_graph_finish(&sg_graph);
}

/* A block of MobileNetV3: hard-swish, then each channel times what the whole map says of it. */
static uint32_t build_squeeze(void) {
    uint32_t x = sg_one(BD_OP_HARD_SWISH, sg_point(sg_stem(), 4, 6));
    x = sg_one(BD_OP_HARD_SWISH,
               sg_conv(BD_OP_DEPTHWISE, x, sg_floats(4, (const int32_t[]){5, 5, 6, 1}), 2, BD_PADDING_SAME));
    uint32_t share = sg_clamp(sg_point(sg_two(BD_OP_MEAN, x, sg_list(2, (const int32_t[]){1, 2})), 6, 2), 0, INFINITY);
    share = sg_one(BD_OP_HARD_SIGMOID, sg_point(share, 2, 6));
    x = sg_two(BD_OP_MUL, share, x);
    return sg_clamp(sg_one(BD_OP_SIGMOID, sg_point(x, 6, 4)), 0.25f, 0.75f);
}

static void test_squeeze(void **state) {
    (void)state;
    check_lowered(build_squeeze);
    assert_int_equal(sg_count_op(BD_OP_HARD_SWISH), 0);
    assert_int_equal(sg_count_op(BD_OP_HARD_SIGMOID), 1);
    assert_int_equal(sg_count_op(BD_OP_SIGMOID), 1);
    assert_int_equal(sg_count_op(BD_OP_CLAMP), 1);
    bd_graph_finish(&sg_graph);
}

/* An entry block of Xception-65: activations before the separable convolutions, a strided shortcut. */
static uint32_t build_xception(void) {
    uint32_t x = sg_stem(), y = x;
    for (int i = 0; i < 3; i++) {
        int32_t stride = i == 2 ? 2 : 1;
        y = sg_conv(BD_OP_DEPTHWISE, sg_clamp(y, 0, INFINITY), sg_floats(4, (const int32_t[]){3, 3, 4, 1}), stride,
                    BD_PADDING_SAME);
        y = sg_two(BD_OP_ADD, sg_two(BD_OP_MUL, y, sg_vector(4)), sg_vector(4));
        y = sg_two(BD_OP_ADD, sg_two(BD_OP_MUL, sg_point(y, 4, 4), sg_vector(4)), sg_vector(4));
    }
    x = sg_two(BD_OP_ADD, sg_conv(BD_OP_CONV, x, sg_weights(1, 4, 4), 2, BD_PADDING_SAME), sg_vector(4));
    return sg_two(BD_OP_ADD, y, x);
}

static void test_xception(void **state) {
    (void)state;
    check_lowered(build_xception);
    /* The first activation has a second reader's tensor before it; the others go into what they follow. */
    assert_int_equal(sg_count_op(BD_OP_CLAMP), 1);
    assert_int_equal(sg_count_op(BD_OP_ADD) + sg_count_op(BD_OP_MUL), 0);
    bd_graph_finish(&sg_graph);
}

/* Nothing follows a hard-swish into its convolution. */
static uint32_t build_after_hard_swish(void) {
    return sg_clamp(sg_two(BD_OP_MUL, sg_one(BD_OP_HARD_SWISH, sg_point(sg_stem(), 4, 4)), sg_vector(4)), 0, 1);
}

static void test_after_hard_swish(void **state) {
    (void)state;
    check_lowered(build_after_hard_swish);
    assert_int_equal(sg_count_op(BD_OP_MUL), 1);
    assert_int_equal(sg_count_op(BD_OP_CLAMP), 1);
    assert_int_equal(sg_count_op(BD_OP_HARD_SWISH), 0);
    bd_graph_finish(&sg_graph);
}

/* ---- atrous ----------------------------------------------------------------------------------------------------- */

static uint32_t atrous(bd_op op, uint32_t x, uint32_t w, const int32_t pads[4], int32_t crop) {
    const int32_t block[2] = {2, 2};
    uint32_t y = sg_three(BD_OP_SPACE_TO_BATCH, x, sg_list(2, block), edges(pads[0], pads[1], pads[2], pads[3]));
    y = sg_conv(op, y, w, 1, BD_PADDING_VALID);
    return sg_three(BD_OP_BATCH_TO_SPACE, y, sg_list(2, block), edges(0, crop, 0, crop));
}

static uint32_t build_atrous(void) {
    const int32_t pads[4] = {2, 3, 2, 3};
    uint32_t x = atrous(BD_OP_DEPTHWISE, sg_stem(), sg_floats(4, (const int32_t[]){3, 3, 4, 1}), pads, 1);
    x = sg_clamp(sg_two(BD_OP_ADD, sg_two(BD_OP_MUL, x, sg_vector(4)), sg_vector(4)), 0, 6);
    return atrous(BD_OP_CONV, x, sg_weights(3, 4, 5), pads, 1);
}

static void test_atrous(void **state) {
    (void)state;
    check_lowered(build_atrous);
    assert_int_equal(sg_count_op(BD_OP_SPACE_TO_BATCH) + sg_count_op(BD_OP_BATCH_TO_SPACE), 0);
    assert_int_equal(sg_count_op(BD_OP_MUL) + sg_count_op(BD_OP_ADD), 0);
    const bd_conv_attrs *a = &sg_output()->u.conv;
    assert_int_equal(a->dilation_h, 2);
    assert_int_equal(a->dilation_w, 2);
    assert_int_equal(a->pad_top, 2);
    assert_int_equal(a->pad_left, 2);
    bd_graph_finish(&sg_graph);
}

/* A crop that drops what the convolution could give has no form here, and says so. */
static void test_atrous_left(void **state) {
    (void)state;
    const int32_t pads[4] = {2, 3, 2, 3};
    sg_begin();
    sg_graph.output = atrous(BD_OP_CONV, sg_stem(), sg_weights(3, 4, 5), pads, 4);
    sg_check_refused("operation space_to_batch is not supported");
}

static uint32_t build_pad(void) {
    const int32_t values[8] = {0, 0, 0, 1, 1, 2, 0, 0};
    uint32_t x = sg_two(BD_OP_PAD, sg_stem(), sg_ints(2, (const int32_t[]){4, 2}, values));
    x = sg_conv(BD_OP_CONV, x, sg_weights(3, 4, 4), 2, BD_PADDING_VALID);
    x = sg_two(BD_OP_PAD, sg_clamp(x, 0, 6), sg_ints(2, (const int32_t[]){4, 2}, values));
    return sg_conv(BD_OP_CONV, x, sg_weights(3, 4, 4), 2, BD_PADDING_SAME);
}

static void test_pad(void **state) {
    (void)state;
    check_lowered(build_pad);
    assert_int_equal(sg_count_op(BD_OP_PAD), 0);
    assert_int_equal(sg_count_op(BD_OP_CONV), 3);
    bd_graph_finish(&sg_graph);
}

/* ---- pool ------------------------------------------------------------------------------------------------------- */

static uint32_t image_pooling(bool front, bool alone) {
    uint32_t x = sg_clamp(sg_stem(), -9, 9), map;
    if (front) {
        map = sg_one(BD_OP_POOL_AVERAGE, x);
        bd_conv_attrs *a = &sg_graph.nodes[map].u.conv;
        a->kernel_h = a->kernel_w = a->stride_h = a->stride_w = SG_SIDE;
    } else {
        map = sg_two(BD_OP_MEAN, x, sg_list(2, (const int32_t[]){1, 2}));
    }
    map = sg_resize(sg_clamp(sg_two(BD_OP_ADD, sg_point(map, 4, 6), sg_vector(6)), 0, INFINITY), SG_SIDE, true);
    uint32_t y = front ? sg_concat(map, x) : sg_concat(x, map);
    if (!alone) {
        y = front ? sg_concat(y, sg_point(x, 4, 2)) : sg_concat(sg_point(x, 4, 2), y);
    }
    return sg_clamp(sg_two(BD_OP_ADD, sg_point(y, alone ? 10 : 12, 5), sg_vector(5)), 0, INFINITY);
}

static uint32_t build_pool_front(void) {
    return image_pooling(true, true);
}

static uint32_t build_pool_back(void) {
    return image_pooling(false, true);
}

static uint32_t build_pool_nested(void) {
    return image_pooling(true, false);
}

static void test_pool(void **state) {
    (void)state;
    uint32_t (*const builds[2])(void) = {build_pool_front, build_pool_back};
    for (size_t i = 0; i < BD_COUNT(builds); i++) {
        check_lowered(builds[i]);
        assert_int_equal(sg_count_op(BD_OP_RESIZE_BILINEAR) + sg_count_op(BD_OP_CONCAT) + sg_count_op(BD_OP_MEAN), 0);
        assert_int_equal(sg_count_op(BD_OP_POOL_AVERAGE), 1);
        assert_int_equal(sg_count_op(BD_OP_CONV), 4);
        const bd_node *bias = &sg_graph.nodes[sg_output()->inputs[2]];
        assert_int_equal(bias->op, BD_OP_CONV);
        assert_int_equal(bias->shape.dims[1] * bias->shape.dims[2], 1);
        assert_int_equal(bias->shape.dims[3], 5);
        bd_graph_finish(&sg_graph);
    }
    /* A concatenation of a concatenation is left alone, and has kernels. */
    check_lowered(build_pool_nested);
    assert_int_equal(sg_count_op(BD_OP_CONCAT), 2);
    bd_graph_finish(&sg_graph);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void test_unsupported(void **state) {
    (void)state;
    sg_begin();
    sg_graph.output = sg_point(sg_two(BD_OP_MAXIMUM, sg_stem(), sg_vector(4)), 4, 5);
    sg_check_refused("node maximum: operation maximum is not supported");
    sg_begin();
    uint32_t x = sg_stem();
    sg_graph.output = sg_two(BD_OP_ADD, x, sg_floats(4, (const int32_t[]){1, SG_SIDE, 1, 1}));
    sg_check_refused("operation add is not supported");
    sg_begin();
    sg_add_input(BD_U8, SG_SIDE, SG_SIDE);
    sg_graph.output = sg_floats(4, (const int32_t[]){1, 2, 2, 4});
    sg_check_refused("does not reach the output");
    sg_begin();
    sg_graph.output = sg_point(sg_cast(sg_add_input(BD_U8, -1, 1 << 30), BD_F32), 3, 4);
    sg_check_refused("has a size of");
    sg_begin();
    sg_graph.output = sg_stem();
    sg_graph.nodes[sg_graph.output].inputs[0] = sg_graph.output;
    sg_check_refused("does not precede it");
    sg_begin();
    sg_graph.output = sg_stem();
    assert_int_equal(bd_graph_lower(&sg_graph, 0, &sg_error), BD_ERR_INVALID_ARGUMENT);
    bd_graph_finish(&sg_graph);
}

/* Division by zero, overflow and a hole in the arithmetic of sizes are errors, not undefined. */
static void test_bad_constants(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        sg_begin();
        const int32_t big = INT32_MAX, zero = 0;
        uint32_t n = sg_ints(0, NULL, &big), x = sg_stem();
        n = i == 0   ? sg_two(BD_OP_ADD, n, n)
            : i == 1 ? sg_two(BD_OP_DIV, n, sg_ints(0, NULL, &zero))
                     : sg_cast(sg_two(BD_OP_MUL, sg_scalar(1e30f), sg_scalar(1e30f)), BD_I32);
        sg_graph.output = sg_two(BD_OP_RESHAPE, x, n);
        sg_check_refused("overflows on constants");
    }
}

/* 100 000 nodes in a row, some shared widely, take no time that grows with their square and no deep stack. */
static void test_long(void **state) {
    (void)state;
    sg_begin();
    uint32_t x = sg_stem(), k = sg_vector(4);
    for (int i = 0; i < 33333; i++) {
        x = sg_one(BD_OP_IDENTITY, sg_clamp(sg_two(BD_OP_ADD, x, k), -9, 9));
    }
    sg_graph.output = x;
    double start = bd_now_ms();
    if (bd_graph_lower(&sg_graph, SG_SIDE, &sg_error)) {
        fail_msg("%s", sg_error.message);
    }
    assert_true(bd_now_ms() - start < 5000);
    assert_int_equal(sg_count_op(BD_OP_IDENTITY), 0);
    bd_graph_finish(&sg_graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_residual),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_atrous),
        cmocka_unit_test(test_atrous_left),
        cmocka_unit_test(test_pad),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_bad_constants),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_squeeze),
        cmocka_unit_test(test_xception),
        cmocka_unit_test(test_after_hard_swish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

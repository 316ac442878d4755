/* SPDX-License-Identifier: MIT
 * Each pass on a small graph: what is left, and that it computes what the graph as exported computes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "reference/reference.h"

enum { SIDE = 9 };

static bd_graph graph;
static bd_error error;
static uint32_t seed;

/* ---- building --------------------------------------------------------------------------------------------------- */

static void begin(void) {
    seed = 1;
    assert_int_equal(bd_graph_init(&graph, NULL, "p.json", &error), BD_OK);
}

static uint32_t add_input(bd_dtype dtype, int32_t h, int32_t w) {
    graph.input = bd_graph_add(&graph, BD_OP_INPUT, "photo", NULL, 0);
    graph.nodes[graph.input].dtype = dtype;
    graph.nodes[graph.input].shape = bd_shape_make(4, (const int32_t[]){1, h, w, 3});
    return graph.input;
}

static float any_float(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (float)(1 << 23) - 1.0f;
}

static uint32_t floats(uint32_t rank, const int32_t *dims) {
    const bd_shape shape = bd_shape_make(rank, dims);
    int64_t count = bd_shape_elements(&shape);
    float *data = bd_pool_alloc(&graph.pool, (size_t)count * sizeof *data);
    for (int64_t i = 0; i < count; i++) {
        data[i] = any_float();
    }
    return bd_graph_add_const(&graph, "floats", BD_F32, &shape, data);
}

static uint32_t vector(int32_t c) {
    return floats(1, &c);
}

static uint32_t weights(int32_t k, int32_t ic, int32_t oc) {
    return floats(4, (const int32_t[]){k, k, ic, oc});
}

static uint32_t scalar(float value) {
    const bd_shape shape = {0};
    float *data = bd_pool_alloc(&graph.pool, sizeof *data);
    *data = value;
    return bd_graph_add_const(&graph, "scalar", BD_F32, &shape, data);
}

static uint32_t ints(uint32_t rank, const int32_t *dims, const int32_t *values) {
    const bd_shape shape = bd_shape_make(rank, dims);
    int32_t *data = bd_pool_alloc(&graph.pool, (size_t)bd_shape_elements(&shape) * sizeof *data);
    memcpy(data, values, (size_t)bd_shape_elements(&shape) * sizeof *data);
    return bd_graph_add_const(&graph, "ints", BD_I32, &shape, data);
}

static uint32_t list(int32_t count, const int32_t *values) {
    return ints(1, &count, values);
}

static uint32_t edges(int32_t top, int32_t bottom, int32_t left, int32_t right) {
    return ints(2, (const int32_t[]){2, 2}, (const int32_t[]){top, bottom, left, right});
}

static uint32_t one(bd_op op, uint32_t x) {
    return bd_graph_add(&graph, op, bd_op_name(op), &x, 1);
}

static uint32_t two(bd_op op, uint32_t a, uint32_t b) {
    return bd_graph_add(&graph, op, bd_op_name(op), (const uint32_t[]){a, b}, 2);
}

static uint32_t three(bd_op op, uint32_t a, uint32_t b, uint32_t c) {
    return bd_graph_add(&graph, op, bd_op_name(op), (const uint32_t[]){a, b, c}, 3);
}

static uint32_t cast(uint32_t x, bd_dtype dtype) {
    uint32_t index = one(BD_OP_CAST, x);
    graph.nodes[index].dtype = dtype;
    return index;
}

static uint32_t clamp(uint32_t x, float low, float high) {
    uint32_t index = one(BD_OP_CLAMP, x);
    graph.nodes[index].u.clamp.low = low;
    graph.nodes[index].u.clamp.high = high;
    return index;
}

static uint32_t conv(bd_op op, uint32_t x, uint32_t w, int32_t stride, bd_padding padding) {
    uint32_t index = two(op, x, w);
    graph.nodes[index].u.conv.stride_h = graph.nodes[index].u.conv.stride_w = stride;
    graph.nodes[index].u.conv.padding = padding;
    return index;
}

static uint32_t point(uint32_t x, int32_t ic, int32_t oc) {
    return conv(BD_OP_CONV, x, weights(1, ic, oc), 1, BD_PADDING_SAME);
}

static uint32_t resize(uint32_t x, int32_t side, bool align_corners) {
    uint32_t index = two(BD_OP_RESIZE_BILINEAR, x, list(2, (const int32_t[]){side, side}));
    graph.nodes[index].u.resize.align_corners = align_corners;
    return index;
}

static uint32_t concat(uint32_t a, uint32_t b) {
    uint32_t index = two(BD_OP_CONCAT, a, b);
    graph.nodes[index].u.axis = -1;
    return index;
}

/* A photo in -1..1 of four channels: what most cases begin with. */
static uint32_t stem(void) {
    uint32_t x = cast(add_input(BD_U8, SIDE, SIDE), BD_F32);
    x = two(BD_OP_SUB, two(BD_OP_MUL, scalar(2.0f / 255), x), scalar(1));
    return point(x, 3, 4);
}

/* ---- checking --------------------------------------------------------------------------------------------------- */

static uint32_t count_op(bd_op op) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph.count; i++) {
        count += graph.nodes[i].op == op;
    }
    return count;
}

static const bd_node *output(void) {
    return &graph.nodes[graph.output];
}

static uint8_t *any_photo(int32_t side) {
    uint8_t *photo = malloc((size_t)side * (size_t)side * 4);
    for (int32_t i = 0; i < side * side * 4; i++) {
        photo[i] = (uint8_t)(any_float() * 127 + 128);
    }
    return photo;
}

static float *run(const uint8_t *photo, int32_t side) {
    float *y = malloc((size_t)bd_shape_elements(&output()->shape) * sizeof *y);
    if (bd_ref_run(&graph, photo, side, side, NULL, y, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    return y;
}

static void check_valid(void) {
    for (uint32_t i = 0; i < graph.count; i++) {
        for (uint32_t k = 0; k < graph.nodes[i].input_count; k++) {
            assert_true(graph.nodes[i].inputs[k] == BD_NO_NODE || graph.nodes[i].inputs[k] < i);
        }
    }
}

/* Lowers what build leaves in graph; before and after must compute the same. */
static void check_lowered(uint32_t (*build)(void)) {
    begin();
    graph.output = build();
    if (bd_pass_fold(&graph, &error)) {
        fail_msg("%s", error.message);
    }
    uint8_t *photo = any_photo(SIDE);
    float *expected = run(photo, SIDE);
    const bd_shape shape = output()->shape;
    bd_graph_finish(&graph);

    begin();
    graph.output = build();
    if (bd_graph_lower(&graph, SIDE, &error)) {
        fail_msg("%s", error.message);
    }
    check_valid();
    assert_int_equal(output()->shape.rank, shape.rank);
    assert_memory_equal(output()->shape.dims, shape.dims, shape.rank * sizeof shape.dims[0]);
    float *got = run(photo, SIDE), largest = 0;
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

static void check_refused(const char *message) {
    assert_int_equal(bd_graph_lower(&graph, SIDE, &error), BD_ERR_MODEL_UNSUPPORTED);
    if (!strstr(error.message, message) || strncmp(error.message, "p.json: node ", 13)) {
        fail_msg("'%s' does not say '%s'", error.message, message);
    }
    bd_graph_finish(&graph);
}

/* ---- fuse ------------------------------------------------------------------------------------------------------- */

static uint32_t build_norm(void) {
    uint32_t x = two(BD_OP_ADD, vector(4), two(BD_OP_MUL, stem(), vector(4)));
    x = conv(BD_OP_DEPTHWISE, clamp(x, 0, 6), floats(4, (const int32_t[]){3, 3, 4, 1}), 2, BD_PADDING_SAME);
    x = two(BD_OP_SUB, two(BD_OP_DIV, x, scalar(0.25f)), vector(4));
    x = two(BD_OP_MUL, two(BD_OP_ADD, x, scalar(0.5f)), vector(4)); /* bias and weights scaled */
    return two(BD_OP_MINIMUM, two(BD_OP_MAXIMUM, x, scalar(-3)), scalar(5));
}

static void test_norm(void **state) {
    (void)state;
    check_lowered(build_norm);
    assert_int_equal(count_op(BD_OP_CONV), 1);
    assert_int_equal(count_op(BD_OP_DEPTHWISE), 1);
    assert_int_equal(count_op(BD_OP_ADD) + count_op(BD_OP_MUL) + count_op(BD_OP_CLAMP), 0);
    assert_int_equal(output()->op, BD_OP_DEPTHWISE);
    assert_int_equal(output()->input_count, 3);
    assert_true(output()->u.conv.clamp_low == -3 && output()->u.conv.clamp_high == 5);
    bd_graph_finish(&graph);
}

/* The grappler's order: the offset is added after the residual. */
static uint32_t build_residual(void) {
    uint32_t x = stem();
    uint32_t sum = two(BD_OP_ADD_N, x, point(clamp(x, 0, INFINITY), 4, 4));
    return clamp(two(BD_OP_ADD, vector(4), sum), -1, 1);
}

static void test_residual(void **state) {
    (void)state;
    check_lowered(build_residual);
    /* The first convolution has two readers: its activation stays a node, and it is the residual. */
    assert_int_equal(count_op(BD_OP_CONV), 2);
    assert_int_equal(count_op(BD_OP_CLAMP), 1);
    assert_int_equal(count_op(BD_OP_ADD) + count_op(BD_OP_ADD_N), 0);
    assert_int_equal(output()->op, BD_OP_CONV);
    assert_int_equal(output()->input_count, 4);
    assert_int_equal(graph.nodes[output()->inputs[3]].op, BD_OP_CONV);
    assert_int_equal(graph.nodes[output()->inputs[2]].op, BD_OP_CONST);
    bd_graph_finish(&graph);
}

/* Nothing may be fused into a tensor that is read elsewhere, nor behind an activation. */
static uint32_t build_shared(void) {
    uint32_t x = stem(), y = point(x, 4, 4);
    uint32_t a = two(BD_OP_MUL, y, vector(4)), b = two(BD_OP_ADD, clamp(y, 0, 6), scalar(0.5f));
    uint32_t c = two(BD_OP_MUL, clamp(point(x, 4, 4), 0, 1), vector(4));
    return two(BD_OP_ADD, concat(a, b), concat(c, one(BD_OP_IDENTITY, x)));
}

static void test_shared(void **state) {
    (void)state;
    check_lowered(build_shared);
    assert_int_equal(count_op(BD_OP_MUL), 2);
    assert_int_equal(count_op(BD_OP_ADD), 2);
    assert_int_equal(count_op(BD_OP_CONCAT), 2);
    assert_int_equal(count_op(BD_OP_IDENTITY), 0);
    bd_graph_finish(&graph);
}

/* A block of MobileNetV3: hard-swish, then each channel times what the whole map says of it. */
static uint32_t build_squeeze(void) {
    uint32_t x = one(BD_OP_HARD_SWISH, point(stem(), 4, 6));
    x = one(BD_OP_HARD_SWISH, conv(BD_OP_DEPTHWISE, x, floats(4, (const int32_t[]){5, 5, 6, 1}), 2, BD_PADDING_SAME));
    uint32_t share = clamp(point(two(BD_OP_MEAN, x, list(2, (const int32_t[]){1, 2})), 6, 2), 0, INFINITY);
    share = one(BD_OP_HARD_SIGMOID, point(share, 2, 6));
    x = two(BD_OP_MUL, share, x);
    return clamp(one(BD_OP_SIGMOID, point(x, 6, 4)), 0.25f, 0.75f);
}

static void test_squeeze(void **state) {
    (void)state;
    check_lowered(build_squeeze);
    assert_int_equal(count_op(BD_OP_HARD_SWISH), 0);
    assert_int_equal(count_op(BD_OP_HARD_SIGMOID), 1);
    assert_int_equal(count_op(BD_OP_SIGMOID), 1);
    assert_int_equal(count_op(BD_OP_CLAMP), 1);
    bd_graph_finish(&graph);
}

/* An entry block of Xception-65: activations before the separable convolutions, a strided shortcut. */
static uint32_t build_xception(void) {
    uint32_t x = stem(), y = x;
    for (int i = 0; i < 3; i++) {
        int32_t stride = i == 2 ? 2 : 1;
        y = conv(BD_OP_DEPTHWISE, clamp(y, 0, INFINITY), floats(4, (const int32_t[]){3, 3, 4, 1}), stride,
                 BD_PADDING_SAME);
        y = two(BD_OP_ADD, two(BD_OP_MUL, y, vector(4)), vector(4));
        y = two(BD_OP_ADD, two(BD_OP_MUL, point(y, 4, 4), vector(4)), vector(4));
    }
    x = two(BD_OP_ADD, conv(BD_OP_CONV, x, weights(1, 4, 4), 2, BD_PADDING_SAME), vector(4));
    return two(BD_OP_ADD, y, x);
}

static void test_xception(void **state) {
    (void)state;
    check_lowered(build_xception);
    /* The first activation has a second reader's tensor before it; the others go into what they follow. */
    assert_int_equal(count_op(BD_OP_CLAMP), 1);
    assert_int_equal(count_op(BD_OP_ADD) + count_op(BD_OP_MUL), 0);
    bd_graph_finish(&graph);
}

/* Nothing follows a hard-swish into its convolution. */
static uint32_t build_after_hard_swish(void) {
    return clamp(two(BD_OP_MUL, one(BD_OP_HARD_SWISH, point(stem(), 4, 4)), vector(4)), 0, 1);
}

static void test_after_hard_swish(void **state) {
    (void)state;
    check_lowered(build_after_hard_swish);
    assert_int_equal(count_op(BD_OP_MUL), 1);
    assert_int_equal(count_op(BD_OP_CLAMP), 1);
    assert_int_equal(count_op(BD_OP_HARD_SWISH), 0);
    bd_graph_finish(&graph);
}

/* ---- atrous ----------------------------------------------------------------------------------------------------- */

static uint32_t atrous(bd_op op, uint32_t x, uint32_t w, const int32_t pads[4], int32_t crop) {
    const int32_t block[2] = {2, 2};
    uint32_t y = three(BD_OP_SPACE_TO_BATCH, x, list(2, block), edges(pads[0], pads[1], pads[2], pads[3]));
    y = conv(op, y, w, 1, BD_PADDING_VALID);
    return three(BD_OP_BATCH_TO_SPACE, y, list(2, block), edges(0, crop, 0, crop));
}

static uint32_t build_atrous(void) {
    const int32_t pads[4] = {2, 3, 2, 3};
    uint32_t x = atrous(BD_OP_DEPTHWISE, stem(), floats(4, (const int32_t[]){3, 3, 4, 1}), pads, 1);
    x = clamp(two(BD_OP_ADD, two(BD_OP_MUL, x, vector(4)), vector(4)), 0, 6);
    return atrous(BD_OP_CONV, x, weights(3, 4, 5), pads, 1);
}

static void test_atrous(void **state) {
    (void)state;
    check_lowered(build_atrous);
    assert_int_equal(count_op(BD_OP_SPACE_TO_BATCH) + count_op(BD_OP_BATCH_TO_SPACE), 0);
    assert_int_equal(count_op(BD_OP_MUL) + count_op(BD_OP_ADD), 0);
    const bd_conv_attrs *a = &output()->u.conv;
    assert_int_equal(a->dilation_h, 2);
    assert_int_equal(a->dilation_w, 2);
    assert_int_equal(a->pad_top, 2);
    assert_int_equal(a->pad_left, 2);
    bd_graph_finish(&graph);
}

/* A crop that drops what the convolution could give has no form here, and says so. */
static void test_atrous_left(void **state) {
    (void)state;
    const int32_t pads[4] = {2, 3, 2, 3};
    begin();
    graph.output = atrous(BD_OP_CONV, stem(), weights(3, 4, 5), pads, 4);
    check_refused("operation space_to_batch is not supported");
}

static uint32_t build_pad(void) {
    const int32_t values[8] = {0, 0, 0, 1, 1, 2, 0, 0};
    uint32_t x = two(BD_OP_PAD, stem(), ints(2, (const int32_t[]){4, 2}, values));
    x = conv(BD_OP_CONV, x, weights(3, 4, 4), 2, BD_PADDING_VALID);
    x = two(BD_OP_PAD, clamp(x, 0, 6), ints(2, (const int32_t[]){4, 2}, values));
    return conv(BD_OP_CONV, x, weights(3, 4, 4), 2, BD_PADDING_SAME);
}

static void test_pad(void **state) {
    (void)state;
    check_lowered(build_pad);
    assert_int_equal(count_op(BD_OP_PAD), 0);
    assert_int_equal(count_op(BD_OP_CONV), 3);
    bd_graph_finish(&graph);
}

/* ---- pool ------------------------------------------------------------------------------------------------------- */

static uint32_t image_pooling(bool front, bool alone) {
    uint32_t x = clamp(stem(), -9, 9), map;
    if (front) {
        map = one(BD_OP_POOL_AVERAGE, x);
        bd_conv_attrs *a = &graph.nodes[map].u.conv;
        a->kernel_h = a->kernel_w = a->stride_h = a->stride_w = SIDE;
    } else {
        map = two(BD_OP_MEAN, x, list(2, (const int32_t[]){1, 2}));
    }
    map = resize(clamp(two(BD_OP_ADD, point(map, 4, 6), vector(6)), 0, INFINITY), SIDE, true);
    uint32_t y = front ? concat(map, x) : concat(x, map);
    if (!alone) {
        y = front ? concat(y, point(x, 4, 2)) : concat(point(x, 4, 2), y);
    }
    return clamp(two(BD_OP_ADD, point(y, alone ? 10 : 12, 5), vector(5)), 0, INFINITY);
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
        assert_int_equal(count_op(BD_OP_RESIZE_BILINEAR) + count_op(BD_OP_CONCAT) + count_op(BD_OP_MEAN), 0);
        assert_int_equal(count_op(BD_OP_POOL_AVERAGE), 1);
        assert_int_equal(count_op(BD_OP_CONV), 4);
        const bd_node *bias = &graph.nodes[output()->inputs[2]];
        assert_int_equal(bias->op, BD_OP_CONV);
        assert_int_equal(bias->shape.dims[1] * bias->shape.dims[2], 1);
        assert_int_equal(bias->shape.dims[3], 5);
        bd_graph_finish(&graph);
    }
    /* A concatenation of a concatenation is left alone, and has kernels. */
    check_lowered(build_pool_nested);
    assert_int_equal(count_op(BD_OP_CONCAT), 2);
    bd_graph_finish(&graph);
}

/* ---- preprocess ------------------------------------------------------------------------------------------------- */

static uint32_t at(uint32_t shape, int32_t i) {
    uint32_t index = bd_graph_add(
        &graph, BD_OP_STRIDED_SLICE, "at",
        (const uint32_t[]){shape, list(1, &i), list(1, (const int32_t[]){i + 1}), list(1, (const int32_t[]){1})}, 4);
    graph.nodes[index].u.slice.shrink_axis_mask = 1;
    return index;
}

static uint32_t pack(uint32_t a, uint32_t b) {
    return two(BD_OP_PACK, a, b);
}

/* As DeepLab's export: cast, a resize to the same size, mean subtracted, padded to side, mean added, scaled. */
static uint32_t deeplab_input(int32_t open, int32_t side) {
    const int32_t zero = 0;
    uint32_t x = add_input(BD_U8, open, open), nothing = ints(0, NULL, &zero), target = ints(0, NULL, &side);
    x = cast(one(BD_OP_SQUEEZE, x), BD_F32);
    graph.nodes[graph.nodes[x].inputs[0]].u.axes.count = 1;
    uint32_t shape = one(BD_OP_SHAPE, x), size = pack(at(shape, 0), at(shape, 1));
    size = cast(cast(size, BD_F32), BD_I32);
    x = two(BD_OP_RESIZE_BILINEAR, two(BD_OP_EXPAND_DIMS, x, nothing), size);
    graph.nodes[x].u.resize.align_corners = true;
    x = one(BD_OP_SQUEEZE, x);
    graph.nodes[x].u.axes.count = 1;
    uint32_t grey = floats(3, (const int32_t[]){1, 1, 3});
    float *mean = bd_pool_alloc(&graph.pool, 3 * sizeof *mean);
    mean[0] = mean[1] = mean[2] = 127.5f;
    graph.nodes[grey].data = mean;
    x = two(BD_OP_SUB, x, grey);
    shape = one(BD_OP_SHAPE, x);
    uint32_t grow[2];
    for (int32_t i = 0; i < 2; i++) {
        grow[i] = pack(nothing, two(BD_OP_MAXIMUM, two(BD_OP_SUB, target, at(shape, i)), nothing));
    }
    x = two(BD_OP_PAD, x, three(BD_OP_PACK, grow[0], grow[1], pack(nothing, nothing)));
    x = two(BD_OP_EXPAND_DIMS, two(BD_OP_ADD, x, grey), nothing);
    return two(BD_OP_SUB, two(BD_OP_MUL, scalar(0.007843137718737125f), x), scalar(1));
}

static void test_deeplab_input(void **state) {
    (void)state;
    begin();
    graph.output = point(deeplab_input(-1, 17), 3, 4);
    assert_int_equal(bd_graph_lower(&graph, 33, &error), BD_OK);
    check_valid();
    assert_int_equal(graph.count, 4);
    assert_int_equal(count_op(BD_OP_PREPROCESS), 1);
    const bd_node *input = &graph.nodes[graph.input], *made = &graph.nodes[output()->inputs[0]];
    assert_int_equal(made->op, BD_OP_PREPROCESS);
    assert_int_equal(made->inputs[0], graph.input);
    for (int i = 0; i < 3; i++) {
        const float scale = 0.007843137718737125f;
        volatile float product = 127.5f * scale;
        assert_true(made->u.preprocess.scale[i] == scale);
        assert_true(made->u.preprocess.offset[i] == -1.0f);
        assert_true(made->u.preprocess.outside[i] == product - 1.0f);
    }
    /* 17 from the padding, whatever size was asked for. */
    assert_memory_equal(input->shape.dims, ((const int32_t[]){1, 17, 17, 3}), 4 * sizeof(int32_t));
    assert_memory_equal(made->shape.dims, input->shape.dims, 4 * sizeof(int32_t));
    bd_graph_finish(&graph);
}

/* A small photo through the whole export against the same photo at the top left of the lowered network's input. */
static void test_small_photo(void **state) {
    (void)state;
    begin();
    graph.output = conv(BD_OP_CONV, deeplab_input(6, 17), weights(3, 3, 4), 2, BD_PADDING_SAME);
    assert_int_equal(bd_pass_fold(&graph, &error), BD_OK);
    uint8_t *photo = any_photo(6);
    float *expected = run(photo, 6);
    size_t count = (size_t)bd_shape_elements(&output()->shape);
    bd_graph_finish(&graph);
    begin();
    graph.output = conv(BD_OP_CONV, deeplab_input(-1, 17), weights(3, 3, 4), 2, BD_PADDING_SAME);
    assert_int_equal(bd_graph_lower(&graph, 33, &error), BD_OK);
    assert_int_equal(bd_shape_elements(&output()->shape), count);
    float *got = run(photo, 6);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabsf(got[i] - expected[i]) < 1e-5f);
    }
    bd_graph_finish(&graph);
    free(photo);
    free(expected);
    free(got);
}

/* A padding by a fixed amount is the convolution's and decides no size. */
static void test_open_without_pad(void **state) {
    (void)state;
    begin();
    const int32_t values[8] = {0, 0, 0, 1, 0, 1, 0, 0};
    uint32_t x = two(BD_OP_DIV, cast(add_input(BD_U8, -1, -1), BD_F32), scalar(255));
    x = two(BD_OP_PAD, x, ints(2, (const int32_t[]){4, 2}, values));
    graph.output = conv(BD_OP_CONV, x, weights(3, 3, 4), 2, BD_PADDING_VALID);
    assert_int_equal(bd_graph_lower(&graph, 20, &error), BD_OK);
    assert_int_equal(graph.nodes[graph.input].shape.dims[1], 20);
    assert_int_equal(output()->shape.dims[1], 10);
    assert_int_equal(output()->u.conv.pad_top, 0);
    const bd_node *made = &graph.nodes[output()->inputs[0]];
    assert_int_equal(made->op, BD_OP_PREPROCESS);
    assert_true(made->u.preprocess.offset[0] == 0 && made->u.preprocess.outside[0] == 0.5f);
    bd_graph_finish(&graph);
}

static void test_core(void **state) {
    (void)state;
    begin();
    graph.output = point(add_input(BD_F32, -1, -1), 3, 4);
    assert_int_equal(bd_graph_lower(&graph, 21, &error), BD_OK);
    check_valid();
    const bd_node *made = &graph.nodes[output()->inputs[0]];
    assert_int_equal(made->op, BD_OP_PREPROCESS);
    assert_int_equal(made->shape.dims[2], 21);
    assert_true(made->u.preprocess.scale[2] == (float)(2.0 / 255) && made->u.preprocess.offset[2] == -1);
    assert_true(made->u.preprocess.outside[2] == 0);
    bd_graph_finish(&graph);
}

/* ---- tail ------------------------------------------------------------------------------------------------------- */

static uint32_t argmax(uint32_t x, int32_t axis) {
    return two(BD_OP_ARGMAX, x, ints(0, NULL, &axis));
}

static void test_tail(void **state) {
    (void)state;
    begin();
    uint32_t logits = conv(BD_OP_CONV, stem(), weights(1, 4, 5), 2, BD_PADDING_SAME);
    uint32_t x = one(BD_OP_SOFTMAX, resize(resize(logits, 5, true), SIDE, true));
    x = cast(argmax(one(BD_OP_IDENTITY, x), 3), BD_U8);
    x = three(BD_OP_SLICE, x, list(3, (const int32_t[]){0, 0, 0}), list(3, (const int32_t[]){1, 4, 6}));
    graph.output = one(BD_OP_SQUEEZE, x);
    assert_int_equal(bd_graph_lower(&graph, SIDE, &error), BD_OK);
    assert_int_equal(output()->op, BD_OP_CONV);
    assert_memory_equal(output()->shape.dims, ((const int32_t[]){1, 5, 5, 5}), 4 * sizeof(int32_t));
    assert_int_equal(count_op(BD_OP_RESIZE_BILINEAR) + count_op(BD_OP_SOFTMAX) + count_op(BD_OP_ARGMAX), 0);
    bd_graph_finish(&graph);
}

/* The last resize says where the logits lie under the photo. */
static void test_tail_upsampling(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        begin();
        graph.output = conv(BD_OP_CONV, stem(), weights(1, 4, 5), 2, BD_PADDING_SAME);
        if (i) {
            graph.output = resize(graph.output, SIDE, i == 1);
            graph.nodes[graph.output].u.resize.half_pixel_centers = i == 2;
            graph.output = argmax(resize(graph.output, SIDE, false), 3); /* one that does nothing says nothing */
        }
        assert_int_equal(bd_graph_lower(&graph, SIDE, &error), BD_OK);
        static const bd_upsampling expected[] = {BD_UPSAMPLING_CORNERS, BD_UPSAMPLING_CORNERS, BD_UPSAMPLING_CENTERS,
                                                 BD_UPSAMPLING_LEGACY};
        assert_int_equal(graph.upsampling, expected[i]);
        bd_graph_finish(&graph);
    }
}

/* Of two resizes the first makes the logits. */
static void test_tail_two_resizes(void **state) {
    (void)state;
    begin();
    uint32_t x = conv(BD_OP_CONV, stem(), weights(1, 4, 5), 2, BD_PADDING_SAME);
    x = resize(resize(x, SIDE - 1, false), SIDE, true);
    graph.output = argmax(x, 3);
    assert_int_equal(bd_graph_lower(&graph, SIDE, &error), BD_OK);
    assert_int_equal(output()->op, BD_OP_RESIZE_BILINEAR);
    assert_false(output()->u.resize.align_corners);
    assert_int_equal(output()->shape.dims[1], SIDE - 1);
    assert_int_equal(graph.upsampling, BD_UPSAMPLING_CORNERS);
    bd_graph_finish(&graph);
}

static void test_tail_refused(void **state) {
    (void)state;
    enum { CASES = 4 };
    for (int i = 0; i < CASES; i++) {
        begin();
        uint32_t x = conv(BD_OP_CONV, stem(), weights(1, 4, 5), 2, BD_PADDING_SAME);
        switch (i) {
        case 0: graph.output = argmax(resize(resize(x, SIDE, true), SIDE + 1, true), 3); break;
        case 1: graph.output = argmax(resize(x, SIDE - 1, true), 3); break;
        case 2: graph.output = argmax(resize(one(BD_OP_SOFTMAX, x), SIDE, true), 3); break;
        default: graph.output = argmax(resize(x, SIDE, true), 1); break;
        }
        static const char *const says[CASES] = {"does not resize to the", "does not resize to the",
                                                "before the logits' resize", "is not over the classes"};
        check_refused(says[i]);
    }
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void test_unsupported(void **state) {
    (void)state;
    begin();
    graph.output = point(two(BD_OP_MAXIMUM, stem(), vector(4)), 4, 5);
    check_refused("node maximum: operation maximum is not supported");
    begin();
    uint32_t x = stem();
    graph.output = two(BD_OP_ADD, x, floats(4, (const int32_t[]){1, SIDE, 1, 1}));
    check_refused("operation add is not supported");
    begin();
    add_input(BD_U8, SIDE, SIDE);
    graph.output = floats(4, (const int32_t[]){1, 2, 2, 4});
    check_refused("does not reach the output");
    begin();
    graph.output = point(cast(add_input(BD_U8, -1, 1 << 30), BD_F32), 3, 4);
    check_refused("has a size of");
    begin();
    graph.output = stem();
    graph.nodes[graph.output].inputs[0] = graph.output;
    check_refused("does not precede it");
    begin();
    graph.output = stem();
    assert_int_equal(bd_graph_lower(&graph, 0, &error), BD_ERR_INVALID_ARGUMENT);
    bd_graph_finish(&graph);
}

/* Division by zero, overflow and a hole in the arithmetic of sizes are errors, not undefined. */
static void test_bad_constants(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        begin();
        const int32_t big = INT32_MAX, zero = 0;
        uint32_t n = ints(0, NULL, &big), x = stem();
        n = i == 0   ? two(BD_OP_ADD, n, n)
            : i == 1 ? two(BD_OP_DIV, n, ints(0, NULL, &zero))
                     : cast(two(BD_OP_MUL, scalar(1e30f), scalar(1e30f)), BD_I32);
        graph.output = two(BD_OP_RESHAPE, x, n);
        check_refused("overflows on constants");
    }
}

/* 100 000 nodes in a row, some shared widely, take no time that grows with their square and no deep stack. */
static void test_long(void **state) {
    (void)state;
    begin();
    uint32_t x = stem(), k = vector(4);
    for (int i = 0; i < 33333; i++) {
        x = one(BD_OP_IDENTITY, clamp(two(BD_OP_ADD, x, k), -9, 9));
    }
    graph.output = x;
    double start = bd_now_ms();
    if (bd_graph_lower(&graph, SIDE, &error)) {
        fail_msg("%s", error.message);
    }
    assert_true(bd_now_ms() - start < 5000);
    assert_int_equal(count_op(BD_OP_IDENTITY), 0);
    bd_graph_finish(&graph);
}

/* ---- short memory ----------------------------------------------------------------------------------------------- */

static int64_t until_failure, live;

static void *take(void *user, size_t bytes) {
    (void)user;
    void *memory = until_failure-- > 0 ? malloc(bytes) : NULL;
    live += memory != NULL;
    return memory;
}

static void *retake(void *user, void *memory, size_t bytes) {
    (void)user;
    void *moved = until_failure-- > 0 ? realloc(memory, bytes) : NULL;
    live += !memory && moved;
    return moved;
}

static void release(void *user, void *memory) {
    (void)user;
    live--;
    free(memory);
}

static void test_short_memory(void **state) {
    (void)state;
    static const bd_allocator allocator = {NULL, take, retake, release};
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    int64_t room = 0;
    for (; result == BD_ERR_OUT_OF_MEMORY && room < 1000; room++) {
        until_failure = INT64_MAX;
        live = 0;
        seed = 1;
        assert_int_equal(bd_graph_init(&graph, &allocator, "p.json", &error), BD_OK);
        uint32_t x = deeplab_input(-1, 17), y = clamp(point(x, 3, 4), 0, 6);
        uint32_t map = two(BD_OP_MEAN, y, list(2, (const int32_t[]){1, 2}));
        y = concat(y, resize(point(map, 4, 4), 17, true));
        graph.output = argmax(two(BD_OP_MUL, two(BD_OP_ADD, point(y, 8, 5), vector(5)), vector(5)), 3);
        until_failure = room;
        result = bd_graph_lower(&graph, 17, &error);
        bd_graph_finish(&graph);
        assert_int_equal(live, 0);
    }
    assert_int_equal(result, BD_OK);
    assert_true(room > 10);
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
        cmocka_unit_test(test_deeplab_input),
        cmocka_unit_test(test_small_photo),
        cmocka_unit_test(test_open_without_pad),
        cmocka_unit_test(test_core),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_tail_upsampling),
        cmocka_unit_test(test_tail_two_resizes),
        cmocka_unit_test(test_tail_refused),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_bad_constants),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_short_memory),
        cmocka_unit_test(test_squeeze),
        cmocka_unit_test(test_xception),
        cmocka_unit_test(test_after_hard_swish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

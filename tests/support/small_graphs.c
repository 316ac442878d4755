/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/small_graphs.h"

bd_graph sg_graph;
bd_error sg_error;
uint32_t sg_seed;

void sg_begin(void) {
    sg_seed = 1;
    assert_int_equal(bd_graph_init(&sg_graph, NULL, "p.json", &sg_error), BD_OK);
}

uint32_t sg_add_input(bd_dtype dtype, int32_t h, int32_t w) {
    sg_graph.input = bd_graph_add(&sg_graph, BD_OP_INPUT, "photo", NULL, 0);
    sg_graph.nodes[sg_graph.input].dtype = dtype;
    sg_graph.nodes[sg_graph.input].shape = bd_shape_make(4, (const int32_t[]){1, h, w, 3});
    return sg_graph.input;
}

float sg_any_float(void) {
    sg_seed = sg_seed * 1664525u + 1013904223u;
    return (float)(sg_seed >> 8) / (float)(1 << 23) - 1.0f;
}

uint32_t sg_floats(uint32_t rank, const int32_t *dims) {
    const bd_shape shape = bd_shape_make(rank, dims);
    int64_t count = bd_shape_elements(&shape);
    float *data = bd_pool_alloc(&sg_graph.pool, (size_t)count * sizeof *data);
    for (int64_t i = 0; i < count; i++) {
        data[i] = sg_any_float();
    }
    return bd_graph_add_const(&sg_graph, "floats", BD_F32, &shape, data);
}

uint32_t sg_vector(int32_t c) {
    return sg_floats(1, &c);
}

uint32_t sg_weights(int32_t k, int32_t ic, int32_t oc) {
    return sg_floats(4, (const int32_t[]){k, k, ic, oc});
}

uint32_t sg_scalar(float value) {
    const bd_shape shape = {0};
    float *data = bd_pool_alloc(&sg_graph.pool, sizeof *data);
    *data = value;
    return bd_graph_add_const(&sg_graph, "scalar", BD_F32, &shape, data);
}

uint32_t sg_ints(uint32_t rank, const int32_t *dims, const int32_t *values) {
    const bd_shape shape = bd_shape_make(rank, dims);
    int32_t *data = bd_pool_alloc(&sg_graph.pool, (size_t)bd_shape_elements(&shape) * sizeof *data);
    memcpy(data, values, (size_t)bd_shape_elements(&shape) * sizeof *data);
    return bd_graph_add_const(&sg_graph, "ints", BD_I32, &shape, data);
}

uint32_t sg_list(int32_t count, const int32_t *values) {
    return sg_ints(1, &count, values);
}

uint32_t sg_one(bd_op op, uint32_t x) {
    return bd_graph_add(&sg_graph, op, bd_op_name(op), &x, 1);
}

uint32_t sg_two(bd_op op, uint32_t a, uint32_t b) {
    return bd_graph_add(&sg_graph, op, bd_op_name(op), (const uint32_t[]){a, b}, 2);
}

uint32_t sg_three(bd_op op, uint32_t a, uint32_t b, uint32_t c) {
    return bd_graph_add(&sg_graph, op, bd_op_name(op), (const uint32_t[]){a, b, c}, 3);
}

uint32_t sg_cast(uint32_t x, bd_dtype dtype) {
    uint32_t index = sg_one(BD_OP_CAST, x);
    sg_graph.nodes[index].dtype = dtype;
    return index;
}

uint32_t sg_clamp(uint32_t x, float low, float high) {
    uint32_t index = sg_one(BD_OP_CLAMP, x);
    sg_graph.nodes[index].u.clamp.low = low;
    sg_graph.nodes[index].u.clamp.high = high;
    return index;
}

uint32_t sg_conv(bd_op op, uint32_t x, uint32_t w, int32_t stride, bd_padding padding) {
    uint32_t index = sg_two(op, x, w);
    sg_graph.nodes[index].u.conv.stride_h = sg_graph.nodes[index].u.conv.stride_w = stride;
    sg_graph.nodes[index].u.conv.padding = padding;
    return index;
}

uint32_t sg_point(uint32_t x, int32_t ic, int32_t oc) {
    return sg_conv(BD_OP_CONV, x, sg_weights(1, ic, oc), 1, BD_PADDING_SAME);
}

uint32_t sg_resize(uint32_t x, int32_t side, bool align_corners) {
    uint32_t index = sg_two(BD_OP_RESIZE_BILINEAR, x, sg_list(2, (const int32_t[]){side, side}));
    sg_graph.nodes[index].u.resize.align_corners = align_corners;
    return index;
}

uint32_t sg_concat(uint32_t a, uint32_t b) {
    uint32_t index = sg_two(BD_OP_CONCAT, a, b);
    sg_graph.nodes[index].u.axis = -1;
    return index;
}

/* A photo in -1..1 of four channels: what most cases begin with. */
uint32_t sg_stem(void) {
    uint32_t x = sg_cast(sg_add_input(BD_U8, SG_SIDE, SG_SIDE), BD_F32);
    x = sg_two(BD_OP_SUB, sg_two(BD_OP_MUL, sg_scalar(2.0f / 255), x), sg_scalar(1));
    return sg_point(x, 3, 4);
}

uint32_t sg_count_op(bd_op op) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < sg_graph.count; i++) {
        count += sg_graph.nodes[i].op == op;
    }
    return count;
}

const bd_node *sg_output(void) {
    return &sg_graph.nodes[sg_graph.output];
}

uint8_t *sg_any_photo(int32_t side) {
    uint8_t *photo = malloc((size_t)side * (size_t)side * 4);
    for (int32_t i = 0; i < side * side * 4; i++) {
        photo[i] = (uint8_t)(sg_any_float() * 127 + 128);
    }
    return photo;
}

float *sg_run(const uint8_t *photo, int32_t side) {
    float *y = malloc((size_t)bd_shape_elements(&sg_output()->shape) * sizeof *y);
    if (bd_ref_run(&sg_graph, photo, side, side, NULL, y, NULL, NULL, &sg_error)) {
        fail_msg("%s", sg_error.message);
    }
    return y;
}

void sg_check_valid(void) {
    for (uint32_t i = 0; i < sg_graph.count; i++) {
        for (uint32_t k = 0; k < sg_graph.nodes[i].input_count; k++) {
            assert_true(sg_graph.nodes[i].inputs[k] == BD_NO_NODE || sg_graph.nodes[i].inputs[k] < i);
        }
    }
}

void sg_check_refused(const char *message) {
    assert_int_equal(bd_graph_lower(&sg_graph, SG_SIDE, &sg_error), BD_ERR_MODEL_UNSUPPORTED);
    if (!strstr(sg_error.message, message) || strncmp(sg_error.message, "p.json: node ", 13)) {
        fail_msg("'%s' does not say '%s'", sg_error.message, message);
    }
    bd_graph_finish(&sg_graph);
}

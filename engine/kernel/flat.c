/* SPDX-License-Identifier: MIT */
#include "kernel/flat.h"

#include <string.h>

#include "graph/plan.h"
#include "kernel/fill.h"
#include "kernel/gemm.h"
#include "kernel/integers.h"
#include "kernel/table.h"
#include "push/conv1x1_flat.h"

enum {
    FEWEST_PIXELS = 1024, /* with fewer, compiling the shader for a depth does not pay */
    BLOCKS = 16,          /* of pixels to a group: each takes up a slice's code while it is decoded */
    MOST_C4 = 240,        /* of the input: a driver needs long to compile code without loops */
    SHORT_C4 = 40,
    SHORT_OUTPUTS = 160000, /* vec4: fewer gain less in one photo than the pipeline costs */
    MAY_ADD_C4 = 32         /* from here on nodes with a residual and without one share a pipeline */
};

static uint32_t in_c4_of(const bd_graph *graph, uint32_t index) {
    return bd_shape_c4(&graph->nodes[graph->nodes[index].inputs[0]].shape);
}

/* As few slices of the input's columns as are short enough; 0: it cannot be cut so. */
static uint32_t slices_of(uint32_t in_c4) {
    for (uint32_t slices = bd_ceil_div(in_c4, BD_CONV1X1_FLAT_SLICE); slices <= bd_ceil_div(in_c4, 4); slices++) {
        if (in_c4 % slices == 0) {
            return slices;
        }
    }
    return 0;
}

bool bd_flat_serves(const bd_vk *vk, const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    if (!vk->addresses || bd_kernel_column(vk, BD_KERNEL_CONV1X1) != BD_COLUMN_WIDE8 ||
        !bd_gemm_is_pointwise(graph, index) || graph->nodes[node->inputs[1]].op != BD_OP_CONST) {
        return false;
    }
    uint32_t out_c4 = bd_shape_c4(&node->shape), pixels = bd_shape_pixels(&node->shape);
    uint32_t in_c4 = in_c4_of(graph, index);
    /* A row by itself, which may become a dispatch, has a block of pixels. */
    return pixels >= FEWEST_PIXELS && pixels <= BD_CONV1X1_FLAT_ROWS * BLOCKS * BD_CONV1X1_FLAT_GROUPS &&
           node->shape.dims[2] >= BD_CONV1X1_FLAT_ROWS && out_c4 >= 2 && out_c4 <= 2 * BD_CONV1X1_FLAT_PANELS &&
           in_c4 <= MOST_C4 && slices_of(in_c4);
}

bool bd_flat_is_short(const bd_graph *graph, uint32_t index) {
    const bd_shape *shape = &graph->nodes[index].shape;
    return in_c4_of(graph, index) <= SHORT_C4 && bd_shape_pixels(shape) * bd_shape_c4(shape) >= SHORT_OUTPUTS;
}

void bd_flat_node(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice, bd_vk_dispatch *dispatch,
                  bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    uint32_t pixels = bd_shape_pixels(&node->shape), out_c4 = bd_shape_c4(&node->shape);
    uint32_t in_c4 = in_c4_of(graph, index);
    bd_fill_begin(dispatch, choice->shader);
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, node->inputs[1], BD_PACKING_COLUMNS);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bool residual = bd_residual_or_scales(graph, index, BD_PACKING_ROWS, operands);
    bd_fill_constant(dispatch, residual || in_c4 >= MAY_ADD_C4);
    bd_fill_constant(dispatch, bd_kernel_activation(attrs));
    bd_fill_constant(dispatch, in_c4);
    bd_fill_constant(dispatch, slices_of(in_c4));
    bd_fill_constant(dispatch, BLOCKS);
    bd_fill_groups(dispatch, bd_ceil_div(out_c4, 2), bd_ceil_div(pixels, BD_CONV1X1_FLAT_ROWS * BLOCKS), 1);
    dispatch->address_count = 4;
    bd_push_conv1x1_flat push = {.digits = {0, 1, 2, 3},
                                 .rows = (int32_t)pixels,
                                 .out_c4 = (int32_t)out_c4,
                                 .adds = residual,
                                 .lo = attrs->clamp_low,
                                 .hi = attrs->clamp_high};
    for (int32_t i = 0; i < (int32_t)BD_COUNT(push.numbers); i++) {
        push.numbers[i] = i;
    }
    bd_fill_push(dispatch, &push, sizeof push);
}

/* (1, 1, ic, oc): input channels with their padding. */
static size_t padded_in(const bd_node *weights) {
    return (size_t)(weights->shape.dims[2] + 3) / 4 * 4;
}

static size_t weight_panels(const bd_node *weights) {
    return ((size_t)weights->shape.dims[3] + BD_CONV1X1_FLAT_CHANNELS - 1) / BD_CONV1X1_FLAT_CHANNELS;
}

size_t bd_flat_packed_bytes(const bd_node *weights) {
    return weight_panels(weights) * padded_in(weights) * BD_CONV1X1_FLAT_CHANNELS * sizeof(float);
}

void bd_flat_pack(const bd_node *weights, float *to) {
    const size_t width = BD_CONV1X1_FLAT_CHANNELS;
    const float *from = weights->data;
    size_t in = (size_t)weights->shape.dims[2], out = (size_t)weights->shape.dims[3];
    size_t last = (out + 3) / 4 * 4 - width;
    memset(to, 0, bd_flat_packed_bytes(weights));
    for (size_t panel = 0; panel < weight_panels(weights); panel++) {
        size_t first = BD_MIN(panel * width, last), columns = BD_MIN(width, out - first);
        for (size_t k = 0; k < in; k++) {
            memcpy(to + k * width, from + k * out + first, columns * sizeof *to);
        }
        to += padded_in(weights) * width;
    }
}

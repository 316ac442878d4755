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
    WIDTH = 4 * BD_CONV1X1_FLAT_C4, /* channels of a panel */
    FEWEST_PIXELS = 1024,           /* with fewer, compiling the shader for a depth does not pay */
    LEAST_BLOCKS = 16,
    MOST_BLOCKS = 32 /* of eight pixels, to a group: each takes up a slice's code while it is decoded */
};

static uint32_t panels_of(const bd_shape *shape) {
    return bd_ceil_div(bd_shape_c4(shape), BD_CONV1X1_FLAT_C4);
}

bool bd_flat_serves(const bd_vk *vk, const bd_graph *graph, uint32_t index, int32_t most_in_c4) {
    const bd_node *node = &graph->nodes[index];
    if (!vk->addresses || bd_kernel_column(vk, BD_KERNEL_CONV1X1) != BD_COLUMN_WIDE8 ||
        !bd_gemm_is_pointwise(graph, index) || graph->nodes[node->inputs[1]].op != BD_OP_CONST) {
        return false;
    }
    /* The last panel overlaps the one before and computes what they share again: an eighth of all is bearable. */
    uint32_t out_c4 = bd_shape_c4(&node->shape), panels = panels_of(&node->shape);
    return bd_shape_pixels(&node->shape) >= FEWEST_PIXELS && panels <= BD_CONV1X1_FLAT_PANELS &&
           panels * BD_CONV1X1_FLAT_C4 * 7 <= out_c4 * 8 &&
           (int32_t)bd_shape_c4(&graph->nodes[node->inputs[0]].shape) <= most_in_c4;
}

/* Blocks to a group: as many as leave the fewest past the last pixel. */
static uint32_t blocks_of(uint32_t pixels) {
    uint32_t blocks = bd_ceil_div(pixels, 8), best = LEAST_BLOCKS, fewest = UINT32_MAX;
    for (uint32_t b = LEAST_BLOCKS; b <= MOST_BLOCKS; b++) {
        uint32_t computed = bd_ceil_div(blocks, b) * b;
        if (computed <= fewest) {
            best = b;
            fewest = computed;
        }
    }
    return best;
}

void bd_flat_node(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice, bd_vk_dispatch *dispatch,
                  bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    uint32_t pixels = bd_shape_pixels(&node->shape), blocks = blocks_of(pixels);
    uint32_t in_c4 = bd_shape_c4(&graph->nodes[node->inputs[0]].shape);
    bd_fill_begin(dispatch, choice->shader);
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, node->inputs[1], BD_PACKING_COLUMNS);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bool residual = bd_residual_or_scales(graph, index, BD_PACKING_ROWS, operands);
    const uint32_t slices = bd_ceil_div(in_c4, BD_CONV1X1_FLAT_SLICE);
    bd_fill_constant(dispatch, residual);
    bd_fill_constant(dispatch, bd_kernel_activation(attrs));
    bd_fill_constant(dispatch, in_c4);
    bd_fill_constant(dispatch, bd_ceil_div(in_c4, slices));
    bd_fill_constant(dispatch, blocks);
    bd_fill_groups(dispatch, panels_of(&node->shape), bd_ceil_div(pixels, 8 * blocks), 1);
    dispatch->address_count = 3;
    bd_push_conv1x1_flat push = {.rows = (int32_t)pixels,
                                 .out_c4 = (int32_t)bd_shape_c4(&node->shape),
                                 .lo = attrs->clamp_low,
                                 .hi = attrs->clamp_high};
    for (int32_t i = 0; i < (int32_t)BD_COUNT(push.digits); i++) {
        push.digits[i] = i;
    }
    bd_fill_push(dispatch, &push, sizeof push);
}

/* (1, 1, ic, oc): input channels with their padding. */
static size_t padded_in(const bd_node *weights) {
    return (size_t)(weights->shape.dims[2] + 3) / 4 * 4;
}

static size_t weight_panels(const bd_node *weights) {
    return ((size_t)weights->shape.dims[3] + WIDTH - 1) / WIDTH;
}

size_t bd_flat_packed_bytes(const bd_node *weights) {
    return weight_panels(weights) * padded_in(weights) * WIDTH * sizeof(float);
}

void bd_flat_pack(const bd_node *weights, float *to) {
    const float *from = weights->data;
    size_t in = (size_t)weights->shape.dims[2], out = (size_t)weights->shape.dims[3];
    size_t last = (out + 3) / 4 * 4 - WIDTH;
    memset(to, 0, bd_flat_packed_bytes(weights));
    for (size_t panel = 0; panel < weight_panels(weights); panel++) {
        size_t first = BD_MIN(panel * WIDTH, last), columns = BD_MIN((size_t)WIDTH, out - first);
        for (size_t k = 0; k < in; k++) {
            memcpy(to + k * WIDTH, from + k * out + first, columns * sizeof *to);
        }
        to += padded_in(weights) * WIDTH;
    }
}

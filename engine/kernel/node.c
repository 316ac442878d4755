/* SPDX-License-Identifier: MIT */
#include "kernel/node.h"

#include <math.h>

#include "graph/plan.h"
#include "kernel/fill.h"
#include "kernel/flat.h"
#include "kernel/gemm.h"
#include "kernel/integers.h"
#include "kernel/table.h"
#include "push/concat.h"
#include "push/conv.h"
#include "push/conv1x1.h"
#include "push/conv_dw.h"
#include "push/elementwise.h"
#include "push/pool.h"
#include "push/pool_map.h"
#include "push/resize.h"
#include "push/softmax.h"

/* How the shader of a column divides a pointwise convolution between groups, and how it takes the weights. */
static void divide_pointwise(bd_column column, const bd_node *node, bd_vk_dispatch *dispatch,
                             bd_kernel_operands *operands) {
    uint32_t pixels = bd_shape_pixels(&node->shape);
    uint32_t c4 = bd_shape_c4(&node->shape);
    switch (column) {
    case BD_COLUMN_WIDE8:
        operands->packings[1] = BD_PACKING_PANELS;
        bd_fill_groups(dispatch, bd_ceil_div(c4, 8), bd_ceil_div(pixels, BD_CONV1X1_WIDE_ROWS), 1);
        break;
    case BD_COLUMN_TEXEL:
        bd_fill_groups(dispatch, bd_ceil_div(pixels, BD_CONV1X1_TEXEL_ROWS), bd_ceil_div(c4, BD_CONV1X1_TEXEL_C4), 1);
        break;
    case BD_COLUMN_STORAGE:
    case BD_COLUMN_COUNT:
        bd_fill_groups(dispatch, bd_ceil_div(pixels, BD_GEMM_ROWS), bd_ceil_div(c4, BD_GEMM_C4), 1);
        break;
    }
}

/* The same of any other convolution. */
static void divide_window(bd_column column, const bd_node *node, bd_vk_dispatch *dispatch,
                          bd_kernel_operands *operands) {
    const int32_t *out = node->shape.dims;
    uint32_t pixels = bd_shape_pixels(&node->shape);
    uint32_t c4 = bd_shape_c4(&node->shape);
    switch (column) {
    case BD_COLUMN_WIDE8:
        operands->packings[1] = BD_PACKING_PANELS;
        bd_fill_groups(dispatch, bd_ceil_div(c4, 8), bd_ceil_div(pixels, BD_CONV_WIDE_ROWS), 1);
        break;
    case BD_COLUMN_TEXEL:
        bd_fill_groups(dispatch, bd_ceil_div((uint32_t)out[2], BD_CONV_TEXEL_COLUMNS), (uint32_t)out[1],
                       bd_ceil_div(c4, BD_CONV_TEXEL_C4));
        break;
    case BD_COLUMN_STORAGE:
    case BD_COLUMN_COUNT:
        bd_fill_groups(dispatch, bd_ceil_div(pixels, BD_GEMM_ROWS), bd_ceil_div(c4, BD_GEMM_C4), 1);
        break;
    }
}

static bd_kernel conv_kernel(const bd_vk *vk, bool pointwise, int32_t in_c4) {
    if (!pointwise) {
        return BD_KERNEL_CONV;
    }
    bool deep = bd_kernel_exists(vk, BD_KERNEL_CONV1X1_DEEP) && in_c4 >= BD_CONV1X1_WIDE_DEEP && in_c4 % 4 == 0;
    return deep ? BD_KERNEL_CONV1X1_DEEP : BD_KERNEL_CONV1X1;
}

static bd_push_conv push_conv(const bd_graph *graph, const bd_node *node) {
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    return (bd_push_conv){
        in[2],           in[1],           out[2],           out[1],           (in[3] + 3) / 4,   (out[3] + 3) / 4,
        attrs->kernel_w, attrs->kernel_h, attrs->stride_w,  attrs->stride_h,  attrs->dilation_w, attrs->dilation_h,
        attrs->pad_left, attrs->pad_top,  attrs->clamp_low, attrs->clamp_high};
}

static bd_push_conv1x1 push_pointwise(const bd_graph *graph, const bd_node *node) {
    return (bd_push_conv1x1){.rows = (int32_t)bd_shape_pixels(&node->shape),
                             .in_c4 = (int32_t)bd_shape_c4(&graph->nodes[node->inputs[0]].shape),
                             .out_c4 = (int32_t)bd_shape_c4(&node->shape),
                             .lo = node->u.conv.clamp_low,
                             .hi = node->u.conv.clamp_high};
}

static void conv(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch,
                 bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    bool pointwise = bd_gemm_is_pointwise(graph, index);
    bd_kernel kernel = conv_kernel(vk, pointwise, (int32_t)bd_shape_c4(&graph->nodes[node->inputs[0]].shape));
    bd_fill_begin(dispatch, bd_kernel_shader(vk, kernel));
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, node->inputs[1], BD_PACKING_CONV);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bool residual = bd_residual_or_scales(graph, index, BD_PACKING_ROWS, operands);
    bd_fill_constant(dispatch, residual || kernel == BD_KERNEL_CONV1X1_DEEP);
    bd_fill_constant(dispatch, bd_kernel_activation(attrs));
    bd_column column = bd_kernel_column(vk, kernel);
    if (pointwise) {
        divide_pointwise(column, node, dispatch, operands);
        bd_push_conv1x1 push = push_pointwise(graph, node);
        push.adds = residual;
        bd_fill_push(dispatch, &push, sizeof push);
        return;
    }
    const bd_push_conv push = push_conv(graph, node);
    divide_window(column, node, dispatch, operands);
    bd_fill_push(dispatch, &push, sizeof push);
}

/* The special case of a depthwise convolution that a device has, or the general kernel. */
static bd_kernel depthwise_kernel(const bd_vk *vk, const bd_conv_attrs *attrs, int32_t c4) {
    if (!bd_kernel_exists(vk, BD_KERNEL_CONV_DW_STRIDE1) || attrs->kernel_h != 3 || attrs->kernel_w != 3 ||
        attrs->stride_h != attrs->stride_w) {
        return BD_KERNEL_CONV_DW;
    }
    /* Sixteen columns to a group: with fewer, lanes would idle. */
    bool pairs = c4 % 2 == 0 && c4 >= 16;
    if (attrs->stride_h == 1) {
        return pairs ? BD_KERNEL_CONV_DW_STRIDE1_PAIRS : BD_KERNEL_CONV_DW_STRIDE1;
    }
    if (attrs->stride_h == 2 && attrs->dilation_h == 1 && attrs->dilation_w == 1) {
        return pairs ? BD_KERNEL_CONV_DW_STRIDE2_PAIRS : BD_KERNEL_CONV_DW_STRIDE2;
    }
    return BD_KERNEL_CONV_DW;
}

/* Tiles of outputs that lie `dilation` apart along one axis. */
static uint32_t tiles(int32_t out, uint32_t tile, int32_t dilation) {
    return bd_ceil_div((uint32_t)out, tile * (uint32_t)dilation) * (uint32_t)dilation;
}

static bd_push_conv_dw push_depthwise(const bd_graph *graph, const bd_node *node) {
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    return (bd_push_conv_dw){in[2],
                             in[1],
                             out[2],
                             out[1],
                             (int32_t)bd_shape_c4(&node->shape),
                             attrs->kernel_w,
                             attrs->kernel_h,
                             attrs->stride_w,
                             attrs->stride_h,
                             attrs->dilation_w,
                             attrs->dilation_h,
                             attrs->pad_left,
                             attrs->pad_top,
                             attrs->clamp_low,
                             attrs->clamp_high};
}

static void depthwise(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch,
                      bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *out = node->shape.dims;
    int32_t c4 = (out[3] + 3) / 4;
    bd_kernel kernel = depthwise_kernel(vk, attrs, c4);
    bd_fill_begin(dispatch, bd_kernel_shader(vk, kernel));
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, node->inputs[1], BD_PACKING_ROWS);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bd_fill_constant(dispatch, bd_residual_or_scales(graph, index, BD_PACKING_ROWS, operands));
    bd_fill_constant(dispatch, bd_kernel_activation(attrs));
    const bd_push_conv_dw push = push_depthwise(graph, node);
    bd_fill_push(dispatch, &push, sizeof push);
    if (kernel != BD_KERNEL_CONV_DW) {
        uint32_t tile = attrs->stride_h == 1 ? BD_CONV_DW_WIDE_TILE : BD_CONV_DW_WIDE_TILE_STRIDE2;
        bool pairs = kernel == BD_KERNEL_CONV_DW_STRIDE1_PAIRS || kernel == BD_KERNEL_CONV_DW_STRIDE2_PAIRS;
        bd_fill_groups(dispatch, bd_ceil_div((uint32_t)c4, pairs ? 16 : 8), tiles(out[2], tile, attrs->dilation_w),
                       tiles(out[1], tile, attrs->dilation_h));
    } else if (bd_kernel_column(vk, kernel) != BD_COLUMN_STORAGE) {
        bd_fill_groups(dispatch, bd_ceil_div((uint32_t)out[2], BD_CONV_DW_TEXEL_COLUMNS), (uint32_t)out[1],
                       bd_ceil_div((uint32_t)c4, BD_CONV_DW_TEXEL_C4));
    } else {
        bd_fill_groups(dispatch, bd_ceil_div((uint32_t)c4, BD_CONV_DW_C4),
                       bd_ceil_div((uint32_t)out[2], BD_CONV_DW_COLUMNS), (uint32_t)out[1]);
    }
}

/* Several outputs of a 3x3 window an invocation, choice->rows x choice->columns, dilation apart. */
static void depthwise_blocked(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice,
                              bd_vk_dispatch *dispatch, bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *out = node->shape.dims;
    bool half = choice->precision == BD_PRECISION_FP16;
    int32_t c4 = (out[3] + 3) / 4;
    bool paired = half && c4 % 2 == 0;
    bd_fill_begin(dispatch, choice->shader);
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, node->inputs[1], half ? BD_PACKING_ROWS_F16 : BD_PACKING_ROWS);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bd_fill_constant(dispatch, (uint32_t)attrs->stride_h);
    bd_fill_constant(dispatch, choice->rows);
    bd_fill_constant(dispatch, choice->columns);
    bd_fill_constant(dispatch, bd_kernel_activation(attrs));
    (void)bd_residual_or_scales(graph, index, BD_PACKING_ROWS, operands);
    if (half) {
        bd_fill_constant(dispatch, paired);
        bd_fill_constant_f32(dispatch, graph, index);
    }
    const bd_push_conv_dw push = push_depthwise(graph, node);
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, (uint64_t)c4 / (paired ? 2 : 1) * tiles(out[1], choice->rows, attrs->dilation_h) *
                                tiles(out[2], choice->columns, attrs->dilation_w));
}

static void pool(const bd_vk *vk, const bd_graph *graph, const bd_node *node, bd_vk_dispatch *dispatch,
                 bd_kernel_operands *operands) {
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    int32_t c4 = (out[3] + 3) / 4;
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    if (node->op == BD_OP_POOL_AVERAGE && out[1] == 1 && out[2] == 1 && attrs->kernel_h >= in[1] &&
        attrs->kernel_w >= in[2]) {
        bd_fill_begin(dispatch, bd_kernel_shader(vk, BD_KERNEL_POOL_MAP));
        bd_fill_constant(dispatch, attrs->rounding != BD_ROUNDING_NONE);
        const bd_push_pool_map push = {in[1] * in[2], c4, attrs->zero_point};
        bd_fill_push(dispatch, &push, sizeof push);
        bool storage = bd_kernel_column(vk, BD_KERNEL_POOL_MAP) == BD_COLUMN_STORAGE;
        bd_fill_groups(dispatch, bd_ceil_div((uint32_t)c4, storage ? BD_POOL_MAP_C4 : BD_POOL_MAP_TEXEL_C4), 1, 1);
        return;
    }
    bd_fill_begin(dispatch, bd_kernel_shader(vk, BD_KERNEL_POOL));
    uint32_t mean = attrs->rounding ? BD_POOL_INTEGERS : BD_POOL_AVERAGE;
    bd_fill_constant(dispatch, node->op == BD_OP_POOL_MAX ? BD_POOL_MAX : mean);
    const bd_push_pool push = {in[2],
                               in[1],
                               out[2],
                               out[1],
                               c4,
                               attrs->kernel_w,
                               attrs->kernel_h,
                               attrs->stride_w,
                               attrs->stride_h,
                               attrs->pad_left,
                               attrs->pad_top,
                               attrs->zero_point};
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, (uint64_t)bd_shape_pixels(&node->shape) * (uint32_t)c4);
}

static float resize_scale(const bd_node *node, int32_t in, int32_t out) {
    if (node->u.resize.align_corners) {
        return out > 1 ? (float)(in - 1) / (float)(out - 1) : 0.0f;
    }
    return (float)in / (float)out;
}

static void resize(const bd_vk *vk, const bd_graph *graph, const bd_node *node, bd_vk_dispatch *dispatch,
                   bd_kernel_operands *operands) {
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    int32_t c4 = (out[3] + 3) / 4;
    bd_fill_begin(dispatch, bd_kernel_shader(vk, BD_KERNEL_RESIZE));
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    const bd_push_resize push = {in[2],
                                 in[1],
                                 out[2],
                                 out[1],
                                 c4,
                                 resize_scale(node, in[2], out[2]),
                                 resize_scale(node, in[1], out[1]),
                                 node->u.resize.half_pixel_centers ? 0.5f : 0.0f,
                                 (float)node->u.resize.zero_point};
    bd_fill_constant(dispatch, node->u.resize.round);
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, (uint64_t)bd_shape_pixels(&node->shape) * (uint32_t)c4);
}

static void set_scales(const bd_node *node, bd_push_elementwise *push) {
    bool add = node->op == BD_OP_ADD;
    push->lo = node->u.requantise.low;
    push->hi = node->u.requantise.high;
    for (uint32_t i = 0; i < (add ? 3u : 1u); i++) {
        int32_t bits = !add ? BD_SCALE_BITS : i < 2 ? BD_SCALE_BITS_OPERAND : BD_SCALE_BITS_SUM;
        bd_scale_words words = bd_scale_words_of(node->u.requantise.scales[i], bits);
        push->multiplier[i] = words.multiplier;
        push->addend[i] = words.addend;
        push->shift[i] = words.shift;
    }
}

static bd_result refuse(const bd_graph *graph, const bd_node *node, bd_error *error) {
    return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %s: operation %s is not supported", graph->file,
                   node->name, bd_op_name(node->op));
}

static bd_result elementwise(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch,
                             bd_kernel_operands *operands, bd_error *error) {
    const bd_node *node = &graph->nodes[index];
    uint32_t a = node->inputs[0];
    uint32_t b = bd_graph_input(graph, index, 1);
    uint32_t pixels = bd_shape_pixels(&node->shape);
    uint32_t c4 = bd_shape_c4(&node->shape);
    float low = -INFINITY;
    float high = INFINITY;
    uint32_t mode = BD_ELEMENTWISE_CLAMP;
    bool broadcast = false;
    bool integers = node->op == BD_OP_REQUANTISE || (node->op == BD_OP_ADD && node->u.requantise.rounding);
    if (node->op == BD_OP_CLAMP) {
        low = node->u.clamp.low;
        high = node->u.clamp.high;
    } else if (node->op == BD_OP_HARD_SIGMOID) {
        mode = BD_ELEMENTWISE_HARD_SIGMOID;
    } else if (node->op == BD_OP_HARD_SWISH) {
        mode = BD_ELEMENTWISE_HARD_SWISH;
    } else if (node->op == BD_OP_SIGMOID) {
        mode = BD_ELEMENTWISE_SIGMOID;
    } else if (node->op == BD_OP_REQUANTISE) {
        mode = BD_ELEMENTWISE_REQUANTISE;
    } else if (b == BD_NO_NODE) {
        return refuse(graph, node, error);
    } else {
        mode = node->op == BD_OP_MUL ? BD_ELEMENTWISE_MUL : integers ? BD_ELEMENTWISE_ADD_INTEGERS : BD_ELEMENTWISE_ADD;
        /* The larger operand goes first: both operations commute. */
        if (bd_shape_pixels(&graph->nodes[a].shape) != pixels && !integers) {
            uint32_t swap = a;
            a = b;
            b = swap;
        }
        const bd_shape *second = &graph->nodes[b].shape;
        broadcast = bd_shape_pixels(second) == 1 && pixels != 1 && !integers;
        if (bd_shape_pixels(&graph->nodes[a].shape) != pixels || bd_shape_c4(&graph->nodes[a].shape) != c4 ||
            second->rank == 0 || second->dims[second->rank - 1] != node->shape.dims[node->shape.rank - 1] ||
            (!broadcast && bd_shape_pixels(second) != pixels)) {
            return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %s: %s of these shapes is not supported",
                           graph->file, node->name, bd_op_name(node->op));
        }
    }
    bd_fill_begin(dispatch, bd_kernel_shader(vk, BD_KERNEL_ELEMENTWISE));
    bd_fill_constant(dispatch, mode);
    bd_fill_constant(dispatch, broadcast);
    bd_fill_constant(dispatch, integers && node->u.requantise.rounding == BD_ROUNDING_AWAY);
    bd_fill_operand(operands, 0, a, BD_PACKING_ROWS);
    bd_fill_operand(operands, 3, b, BD_PACKING_ROWS);
    int32_t channels = node->shape.dims[node->shape.rank - 1];
    bd_push_elementwise push = {(int32_t)(pixels * c4), (int32_t)c4, channels, low, high, {0}, {0}, {0}};
    if (integers) {
        set_scales(node, &push);
    }
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, (uint64_t)pixels * c4);
    return BD_OK;
}

static void concat(const bd_vk *vk, const bd_graph *graph, const bd_node *node, uint32_t part, bd_vk_dispatch *dispatch,
                   bd_kernel_operands *operands) {
    int32_t offset = 0;
    for (uint32_t i = 0; i < part; i++) {
        offset += graph->nodes[node->inputs[i]].shape.dims[3];
    }
    const bd_shape *from = &graph->nodes[node->inputs[part]].shape;
    int32_t channels = from->dims[3];
    int32_t dst_c4 = (int32_t)bd_shape_c4(&node->shape);
    bool last = part + 1 == node->input_count;
    int32_t write = last ? dst_c4 * 4 - offset : channels;
    bool whole = offset % 4 == 0 && write % 4 == 0;
    bd_fill_begin(dispatch, bd_kernel_shader(vk, whole ? BD_KERNEL_CONCAT : BD_KERNEL_CONCAT_SCALAR));
    bd_fill_operand(operands, 0, node->inputs[part], BD_PACKING_ROWS);
    uint32_t rows = bd_shape_pixels(&node->shape);
    const bd_push_concat push = {(int32_t)rows, channels, (int32_t)bd_shape_c4(from), dst_c4, offset, write};
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, (uint64_t)rows * (uint32_t)(whole ? write / 4 : write));
}

static void softmax(const bd_vk *vk, const bd_node *node, bd_vk_dispatch *dispatch, bd_kernel_operands *operands) {
    bd_fill_begin(dispatch, bd_kernel_shader(vk, BD_KERNEL_SOFTMAX));
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    uint32_t rows = bd_shape_pixels(&node->shape);
    const bd_push_softmax push = {(int32_t)rows, (int32_t)bd_shape_c4(&node->shape),
                                  node->shape.dims[node->shape.rank - 1]};
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, rows);
}

uint32_t bd_kernel_parts(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    if (graph->nodes[node].op == BD_OP_CONCAT) {
        return graph->nodes[node].input_count;
    }
    return choice->split > 1 ? 2 : 1;
}

static bd_result plain(const bd_vk *vk, const bd_graph *graph, uint32_t index, uint32_t part, bd_vk_dispatch *dispatch,
                       bd_kernel_operands *operands, bd_error *error) {
    const bd_node *node = &graph->nodes[index];
    switch (node->op) {
    case BD_OP_CONV: conv(vk, graph, index, dispatch, operands); return BD_OK;
    case BD_OP_DEPTHWISE: depthwise(vk, graph, index, dispatch, operands); return BD_OK;
    case BD_OP_POOL_AVERAGE:
    case BD_OP_POOL_MAX: pool(vk, graph, node, dispatch, operands); return BD_OK;
    case BD_OP_RESIZE_BILINEAR: resize(vk, graph, node, dispatch, operands); return BD_OK;
    case BD_OP_ADD:
    case BD_OP_MUL:
    case BD_OP_HARD_SIGMOID:
    case BD_OP_HARD_SWISH:
    case BD_OP_SIGMOID:
    case BD_OP_REQUANTISE:
    case BD_OP_CLAMP: return elementwise(vk, graph, index, dispatch, operands, error);
    case BD_OP_CONCAT: concat(vk, graph, node, part, dispatch, operands); return BD_OK;
    case BD_OP_SOFTMAX: softmax(vk, node, dispatch, operands); return BD_OK;
    default: return refuse(graph, node, error);
    }
}

static void halve_operands(const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch,
                           bd_kernel_operands *operands) {
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        if (b == 2 || operands->nodes[b] == BD_NO_NODE) {
            continue;
        }
        if (operands->packings[b] == BD_PACKING_ROWS) {
            operands->packings[b] = BD_PACKING_ROWS_F16;
        } else if (operands->packings[b] == BD_PACKING_CONV) {
            operands->packings[b] = BD_PACKING_CONV_F16;
        }
    }
    bd_fill_constant_f32(dispatch, graph, index);
}

/* Convolutions whose input is too thin, or whose output too small, for a tiled product. */
static void thin_or_vector(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice,
                           bd_vk_dispatch *dispatch, bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    bool half = choice->precision == BD_PRECISION_FP16;
    uint32_t out_c4 = bd_shape_c4(&node->shape);
    bd_fill_begin(dispatch, choice->shader);
    bd_fill_operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, node->inputs[1], BD_PACKING_CONV);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bd_fill_constant(dispatch, bd_residual_or_scales(graph, index, BD_PACKING_ROWS, operands));
    bd_fill_constant(dispatch, bd_kernel_activation(&node->u.conv));
    if (choice->family == BD_KERNEL_FAMILY_VECTOR) {
        const bd_push_conv1x1 push = push_pointwise(graph, node);
        bd_fill_push(dispatch, &push, sizeof push);
        bd_fill_groups(dispatch, bd_ceil_div(out_c4, BD_VECTOR_C4), 1, 1);
    } else {
        const bd_push_conv push = push_conv(graph, node);
        bool paired = half && out_c4 % 2 == 0;
        bd_fill_push(dispatch, &push, sizeof push);
        bd_fill_constant(dispatch, choice->columns);
        if (half) {
            bd_fill_constant(dispatch, paired);
        }
        bd_fill_items(dispatch, (uint64_t)(out_c4 / (paired ? 2 : 1)) *
                                    bd_ceil_div((uint32_t)push.out_w, choice->columns) * (uint32_t)push.out_h);
    }
    if (half) {
        halve_operands(graph, index, dispatch, operands);
    }
}

/* The same for tensors of 16 bits. */
static bd_result halve(const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch, bd_kernel_operands *operands,
                       bd_error *error) {
    dispatch->shader = bd_kernel_half_shader(dispatch->shader);
    if (dispatch->shader == BD_SHADER_COUNT) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: node %s: operation %s has no kernel for 16 bits", graph->file,
                       graph->nodes[index].name, bd_op_name(graph->nodes[index].op));
    }
    halve_operands(graph, index, dispatch, operands);
    return BD_OK;
}

bd_result bd_kernel_node(const bd_vk *vk, const bd_graph *graph, uint32_t index, uint32_t part,
                         const bd_kernel_choice *choice, bd_vk_dispatch *dispatch, bd_kernel_operands *operands,
                         bd_error *error) {
    *operands = (bd_kernel_operands){.nodes = {BD_NO_NODE, BD_NO_NODE, BD_NO_NODE, BD_NO_NODE}};
    bd_result result = BD_OK;
    switch (choice->family) {
    case BD_KERNEL_FAMILY_PLAIN:
        result = plain(vk, graph, index, part, dispatch, operands, error);
        if (!result && choice->precision == BD_PRECISION_FP16) {
            result = halve(graph, index, dispatch, operands, error);
        }
        break;
    case BD_KERNEL_FAMILY_GEMM:
    case BD_KERNEL_FAMILY_BLOCK:
    case BD_KERNEL_FAMILY_EXPAND: bd_gemm_node(graph, index, part, choice, dispatch, operands); break;
    case BD_KERNEL_FAMILY_DEPTHWISE: depthwise_blocked(graph, index, choice, dispatch, operands); break;
    case BD_KERNEL_FAMILY_THIN:
    case BD_KERNEL_FAMILY_VECTOR: thin_or_vector(graph, index, choice, dispatch, operands); break;
    case BD_KERNEL_FAMILY_FLAT: bd_flat_node(graph, index, choice, dispatch, operands); break;
    }
    if (!result) {
        dispatch->name = choice->name;
    }
    return result;
}

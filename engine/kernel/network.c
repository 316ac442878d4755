/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "kernel/flat.h"
#include "kernel/gemm.h"
#include "kernel/integers.h"
#include "push/concat.h"
#include "push/conv.h"
#include "push/conv1x1.h"
#include "push/conv_dw.h"
#include "push/elementwise.h"
#include "push/pool.h"
#include "push/pool_map.h"
#include "push/resize.h"
#include "push/softmax.h"

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return (a + b - 1) / b;
}

static void begin(const bd_vk *vk, bd_kernel kernel, bd_vk_dispatch *dispatch) {
    *dispatch = (bd_vk_dispatch){.shader = bd_kernel_shader(vk, kernel)};
    dispatch->name = bd_shaders[dispatch->shader].name;
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        dispatch->bindings[b].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    }
}

static void set_push(bd_vk_dispatch *dispatch, const void *push, size_t bytes) {
    memcpy(dispatch->push, push, bytes);
    dispatch->push_bytes = (uint32_t)bytes;
}

static void set_constant(bd_vk_dispatch *dispatch, uint32_t value) {
    dispatch->specialisations[dispatch->specialisation_count++] = value;
}

static void set_groups(bd_vk_dispatch *dispatch, uint32_t x, uint32_t y, uint32_t z) {
    dispatch->groups[0] = x;
    dispatch->groups[1] = y;
    dispatch->groups[2] = z;
}

/* items one by one over x, then y: no dimension reaches 65536. */
static void set_linear_groups(bd_vk_dispatch *dispatch, uint64_t items) {
    uint64_t groups = (items + BD_LINEAR_GROUP - 1) / BD_LINEAR_GROUP;
    uint32_t rows = (uint32_t)((groups + 32767) / 32768);
    set_groups(dispatch, (uint32_t)((groups + rows - 1) / rows), rows, 1);
}

static void operand(bd_kernel_operands *operands, uint32_t binding, uint32_t node, bd_packing packing) {
    operands->nodes[binding] = node;
    operands->packings[binding] = packing;
}

static uint32_t input_or_none(const bd_node *node, uint32_t i) {
    return i < node->input_count ? node->inputs[i] : BD_NO_NODE;
}

static bd_kernel pointwise_kernel(const bd_vk *vk, int32_t in_c4) {
    return vk->column == BD_COLUMN_WIDE8 && in_c4 >= BD_CONV1X1_WIDE_DEEP && in_c4 % 4 == 0 ? BD_KERNEL_CONV1X1_DEEP
                                                                                            : BD_KERNEL_CONV1X1;
}

static void conv(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch,
                 bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    int32_t in_c4 = (in[3] + 3) / 4;
    int32_t out_c4 = (out[3] + 3) / 4;
    bool pointwise = attrs->kernel_h == 1 && attrs->kernel_w == 1 && attrs->stride_h == 1 && attrs->stride_w == 1 &&
                     in[1] == out[1] && in[2] == out[2];
    begin(vk, pointwise ? pointwise_kernel(vk, in_c4) : BD_KERNEL_CONV, dispatch);
    operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    operand(operands, 1, node->inputs[1], BD_PACKING_CONV);
    operand(operands, 2, input_or_none(node, 2), BD_PACKING_ROWS);
    operands->zero_bias = operands->nodes[2] == BD_NO_NODE;
    set_constant(dispatch, bd_kernel_set_residual(graph, index, BD_PACKING_ROWS, operands));
    set_constant(dispatch, bd_kernel_activation(attrs));
    uint32_t pixels = (uint32_t)(out[0] * out[1] * out[2]);
    if (pointwise) {
        const bd_push_conv1x1 push = {(int32_t)pixels, in_c4, out_c4, attrs->clamp_low, attrs->clamp_high};
        set_push(dispatch, &push, sizeof push);
        switch (vk->column) {
        case BD_COLUMN_WIDE8:
            operands->packings[1] = BD_PACKING_PANELS;
            set_groups(dispatch, ceil_div((uint32_t)out_c4, 8), ceil_div(pixels, BD_CONV1X1_WIDE_ROWS), 1);
            break;
        case BD_COLUMN_TEXEL:
            set_groups(dispatch, ceil_div(pixels, BD_CONV1X1_TEXEL_ROWS),
                       ceil_div((uint32_t)out_c4, BD_CONV1X1_TEXEL_C4), 1);
            break;
        default: set_groups(dispatch, ceil_div(pixels, BD_GEMM_ROWS), ceil_div((uint32_t)out_c4, BD_GEMM_C4), 1); break;
        }
        return;
    }
    const bd_push_conv push = {in[2],
                               in[1],
                               out[2],
                               out[1],
                               in_c4,
                               out_c4,
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
    set_push(dispatch, &push, sizeof push);
    switch (vk->column) {
    case BD_COLUMN_WIDE8:
        operands->packings[1] = BD_PACKING_PANELS;
        set_groups(dispatch, ceil_div((uint32_t)out_c4, 8), ceil_div(pixels, BD_CONV_WIDE_ROWS), 1);
        break;
    case BD_COLUMN_TEXEL:
        set_groups(dispatch, ceil_div((uint32_t)out[2], BD_CONV_TEXEL_COLUMNS), (uint32_t)out[1],
                   ceil_div((uint32_t)out_c4, BD_CONV_TEXEL_C4));
        break;
    default: set_groups(dispatch, ceil_div(pixels, BD_GEMM_ROWS), ceil_div((uint32_t)out_c4, BD_GEMM_C4), 1); break;
    }
}

/* The special case of a depthwise convolution that a device has, or the general kernel. */
static bd_kernel depthwise_kernel(const bd_vk *vk, const bd_conv_attrs *attrs, int32_t c4) {
    if (vk->column != BD_COLUMN_WIDE8 || attrs->kernel_h != 3 || attrs->kernel_w != 3 ||
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
    return ceil_div((uint32_t)out, tile * (uint32_t)dilation) * (uint32_t)dilation;
}

static void depthwise(const bd_vk *vk, const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch,
                      bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    int32_t c4 = (out[3] + 3) / 4;
    bd_kernel kernel = depthwise_kernel(vk, attrs, c4);
    begin(vk, kernel, dispatch);
    operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    operand(operands, 1, node->inputs[1], BD_PACKING_ROWS);
    operand(operands, 2, input_or_none(node, 2), BD_PACKING_ROWS);
    operands->zero_bias = operands->nodes[2] == BD_NO_NODE;
    set_constant(dispatch, bd_kernel_set_residual(graph, index, BD_PACKING_ROWS, operands));
    set_constant(dispatch, bd_kernel_activation(attrs));
    const bd_push_conv_dw push = {in[2],
                                  in[1],
                                  out[2],
                                  out[1],
                                  c4,
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
    set_push(dispatch, &push, sizeof push);
    if (kernel != BD_KERNEL_CONV_DW) {
        uint32_t tile = attrs->stride_h == 1 ? BD_CONV_DW_WIDE_TILE : BD_CONV_DW_WIDE_TILE_STRIDE2;
        bool pairs = kernel == BD_KERNEL_CONV_DW_STRIDE1_PAIRS || kernel == BD_KERNEL_CONV_DW_STRIDE2_PAIRS;
        set_groups(dispatch, ceil_div((uint32_t)c4, pairs ? 16 : 8), tiles(out[2], tile, attrs->dilation_w),
                   tiles(out[1], tile, attrs->dilation_h));
    } else if (vk->column != BD_COLUMN_STORAGE) {
        set_groups(dispatch, ceil_div((uint32_t)out[2], BD_CONV_DW_TEXEL_COLUMNS), (uint32_t)out[1],
                   ceil_div((uint32_t)c4, BD_CONV_DW_TEXEL_C4));
    } else {
        set_groups(dispatch, ceil_div((uint32_t)c4, BD_CONV_DW_C4), ceil_div((uint32_t)out[2], BD_CONV_DW_COLUMNS),
                   (uint32_t)out[1]);
    }
}

/* Several outputs of a 3x3 window an invocation, choice->rows x choice->columns, dilation apart. */
static void depthwise_blocked(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice,
                              bd_vk_dispatch *dispatch, bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    bool half = choice->precision == BD_PRECISION_FP16;
    int32_t c4 = (out[3] + 3) / 4;
    bool paired = half && c4 % 2 == 0;
    *dispatch = (bd_vk_dispatch){.shader = choice->shader};
    operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    operand(operands, 1, node->inputs[1], half ? BD_PACKING_ROWS_F16 : BD_PACKING_ROWS);
    operand(operands, 2, input_or_none(node, 2), BD_PACKING_ROWS);
    operands->zero_bias = operands->nodes[2] == BD_NO_NODE;
    set_constant(dispatch, (uint32_t)attrs->stride_h);
    set_constant(dispatch, choice->rows);
    set_constant(dispatch, choice->columns);
    set_constant(dispatch, bd_kernel_activation(attrs));
    (void)bd_kernel_set_residual(graph, index, BD_PACKING_ROWS, operands);
    if (half) {
        set_constant(dispatch, paired);
        bd_kernel_set_wide(graph, index, dispatch);
    }
    const bd_push_conv_dw push = {in[2],
                                  in[1],
                                  out[2],
                                  out[1],
                                  c4,
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
    set_push(dispatch, &push, sizeof push);
    set_linear_groups(dispatch, (uint64_t)c4 / (paired ? 2 : 1) * tiles(out[1], choice->rows, attrs->dilation_h) *
                                    tiles(out[2], choice->columns, attrs->dilation_w));
}

static void pool(const bd_vk *vk, const bd_graph *graph, const bd_node *node, bd_vk_dispatch *dispatch,
                 bd_kernel_operands *operands) {
    const bd_conv_attrs *attrs = &node->u.conv;
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    int32_t c4 = (out[3] + 3) / 4;
    operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    if (node->op == BD_OP_POOL_AVERAGE && out[1] == 1 && out[2] == 1 && attrs->kernel_h >= in[1] &&
        attrs->kernel_w >= in[2]) {
        begin(vk, BD_KERNEL_POOL_MAP, dispatch);
        set_constant(dispatch, attrs->rounding != BD_ROUNDING_NONE);
        const bd_push_pool_map push = {in[1] * in[2], c4, attrs->zero_point};
        set_push(dispatch, &push, sizeof push);
        set_groups(dispatch, ceil_div((uint32_t)c4, BD_POOL_MAP_C4), 1, 1);
        return;
    }
    begin(vk, BD_KERNEL_POOL, dispatch);
    uint32_t mean = attrs->rounding ? BD_POOL_INTEGERS : BD_POOL_AVERAGE;
    set_constant(dispatch, node->op == BD_OP_POOL_MAX ? BD_POOL_MAX : mean);
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
    set_push(dispatch, &push, sizeof push);
    set_linear_groups(dispatch, (uint64_t)bd_shape_pixels(&node->shape) * (uint32_t)c4);
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
    begin(vk, BD_KERNEL_RESIZE, dispatch);
    operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    const bd_push_resize push = {in[2],
                                 in[1],
                                 out[2],
                                 out[1],
                                 c4,
                                 resize_scale(node, in[2], out[2]),
                                 resize_scale(node, in[1], out[1]),
                                 node->u.resize.half_pixel_centers ? 0.5f : 0.0f,
                                 (float)node->u.resize.zero_point};
    set_constant(dispatch, node->u.resize.round);
    set_push(dispatch, &push, sizeof push);
    set_linear_groups(dispatch, (uint64_t)bd_shape_pixels(&node->shape) * (uint32_t)c4);
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

static bd_result elementwise(const bd_vk *vk, const bd_graph *graph, const bd_node *node, bd_vk_dispatch *dispatch,
                             bd_kernel_operands *operands, bd_error *error) {
    uint32_t a = node->inputs[0];
    uint32_t b = input_or_none(node, 1);
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
    } else {
        mode = node->op == BD_OP_MUL ? BD_ELEMENTWISE_MUL : integers ? BD_ELEMENTWISE_ADD_INTEGERS : BD_ELEMENTWISE_ADD;
        /* The wide operand goes first: both operations commute. */
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
    begin(vk, BD_KERNEL_ELEMENTWISE, dispatch);
    set_constant(dispatch, mode);
    set_constant(dispatch, broadcast);
    set_constant(dispatch, integers && node->u.requantise.rounding == BD_ROUNDING_AWAY);
    operand(operands, 0, a, BD_PACKING_ROWS);
    operand(operands, 3, b, BD_PACKING_ROWS);
    int32_t channels = node->shape.dims[node->shape.rank - 1];
    bd_push_elementwise push = {(int32_t)(pixels * c4), (int32_t)c4, channels, low, high, {0}, {0}, {0}};
    if (integers) {
        set_scales(node, &push);
    }
    set_push(dispatch, &push, sizeof push);
    set_linear_groups(dispatch, (uint64_t)pixels * c4);
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
    begin(vk, whole ? BD_KERNEL_CONCAT : BD_KERNEL_CONCAT_SCALAR, dispatch);
    operand(operands, 0, node->inputs[part], BD_PACKING_ROWS);
    uint32_t rows = bd_shape_pixels(&node->shape);
    const bd_push_concat push = {(int32_t)rows, channels, (int32_t)bd_shape_c4(from), dst_c4, offset, write};
    set_push(dispatch, &push, sizeof push);
    set_linear_groups(dispatch, (uint64_t)rows * (uint32_t)(whole ? write / 4 : write));
}

static void softmax(const bd_vk *vk, const bd_node *node, bd_vk_dispatch *dispatch, bd_kernel_operands *operands) {
    begin(vk, BD_KERNEL_SOFTMAX, dispatch);
    operand(operands, 0, node->inputs[0], BD_PACKING_ROWS);
    uint32_t rows = bd_shape_pixels(&node->shape);
    const bd_push_softmax push = {(int32_t)rows, (int32_t)bd_shape_c4(&node->shape),
                                  node->shape.dims[node->shape.rank - 1]};
    set_push(dispatch, &push, sizeof push);
    set_linear_groups(dispatch, rows);
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
    case BD_OP_CLAMP: return elementwise(vk, graph, node, dispatch, operands, error);
    case BD_OP_CONCAT: concat(vk, graph, node, part, dispatch, operands); return BD_OK;
    case BD_OP_SOFTMAX: softmax(vk, node, dispatch, operands); return BD_OK;
    default:
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %s: operation %s is not supported", graph->file,
                       node->name, bd_op_name(node->op));
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
    bd_kernel_set_wide(graph, index, dispatch);
    return BD_OK;
}

void bd_kernel_set_wide(const bd_graph *graph, uint32_t index, bd_vk_dispatch *dispatch) {
    dispatch->specialisation_count = BD_CONSTANT_WIDE + 1;
    dispatch->specialisations[BD_CONSTANT_WIDE] = bd_plan_is_wide(graph, index);
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
    case BD_KERNEL_FAMILY_BLOCK: bd_gemm_node(graph, index, part, choice, dispatch, operands); break;
    case BD_KERNEL_FAMILY_DEPTHWISE: depthwise_blocked(graph, index, choice, dispatch, operands); break;
    case BD_KERNEL_FAMILY_FLAT: bd_flat_node(graph, index, choice, dispatch, operands); break;
    }
    if (!result) {
        dispatch->name = choice->name;
    }
    return result;
}

/* ---- constants --------------------------------------------------------------------------------------------------- */

static size_t packed_rows(const bd_node *constant, bd_packing packing) {
    if (packing == BD_PACKING_CONV) {
        const int32_t *d = constant->shape.dims;
        return (size_t)(d[0] * d[1]) * (size_t)((d[2] + 3) / 4) * 4;
    }
    if (constant->op == BD_OP_CONST && constant->shape.rank == 4 && constant->shape.dims[3] == 1) {
        return bd_shape_pixels(&constant->shape) / (uint32_t)constant->shape.dims[2]; /* depthwise (kh, kw, c, 1) */
    }
    return bd_shape_pixels(&constant->shape);
}

/* Channels of a row: depthwise weights come as (kh, kw, c, 1). */
static uint32_t row_channels(const bd_node *constant) {
    const bd_shape *shape = &constant->shape;
    if (shape->rank == 4 && shape->dims[3] == 1) {
        return (uint32_t)shape->dims[2];
    }
    return shape->rank ? (uint32_t)shape->dims[shape->rank - 1] : 1;
}

/* Floats in a panel of eight vec4 columns: four input channels of a tap make a step, and steps go in pairs. */
static size_t panel_floats(const int32_t *d) {
    size_t steps = (size_t)(d[0] * d[1]) * (size_t)((d[2] + 3) / 4);
    return (steps + 1) / 2 * 2 * 4 * 32;
}

static void pack_panels(const float *from, const int32_t *d, float *to) {
    size_t taps = (size_t)(d[0] * d[1]);
    size_t in = (size_t)d[2];
    size_t in_padded = (in + 3) / 4 * 4;
    size_t out = (size_t)d[3];
    memset(to, 0, panel_floats(d) * ((out + 31) / 32) * sizeof *to);
    for (size_t first = 0; first < out; first += 32) {
        size_t columns = BD_MIN(out - first, (size_t)32);
        for (size_t k = 0; k < taps * in; k++) {
            memcpy(to + (k / in * in_padded + k % in) * 32, from + k * out + first, columns * sizeof *to);
        }
        to += panel_floats(d);
    }
}

bool bd_kernel_is_packed(const bd_graph *graph, uint32_t node, bd_packing packing) {
    return packing >= BD_PACKING_BLOCK || graph->nodes[node].op == BD_OP_CONST;
}

static bd_packing full_packing(bd_packing packing) {
    switch (packing) {
    case BD_PACKING_ROWS_F16: return BD_PACKING_ROWS;
    case BD_PACKING_CONV_F16: return BD_PACKING_CONV;
    default: return packing;
    }
}

size_t bd_kernel_packed_bytes(const bd_graph *graph, uint32_t node, bd_packing packing) {
    const bd_node *constant = &graph->nodes[node];
    if (packing >= BD_PACKING_TILES) {
        return bd_gemm_packed_bytes(graph, node, packing);
    }
    if (full_packing(packing) != packing) {
        return bd_kernel_packed_bytes(graph, node, full_packing(packing)) / 2;
    }
    if (packing == BD_PACKING_COLUMNS) {
        return bd_flat_packed_bytes(constant);
    }
    if (packing == BD_PACKING_SCALES) {
        return bd_scales_packed_bytes(constant);
    }
    uint32_t channels = packing == BD_PACKING_CONV ? (uint32_t)constant->shape.dims[3] : row_channels(constant);
    if (packing == BD_PACKING_PANELS) {
        const int32_t *d = constant->shape.dims;
        return panel_floats(d) * (size_t)((d[3] + 31) / 32) * sizeof(float);
    }
    return packed_rows(constant, packing) * ((channels + 3) / 4) * 4 * sizeof(float);
}

static void pack_rows(const float *from, size_t rows, uint32_t channels, float *to) {
    size_t padded = (size_t)(channels + 3) / 4 * 4;
    for (size_t r = 0; r < rows; r++) {
        memcpy(to + r * padded, from + r * channels, channels * sizeof(float));
        memset(to + r * padded + channels, 0, (padded - channels) * sizeof(float));
    }
}

/* Packs as 32 bits a row of the output after the other, so that no second copy of the weights is needed. */
static void pack_half(const bd_node *constant, bd_packing packing, uint16_t *to) {
    bool conv = packing == BD_PACKING_CONV_F16;
    const int32_t *d = constant->shape.dims;
    size_t channels = conv ? (size_t)d[3] : row_channels(constant);
    size_t padded = (channels + 3) / 4 * 4;
    size_t in = conv ? (size_t)d[2] : 1;
    size_t in_padded = conv ? (in + 3) / 4 * 4 : 1;
    size_t groups = conv ? (size_t)(d[0] * d[1]) : packed_rows(constant, BD_PACKING_ROWS);
    const float *from = constant->data;
    for (size_t g = 0; g < groups; g++) {
        for (size_t i = 0; i < in_padded; i++) {
            for (size_t c = 0; c < padded; c++) {
                *to++ = i < in && c < channels ? bd_half_from_float(from[(g * in + i) * channels + c]) : 0;
            }
        }
    }
}

void bd_kernel_pack(const bd_graph *graph, uint32_t node, bd_packing packing, void *to) {
    const bd_node *constant = &graph->nodes[node];
    const float *from = constant->data;
    float *packed = to;
    if (packing >= BD_PACKING_TILES) {
        bd_gemm_pack(graph, node, packing, to);
        return;
    }
    if (full_packing(packing) != packing) {
        pack_half(constant, packing, to);
        return;
    }
    if (packing == BD_PACKING_PANELS) {
        pack_panels(from, constant->shape.dims, packed);
        return;
    }
    if (packing == BD_PACKING_COLUMNS) {
        bd_flat_pack(constant, packed);
        return;
    }
    if (packing == BD_PACKING_SCALES) {
        bd_scales_pack(constant, to);
        return;
    }
    if (packing == BD_PACKING_ROWS) {
        pack_rows(from, packed_rows(constant, packing), row_channels(constant), packed);
        return;
    }
    const int32_t *d = constant->shape.dims;
    size_t in = (size_t)d[2];
    size_t in_padded = (in + 3) / 4 * 4;
    size_t out = (size_t)d[3];
    size_t out_padded = (out + 3) / 4 * 4;
    for (size_t tap = 0; tap < (size_t)(d[0] * d[1]); tap++) {
        pack_rows(from + tap * in * out, in, (uint32_t)out, packed);
        memset(packed + in * out_padded, 0, (in_padded - in) * out_padded * sizeof(float));
        packed += in_padded * out_padded;
    }
}

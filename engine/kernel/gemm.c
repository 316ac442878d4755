/* SPDX-License-Identifier: MIT */
#include "kernel/gemm.h"

#include <string.h>

#include "graph/plan.h"
#include "kernel/fill.h"
#include "kernel/integers.h"
#include "push/conv_gemm.h"
#include "push/split_reduce.h"

static int32_t depth_of(int32_t channels) {
    return (channels + BD_GEMM_DEPTH_ALIGN - 1) / BD_GEMM_DEPTH_ALIGN * BD_GEMM_DEPTH_ALIGN;
}

bool bd_gemm_is_pointwise(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    const bd_conv_attrs *a = &node->u.conv;
    if (node->op != BD_OP_CONV) {
        return false;
    }
    const int32_t *in = graph->nodes[node->inputs[0]].shape.dims;
    return a->kernel_h == 1 && a->kernel_w == 1 && a->stride_h == 1 && a->stride_w == 1 &&
           in[1] == node->shape.dims[1] && in[2] == node->shape.dims[2];
}

/* Weights and a bias, if there is one. */
static bool is_constant(const bd_graph *graph, uint32_t index) {
    uint32_t bias = bd_graph_input(graph, index, 2);
    return graph->nodes[graph->nodes[index].inputs[1]].op == BD_OP_CONST &&
           (bias == BD_NO_NODE || graph->nodes[bias].op == BD_OP_CONST);
}

static uint32_t uses_of(const bd_graph *graph, uint32_t node) {
    uint32_t uses = 0;
    for (uint32_t n = node + 1; n < graph->count; n++) {
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++) {
            uses += graph->nodes[n].inputs[i] == node && graph->nodes[n].op != BD_OP_NONE;
        }
    }
    return uses;
}

uint32_t bd_gemm_inner(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    bool block = bd_gemm_is_pointwise(graph, index);
    if (!block && node->op != BD_OP_DEPTHWISE) {
        return BD_NO_NODE;
    }
    uint32_t from = node->inputs[0];
    const bd_node *inner = &graph->nodes[from];
    const bd_node *window = block ? inner : node;
    const bd_conv_attrs *a = &window->u.conv;
    bool fits = block ? inner->op == BD_OP_DEPTHWISE && !inner->u.conv.hard_swish
                      : bd_gemm_is_pointwise(graph, from) && bd_graph_input(graph, from, 3) == BD_NO_NODE &&
                            a->stride_h == a->stride_w && a->stride_h <= 2;
    return fits && a->kernel_h == 3 && a->kernel_w == 3 && !inner->u.conv.rounding && !node->u.conv.rounding &&
                   from != graph->output && is_constant(graph, index) && is_constant(graph, from) &&
                   uses_of(graph, from) == 1
               ? from
               : BD_NO_NODE;
}

uint32_t bd_gemm_product(const bd_graph *graph, uint32_t index, bd_kernel_family family) {
    return family == BD_KERNEL_FAMILY_EXPAND ? graph->nodes[index].inputs[0] : index;
}

uint32_t bd_gemm_tiles(const bd_graph *graph, uint32_t index, uint32_t rows, uint32_t columns) {
    const bd_shape *shape = &graph->nodes[index].shape;
    return bd_ceil_div(bd_shape_pixels(shape), rows) * bd_ceil_div(bd_shape_c4(shape) * 4, columns);
}

int32_t bd_gemm_depth(const bd_graph *graph, uint32_t index) {
    return depth_of(graph->nodes[graph->nodes[index].inputs[0]].shape.dims[3]);
}

/* Tiles along the whole depth. */
static uint32_t steps_of(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice) {
    const bd_conv_attrs *a = &graph->nodes[index].u.conv;
    return (uint32_t)(a->kernel_h * a->kernel_w) * (uint32_t)bd_gemm_depth(graph, index) / choice->depth;
}

static void reduce(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice, bd_vk_dispatch *dispatch,
                   bd_kernel_operands *operands) {
    const bd_node *node = &graph->nodes[index];
    bool half = choice->precision == BD_PRECISION_FP16;
    bd_fill_begin(dispatch, half ? BD_SHADER_split_reduce_f16_storage : BD_SHADER_split_reduce_f32_storage);
    uint32_t rows = bd_shape_pixels(&node->shape);
    uint32_t c4 = bd_shape_c4(&node->shape);
    bd_fill_operand(operands, 0, BD_KERNEL_SCRATCH, BD_PACKING_ROWS);
    bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    bd_fill_constant(dispatch,
                     bd_residual_or_scales(graph, index, half ? BD_PACKING_ROWS_F16 : BD_PACKING_ROWS, operands));
    bd_fill_constant(dispatch, bd_kernel_activation(&node->u.conv));
    if (half) {
        bd_fill_constant_f32(dispatch, graph, index);
    }
    const bd_push_split_reduce push = {(int32_t)rows, (int32_t)c4, (int32_t)choice->split, node->u.conv.clamp_low,
                                       node->u.conv.clamp_high};
    bd_fill_push(dispatch, &push, sizeof push);
    bd_fill_items(dispatch, (uint64_t)rows * c4);
}

/* The first of the nodes that a choice computes, and the one whose window it takes. */
static uint32_t first_of(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice) {
    return choice->family == BD_KERNEL_FAMILY_GEMM ? index : graph->nodes[index].inputs[0];
}

static const bd_node *window_of(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice) {
    bool block = choice->family == BD_KERNEL_FAMILY_BLOCK;
    return &graph->nodes[block ? graph->nodes[index].inputs[0] : index];
}

static bd_push_conv_gemm push_of(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice) {
    const bd_node *node = &graph->nodes[index];
    const bd_node *first = &graph->nodes[first_of(graph, index, choice)];
    const bd_conv_attrs *a = &window_of(graph, index, choice)->u.conv;
    const int32_t *in = graph->nodes[first->inputs[0]].shape.dims;
    const int32_t *out = node->shape.dims;
    int32_t depth = bd_gemm_depth(graph, bd_gemm_product(graph, index, choice->family));
    bool fused = first != node;
    bool rows = !fused && bd_gemm_is_pointwise(graph, index);
    uint32_t steps = fused ? (uint32_t)depth / choice->depth : steps_of(graph, index, choice);
    return (bd_push_conv_gemm){.in_w = in[2],
                               .in_h = in[1],
                               .out_w = rows ? out[1] * out[2] : out[2],
                               .out_h = rows ? 1 : out[1],
                               .in_c4 = (in[3] + 3) / 4,
                               .out_c4 = (out[3] + 3) / 4,
                               .kernel_w = a->kernel_w,
                               .kernel_h = a->kernel_h,
                               .stride_x = a->stride_w,
                               .stride_y = a->stride_h,
                               .dilation_x = a->dilation_w,
                               .dilation_y = a->dilation_h,
                               .pad_left = a->pad_left,
                               .pad_top = a->pad_top,
                               .lo = node->u.conv.clamp_low,
                               .hi = node->u.conv.clamp_high,
                               .mid_lo = first->u.conv.clamp_low,
                               .mid_hi = first->u.conv.clamp_high,
                               .depth = depth,
                               .split_steps = (int32_t)bd_ceil_div(steps, choice->split)};
}

static void fill_constants(const bd_graph *graph, uint32_t index, const bd_kernel_choice *choice, bool residual,
                           bool paired, bd_vk_dispatch *dispatch) {
    bool half = choice->precision == BD_PRECISION_FP16;
    bool split = choice->split > 1;
    const uint32_t constants[BD_GEMM_CONSTANTS] = {
        [0] = choice->threads,
        [BD_GEMM_THREADS] = choice->threads,
        [BD_GEMM_TILE_ROWS] = choice->rows,
        [BD_GEMM_TILE_COLUMNS] = choice->columns,
        [BD_GEMM_TILE_DEPTH] = choice->depth,
        [BD_GEMM_TILE_WIDTH] = choice->width,
        [BD_GEMM_RESIDUAL] = residual,
        [BD_GEMM_ACTIVATION] = bd_kernel_activation(&graph->nodes[index].u.conv),
        [BD_CONSTANT_F32] = half && (split || bd_plan_is_f32(graph, index)),
        [BD_GEMM_SPLIT] = split,
        [BD_GEMM_SHARE] = choice->share,
        [BD_GEMM_PAIRED] = paired,
        [BD_GEMM_M] = choice->matrix[0],
        [BD_GEMM_N] = choice->matrix[1],
        [BD_GEMM_K] = choice->matrix[2],
        [BD_GEMM_SUBGROUP] = choice->subgroup,
        [BD_GEMM_DIRECT] = choice->direct,
        [BD_GEMM_ACTIVE] = choice->active,
        [BD_GEMM_BUFFERS] = choice->buffers,
        [BD_GEMM_SWISH] = graph->nodes[first_of(graph, index, choice)].u.conv.hard_swish,
        [BD_GEMM_STRIDE] = (uint32_t)window_of(graph, index, choice)->u.conv.stride_w,
    };
    _Static_assert(BD_GEMM_CONSTANTS <= BD_VK_MAX_SPECIALISATIONS, "room for all constants");
    memcpy(dispatch->specialisations, constants, sizeof constants);
    bool expand = choice->family == BD_KERNEL_FAMILY_EXPAND;
    dispatch->specialisation_count = expand              ? BD_GEMM_CONSTANTS
                                     : choice->matrix[0] ? BD_GEMM_BUFFERS + 1
                                                         : BD_GEMM_PAIRED + 1;
}

/* Tiles along an axis whose outputs lie a dilation apart: as many as there are windows in `pixels` of the map. */
static uint32_t tiles_along(int32_t out, uint32_t pixels, int32_t stride, int32_t dilation) {
    uint32_t outputs = (pixels - 3) / (uint32_t)stride + 1;
    return bd_ceil_div((uint32_t)out, outputs * (uint32_t)dilation) * (uint32_t)dilation;
}

uint32_t bd_gemm_window_tiles(const bd_node *node, uint32_t rows, uint32_t width) {
    const int32_t *out = node->shape.dims;
    const bd_conv_attrs *a = &node->u.conv;
    return tiles_along(out[2], width, a->stride_w, a->dilation_w) *
           tiles_along(out[1], rows / width, a->stride_h, a->dilation_h);
}

static uint32_t tiles_of(const bd_node *node, const bd_kernel_choice *choice) {
    const int32_t *out = node->shape.dims;
    uint32_t width = choice->width;
    if (choice->family == BD_KERNEL_FAMILY_EXPAND) {
        return bd_gemm_window_tiles(node, choice->rows, width);
    }
    return width ? bd_ceil_div((uint32_t)out[2], width) * bd_ceil_div((uint32_t)out[1], choice->rows / width)
                 : bd_ceil_div((uint32_t)(out[1] * out[2]), choice->rows);
}

void bd_gemm_node(const bd_graph *graph, uint32_t index, uint32_t part, const bd_kernel_choice *choice,
                  bd_vk_dispatch *dispatch, bd_kernel_operands *operands) {
    const bd_node *first = &graph->nodes[first_of(graph, index, choice)];
    const bd_node *product = &graph->nodes[bd_gemm_product(graph, index, choice->family)];
    bool half = choice->precision == BD_PRECISION_FP16;
    bool split = choice->split > 1;
    if (part) {
        reduce(graph, index, choice, dispatch, operands);
        return;
    }
    const bd_push_conv_gemm push = push_of(graph, index, choice);
    bd_fill_begin(dispatch, choice->shader);
    bd_fill_push(dispatch, &push, sizeof push);
    bd_packing tiles = half ? BD_PACKING_TILES_F16 : BD_PACKING_TILES;
    bd_fill_operand(operands, 0, first->inputs[0], BD_PACKING_ROWS);
    bd_fill_operand(operands, 1, product->inputs[1], choice->matrix[0] ? BD_PACKING_FRAGMENTS : tiles);
    if (choice->family != BD_KERNEL_FAMILY_GEMM) {
        bd_fill_operand(operands, 2, index, half ? BD_PACKING_BLOCK_F16 : BD_PACKING_BLOCK);
    } else if (!split) {
        bd_fill_bias(operands, bd_graph_input(graph, index, 2));
    }
    bool residual =
        !split && bd_residual_or_scales(graph, index, half ? BD_PACKING_ROWS_F16 : BD_PACKING_ROWS, operands);
    operands->writes_scratch = split;
    fill_constants(graph, index, choice, residual, push.in_c4 % 2 == 0, dispatch);
    dispatch->subgroup = choice->matrix[0] ? choice->subgroup : 0;
    bd_fill_groups(dispatch, tiles_of(&graph->nodes[index], choice),
                   bd_ceil_div((uint32_t)push.out_c4 * 4, choice->columns), choice->split);
}

/* ---- packings ---------------------------------------------------------------------------------------------------- */

enum { PANEL = 32 };

static size_t rows_of(const bd_node *weights) {
    const int32_t *d = weights->shape.dims;
    return (size_t)(d[0] * d[1]) * (size_t)depth_of(d[2]);
}

/* The output channels of a row, which counts all taps, each rounded up; NULL past the last input channel. */
static const float *row_at(const bd_node *weights, size_t row) {
    const int32_t *d = weights->shape.dims;
    size_t in = (size_t)d[2];
    size_t depth = (size_t)depth_of(d[2]);
    const float *from = weights->data;
    return row % depth < in ? from + (row / depth * in + row % depth) * (size_t)d[3] : NULL;
}

static void pack_tiles(const bd_node *weights, bool half, void *to) {
    size_t out = (size_t)weights->shape.dims[3];
    uint16_t *halves = to;
    float *floats = to;
    for (size_t first = 0; first < out; first += PANEL) {
        for (size_t row = 0; row < rows_of(weights); row++) {
            const float *from = row_at(weights, row);
            for (size_t c = first; c < first + PANEL; c++) {
                float value = from && c < out ? from[c] : 0.0f;
                if (half) {
                    *halves++ = bd_half_from_float(value);
                } else {
                    *floats++ = value;
                }
            }
        }
    }
}

/* As matrix units take them: a column's rows side by side, BD_GEMM_DEPTH_ALIGN of them. */
static void pack_fragments(const bd_node *weights, uint16_t *to) {
    size_t out = (size_t)weights->shape.dims[3];
    for (size_t first = 0; first < out; first += PANEL) {
        for (size_t row = 0; row < rows_of(weights); row += BD_GEMM_DEPTH_ALIGN) {
            for (size_t r = 0; r < BD_GEMM_DEPTH_ALIGN; r++) {
                const float *from = row_at(weights, row + r);
                for (size_t c = 0; c < PANEL; c++) {
                    float value = from && first + c < out ? from[first + c] : 0.0f;
                    to[c * BD_GEMM_DEPTH_ALIGN + r] = bd_half_from_float(value);
                }
            }
            to += (size_t)PANEL * BD_GEMM_DEPTH_ALIGN;
        }
    }
}

/* count channels, zeros to the next whole vec4; NULL: all zeros. */
static float *pack_vector(const float *from, size_t count, float *to) {
    for (size_t c = 0; c < (count + 3) / 4 * 4; c++) {
        *to++ = from && c < count ? from[c] : 0.0f;
    }
    return to;
}

static const float *values_of(const bd_graph *graph, uint32_t node) {
    return node == BD_NO_NODE ? NULL : graph->nodes[node].data;
}

/* Of a node and the one before it: the one with the window. */
static const bd_node *depthwise_of(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    return node->op == BD_OP_DEPTHWISE ? node : &graph->nodes[node->inputs[0]];
}

static void pack_block(const bd_graph *graph, uint32_t index, bool half, float *to) {
    const bd_node *node = &graph->nodes[index];
    const bd_node *depthwise = depthwise_of(graph, index);
    size_t channels = (size_t)depthwise->shape.dims[3];
    size_t padded = bd_shape_c4(&depthwise->shape) * (size_t)4;
    size_t taps = (size_t)(depthwise->u.conv.kernel_h * depthwise->u.conv.kernel_w);
    const float *weights = graph->nodes[depthwise->inputs[1]].data;
    to = pack_vector(values_of(graph, bd_graph_input(graph, index, 2)), (size_t)node->shape.dims[3], to);
    to = pack_vector(values_of(graph, bd_graph_input(graph, node->inputs[0], 2)), channels, to);
    uint16_t *halves = (uint16_t *)(void *)to;
    for (size_t tap = 0; tap < taps && !half; tap++) {
        to = pack_vector(weights + tap * channels, channels, to);
    }
    for (size_t i = 0; i < taps * padded && half; i++) {
        size_t c = i % padded;
        halves[i] = bd_half_from_float(c < channels ? weights[i / padded * channels + c] : 0.0f);
    }
}

size_t bd_gemm_packed_bytes(const bd_graph *graph, uint32_t index, bd_packing packing) {
    const bd_node *node = &graph->nodes[index];
    if (packing == BD_PACKING_BLOCK || packing == BD_PACKING_BLOCK_F16) {
        const bd_node *depthwise = depthwise_of(graph, index);
        size_t taps = (size_t)(depthwise->u.conv.kernel_h * depthwise->u.conv.kernel_w);
        size_t c4 = bd_shape_c4(&depthwise->shape);
        size_t weights = packing == BD_PACKING_BLOCK ? taps * c4 : (taps * c4 + 1) / 2;
        return (bd_shape_c4(&node->shape) + c4 + weights) * 4 * sizeof(float);
    }
    size_t elements = rows_of(node) * bd_ceil_div((uint32_t)node->shape.dims[3], PANEL) * PANEL;
    return elements * (packing == BD_PACKING_TILES ? sizeof(float) : sizeof(uint16_t));
}

void bd_gemm_pack(const bd_graph *graph, uint32_t index, bd_packing packing, void *to) {
    switch (packing) {
    case BD_PACKING_BLOCK:
    case BD_PACKING_BLOCK_F16: pack_block(graph, index, packing == BD_PACKING_BLOCK_F16, to); break;
    case BD_PACKING_FRAGMENTS: pack_fragments(&graph->nodes[index], to); break;
    default: pack_tiles(&graph->nodes[index], packing == BD_PACKING_TILES_F16, to); break;
    }
}

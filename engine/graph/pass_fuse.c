/* SPDX-License-Identifier: MIT
 * What follows a convolution goes into it: multiplications into the weights, constants into the bias, a residual as its
 * fourth input, an activation as its clamp. Each step moves the convolution to the place of the node that it absorbs,
 * so that everything it reads still precedes it. */
#include "graph/pass_fuse.h"

#include <math.h>
#include <string.h>

#include "graph/pass_compact.h"
#include "graph/slice_range.h"

typedef struct fusion {
    bd_graph *graph;
    uint32_t *uses;
    uint32_t *same;   /* a node that is the same tensor as this one */
    uint32_t *source; /* of a chain of reshapes: the tensor it began with */
    uint32_t count;   /* nodes at the start; what is appended stands behind */
    int64_t budget;   /* bytes of constants that may still be made: a hostile graph may share one tensor many times */
    bd_error *error;
} fusion;

static bd_node *node_at(const fusion *of, uint32_t index) {
    return &of->graph->nodes[index];
}

static bool is_conv(const bd_node *node) {
    return node->op == BD_OP_CONV || node->op == BD_OP_DEPTHWISE;
}

/* ---- constants -------------------------------------------------------------------------------------------------- */

/* The number of values of a float constant that is one for all or one a channel; 0: it is something else. */
static int32_t channel_values(const fusion *of, uint32_t index, int32_t channels) {
    const bd_node *node = node_at(of, index);
    int64_t elements = bd_shape_elements(&node->shape);
    if (node->op != BD_OP_CONST || node->dtype != BD_F32 || elements < 1) {
        return 0;
    }
    if (elements == 1) {
        return 1;
    }
    return elements == channels && node->shape.dims[node->shape.rank - 1] == channels ? channels : 0;
}

static float value_at(const fusion *of, uint32_t index, int32_t values, int32_t channel) {
    const float *data = node_at(of, index)->data;
    return data[values == 1 ? 0 : channel];
}

/* Room for a new constant, named after what it comes from; *data NULL and BD_OK: over the budget. */
static bd_result make_constant(fusion *of, uint32_t from, const bd_shape *shape, uint32_t *index, float **data) {
    int64_t bytes = bd_shape_elements(shape) * (int64_t)sizeof(float);
    *data = NULL;
    if (bytes > of->budget) {
        return BD_OK;
    }
    of->budget -= bytes;
    float *made = bd_pool_alloc(&of->graph->pool, (size_t)bytes);
    *index = made ? bd_graph_add_const(of->graph, node_at(of, from)->name, BD_F32, shape, made) : BD_NO_NODE;
    if (*index == BD_NO_NODE) {
        return bd_graph_fail_memory(of->graph, of->error);
    }
    *data = made;
    return BD_OK;
}

/* ---- into convolutions ------------------------------------------------------------------------------------------ */

/* Whether node index is a convolution that only `reader` reads and whose activation is still free. */
static bool is_open_conv(const fusion *of, uint32_t index) {
    const bd_node *node = node_at(of, index);
    return is_conv(node) && of->uses[index] == 1 && node->u.conv.clamp_low == -INFINITY &&
           node->u.conv.clamp_high == INFINITY && !node->u.conv.hard_swish && !node->u.conv.rounding;
}

/* All optional inputs spelt out. */
static bd_result spell_inputs(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    uint32_t count = node->op == BD_OP_CONV ? 4 : 3;
    if (node->input_count >= count) {
        return BD_OK;
    }
    uint32_t *inputs = bd_pool_alloc(&of->graph->pool, count * sizeof *inputs);
    if (!inputs) {
        return bd_graph_fail_memory(of->graph, of->error);
    }
    for (uint32_t k = 0; k < count; k++) {
        inputs[k] = bd_graph_input(of->graph, index, k);
    }
    node->inputs = inputs;
    node->input_count = count;
    return BD_OK;
}

static void move_conv(fusion *of, uint32_t from, uint32_t to) {
    bd_node *conv = node_at(of, from), *place = node_at(of, to);
    place->op = conv->op;
    place->inputs = conv->inputs;
    place->input_count = conv->input_count;
    place->u.conv = conv->u.conv;
    conv->op = BD_OP_NONE;
    conv->inputs = NULL;
    conv->input_count = 0;
}

static int32_t channels_of(const bd_node *node) {
    return node->shape.rank ? node->shape.dims[node->shape.rank - 1] : 0;
}

static bool same_shape(const bd_shape *a, const bd_shape *b) {
    return a->rank == b->rank && !memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]);
}

/* A copy of node `from`, times the multiplier of its channel (the last axis of weights and bias). */
static bd_result scale_constant(fusion *of, uint32_t from, uint32_t multiplier, int32_t channels, uint32_t *made) {
    const bd_shape shape = node_at(of, from)->shape;
    int64_t elements = bd_shape_elements(&shape);
    int32_t values = channel_values(of, multiplier, channels);
    float *data;
    bd_result result = make_constant(of, from, &shape, made, &data);
    if (result || !data) {
        *made = BD_NO_NODE;
        return result;
    }
    const float *old = node_at(of, from)->data, *by = node_at(of, multiplier)->data;
    const int64_t step = values == 1 ? 0 : 1;
    for (int64_t i = 0; channels > 0 && i < elements; i += channels) {
        for (int64_t c = 0; c < BD_MIN((int64_t)channels, elements - i); c++) {
            data[i + c] = old[i + c] * by[c * step];
        }
    }
    return BD_OK;
}

static bd_result fuse_mul(fusion *of, uint32_t index, uint32_t conv, uint32_t multiplier, bool *done) {
    uint32_t weights = bd_graph_input(of->graph, conv, 1), bias = bd_graph_input(of->graph, conv, 2);
    uint32_t new_weights, new_bias = BD_NO_NODE;
    int32_t channels = channels_of(node_at(of, conv));
    if (node_at(of, weights)->op != BD_OP_CONST || bd_graph_input(of->graph, conv, 3) != BD_NO_NODE ||
        (bias != BD_NO_NODE && node_at(of, bias)->op != BD_OP_CONST)) {
        return BD_OK;
    }
    /* HWIO has the output channels last; so has HWC1 but for its 1. */
    bd_result result = scale_constant(of, weights, multiplier, channels, &new_weights);
    if (!result && new_weights != BD_NO_NODE && bias != BD_NO_NODE) {
        result = scale_constant(of, bias, multiplier, channels, &new_bias);
    }
    if (result || new_weights == BD_NO_NODE || (bias != BD_NO_NODE && new_bias == BD_NO_NODE)) {
        return result;
    }
    result = spell_inputs(of, conv);
    if (!result) {
        node_at(of, conv)->inputs[1] = new_weights;
        node_at(of, conv)->inputs[2] = new_bias;
        move_conv(of, conv, index);
        *done = true;
    }
    return result;
}

static bd_result fuse_bias(fusion *of, uint32_t index, uint32_t conv, uint32_t addend, bool *done) {
    uint32_t bias = bd_graph_input(of->graph, conv, 2), new_bias = addend;
    int32_t channels = channels_of(node_at(of, conv)), values = channel_values(of, addend, channels);
    bd_result result = BD_OK;
    if (bias != BD_NO_NODE || values != channels) {
        if (bias != BD_NO_NODE && node_at(of, bias)->op != BD_OP_CONST) {
            return BD_OK;
        }
        const bd_shape shape = bd_shape_make(1, &channels);
        float *data;
        result = make_constant(of, addend, &shape, &new_bias, &data);
        if (result || !data) {
            return result;
        }
        for (int32_t c = 0; c < channels; c++) {
            data[c] = value_at(of, addend, values, c) + (bias == BD_NO_NODE ? 0.0f : value_at(of, bias, channels, c));
        }
    }
    result = spell_inputs(of, conv);
    if (!result) {
        node_at(of, conv)->inputs[2] = new_bias;
        move_conv(of, conv, index);
        *done = true;
    }
    return result;
}

static bd_result fuse_residual(fusion *of, uint32_t index, uint32_t conv, uint32_t residual, bool *done) {
    const bd_node *node = node_at(of, conv);
    if (node->op != BD_OP_CONV || bd_graph_input(of->graph, conv, 3) != BD_NO_NODE || residual == conv ||
        node_at(of, residual)->op == BD_OP_CONST || !same_shape(&node->shape, &node_at(of, residual)->shape)) {
        return BD_OK;
    }
    bd_result result = spell_inputs(of, conv);
    if (!result) {
        node_at(of, conv)->inputs[3] = residual;
        move_conv(of, conv, index);
        *done = true;
    }
    return result;
}

static bd_result fuse_binary(fusion *of, uint32_t index) {
    bool done = node_at(of, index)->op == BD_OP_ADD && node_at(of, index)->u.requantise.rounding;
    bd_result result = BD_OK;
    /* Of two convolutions the later one takes the other as its residual. */
    uint32_t first = node_at(of, index)->inputs[0] > node_at(of, index)->inputs[1] ? 0 : 1;
    for (uint32_t turn = 0; turn < 2 && !done && !result; turn++) {
        const bd_node *node = node_at(of, index);
        uint32_t conv = node->inputs[first ^ turn], other = node->inputs[first ^ turn ^ 1];
        if (!is_open_conv(of, conv) || !same_shape(&node->shape, &node_at(of, conv)->shape)) {
            continue;
        }
        if (!channel_values(of, other, channels_of(node))) {
            result = node->op == BD_OP_ADD ? fuse_residual(of, index, conv, other, &done) : BD_OK;
        } else if (node->op == BD_OP_ADD) {
            result = fuse_bias(of, index, conv, other, &done);
        } else {
            result = fuse_mul(of, index, conv, other, &done);
        }
    }
    return result;
}

static float clamp(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

static void fuse_clamp(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    uint32_t from = node->inputs[0];
    bd_node *before = node_at(of, from);
    float low = node->u.clamp.low, high = node->u.clamp.high;
    if (of->uses[from] != 1 || !(low <= high)) {
        return;
    }
    if (is_conv(before) && !before->u.conv.hard_swish) {
        before->u.conv.clamp_low = clamp(before->u.conv.clamp_low, low, high);
        before->u.conv.clamp_high = clamp(before->u.conv.clamp_high, low, high);
        move_conv(of, from, index);
    } else if (before->op == BD_OP_CLAMP) {
        node->u.clamp.low = clamp(before->u.clamp.low, low, high);
        node->u.clamp.high = clamp(before->u.clamp.high, low, high);
        node->inputs[0] = before->inputs[0];
        before->op = BD_OP_NONE;
        before->input_count = 0;
    }
}

static void fuse_hard_swish(fusion *of, uint32_t index) {
    uint32_t from = node_at(of, index)->inputs[0];
    if (is_open_conv(of, from)) {
        node_at(of, from)->u.conv.hard_swish = true;
        move_conv(of, from, index);
    }
}

/* ---- one form for what says the same ---------------------------------------------------------------------------- */

/* Subtraction and division by a constant as addition and multiplication. */
static bd_result turn_constant(fusion *of, uint32_t index) {
    bd_op op = node_at(of, index)->op;
    uint32_t from = node_at(of, index)->inputs[1], made;
    if (!channel_values(of, from, channels_of(node_at(of, index)))) {
        return BD_OK;
    }
    const bd_shape shape = node_at(of, from)->shape;
    int64_t elements = bd_shape_elements(&shape);
    float *data;
    bd_result result = make_constant(of, from, &shape, &made, &data);
    if (result || !data) {
        return result;
    }
    const float *old = node_at(of, from)->data;
    for (int64_t i = 0; i < elements; i++) {
        data[i] = op == BD_OP_SUB ? -old[i] : 1 / old[i];
    }
    node_at(of, index)->inputs[1] = made;
    node_at(of, index)->op = op == BD_OP_SUB ? BD_OP_ADD : BD_OP_MUL;
    return BD_OK;
}

/* max(x, constant), min(x, constant). */
static void turn_limit(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    uint32_t k = node_at(of, node->inputs[1])->op == BD_OP_CONST ? 1 : 0;
    if (node->dtype != BD_F32 || channel_values(of, node->inputs[k], 1) != 1 ||
        !same_shape(&node->shape, &node_at(of, node->inputs[k ^ 1])->shape)) {
        return;
    }
    float limit = value_at(of, node->inputs[k], 1, 0);
    bool low = node->op == BD_OP_MAXIMUM;
    node->inputs[0] = node->inputs[k ^ 1];
    node->input_count = 1;
    node->op = BD_OP_CLAMP;
    node->u.clamp.low = low ? limit : -INFINITY;
    node->u.clamp.high = low ? INFINITY : limit;
}

static void turn_fake_quant(bd_node *node) {
    float low = node->u.quant.low, high = node->u.quant.high;
    node->op = BD_OP_CLAMP;
    node->u.clamp.low = low;
    node->u.clamp.high = high;
}

/* The mean over height and width. */
static void turn_mean(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    const bd_shape *x = &node_at(of, node->inputs[0])->shape;
    if (x->rank != 4 || node->shape.dims[1] != 1 || node->shape.dims[2] != 1 || node->shape.dims[3] != x->dims[3] ||
        node->shape.dims[0] != x->dims[0] || x->dims[1] < 1 || x->dims[2] < 1) {
        return;
    }
    node->op = BD_OP_POOL_AVERAGE;
    node->input_count = 1;
    node->u.conv = (bd_conv_attrs){.kernel_h = x->dims[1],
                                   .kernel_w = x->dims[2],
                                   .stride_h = 1,
                                   .stride_w = 1,
                                   .dilation_h = 1,
                                   .dilation_w = 1,
                                   .padding = BD_PADDING_EXPLICIT,
                                   .clamp_low = -INFINITY,
                                   .clamp_high = INFINITY};
}

/* The kernels of addition and multiplication take the small operand second, one value a channel. */
static bd_result order_operands(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    if (!same_shape(&node->shape, &node_at(of, node->inputs[0])->shape)) {
        uint32_t first = node->inputs[0];
        node->inputs[0] = node->inputs[1];
        node->inputs[1] = first;
    }
    int32_t channels = channels_of(node);
    uint32_t made, scalar = node->inputs[1];
    if (channel_values(of, scalar, channels) != 1 || channels == 1) {
        return BD_OK;
    }
    const bd_shape shape = bd_shape_make(1, &channels);
    float *data;
    bd_result result = make_constant(of, scalar, &shape, &made, &data);
    for (int32_t c = 0; data && c < channels; c++) {
        data[c] = value_at(of, scalar, 1, 0);
    }
    if (!result && data) {
        node_at(of, index)->inputs[1] = made;
    }
    return result;
}

static bool takes_everything(const fusion *of, uint32_t index) {
    bd_slice_range range;
    const bd_shape *x = &node_at(of, node_at(of, index)->inputs[0])->shape;
    if (!same_shape(&node_at(of, index)->shape, x) || bd_graph_slice_range(of->graph, index, &range, NULL)) {
        return false;
    }
    for (uint32_t d = 0; d < x->rank; d++) {
        if (range.start[d] || range.stride[d] != 1 || range.count[d] != x->dims[d]) {
            return false;
        }
    }
    return true;
}

static bool is_clamped(const bd_node *node) {
    return node->op == BD_OP_CLAMP || (is_conv(node) && node->u.conv.clamp_high < INFINITY);
}

/* The node that has the same tensor as node index; index itself when there is none. */
static uint32_t find_same(fusion *of, uint32_t index) {
    const bd_node *node = node_at(of, index);
    if (!node->input_count) {
        return index;
    }
    const bd_node *x = node_at(of, node->inputs[0]);
    bool whole = same_shape(&node->shape, &x->shape) && node->dtype == x->dtype;
    switch (node->op) {
    case BD_OP_IDENTITY:
    case BD_OP_CAST:
    case BD_OP_PAD:
    case BD_OP_RESIZE_NEAREST:
    case BD_OP_RESIZE_BILINEAR: return whole ? node->inputs[0] : index;
    /* The rounding of simulated quantisation is left out: on the portrait network 0.29 % of the labels then differ from
     * an independent engine's, with rounding 0.16 %. Its range goes into an activation's where there is one, for
     * nothing; elsewhere it covers what occurred in training, and a clamp would cost a residual its fusion. */
    case BD_OP_FAKE_QUANT: return is_clamped(x) ? index : node->inputs[0];
    case BD_OP_ADD_N:
    case BD_OP_CONCAT: return node->input_count == 1 ? node->inputs[0] : index;
    case BD_OP_SLICE:
    case BD_OP_STRIDED_SLICE: return whole && takes_everything(of, index) ? node->inputs[0] : index;
    case BD_OP_RESHAPE:
    case BD_OP_SQUEEZE:
    case BD_OP_EXPAND_DIMS:
        of->source[index] = of->source[node->inputs[0]];
        return same_shape(&node->shape, &node_at(of, of->source[index])->shape) ? of->source[index] : index;
    default: return index;
    }
}

/* A tensor takes over the readers of another. */
static void bypass(fusion *of, uint32_t index, uint32_t same) {
    of->same[index] = same;
    of->uses[same] += of->uses[index];
    of->uses[index] = 0;
    /* Reshapes between the two may have lost their last reader. */
    uint32_t read = node_at(of, index)->inputs[0];
    while (--of->uses[read] == 0) {
        read = node_at(of, read)->inputs[0];
    }
    of->graph->output = of->graph->output == index ? same : of->graph->output;
}

static bd_result simplify(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    if (node->op == BD_OP_ADD_N && node->input_count == 2) {
        node->op = BD_OP_ADD;
    }
    switch (node->op) {
    case BD_OP_SUB:
    case BD_OP_DIV: return turn_constant(of, index);
    case BD_OP_MAXIMUM:
    case BD_OP_MINIMUM: turn_limit(of, index); return BD_OK;
    case BD_OP_FAKE_QUANT: turn_fake_quant(node); return BD_OK;
    case BD_OP_MEAN: turn_mean(of, index); return BD_OK;
    case BD_OP_RESIZE_BILINEAR: node->input_count = 1; return BD_OK;
    default: return BD_OK;
    }
}

static bd_result fuse_node(fusion *of, uint32_t index) {
    bd_node *node = node_at(of, index);
    for (uint32_t k = 0; k < node->input_count; k++) {
        node->inputs[k] = node->inputs[k] == BD_NO_NODE ? BD_NO_NODE : of->same[node->inputs[k]];
    }
    uint32_t same = find_same(of, index);
    if (same != index) {
        bypass(of, index, same);
        return BD_OK;
    }
    bd_result result = simplify(of, index);
    if (result) {
        return result;
    }
    switch (node_at(of, index)->op) {
    case BD_OP_ADD:
    case BD_OP_MUL:
        result = fuse_binary(of, index);
        if (!result && !is_conv(node_at(of, index))) {
            result = order_operands(of, index);
        }
        return result;
    case BD_OP_CLAMP: fuse_clamp(of, index); return BD_OK;
    case BD_OP_HARD_SWISH: fuse_hard_swish(of, index); return BD_OK;
    case BD_OP_CONV:
    case BD_OP_DEPTHWISE: return spell_inputs(of, index);
    default: return BD_OK;
    }
}

static int64_t constant_bytes(const bd_graph *graph) {
    int64_t bytes = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i].op == BD_OP_CONST) {
            bytes += bd_shape_elements(&graph->nodes[i].shape) * (int64_t)bd_dtype_bytes(graph->nodes[i].dtype);
        }
    }
    return bytes;
}

bd_result bd_pass_fuse(bd_graph *graph, bd_error *error) {
    const bd_allocator *allocator = graph->pool.allocator;
    fusion of = {.graph = graph,
                 .uses = bd_graph_count_uses(graph),
                 .same = bd_alloc_array(allocator, graph->count, sizeof *of.same),
                 .source = bd_alloc_array(allocator, graph->count, sizeof *of.source),
                 .count = graph->count,
                 .budget = 2 * constant_bytes(graph) + (16 << 20),
                 .error = error};
    bd_result result = BD_OK;
    if (!of.uses || !of.same || !of.source) {
        result = bd_graph_fail_memory(graph, error);
    }
    for (uint32_t i = 0; !result && i < of.count; i++) {
        of.same[i] = of.source[i] = i;
        if (of.uses[i]) {
            result = fuse_node(&of, i);
        }
    }
    bd_free(allocator, of.uses);
    bd_free(allocator, of.same);
    bd_free(allocator, of.source);
    return result ? result : bd_pass_compact(graph, error);
}

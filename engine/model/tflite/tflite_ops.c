/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_ops.h"

#include <math.h>
#include <string.h>

#include "model/tflite/tflite_builder.h"
#include "model/tflite/tflite_integers.h"
#include "model/tflite/tflite_weights.h"
#include "model/tflite/tflite_windows.h"

/* ---- operations: the number of inputs is in the table's range ---------------------------------------------------- */

static bd_result convert_plain(bd_tflite_conversion *of) {
    uint32_t node;
    bd_result result = bd_tflite_append_inputs(of, of->op->inputs.count, &node);
    return result ? result : bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* Values go through unchanged. */
static bd_result convert_moved(bd_tflite_conversion *of) {
    bd_tflite_keep_limits(of);
    return convert_plain(of);
}

static bd_result convert_padded(bd_tflite_conversion *of) {
    if (of->op->code == BD_TFLITE_PADV2) {
        const bd_tflite_tensor *value = bd_tflite_input(of, 2);
        uint32_t index;
        bd_result result =
            value ? bd_tflite_input_node(of, 2, &index) : bd_tflite_fail_corrupt(of, "an input is missing");
        if (result) {
            return result;
        }
        const bd_node *constant = &of->tflite->graph->nodes[index];
        if (constant->op != BD_OP_CONST || constant->dtype != BD_F32 || bd_shape_elements(&constant->shape) != 1 ||
            *(const float *)constant->data != 0.0f) {
            return bd_tflite_fail_unsupported(of, "pads with something other than a constant 0");
        }
    }
    bd_tflite_keep_limits(of);
    of->low = fminf(of->low, 0);
    of->high = fmaxf(of->high, 0);
    uint32_t node;
    bd_result result = bd_tflite_append_inputs(of, of->to == BD_OP_PAD ? 2 : 3, &node);
    return result ? result : bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* The activation is the first option. */
static bd_result convert_binary(bd_tflite_conversion *of) {
    uint32_t node;
    bd_result result = bd_tflite_append_inputs(of, 2, &node);
    return result ? result : bd_tflite_finish(of, node, bd_tflite_option(of, 0, 1, 0));
}

static bd_result convert_add(bd_tflite_conversion *of) {
    uint32_t node;
    bd_scale scales[3];
    if (!of->integers) {
        return convert_binary(of);
    }
    bd_result result = bd_tflite_sum_scales(of, scales);
    if (!result) {
        result = bd_tflite_append_inputs(of, 2, &node);
    }
    if (!result) {
        result = bd_tflite_limit(of, bd_tflite_option(of, 0, 1, 0));
    }
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    made->u.requantise.rounding = BD_ROUNDING_AWAY;
    memcpy(made->u.requantise.scales, scales, sizeof scales);
    made->u.requantise.low = of->low;
    made->u.requantise.high = of->high;
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* DEQUANTIZE and QUANTIZE: real numbers stay what they are, within the new type's limits. */
static bd_result convert_quantisation(bd_tflite_conversion *of) {
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    if (x && x->node == BD_NO_NODE && x->constant != BD_NO_NODE && !bd_tflite_is_quantised(of->out)) {
        of->out->constant = x->constant;
        return BD_OK;
    }
    uint32_t node = BD_NO_NODE;
    bd_result result = of->integers ? bd_tflite_limit_by_type(of) : bd_tflite_input_node(of, 0, &node);
    if (!result && of->integers) {
        result = bd_tflite_requantise(of, x, &node);
    }
    if (result) {
        return result;
    }
    if (!of->integers) {
        bd_tflite_keep_limits(of);
    }
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

static bd_result convert_activation(bd_tflite_conversion *of) {
    static const int64_t activations[] = {BD_TFLITE_ACTIVATION_RELU, BD_TFLITE_ACTIVATION_RELU_N1_TO_1,
                                          BD_TFLITE_ACTIVATION_RELU6};
    uint32_t node = BD_NO_NODE;
    bd_result result = bd_tflite_input_node(of, 0, &node);
    if (result) {
        return result;
    }
    bd_tflite_keep_limits(of);
    return bd_tflite_finish(of, node, activations[of->op->code - BD_TFLITE_RELU]);
}

static bd_result convert_relu_0_to_1(bd_tflite_conversion *of) {
    uint32_t node = BD_NO_NODE;
    bd_result result = bd_tflite_input_node(of, 0, &node);
    if (result) {
        return result;
    }
    const uint32_t input = node;
    result = bd_tflite_append(of, "", BD_OP_CLAMP, &input, 1, &node);
    if (result) {
        return result;
    }
    of->tflite->graph->nodes[node].u.clamp.high = 1;
    of->low = 0;
    of->high = 1;
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

static bd_result convert_fake_quant(bd_tflite_conversion *of) {
    uint32_t node;
    float low = bd_fb_float(&of->tflite->fb, &of->op->options, 0, 0);
    float high = bd_fb_float(&of->tflite->fb, &of->op->options, 1, 0);
    if (!(low <= 0 && high > 0)) {
        return bd_tflite_fail_corrupt(of, "its limits make no sense");
    }
    bd_result result = bd_tflite_append_inputs(of, 1, &node);
    if (result) {
        return result;
    }
    of->tflite->graph->nodes[node].u.clamp.low = of->low = low;
    of->tflite->graph->nodes[node].u.clamp.high = of->high = high;
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* Between 0 and 1. */
static bd_result convert_share(bd_tflite_conversion *of) {
    if (of->to == BD_OP_SOFTMAX && bd_fb_float(&of->tflite->fb, &of->op->options, 0, 1) != 1.0f) {
        return bd_tflite_fail_unsupported(of, "beta is not 1");
    }
    of->low = 0;
    of->high = 1;
    return convert_plain(of);
}

static bd_result convert_concat(bd_tflite_conversion *of) {
    uint32_t node;
    int64_t axis = bd_tflite_option(of, 0, 4, 0);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return bd_tflite_fail_corrupt(of, "its axis is out of range");
    }
    if (of->integers && bd_tflite_option(of, 1, 1, 0) != BD_TFLITE_ACTIVATION_NONE) {
        return bd_tflite_refuse(of->tflite, of->op, "an activation behind it has no integer form");
    }
    bd_result result;
    uint32_t *inputs = bd_tflite_map_inputs(of, 0, of->op->inputs.count, &result);
    for (uint32_t k = 0; !result && of->integers && k < of->op->inputs.count; k++) {
        result = bd_tflite_rescale(of, bd_tflite_input(of, k), k, &inputs[k]);
    }
    if (!result) {
        result = bd_tflite_append(of, "", of->to, inputs, of->op->inputs.count, &node);
    }
    if (result) {
        return result;
    }
    of->tflite->graph->nodes[node].u.axis = (int32_t)axis;
    bd_tflite_keep_limits(of);
    if (of->integers) {
        (void)bd_tflite_range(of->out, true, &of->low, &of->high);
    }
    for (uint32_t k = 1; !of->integers && k < of->op->inputs.count; k++) {
        of->low = fminf(of->low, bd_tflite_input(of, k)->low);
        of->high = fmaxf(of->high, bd_tflite_input(of, k)->high);
    }
    return bd_tflite_finish(of, node, bd_tflite_option(of, 1, 1, 0));
}

static bd_result convert_pack(bd_tflite_conversion *of) {
    int64_t axis = bd_tflite_option(of, 1, 4, 0);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return bd_tflite_fail_corrupt(of, "its axis is out of range");
    }
    bd_result result = convert_plain(of);
    if (!result) {
        of->tflite->graph->nodes[of->out->node].u.axis = (int32_t)axis;
    }
    return result;
}

/* The new shape of a RESHAPE of older files, which is an option. */
static bd_result add_new_shape(const bd_tflite_conversion *of, uint32_t *node) {
    bd_graph *graph = of->tflite->graph;
    const bd_fb_vector dims = bd_fb_items(&of->tflite->fb, &of->op->options, 0, 4);
    const int32_t rank = (int32_t)BD_MIN(dims.count, (uint32_t)BD_MAX_RANK);
    int32_t *values = bd_pool_alloc(&graph->pool, BD_MAX_RANK * sizeof *values);
    const bd_shape shape = bd_shape_make(1, &rank);
    for (int32_t d = 0; values && d < rank; d++) {
        values[d] = bd_fb_item_i32(&dims, (uint32_t)d);
    }
    *node = values ? bd_graph_add_const(graph, "shape", BD_I32, &shape, values) : BD_NO_NODE;
    return *node == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : BD_OK;
}

static bd_result convert_reshape(bd_tflite_conversion *of) {
    uint32_t inputs[2], node = BD_NO_NODE;
    bd_result result = bd_tflite_input_node(of, 0, &inputs[0]);
    if (!result) {
        result = bd_tflite_input(of, 1) ? bd_tflite_input_node(of, 1, &inputs[1]) : add_new_shape(of, &inputs[1]);
    }
    if (!result) {
        result = bd_tflite_append(of, "", of->to, inputs, 2, &node);
    }
    bd_tflite_keep_limits(of);
    return result ? result : bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

static bd_result convert_squeeze(bd_tflite_conversion *of) {
    uint32_t node;
    const bd_fb_vector axes = bd_fb_items(&of->tflite->fb, &of->op->options, 0, 4);
    if (axes.count > BD_MAX_RANK) {
        return bd_tflite_fail_corrupt(of, "it has too many axes");
    }
    bd_result result = bd_tflite_append_inputs(of, 1, &node);
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    made->u.axes.count = (int32_t)axes.count;
    for (uint32_t i = 0; i < axes.count; i++) {
        made->u.axes.values[i] = bd_fb_item_i32(&axes, i);
    }
    bd_tflite_keep_limits(of);
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

static bd_result convert_strided_slice(bd_tflite_conversion *of) {
    uint32_t node;
    bd_result result = bd_tflite_append_inputs(of, 4, &node);
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    made->u.slice.begin_mask = (uint32_t)bd_tflite_option(of, 0, 4, 0);
    made->u.slice.end_mask = (uint32_t)bd_tflite_option(of, 1, 4, 0);
    made->u.slice.ellipsis_mask = (uint32_t)bd_tflite_option(of, 2, 4, 0);
    made->u.slice.new_axis_mask = (uint32_t)bd_tflite_option(of, 3, 4, 0);
    made->u.slice.shrink_axis_mask = (uint32_t)bd_tflite_option(of, 4, 4, 0);
    bd_tflite_keep_limits(of);
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

static bd_result convert_cast(bd_tflite_conversion *of) {
    uint32_t node;
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    if (x && (bd_tflite_is_quantised(x) || bd_tflite_is_quantised(of->out))) {
        return bd_tflite_fail_unsupported(of, "of quantised tensors");
    }
    bd_result result = bd_tflite_append_inputs(of, 1, &node);
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    switch (of->out->type) {
    case BD_TFLITE_F32:
    case BD_TFLITE_F16: made->dtype = BD_F32; break;
    case BD_TFLITE_I32:
    case BD_TFLITE_I64: made->dtype = BD_I32; break;
    case BD_TFLITE_U8: made->dtype = BD_U8; break;
    default: return bd_tflite_fail_unsupported(of, "to a type that is not supported");
    }
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* MEAN keeps the axes it reduces: where TensorFlow drops them, a SQUEEZE follows. */
static bd_result convert_mean(bd_tflite_conversion *of) {
    uint32_t node;
    bd_result result = bd_tflite_append_inputs(of, 2, &node);
    bd_tflite_keep_limits(of);
    if (result || bd_tflite_option_flag(of, 0)) {
        return result ? result : bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
    }
    int32_t axes[BD_MAX_RANK], count = bd_tflite_read_i32(of, 1, axes, BD_MAX_RANK);
    if (count < 1) {
        return bd_tflite_fail_unsupported(of, "the axes are not a constant");
    }
    const uint32_t mean = node;
    result = bd_tflite_append(of, "squeeze", BD_OP_SQUEEZE, &mean, 1, &node);
    if (!result) {
        bd_node *made = &of->tflite->graph->nodes[node];
        made->u.axes.count = count;
        memcpy(made->u.axes.values, axes, (size_t)count * sizeof axes[0]);
    }
    return result ? result : bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

static bd_result convert_resize(bd_tflite_conversion *of) {
    uint32_t node, first = of->to == BD_OP_RESIZE_BILINEAR ? 2 : 0;
    bd_result result = bd_tflite_append_inputs(of, 2, &node);
    if (result) {
        return result;
    }
    of->tflite->graph->nodes[node].u.resize.align_corners = bd_tflite_option_flag(of, first);
    of->tflite->graph->nodes[node].u.resize.half_pixel_centers = bd_tflite_option_flag(of, first + 1);
    of->tflite->graph->nodes[node].u.resize.round = of->integers && of->to == BD_OP_RESIZE_BILINEAR;
    of->tflite->graph->nodes[node].u.resize.zero_point = of->integers ? bd_tflite_zero(of->out) : 0;
    bd_tflite_keep_limits(of);
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* TILE and BROADCAST_TO of one pixel over a map do what a resize of it does. */
static bd_result convert_spread(bd_tflite_conversion *of) {
    int32_t dims[4];
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    bool tile = of->op->code == BD_TFLITE_TILE;
    if (!x || x->shape.rank != 4 || x->shape.dims[0] != 1 || x->shape.dims[1] != 1 || x->shape.dims[2] != 1 ||
        bd_tflite_read_i32(of, 1, dims, 4) != 4 || dims[0] != 1 || dims[3] != (tile ? 1 : x->shape.dims[3])) {
        return bd_tflite_fail_unsupported(of, "does not spread one pixel over a map");
    }
    const int32_t two = 2;
    const bd_shape shape = bd_shape_make(1, &two);
    int32_t *size = bd_pool_alloc(&of->tflite->graph->pool, 2 * sizeof *size);
    uint32_t inputs[2], node;
    if (!size) {
        return bd_tflite_fail_memory(of->tflite);
    }
    memcpy(size, dims + 1, 2 * sizeof *size);
    inputs[1] = bd_graph_add_const(of->tflite->graph, "size", BD_I32, &shape, size);
    bd_result result =
        inputs[1] == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : bd_tflite_input_node(of, 0, &inputs[0]);
    if (!result) {
        result = bd_tflite_append(of, "", BD_OP_RESIZE_BILINEAR, inputs, 2, &node);
    }
    if (!result && of->integers) {
        of->tflite->graph->nodes[node].u.resize.round = true;
        of->tflite->graph->nodes[node].u.resize.zero_point = bd_tflite_zero(of->out);
    }
    bd_tflite_keep_limits(of);
    return result ? result : bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

/* ---- the tables ------------------------------------------------------------------------------------------------- */

/* What an operation makes of integers. NONE: not supported. ENDED: real numbers, as at the end of a network. MOVED: the
 * same integers in another place, or their mean. MADE: other integers; convert says which. */
typedef enum integer_form { NONE, ENDED, MOVED, MADE } integer_form;

static const struct rule {
    int32_t code;
    uint32_t least_inputs, most_inputs;
    bd_result (*convert)(bd_tflite_conversion *of);
    bd_op op;
    integer_form form;
} rules[] = {
    {BD_TFLITE_ADD, 2, 2, convert_add, BD_OP_ADD, MADE},
    {BD_TFLITE_AVERAGE_POOL_2D, 1, 1, bd_tflite_convert_pool, BD_OP_POOL_AVERAGE, MOVED},
    {BD_TFLITE_CONCATENATION, 1, UINT32_MAX, convert_concat, BD_OP_CONCAT, MADE},
    {BD_TFLITE_CONV_2D, 2, 3, bd_tflite_convert_conv, BD_OP_CONV, MADE},
    {BD_TFLITE_DEPTHWISE_CONV_2D, 2, 3, bd_tflite_convert_conv, BD_OP_DEPTHWISE, MADE},
    {BD_TFLITE_DEQUANTIZE, 1, 1, convert_quantisation, BD_OP_IDENTITY, ENDED},
    {BD_TFLITE_LOGISTIC, 1, 1, convert_share, BD_OP_SIGMOID, ENDED},
    {BD_TFLITE_MAX_POOL_2D, 1, 1, bd_tflite_convert_pool, BD_OP_POOL_MAX, MOVED},
    {BD_TFLITE_MUL, 2, 2, convert_binary, BD_OP_MUL, NONE},
    {BD_TFLITE_RELU, 1, 1, convert_activation, BD_OP_CLAMP, NONE},
    {BD_TFLITE_RELU_N1_TO_1, 1, 1, convert_activation, BD_OP_CLAMP, NONE},
    {BD_TFLITE_RELU6, 1, 1, convert_activation, BD_OP_CLAMP, NONE},
    {BD_TFLITE_RESHAPE, 1, 2, convert_reshape, BD_OP_RESHAPE, MOVED},
    {BD_TFLITE_RESIZE_BILINEAR, 2, 2, convert_resize, BD_OP_RESIZE_BILINEAR, MOVED},
    {BD_TFLITE_SOFTMAX, 1, 1, convert_share, BD_OP_SOFTMAX, ENDED},
    {BD_TFLITE_PAD, 2, 2, convert_padded, BD_OP_PAD, MOVED},
    {BD_TFLITE_BATCH_TO_SPACE_ND, 3, 3, convert_moved, BD_OP_BATCH_TO_SPACE, MOVED},
    {BD_TFLITE_SPACE_TO_BATCH_ND, 3, 3, convert_padded, BD_OP_SPACE_TO_BATCH, MOVED},
    {BD_TFLITE_TRANSPOSE, 2, 2, convert_moved, BD_OP_TRANSPOSE, MOVED},
    {BD_TFLITE_MEAN, 2, 2, convert_mean, BD_OP_MEAN, NONE},
    {BD_TFLITE_SUB, 2, 2, convert_binary, BD_OP_SUB, NONE},
    {BD_TFLITE_DIV, 2, 2, convert_binary, BD_OP_DIV, NONE},
    {BD_TFLITE_SQUEEZE, 1, 1, convert_squeeze, BD_OP_SQUEEZE, MOVED},
    {BD_TFLITE_STRIDED_SLICE, 4, 4, convert_strided_slice, BD_OP_STRIDED_SLICE, MOVED},
    {BD_TFLITE_CAST, 1, 1, convert_cast, BD_OP_CAST, NONE},
    {BD_TFLITE_MAXIMUM, 2, 2, convert_plain, BD_OP_MAXIMUM, NONE},
    {BD_TFLITE_ARG_MAX, 2, 2, convert_plain, BD_OP_ARGMAX, ENDED},
    {BD_TFLITE_MINIMUM, 2, 2, convert_plain, BD_OP_MINIMUM, NONE},
    {BD_TFLITE_PADV2, 3, 3, convert_padded, BD_OP_PAD, MOVED},
    {BD_TFLITE_SLICE, 3, 3, convert_moved, BD_OP_SLICE, MOVED},
    {BD_TFLITE_TILE, 2, 2, convert_spread, BD_OP_RESIZE_BILINEAR, MOVED},
    {BD_TFLITE_EXPAND_DIMS, 2, 2, convert_moved, BD_OP_EXPAND_DIMS, MOVED},
    {BD_TFLITE_SHAPE, 1, 1, convert_plain, BD_OP_SHAPE, ENDED},
    {BD_TFLITE_FAKE_QUANT, 1, 1, convert_fake_quant, BD_OP_CLAMP, NONE},
    {BD_TFLITE_PACK, 1, UINT32_MAX, convert_pack, BD_OP_PACK, NONE},
    {BD_TFLITE_RESIZE_NEAREST_NEIGHBOR, 2, 2, convert_resize, BD_OP_RESIZE_NEAREST, MOVED},
    {BD_TFLITE_ADD_N, 1, UINT32_MAX, convert_plain, BD_OP_ADD_N, NONE},
    {BD_TFLITE_QUANTIZE, 1, 1, convert_quantisation, BD_OP_IDENTITY, MADE},
    {BD_TFLITE_HARD_SWISH, 1, 1, convert_plain, BD_OP_HARD_SWISH, NONE},
    {BD_TFLITE_BROADCAST_TO, 2, 2, convert_spread, BD_OP_RESIZE_BILINEAR, MOVED},
    {BD_TFLITE_RELU_0_TO_1, 1, 1, convert_relu_0_to_1, BD_OP_CLAMP, NONE},
};

/* Whether the operation computes with integers. */
static bd_result settle_integers(bd_tflite_conversion *of, const struct rule *rule) {
    bool integers = false, others = false;
    for (uint32_t k = 0; k < of->op->inputs.count; k++) {
        const bd_tflite_tensor *x = bd_tflite_input(of, k);
        integers = integers || (x && x->integers);
        others = others || (x && !x->integers && x->constant == BD_NO_NODE && bd_tflite_is_quantised(x));
    }
    bool quantised = bd_tflite_is_quantised(of->out);
    float low, high;
    if (others || (!integers && quantised)) {
        return rule->code == BD_TFLITE_DEQUANTIZE
                   ? BD_OK
                   : bd_tflite_refuse(of->tflite, of->op, "makes integers of real numbers");
    }
    if (!integers || rule->form == ENDED) {
        return BD_OK;
    }
    of->integers = quantised && rule->form != NONE;
    if (!of->integers) {
        return bd_tflite_refuse(of->tflite, of->op, "has no integer form here");
    }
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    bool fits = !of->out->broken_quantisation && bd_tflite_range(of->out, true, &low, &high) && low <= 0 && high >= 0;
    fits = fits && (rule->form != MOVED || (x && x->integers && bd_tflite_zero(x) == bd_tflite_zero(of->out)));
    return fits ? BD_OK : bd_tflite_refuse(of->tflite, of->op, "its zero points have no integer form here");
}

bd_result bd_tflite_convert(bd_tflite *tflite, const bd_tflite_operator *op) {
    bd_tflite_conversion of = {.tflite = tflite, .op = op, .low = -INFINITY, .high = INFINITY};
    const struct rule *rule = NULL;
    for (size_t i = 0; !rule && i < BD_COUNT(rules); i++) {
        rule = rules[i].code == op->code ? &rules[i] : NULL;
    }
    if (!rule) {
        return bd_tflite_fail_unsupported(&of, "is not supported");
    }
    if (op->outputs.count != 1 || op->inputs.count < rule->least_inputs || op->inputs.count > rule->most_inputs) {
        return bd_tflite_fail_corrupt(&of, "has another number of inputs or outputs than it takes");
    }
    of.to = rule->op;
    of.out = &tflite->tensors[bd_fb_item_i32(&op->outputs, 0)];
    bd_result result = tflite->integers ? settle_integers(&of, rule) : BD_OK;
    if (!result) {
        result = rule->convert(&of);
    }
    if (!result && tflite->fb.broken) {
        return bd_tflite_fail_corrupt(&of, "its options are broken");
    }
    return result;
}

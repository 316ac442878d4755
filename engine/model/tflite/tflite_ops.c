/* SPDX-License-Identifier: MIT
 * TensorFlow Lite's operations into the graph's. A quantised network runs in integers, as TensorFlow Lite runs it
 * (tflite_integers.c), or in float: then what the limits of each tensor's type cut off is cut off here too (TOCO leaves
 * ReLU6 to them), its rounding is not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tflite/tflite.h"

enum { MAX_WINDOW = 65535 }; /* sizes, strides and rates of windows: far above any use, products fit int32 */
enum { ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_RELU_N1_TO_1, ACTIVATION_RELU6 };

typedef bd_tflite_conversion conversion;

/* ---- what operations share -------------------------------------------------------------------------------------- */

static bd_result fail_unsupported(const conversion *of, const char *text) {
    return bd_tflite_fail(of->tflite, of->op, BD_ERR_MODEL_UNSUPPORTED, text);
}

static bd_result fail_corrupt(const conversion *of, const char *text) {
    return bd_tflite_fail(of->tflite, of->op, BD_ERR_FILE_CORRUPT, text);
}

bd_tflite_tensor *bd_tflite_input(const conversion *of, uint32_t k) {
    int32_t index = k < of->op->inputs.count ? bd_fb_item_i32(&of->op->inputs, k) : -1;
    return index < 0 ? NULL : &of->tflite->tensors[index];
}

/* The graph's node of input k, which is there. */
static bd_result input_node(const conversion *of, uint32_t k, uint32_t *node) {
    bd_tflite_tensor *tensor = bd_tflite_input(of, k);
    if (!tensor) {
        return fail_corrupt(of, "an input is missing");
    }
    if (tensor->node == BD_NO_NODE && tensor->constant != BD_NO_NODE) {
        return bd_tflite_constant(of->tflite, tensor->constant, BD_TFLITE_PLAIN, false, node);
    }
    if (tensor->integers && !of->integers) {
        return bd_tflite_real(of, tensor, node);
    }
    *node = tensor->node;
    return *node == BD_NO_NODE ? fail_corrupt(of, "an input is made by no operation before it") : BD_OK;
}

static int64_t option(const conversion *of, uint32_t field, uint32_t width, int64_t fallback) {
    return bd_fb_signed(&of->tflite->fb, &of->op->options, field, width, fallback);
}

static bool option_flag(const conversion *of, uint32_t field) {
    return bd_fb_unsigned(&of->tflite->fb, &of->op->options, field, 1, 0) != 0;
}

bd_result bd_tflite_append(const conversion *of, const char *suffix, bd_op op, const uint32_t *inputs, uint32_t count,
                           uint32_t *node) {
    char name[256];
    (void)snprintf(name, sizeof name, "%.200s%s%s", of->out->name, *suffix ? "/" : "", suffix);
    *node = bd_graph_add(of->tflite->graph, op, name, inputs, count);
    return *node == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : BD_OK;
}

/* As many int32 of a constant input as there are, room at most; -1: it is something else. */
static int32_t read_i32(const conversion *of, uint32_t k, int32_t *values, int32_t room) {
    const bd_tflite_tensor *tensor = bd_tflite_input(of, k);
    if (!tensor || !tensor->data || tensor->type != BD_TFLITE_I32 || tensor->bytes / 4 > (size_t)room) {
        return -1;
    }
    const bd_fb_vector items = {tensor->data, (uint32_t)(tensor->bytes / 4)};
    for (uint32_t i = 0; i < items.count; i++) {
        values[i] = bd_fb_item_i32(&items, i);
    }
    return (int32_t)items.count;
}

static void limit(conversion *of, float low, float high) {
    of->low = fminf(fmaxf(of->low, low), high);
    of->high = fmaxf(fminf(of->high, high), low);
}

static float limit_at(const conversion *of, float real) {
    return of->integers ? bd_tflite_integer(of->out, real) : real;
}

static bd_result limit_by_activation(conversion *of, int64_t activation) {
    switch (activation) {
    case ACTIVATION_NONE: return BD_OK;
    case ACTIVATION_RELU: limit(of, 0, INFINITY); return BD_OK;
    case ACTIVATION_RELU_N1_TO_1: limit(of, limit_at(of, -1), limit_at(of, 1)); return BD_OK;
    case ACTIVATION_RELU6: limit(of, 0, limit_at(of, 6)); return BD_OK;
    default: return fail_unsupported(of, "its fused activation is not supported");
    }
}

/* By the output's type. What is cut off by less than a thousandth of a step comes from rounding scales. */
static bd_result limit_by_type(conversion *of) {
    float low, high;
    if (of->out->broken_quantisation) {
        return fail_corrupt(of, "its output has a quantisation that makes no sense");
    }
    if (bd_tflite_range(of->out, of->integers, &low, &high)) {
        float slack = (high - low) / (255 * 1000);
        limit(of, of->low >= low - slack ? of->low : low, of->high <= high + slack ? of->high : high);
    }
    return BD_OK;
}

/* The last step of every conversion: limits, and the node as the output's. */
static bd_result finish(conversion *of, uint32_t node, int64_t activation) {
    const float low = of->low, high = of->high;
    bd_result result = limit_by_activation(of, activation);
    if (!result) {
        result = limit_by_type(of);
    }
    if (!result && (of->low > low || of->high < high)) {
        const uint32_t input = node;
        result = bd_tflite_append(of, "limits", BD_OP_CLAMP, &input, 1, &node);
        if (!result) {
            of->tflite->graph->nodes[node].u.clamp.low = of->low;
            of->tflite->graph->nodes[node].u.clamp.high = of->high;
        }
    }
    of->out->node = node;
    of->out->integers = of->integers;
    of->out->low = of->low;
    of->out->high = of->high;
    return result;
}

/* Inputs first..first+count-1 as nodes, in the import's pool; NULL with the reason in *result. */
static uint32_t *map_inputs(const conversion *of, uint32_t first, uint32_t count, bd_result *result) {
    uint32_t *nodes = bd_pool_alloc(&of->tflite->pool, (count + (size_t)1) * sizeof *nodes);
    *result = nodes ? BD_OK : bd_tflite_fail_memory(of->tflite);
    for (uint32_t k = 0; !*result && k < count; k++) {
        *result = input_node(of, first + k, &nodes[k]);
    }
    return nodes;
}

static bd_result append_inputs(const conversion *of, uint32_t count, uint32_t *node) {
    bd_result result;
    const uint32_t *inputs = map_inputs(of, 0, count, &result);
    return result ? result : bd_tflite_append(of, "", of->to, inputs, count, node);
}

static void keep_limits(conversion *of) {
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    if (x) {
        float scale = x->integers && !of->integers ? bd_fb_item_float(&x->scales, 0) : 1;
        of->low = x->low * scale;
        of->high = x->high * scale;
    }
}

/* ---- operations: the number of inputs is in the table's range ---------------------------------------------------- */

static bd_result convert_plain(conversion *of) {
    uint32_t node;
    bd_result result = append_inputs(of, of->op->inputs.count, &node);
    return result ? result : finish(of, node, ACTIVATION_NONE);
}

/* Values go through unchanged. */
static bd_result convert_moved(conversion *of) {
    keep_limits(of);
    return convert_plain(of);
}

static bd_result convert_padded(conversion *of) {
    if (of->op->code == BD_TFLITE_PADV2) {
        const bd_tflite_tensor *value = bd_tflite_input(of, 2);
        uint32_t index;
        bd_result result = value ? input_node(of, 2, &index) : fail_corrupt(of, "an input is missing");
        if (result) {
            return result;
        }
        const bd_node *constant = &of->tflite->graph->nodes[index];
        if (constant->op != BD_OP_CONST || constant->dtype != BD_F32 || bd_shape_elements(&constant->shape) != 1 ||
            *(const float *)constant->data != 0.0f) {
            return fail_unsupported(of, "pads with something other than a constant 0");
        }
    }
    keep_limits(of);
    of->low = fminf(of->low, 0);
    of->high = fmaxf(of->high, 0);
    uint32_t node;
    bd_result result = append_inputs(of, of->to == BD_OP_PAD ? 2 : 3, &node);
    return result ? result : finish(of, node, ACTIVATION_NONE);
}

/* The activation is the first option. */
static bd_result convert_binary(conversion *of) {
    uint32_t node;
    bd_result result = append_inputs(of, 2, &node);
    return result ? result : finish(of, node, option(of, 0, 1, 0));
}

static bd_result limit_all(conversion *of, int64_t activation) {
    bd_result result = limit_by_activation(of, activation);
    return result ? result : limit_by_type(of);
}

static bd_result convert_add(conversion *of) {
    uint32_t node;
    bd_scale scales[3];
    if (!of->integers) {
        return convert_binary(of);
    }
    bd_result result = bd_tflite_sum_scales(of, scales);
    if (!result) {
        result = append_inputs(of, 2, &node);
    }
    if (!result) {
        result = limit_all(of, option(of, 0, 1, 0));
    }
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    made->u.requantise.rounding = BD_ROUNDING_AWAY;
    memcpy(made->u.requantise.scales, scales, sizeof scales);
    made->u.requantise.low = of->low;
    made->u.requantise.high = of->high;
    return finish(of, node, ACTIVATION_NONE);
}

/* DEQUANTIZE and QUANTIZE: real numbers stay what they are, within the new type's limits. */
static bd_result convert_quantisation(conversion *of) {
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    if (x && x->node == BD_NO_NODE && x->constant != BD_NO_NODE && !bd_tflite_is_quantised(of->out)) {
        of->out->constant = x->constant;
        return BD_OK;
    }
    uint32_t node = BD_NO_NODE;
    bd_result result = of->integers ? limit_by_type(of) : input_node(of, 0, &node);
    if (!result && of->integers) {
        result = bd_tflite_requantise(of, x, &node);
    }
    if (result) {
        return result;
    }
    if (!of->integers) {
        keep_limits(of);
    }
    return finish(of, node, ACTIVATION_NONE);
}

static bd_result convert_activation(conversion *of) {
    static const int64_t activations[] = {ACTIVATION_RELU, ACTIVATION_RELU_N1_TO_1, ACTIVATION_RELU6};
    uint32_t node = BD_NO_NODE;
    bd_result result = input_node(of, 0, &node);
    if (result) {
        return result;
    }
    keep_limits(of);
    return finish(of, node, activations[of->op->code - BD_TFLITE_RELU]);
}

static bd_result convert_relu_0_to_1(conversion *of) {
    uint32_t node = BD_NO_NODE;
    bd_result result = input_node(of, 0, &node);
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
    return finish(of, node, ACTIVATION_NONE);
}

static bd_result convert_fake_quant(conversion *of) {
    uint32_t node;
    float low = bd_fb_float(&of->tflite->fb, &of->op->options, 0, 0);
    float high = bd_fb_float(&of->tflite->fb, &of->op->options, 1, 0);
    if (!(low <= 0 && high > 0)) {
        return fail_corrupt(of, "its limits make no sense");
    }
    bd_result result = append_inputs(of, 1, &node);
    if (result) {
        return result;
    }
    of->tflite->graph->nodes[node].u.clamp.low = of->low = low;
    of->tflite->graph->nodes[node].u.clamp.high = of->high = high;
    return finish(of, node, ACTIVATION_NONE);
}

/* Between 0 and 1. */
static bd_result convert_share(conversion *of) {
    if (of->to == BD_OP_SOFTMAX && bd_fb_float(&of->tflite->fb, &of->op->options, 0, 1) != 1.0f) {
        return fail_unsupported(of, "beta is not 1");
    }
    of->low = 0;
    of->high = 1;
    return convert_plain(of);
}

static bd_result convert_concat(conversion *of) {
    uint32_t node;
    int64_t axis = option(of, 0, 4, 0);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return fail_corrupt(of, "its axis is out of range");
    }
    if (of->integers && option(of, 1, 1, 0) != ACTIVATION_NONE) {
        return bd_tflite_refuse(of->tflite, of->op, "an activation behind it has no integer form");
    }
    bd_result result;
    uint32_t *inputs = map_inputs(of, 0, of->op->inputs.count, &result);
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
    keep_limits(of);
    if (of->integers) {
        (void)bd_tflite_range(of->out, true, &of->low, &of->high);
    }
    for (uint32_t k = 1; !of->integers && k < of->op->inputs.count; k++) {
        of->low = fminf(of->low, bd_tflite_input(of, k)->low);
        of->high = fmaxf(of->high, bd_tflite_input(of, k)->high);
    }
    return finish(of, node, option(of, 1, 1, 0));
}

static bd_result convert_pack(conversion *of) {
    int64_t axis = option(of, 1, 4, 0);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return fail_corrupt(of, "its axis is out of range");
    }
    bd_result result = convert_plain(of);
    if (!result) {
        of->tflite->graph->nodes[of->out->node].u.axis = (int32_t)axis;
    }
    return result;
}

/* The shape is an input, or an option of older files. */
static bd_result convert_reshape(conversion *of) {
    uint32_t inputs[2], node;
    bd_result result = input_node(of, 0, &inputs[0]);
    if (!result && bd_tflite_input(of, 1)) {
        result = input_node(of, 1, &inputs[1]);
    } else if (!result) {
        const bd_fb_vector dims = bd_fb_items(&of->tflite->fb, &of->op->options, 0, 4);
        const int32_t rank = (int32_t)BD_MIN(dims.count, (uint32_t)BD_MAX_RANK);
        int32_t *values = bd_pool_alloc(&of->tflite->graph->pool, BD_MAX_RANK * sizeof *values);
        const bd_shape shape = bd_shape_make(1, &rank);
        for (int32_t d = 0; values && d < rank; d++) {
            values[d] = bd_fb_item_i32(&dims, (uint32_t)d);
        }
        inputs[1] = values ? bd_graph_add_const(of->tflite->graph, "shape", BD_I32, &shape, values) : BD_NO_NODE;
        result = inputs[1] == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : BD_OK;
    }
    if (!result) {
        result = bd_tflite_append(of, "", of->to, inputs, 2, &node);
    }
    keep_limits(of);
    return result ? result : finish(of, node, ACTIVATION_NONE);
}

static bd_result convert_squeeze(conversion *of) {
    uint32_t node;
    const bd_fb_vector axes = bd_fb_items(&of->tflite->fb, &of->op->options, 0, 4);
    if (axes.count > BD_MAX_RANK) {
        return fail_corrupt(of, "it has too many axes");
    }
    bd_result result = append_inputs(of, 1, &node);
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    made->u.axes.count = (int32_t)axes.count;
    for (uint32_t i = 0; i < axes.count; i++) {
        made->u.axes.values[i] = bd_fb_item_i32(&axes, i);
    }
    keep_limits(of);
    return finish(of, node, ACTIVATION_NONE);
}

static bd_result convert_strided_slice(conversion *of) {
    uint32_t node;
    bd_result result = append_inputs(of, 4, &node);
    if (result) {
        return result;
    }
    bd_node *made = &of->tflite->graph->nodes[node];
    made->u.slice.begin_mask = (uint32_t)option(of, 0, 4, 0);
    made->u.slice.end_mask = (uint32_t)option(of, 1, 4, 0);
    made->u.slice.ellipsis_mask = (uint32_t)option(of, 2, 4, 0);
    made->u.slice.new_axis_mask = (uint32_t)option(of, 3, 4, 0);
    made->u.slice.shrink_axis_mask = (uint32_t)option(of, 4, 4, 0);
    keep_limits(of);
    return finish(of, node, ACTIVATION_NONE);
}

static bd_result convert_cast(conversion *of) {
    uint32_t node;
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    if (x && (bd_tflite_is_quantised(x) || bd_tflite_is_quantised(of->out))) {
        return fail_unsupported(of, "of quantised tensors");
    }
    bd_result result = append_inputs(of, 1, &node);
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
    default: return fail_unsupported(of, "to a type that is not supported");
    }
    return finish(of, node, ACTIVATION_NONE);
}

/* MEAN keeps the axes it reduces: where TensorFlow drops them, a SQUEEZE follows. */
static bd_result convert_mean(conversion *of) {
    uint32_t node;
    bd_result result = append_inputs(of, 2, &node);
    keep_limits(of);
    if (result || option_flag(of, 0)) {
        return result ? result : finish(of, node, ACTIVATION_NONE);
    }
    int32_t axes[BD_MAX_RANK], count = read_i32(of, 1, axes, BD_MAX_RANK);
    if (count < 1) {
        return fail_unsupported(of, "the axes are not a constant");
    }
    const uint32_t mean = node;
    result = bd_tflite_append(of, "squeeze", BD_OP_SQUEEZE, &mean, 1, &node);
    if (!result) {
        bd_node *made = &of->tflite->graph->nodes[node];
        made->u.axes.count = count;
        memcpy(made->u.axes.values, axes, (size_t)count * sizeof axes[0]);
    }
    return result ? result : finish(of, node, ACTIVATION_NONE);
}

static bd_result convert_resize(conversion *of) {
    uint32_t node, first = of->to == BD_OP_RESIZE_BILINEAR ? 2 : 0;
    bd_result result = append_inputs(of, 2, &node);
    if (result) {
        return result;
    }
    of->tflite->graph->nodes[node].u.resize.align_corners = option_flag(of, first);
    of->tflite->graph->nodes[node].u.resize.half_pixel_centers = option_flag(of, first + 1);
    of->tflite->graph->nodes[node].u.resize.round = of->integers && of->to == BD_OP_RESIZE_BILINEAR;
    of->tflite->graph->nodes[node].u.resize.zero_point = of->integers ? bd_tflite_zero(of->out) : 0;
    keep_limits(of);
    return finish(of, node, ACTIVATION_NONE);
}

/* TILE and BROADCAST_TO of one pixel over a map: what any resize of it does. */
static bd_result convert_spread(conversion *of) {
    int32_t dims[4];
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    bool tile = of->op->code == BD_TFLITE_TILE;
    if (!x || x->shape.rank != 4 || x->shape.dims[0] != 1 || x->shape.dims[1] != 1 || x->shape.dims[2] != 1 ||
        read_i32(of, 1, dims, 4) != 4 || dims[0] != 1 || dims[3] != (tile ? 1 : x->shape.dims[3])) {
        return fail_unsupported(of, "does not spread one pixel over a map");
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
    bd_result result = inputs[1] == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : input_node(of, 0, &inputs[0]);
    if (!result) {
        result = bd_tflite_append(of, "", BD_OP_RESIZE_BILINEAR, inputs, 2, &node);
    }
    if (!result && of->integers) {
        of->tflite->graph->nodes[node].u.resize.round = true;
        of->tflite->graph->nodes[node].u.resize.zero_point = bd_tflite_zero(of->out);
    }
    keep_limits(of);
    return result ? result : finish(of, node, ACTIVATION_NONE);
}

/* ---- windows ---------------------------------------------------------------------------------------------------- */

static bd_result read_window(const conversion *of, uint32_t field, int64_t fallback, int32_t *h, int32_t *w) {
    int64_t along_w = option(of, field, 4, fallback), along_h = option(of, field + 1, 4, fallback);
    if (along_w < 1 || along_w > MAX_WINDOW || along_h < 1 || along_h > MAX_WINDOW) {
        return fail_corrupt(of, "its window is out of range");
    }
    *w = (int32_t)along_w;
    *h = (int32_t)along_h;
    return BD_OK;
}

static bd_result read_padding(const conversion *of, bd_conv_attrs *attrs) {
    int64_t padding = option(of, 0, 1, 0);
    if (padding != 0 && padding != 1) {
        return fail_corrupt(of, "its padding is neither SAME nor VALID");
    }
    attrs->padding = padding ? BD_PADDING_VALID : BD_PADDING_SAME;
    return BD_OK;
}

static bd_result convert_pool(conversion *of) {
    uint32_t node;
    bd_result result = append_inputs(of, 1, &node);
    if (result) {
        return result;
    }
    bd_conv_attrs *attrs = &of->tflite->graph->nodes[node].u.conv;
    result = read_padding(of, attrs);
    if (!result) {
        result = read_window(of, 1, 0, &attrs->stride_h, &attrs->stride_w);
    }
    if (!result) {
        result = read_window(of, 3, 0, &attrs->kernel_h, &attrs->kernel_w);
    }
    if (!result && of->integers && of->to == BD_OP_POOL_AVERAGE) {
        attrs->rounding = BD_ROUNDING_AWAY;
        attrs->zero_point = bd_tflite_zero(of->out);
        if (attrs->kernel_h > BD_EXACT_WINDOW / attrs->kernel_w) {
            return bd_tflite_refuse(of->tflite, of->op, "its sums would not be exact in float32");
        }
    }
    keep_limits(of);
    return result ? result : finish(of, node, option(of, 5, 1, 0));
}

/* Weights as the graph wants them. What is computed from constants is turned by a node that folds. */
static bd_result convert_weights(const conversion *of, bd_tflite_role role, uint32_t *node) {
    const bd_tflite_tensor *weights = bd_tflite_input(of, 1);
    if (!weights) {
        return fail_corrupt(of, "it has no weights");
    }
    if (weights->constant != BD_NO_NODE && weights->node == BD_NO_NODE) {
        return bd_tflite_constant(of->tflite, weights->constant, role, of->integers, node);
    }
    if (of->integers) {
        return bd_tflite_refuse(of->tflite, of->op, "its weights are not a constant");
    }
    if (role == BD_TFLITE_SPREAD) {
        return fail_unsupported(of, "its weights are not a constant");
    }
    const int32_t rank = 4;
    const bd_shape shape = bd_shape_make(1, &rank);
    static const int32_t order[4] = {1, 2, 3, 0};
    uint32_t inputs[2] = {BD_NO_NODE, bd_graph_add_const(of->tflite->graph, "order", BD_I32, &shape, order)};
    bd_result result = inputs[1] == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : input_node(of, 1, &inputs[0]);
    return result ? result : bd_tflite_append(of, "weights", BD_OP_TRANSPOSE, inputs, 2, node);
}

static bd_result read_conv(const conversion *of, bool depthwise, bd_conv_attrs *attrs, int64_t *activation) {
    bd_result result = read_padding(of, attrs);
    if (!result) {
        result = read_window(of, 1, 0, &attrs->stride_h, &attrs->stride_w);
    }
    if (!result) {
        result = read_window(of, depthwise ? 5 : 4, 1, &attrs->dilation_h, &attrs->dilation_w);
    }
    *activation = option(of, depthwise ? 4 : 3, 1, 0);
    return result;
}

static bd_result convert_conv(conversion *of) {
    bool depthwise = of->op->code == BD_TFLITE_DEPTHWISE_CONV_2D;
    int64_t multiplier = depthwise ? option(of, 3, 4, 0) : 1, activation;
    bd_tflite_role role = depthwise ? BD_TFLITE_CHANNELWISE : BD_TFLITE_DENSE;
    bd_tflite_tensor *x = bd_tflite_input(of, 0), *weights = bd_tflite_input(of, 1);
    if (depthwise && multiplier != 1) {
        if (!x || x->shape.rank != 4 || x->shape.dims[3] != 1) {
            return fail_unsupported(of, "a depth multiplier other than 1 over several channels");
        }
        role = BD_TFLITE_SPREAD;
        of->to = BD_OP_CONV;
    }
    uint32_t inputs[5], node, count = bd_tflite_input(of, 2) ? 3 : 2;
    bd_result result = input_node(of, 0, &inputs[0]);
    if (!result) {
        result = convert_weights(of, role, &inputs[1]);
    }
    if (!result && of->integers) {
        uint32_t last = of->to == BD_OP_CONV ? 4 : 3;
        inputs[3] = BD_NO_NODE;
        result = bd_tflite_sums(of, role != BD_TFLITE_DENSE, &inputs[2], &inputs[last]);
        count = last + 1;
    } else if (!result && count == 3) {
        const bd_tflite_tensor *bias = bd_tflite_input(of, 2);
        result = bias->constant != BD_NO_NODE && bias->node == BD_NO_NODE
                     ? bd_tflite_bias(of->tflite, bias->constant, x, weights, &inputs[2])
                     : input_node(of, 2, &inputs[2]);
    }
    if (!result) {
        result = bd_tflite_append(of, "", of->to, inputs, count, &node);
    }
    bd_conv_attrs *attrs = result ? NULL : &of->tflite->graph->nodes[node].u.conv;
    if (!result) {
        result = read_conv(of, depthwise, attrs, &activation);
    }
    if (!result) {
        result = limit_all(of, activation);
    }
    if (result) {
        return result;
    }
    if (of->integers) {
        attrs->rounding = depthwise ? BD_ROUNDING_AWAY : BD_ROUNDING_UP;
    }
    /* What is only added to is not limited before the sum, which is: the sum then goes into this convolution. Limits on
     * both sides of 0 are a calibration's, and rarely reached. */
    if (!of->integers && of->low < 0 && of->high > 0 && !of->out->read_alone) {
        of->low = -INFINITY;
        of->high = INFINITY;
        of->out->node = node;
        return BD_OK;
    }
    attrs->clamp_low = of->low;
    attrs->clamp_high = of->high;
    return finish(of, node, ACTIVATION_NONE);
}

/* ---- the tables ------------------------------------------------------------------------------------------------- */

/* What an operation makes of integers: nothing yet; what the network ends with, real numbers; the same integers in
 * another place, or their mean; integers by a rule of its own. */
typedef enum integer_form { NONE, ENDED, MOVED, MADE } integer_form;

static const struct rule {
    int32_t code;
    uint32_t least_inputs, most_inputs;
    bd_result (*convert)(conversion *of);
    bd_op op;
    integer_form form;
} rules[] = {
    {BD_TFLITE_ADD, 2, 2, convert_add, BD_OP_ADD, MADE},
    {BD_TFLITE_AVERAGE_POOL_2D, 1, 1, convert_pool, BD_OP_POOL_AVERAGE, MOVED},
    {BD_TFLITE_CONCATENATION, 1, UINT32_MAX, convert_concat, BD_OP_CONCAT, MADE},
    {BD_TFLITE_CONV_2D, 2, 3, convert_conv, BD_OP_CONV, MADE},
    {BD_TFLITE_DEPTHWISE_CONV_2D, 2, 3, convert_conv, BD_OP_DEPTHWISE, MADE},
    {BD_TFLITE_DEQUANTIZE, 1, 1, convert_quantisation, BD_OP_IDENTITY, ENDED},
    {BD_TFLITE_LOGISTIC, 1, 1, convert_share, BD_OP_SIGMOID, ENDED},
    {BD_TFLITE_MAX_POOL_2D, 1, 1, convert_pool, BD_OP_POOL_MAX, MOVED},
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

/* Whether the operation has integers before it, and what it then makes. */
static bd_result settle_integers(conversion *of, const struct rule *rule) {
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
    conversion of = {.tflite = tflite, .op = op, .low = -INFINITY, .high = INFINITY};
    const struct rule *rule = NULL;
    for (size_t i = 0; !rule && i < BD_COUNT(rules); i++) {
        rule = rules[i].code == op->code ? &rules[i] : NULL;
    }
    if (!rule) {
        return fail_unsupported(&of, "is not supported");
    }
    if (op->outputs.count != 1 || op->inputs.count < rule->least_inputs || op->inputs.count > rule->most_inputs) {
        return fail_corrupt(&of, "has another number of inputs or outputs than it takes");
    }
    of.to = rule->op;
    of.out = &tflite->tensors[bd_fb_item_i32(&op->outputs, 0)];
    bd_result result = tflite->integers ? settle_integers(&of, rule) : BD_OK;
    if (!result) {
        result = rule->convert(&of);
    }
    if (!result && tflite->fb.broken) {
        return fail_corrupt(&of, "its options are broken");
    }
    return result;
}

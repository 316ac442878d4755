/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_windows.h"

#include <math.h>
#include <string.h>

#include "model/onnx/onnx_builder.h"
#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"

enum { WINDOW_MOST = 65535 }; /* of sizes, strides, rates and paddings: far above any use, products fit int32 */

/* ---- windows ---------------------------------------------------------------------------------------------------- */

/* A list over height and width (paddings: both before, both after). Absent: it stays as it is. */
static bd_result read_pair(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t low,
                           int32_t expected, int32_t *values) {
    int64_t read[4];
    int32_t count;
    bd_result result = bd_onnx_attr_ints(onnx, node, name, read, 4, &count);
    if (result || count < 0) {
        return result;
    }
    for (int32_t i = 0; i < count; i++) {
        if (count != expected || read[i] < low || read[i] > WINDOW_MOST) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "attribute %s is out of range", name);
        }
        values[i] = (int32_t)read[i];
    }
    return count == expected ? BD_OK : bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "not over height and width");
}

/* The extra pixel first. */
static void pad_lower(int64_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t *before, int32_t *after) {
    int64_t out = (in + stride - 1) / stride, extent = ((int64_t)kernel - 1) * dilation + 1;
    int64_t total = BD_MAX((out - 1) * stride + extent - in, (int64_t)0);
    *after = (int32_t)(total / 2);
    *before = (int32_t)(total - total / 2);
}

/* Strides, rates, paddings; the kernel's size must be set. in: height and width of what the window moves over. */
static bd_result read_window(const bd_onnx *onnx, const bd_onnx_node *node, const int32_t in[2], bd_conv_attrs *a) {
    int32_t strides[2] = {1, 1}, rates[2] = {1, 1}, pads[4] = {0};
    bd_pb automatic;
    bd_result result = read_pair(onnx, node, "strides", 1, 2, strides);
    result = result ? result : read_pair(onnx, node, "dilations", 1, 2, rates);
    result = result ? result : read_pair(onnx, node, "pads", 0, 4, pads);
    result = result ? result : bd_onnx_attr_bytes(onnx, node, "auto_pad", &automatic);
    if (result) {
        return result;
    }
    a->stride_h = strides[0];
    a->stride_w = strides[1];
    a->dilation_h = rates[0];
    a->dilation_w = rates[1];
    a->padding = BD_PADDING_EXPLICIT;
    a->clamp_low = -INFINITY;
    a->clamp_high = INFINITY;
    if (!automatic.at || bd_pb_equals(automatic, "NOTSET")) {
        a->pad_top = pads[0];
        a->pad_left = pads[1];
        a->pad_bottom = pads[2];
        a->pad_right = pads[3];
    } else if (bd_pb_equals(automatic, "SAME_UPPER")) {
        a->padding = BD_PADDING_SAME;
    } else if (bd_pb_equals(automatic, "SAME_LOWER")) {
        pad_lower(in[0], a->kernel_h, a->stride_h, a->dilation_h, &a->pad_top, &a->pad_bottom);
        pad_lower(in[1], a->kernel_w, a->stride_w, a->dilation_w, &a->pad_left, &a->pad_right);
    } else if (bd_pb_equals(automatic, "VALID")) {
        a->padding = BD_PADDING_VALID;
    } else {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "attribute auto_pad is unknown");
    }
    return BD_OK;
}

static bd_result add_window(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const uint32_t *inputs,
                            uint32_t input_count, const bd_conv_attrs *a) {
    uint32_t index;
    bd_result result = bd_onnx_append(onnx, node, "", op, inputs, input_count, &index);
    if (!result) {
        onnx->graph->nodes[index].u.conv = *a;
        result = bd_onnx_infer(onnx, index);
    }
    if (!result) {
        bd_onnx_set_map(onnx, node, index);
    }
    return result;
}

/* ---- batch normalisation: y = x * multiplier + offset ----------------------------------------------------------- */

typedef struct normalisation {
    float *multiplier, *offset; /* in the graph's pool */
} normalisation;

static bd_result read_normalisation(bd_onnx *onnx, const bd_onnx_node *node, int64_t channels, normalisation *made) {
    const bd_onnx_tensor *parts[4];
    float epsilon = 1e-5f;
    int64_t training = 0;
    bd_result result = bd_onnx_attr_float(onnx, node, "epsilon", &epsilon);
    result = result ? result : bd_onnx_attr_int(onnx, node, "training_mode", 0, 1, &training);
    if (result || training) {
        return result ? result : bd_onnx_refuse(onnx, node, "training_mode is set");
    }
    for (uint32_t i = 0; i < 4; i++) {
        parts[i] = bd_onnx_constant(onnx, node, i + 1);
        if (!parts[i] || parts[i]->elements != channels || !bd_onnx_is_float(parts[i]->type)) {
            return bd_onnx_refuse(onnx, node, "its parameters are not constants, one a channel");
        }
    }
    void *data = NULL;
    result = bd_onnx_alloc(onnx, node, true, 2 * (size_t)channels * sizeof(float), &data);
    if (result) {
        return result;
    }
    made->multiplier = data;
    made->offset = made->multiplier + channels;
    for (int64_t c = 0; c < channels; c++) {
        double factor = bd_onnx_number(parts[0], c) / sqrt(bd_onnx_number(parts[3], c) + (double)epsilon);
        made->multiplier[c] = (float)factor;
        made->offset[c] = (float)(bd_onnx_number(parts[1], c) - bd_onnx_number(parts[2], c) * factor);
    }
    return BD_OK;
}

static bd_result add_vector(bd_onnx *onnx, const bd_onnx_node *node, int64_t channels, const float *data,
                            uint32_t *index) {
    const bd_shape shape = {1, {(int32_t)channels}};
    char name[128];
    size_t length = BD_MIN(bd_pb_size(node->name), sizeof name - 1);
    memcpy(name, node->name.at, length);
    name[length] = '\0';
    *index = bd_graph_add_const(onnx->graph, name, BD_F32, &shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

bd_result bd_onnx_convert_batch_norm(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    if (node->folded) {
        bd_onnx_set_like(onnx, node, x->index, x);
        return BD_OK;
    }
    if (x->rank < 2 || x->axes[1] != 3 || onnx->graph->nodes[x->index].shape.rank != 4) {
        return bd_onnx_refuse(onnx, node, "its input is not a map, (1, channels, height, width)");
    }
    int64_t channels = bd_onnx_dim(onnx, x, 1);
    normalisation made;
    uint32_t scaled[2] = {x->index, 0}, moved[2] = {0, 0}, index;
    bd_result result = read_normalisation(onnx, node, channels, &made);
    result = result ? result : add_vector(onnx, node, channels, made.multiplier, &scaled[1]);
    result = result ? result : add_vector(onnx, node, channels, made.offset, &moved[1]);
    result = result ? result : bd_onnx_append(onnx, node, "mul", BD_OP_MUL, scaled, 2, &moved[0]);
    result = result ? result : bd_onnx_infer(onnx, moved[0]);
    result = result ? result : bd_onnx_append(onnx, node, "", op, moved, 2, &index);
    result = result ? result : bd_onnx_infer(onnx, index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

/* The BatchNormalization that alone reads a convolution's output, where the weights are read by nothing else: scaling
 * them while they are rearranged saves a pass over them. NULL when there is none. Its other inputs must be known. */
static bd_onnx_node *find_normalisation(bd_onnx *onnx, const bd_onnx_node *node) {
    const bd_onnx_value *output = bd_onnx_output(onnx, node);
    if (output->uses != 1 || output->reader == BD_ONNX_NONE || bd_onnx_input(onnx, node, 1)->uses != 1) {
        return NULL;
    }
    bd_onnx_node *next = &onnx->nodes[output->reader];
    if (!bd_pb_equals(next->op, "BatchNormalization") || next->input_count != 5 ||
        bd_onnx_input(onnx, next, 0) != output) {
        return NULL;
    }
    for (uint32_t k = 1; k < 5; k++) {
        bd_onnx_value *value = bd_onnx_input(onnx, next, k);
        if (value && value->kind == BD_ONNX_UNKNOWN && value->initializer.at) {
            /* An unreadable one fails when that node is converted. */
            bd_error *error = onnx->error;
            onnx->error = NULL;
            value->kind = bd_onnx_read_tensor(onnx, next, value->initializer, &value->tensor) ? BD_ONNX_UNKNOWN
                                                                                              : BD_ONNX_CONSTANT;
            onnx->error = error;
        }
        if (!bd_onnx_constant(onnx, next, k)) {
            return NULL;
        }
    }
    return next;
}

/* ---- convolutions ----------------------------------------------------------------------------------------------- */

/* group 1, or one a channel. */
static bd_result check_weights(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *weights,
                               int64_t channels, bool *depthwise) {
    const bd_onnx_tensor *w = weights->kind == BD_ONNX_CONSTANT ? &weights->tensor : NULL;
    int64_t group = 1;
    bd_result result = bd_onnx_attr_int(onnx, node, "group", 1, INT32_MAX, &group);
    if (result) {
        return result;
    }
    if (!w || !bd_onnx_is_float(w->type) || w->rank != 4 || !w->elements) {
        return bd_onnx_refuse(onnx, node, "its weights are not constant floats of 4 dimensions");
    }
    int32_t kernel[2] = {(int32_t)w->dims[2], (int32_t)w->dims[3]};
    result = read_pair(onnx, node, "kernel_shape", 1, 2, kernel);
    if (result) {
        return result;
    }
    if (kernel[0] != w->dims[2] || kernel[1] != w->dims[3] || w->dims[2] > WINDOW_MOST || w->dims[3] > WINDOW_MOST ||
        w->dims[1] * group != channels) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "its weights do not fit %lld channels in %lld groups",
                            (long long)channels, (long long)group);
    }
    *depthwise = group > 1;
    if (*depthwise && (group != channels || w->dims[0] != channels)) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED,
                            "%lld groups of %lld channels to %lld: neither one group nor one a channel",
                            (long long)group, (long long)channels, (long long)w->dims[0]);
    }
    return BD_OK;
}

/* The bias with the normalisation that follows: b * multiplier + offset. */
static bd_result add_bias(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *bias, int64_t channels,
                          const normalisation *after, uint32_t *index) {
    *index = BD_NO_NODE;
    if (bias && (bias->elements != channels || !bd_onnx_is_float(bias->type))) {
        return bd_onnx_refuse(onnx, node, "its bias is not a constant, one float a channel");
    }
    if (!bias && !after) {
        return BD_OK;
    }
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, true, (size_t)channels * sizeof(float), &data);
    if (result) {
        return result;
    }
    float *values = data;
    for (int64_t c = 0; c < channels; c++) {
        double value = bias ? bd_onnx_number(bias, c) : 0;
        values[c] = (float)(after ? value * (double)after->multiplier[c] + (double)after->offset[c] : value);
    }
    return add_vector(onnx, node, channels, values, index);
}

bd_result bd_onnx_add_conv(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_value *x,
                           bd_onnx_value *weights, const bd_onnx_tensor *bias) {
    bool depthwise = false;
    bd_result result = bd_onnx_need_map(onnx, node, x);
    if (!result) {
        result = check_weights(onnx, node, weights, bd_onnx_dim(onnx, x, 1), &depthwise);
    }
    if (result) {
        return result;
    }
    const int32_t *dims = onnx->graph->nodes[x->index].shape.dims;
    const int32_t in[2] = {dims[1], dims[2]};
    int64_t channels = weights->tensor.dims[0];
    bd_conv_attrs a = {.kernel_h = (int32_t)weights->tensor.dims[2], .kernel_w = (int32_t)weights->tensor.dims[3]};
    normalisation after = {NULL, NULL};
    bd_onnx_node *next = find_normalisation(onnx, node);
    uint32_t inputs[3] = {x->index, 0, BD_NO_NODE};
    result = read_window(onnx, node, in, &a);
    if (!result && next) {
        result = read_normalisation(onnx, next, channels, &after);
        next->folded = true;
    }
    if (!result) {
        result = bd_onnx_add_weights(onnx, node, weights, depthwise, next ? after.multiplier : NULL, &inputs[1]);
    }
    if (!result) {
        result = add_bias(onnx, node, bias, channels, next ? &after : NULL, &inputs[2]);
    }
    return result ? result : add_window(onnx, node, depthwise ? BD_OP_DEPTHWISE : op, inputs, 3, &a);
}

bd_result bd_onnx_convert_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    if (bd_onnx_input(onnx, node, 2) && !bd_onnx_constant(onnx, node, 2)) {
        return bd_onnx_refuse(onnx, node, "its bias is not a constant, one float a channel");
    }
    return bd_onnx_add_conv(onnx, node, op, bd_onnx_input(onnx, node, 0), bd_onnx_input(onnx, node, 1),
                            bd_onnx_constant(onnx, node, 2));
}

/* ---- onnxruntime's: an addend and an activation after the convolution ------------------------------------------- */

static bd_result activate(bd_onnx *onnx, const bd_onnx_node *node, bd_pb name, const float *values, int32_t count) {
    const bd_onnx_value like = *bd_onnx_output(onnx, node);
    uint32_t index = like.index;
    bd_result result;
    if (bd_pb_equals(name, "Relu")) {
        result = bd_onnx_append_clamp(onnx, node, "activation", like.index, 0, INFINITY, &index);
    } else if (bd_pb_equals(name, "Clip") && count == 2 && values[0] <= values[1]) {
        result = bd_onnx_append_clamp(onnx, node, "activation", like.index, values[0], values[1], &index);
    } else if (bd_pb_equals(name, "HardSigmoid") && count == 2) {
        result = bd_onnx_append_hard_sigmoid(onnx, node, like.index, values[0], values[1], &index);
    } else if (bd_pb_equals(name, "Sigmoid")) {
        result = bd_onnx_append(onnx, node, "activation", BD_OP_SIGMOID, &like.index, 1, &index);
        result = result ? result : bd_onnx_infer(onnx, index);
    } else {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "its activation %.*s is not supported",
                            (int)BD_MIN(bd_pb_size(name), (size_t)40), (const char *)name.at);
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, index, &like);
    }
    return result;
}

bd_result bd_onnx_convert_fused_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    float values[4];
    int32_t count;
    bd_pb name;
    bd_result result = bd_onnx_attr_bytes(onnx, node, "activation", &name);
    result = result ? result : bd_onnx_attr_floats(onnx, node, "activation_params", values, 4, &count);
    result = result ? result : bd_onnx_convert_conv(onnx, node, op);
    if (!result && bd_onnx_input(onnx, node, 3)) {
        const bd_onnx_value made = *bd_onnx_output(onnx, node);
        const bd_onnx_value *const values_of_sum[2] = {&made, bd_onnx_input(onnx, node, 3)};
        result = bd_onnx_join(onnx, node, BD_OP_ADD, values_of_sum);
    }
    return !result && name.at ? activate(onnx, node, name, values, count) : result;
}

/* ---- pools ------------------------------------------------------------------------------------------------------ */

/* ceil_mode: what the last window reaches past the end, none that begins there. */
static void pad_to_ceil(int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t before, int32_t *after) {
    int64_t room = (int64_t)in + before + *after - (((int64_t)kernel - 1) * dilation + 1);
    int64_t extra = room >= 0 && room % stride ? stride - room % stride : 0;
    int64_t last = (room + extra) / stride * stride;
    if (last < (int64_t)in + before) {
        *after += (int32_t)extra;
    }
}

/* An average that counts zeros outside is a depthwise convolution. */
static bd_result add_average(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *x, const bd_conv_attrs *a) {
    int64_t channels = bd_onnx_dim(onnx, x, 1), taps = (int64_t)a->kernel_h * a->kernel_w;
    const bd_shape shape = {4, {a->kernel_h, a->kernel_w, (int32_t)channels, 1}};
    int64_t elements = bd_shape_elements(&shape);
    void *data = NULL;
    if (elements < 0) {
        return bd_onnx_refuse(onnx, node, "its window is too large");
    }
    bd_result result = bd_onnx_alloc(onnx, node, true, (size_t)elements * sizeof(float), &data);
    if (result) {
        return result;
    }
    float *values = data;
    for (int64_t i = 0; i < elements; i++) {
        values[i] = (float)(1.0 / (double)taps);
    }
    uint32_t inputs[2] = {x->index, bd_graph_add_const(onnx->graph, "average", BD_F32, &shape, values)};
    if (inputs[1] == BD_NO_NODE) {
        return bd_onnx_fail_memory(onnx);
    }
    return add_window(onnx, node, BD_OP_DEPTHWISE, inputs, 2, a);
}

bd_result bd_onnx_convert_pool(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int32_t kernel[2] = {0, 0};
    int64_t ceil_mode = 0, count_pads = 0;
    bd_result result = bd_onnx_need_map(onnx, node, x);
    result = result ? result : read_pair(onnx, node, "kernel_shape", 1, 2, kernel);
    result = result ? result : bd_onnx_attr_int(onnx, node, "ceil_mode", 0, 1, &ceil_mode);
    result = result ? result : bd_onnx_attr_int(onnx, node, "count_include_pad", 0, 1, &count_pads);
    if (result || !kernel[0]) {
        return result ? result : bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "no kernel_shape");
    }
    const int32_t *dims = onnx->graph->nodes[x->index].shape.dims;
    const int32_t in[2] = {dims[1], dims[2]};
    bd_conv_attrs a = {.kernel_h = kernel[0], .kernel_w = kernel[1]};
    result = read_window(onnx, node, in, &a);
    if (result) {
        return result;
    }
    bool padded = a.padding == BD_PADDING_SAME || a.pad_top || a.pad_left || a.pad_bottom || a.pad_right;
    bool counts = op == BD_OP_POOL_AVERAGE && count_pads && padded;
    if (ceil_mode && counts) {
        return bd_onnx_refuse(onnx, node, "ceil_mode with count_include_pad");
    }
    if (ceil_mode && a.padding != BD_PADDING_SAME) {
        a.padding = BD_PADDING_EXPLICIT;
        pad_to_ceil(in[0], a.kernel_h, a.stride_h, a.dilation_h, a.pad_top, &a.pad_bottom);
        pad_to_ceil(in[1], a.kernel_w, a.stride_w, a.dilation_w, a.pad_left, &a.pad_right);
    }
    return counts ? add_average(onnx, node, x, &a) : add_window(onnx, node, op, &x->index, 1, &a);
}

/* GlobalAveragePool, and ReduceMean over height and width. */
bd_result bd_onnx_convert_global_pool(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bool reduce = bd_pb_equals(node->op, "ReduceMean") || bd_pb_equals(node->op, "QLinearReduceMean");
    int64_t axes[BD_MAX_RANK] = {2, 3}, keep = 1;
    int32_t count = 2;
    bd_result result = bd_onnx_need_map(onnx, node, x);
    if (reduce && !result) {
        /* Input 1 of the quantised one is a scale. */
        result = bd_pb_equals(node->op, "ReduceMean")
                     ? bd_onnx_read_ints(onnx, node, "axes", 1, axes, BD_MAX_RANK, &count)
                     : bd_onnx_attr_ints(onnx, node, "axes", axes, BD_MAX_RANK, &count);
        result = result ? result : bd_onnx_attr_int(onnx, node, "keepdims", 0, 1, &keep);
    }
    if (result) {
        return result;
    }
    bool fits = count == 2 && bd_onnx_normalise_axis(&axes[0], 4) && bd_onnx_normalise_axis(&axes[1], 4) &&
                axes[0] + axes[1] == 5 && (axes[0] == 2 || axes[0] == 3);
    if (!fits) {
        return bd_onnx_refuse(onnx, node, "over something other than height and width");
    }
    static const int32_t over[2] = {1, 2};
    const bd_shape pair = {1, {2}};
    uint32_t inputs[2] = {x->index, 0}, index;
    result = bd_onnx_append_ints(onnx, node, "axes", &pair, over, &inputs[1]);
    result = result ? result : bd_onnx_append(onnx, node, "", op, inputs, 2, &index);
    result = result ? result : bd_onnx_infer(onnx, index);
    if (!result) {
        const bd_onnx_value like = {.rank = keep ? 4 : 2, .axes = {0, 3, 1, 2}};
        bd_onnx_set_like(onnx, node, index, &like);
    }
    return result;
}

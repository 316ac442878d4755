/* SPDX-License-Identifier: MIT */
#include "model/tensorflow/tensorflow_ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tensorflow/tensorflow_node.h"
#include "model/tensorflow/tensorflow_windows.h"

/* ---- operations: op is the table's, the number of inputs is in its range ---------------------------------------- */

static bd_result convert_plain(bd_tf *tf, bd_tf_node *node, bd_op op) {
    return bd_tf_append_all(tf, node, op, 0, node->input_count);
}

/* ---- (n, c, h, w): only constants have to be turned, for the graph is (n, h, w, c) throughout -------------------- */

static bool reads_channels_first(const bd_tf *tf, const bd_tf_node *node) {
    bool any = false;
    for (uint32_t i = 0; i < node->input_count; i++) {
        any = any || bd_tf_input_node(tf, node, i)->channels_first;
    }
    return any;
}

/* An axis of (n, c, h, w) as one of (n, h, w, c). */
static bool turn_axis(int32_t *axis) {
    static const int32_t turned[4] = {0, 3, 1, 2};
    int32_t from = *axis + (*axis < 0 ? 4 : 0);
    if (from < 0 || from > 3) {
        return false;
    }
    *axis = turned[from];
    return true;
}

static bd_result add_integers(const bd_tf *tf, const bd_tf_node *node, const bd_shape *shape, const int32_t *values,
                              uint32_t *index) {
    size_t bytes = (size_t)bd_shape_elements(shape) * sizeof *values;
    int32_t *kept = bd_pool_alloc(&tf->graph->pool, bytes);
    if (!kept) {
        return bd_tf_fail_memory(tf, node);
    }
    memcpy(kept, values, bytes);
    *index = bd_graph_add_const(tf->graph, node->name, BD_I32, shape, kept);
    return *index == BD_NO_NODE ? bd_tf_fail_memory(tf, node) : BD_OK;
}

/* A constant list of axes over (n, c, h, w), turned; *count is how many. */
static bd_result add_turned_axes(const bd_tf *tf, const bd_tf_node *node, int32_t axes[4], uint32_t *count,
                                 uint32_t *index) {
    const bd_node *constant = bd_tf_input_constant(tf, node, 1);
    int64_t elements = constant && constant->dtype == BD_I32 ? bd_shape_elements(&constant->shape) : -1;
    bool fits = elements >= 1 && elements <= 4;
    if (fits) {
        memcpy(axes, constant->data, (size_t)elements * sizeof *axes);
    }
    for (int64_t i = 0; fits && i < elements; i++) {
        fits = turn_axis(&axes[i]);
    }
    if (!fits) {
        return bd_tf_fail_unsupported(tf, node, "the axes are not constant ones of (n, c, h, w)");
    }
    const bd_shape shape = constant->shape;
    *count = (uint32_t)elements;
    return add_integers(tf, node, &shape, axes, index);
}

/* An operand beside maps: one value, or one a channel as (c, 1, 1) or (1, c, 1, 1). */
static bd_result add_turned_operand(const bd_tf *tf, const bd_tf_node *node, uint32_t input, uint32_t *index) {
    const bd_node *constant = bd_tf_input_constant(tf, node, input);
    int64_t elements = constant ? bd_shape_elements(&constant->shape) : -1;
    *index = bd_tf_input_index(tf, node, input);
    if (elements == 1) {
        return BD_OK;
    }
    uint32_t rank = constant ? constant->shape.rank : 0;
    if (elements < 1 || (rank != 3 && rank != 4) || constant->shape.dims[rank - 3] != elements) {
        return bd_tf_fail_unsupported(tf, node, "beside (n, c, h, w) takes constants of one value a channel only");
    }
    const bd_shape shape = {1, {(int32_t)elements}};
    *index = bd_graph_add_const(tf->graph, node->name, constant->dtype, &shape, constant->data);
    return *index == BD_NO_NODE ? bd_tf_fail_memory(tf, node) : BD_OK;
}

static bd_result convert_elementwise(bd_tf *tf, bd_tf_node *node, bd_op op) {
    if (!reads_channels_first(tf, node)) {
        return convert_plain(tf, node, op);
    }
    uint32_t *inputs = bd_pool_alloc(&tf->pool, node->input_count * sizeof *inputs);
    bd_result result = inputs ? BD_OK : bd_tf_fail_memory(tf, node);
    for (uint32_t i = 0; !result && i < node->input_count; i++) {
        if (bd_tf_input_node(tf, node, i)->channels_first) {
            inputs[i] = bd_tf_input_index(tf, node, i);
        } else {
            result = add_turned_operand(tf, node, i, &inputs[i]);
        }
    }
    node->channels_first = true;
    return result ? result : bd_tf_append(tf, node, "", op, inputs, node->input_count, &node->index);
}

/* From one layout to the other nothing is moved. */
static bd_result convert_transpose(bd_tf *tf, bd_tf_node *node, bd_op op) {
    static const int32_t to_first[4] = {0, 3, 1, 2}, to_last[4] = {0, 2, 3, 1};
    const bd_node *order = bd_tf_input_constant(tf, node, 1);
    const bool first = bd_tf_input_node(tf, node, 0)->channels_first;
    bool maps =
        order && order->dtype == BD_I32 && bd_shape_elements(&order->shape) == 4 && !bd_tf_input_constant(tf, node, 0);
    if (maps && !memcmp(order->data, first ? to_last : to_first, sizeof to_last)) {
        node->channels_first = !first;
        return bd_tf_append_all(tf, node, BD_OP_IDENTITY, 0, 1);
    }
    return first ? bd_tf_fail_unsupported(tf, node, "turns (n, c, h, w) into something other than (n, h, w, c)")
                 : convert_plain(tf, node, op);
}

static bd_result convert_argmax(bd_tf *tf, bd_tf_node *node, bd_op op) {
    if (!reads_channels_first(tf, node)) {
        return convert_plain(tf, node, op);
    }
    int32_t axes[4];
    uint32_t count, inputs[2] = {bd_tf_input_index(tf, node, 0), 0};
    bd_result result = add_turned_axes(tf, node, axes, &count, &inputs[1]);
    if (!result && (count != 1 || axes[0] != 3)) {
        return bd_tf_fail_unsupported(tf, node, "of (n, c, h, w) is not over the channels");
    }
    return result ? result : bd_tf_append(tf, node, "", op, inputs, 2, &node->index);
}

static bd_result convert_bias(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_result result = bd_tf_take_layout(tf, node);
    return result ? result : convert_plain(tf, node, op);
}

static bd_result convert_identity(bd_tf *tf, bd_tf_node *node, bd_op op) {
    node->constant = node->inputs[0].port ? BD_NO_NODE : bd_tf_input_node(tf, node, 0)->constant;
    return convert_plain(tf, node, op);
}

static bd_result convert_const(bd_tf *tf, bd_tf_node *node, bd_op op) {
    (void)op;
    bd_result result = tf->form->constant(tf, node, &node->index);
    node->constant = node->index;
    return result;
}

static bd_result convert_placeholder(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_graph *graph = tf->graph;
    if (graph->input != BD_NO_NODE) {
        return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, BD_TF_NODE "a second Placeholder (beside %.120s)",
                       BD_TF_AT(tf, node), graph->nodes[graph->input].name);
    }
    bd_dtype dtype;
    if (!bd_tf_read_type(tf, node, "dtype", &dtype) || dtype == BD_I32) {
        return bd_tf_fail_unsupported(tf, node, "the input is neither uint8 nor float32");
    }
    int64_t dims[4];
    bd_shape shape = {0};
    bool broken = tf->form->shape(node, "shape", dims, 4, &shape.rank) == BD_TF_OTHER;
    for (uint32_t d = 0; !broken && d < BD_MIN(shape.rank, 4u); d++) {
        broken = !dims[d] || dims[d] < -1 || dims[d] > INT32_MAX;
        shape.dims[d] = broken ? 0 : (int32_t)dims[d];
    }
    if (broken) {
        return bd_tf_fail_attribute(tf, node, "shape", "is broken");
    }
    if (shape.rank != 4) {
        return bd_tf_fail_unsupported(tf, node, "the input is not (1, height, width, 3)");
    }
    if (shape.dims[1] == 3 && shape.dims[3] != 3) {
        node->channels_first = true;
        shape = bd_shape_make(4, (const int32_t[]){shape.dims[0], shape.dims[2], shape.dims[3], 3});
    }
    bd_graph_suggest_feed(graph, BD_INPUT_SOURCE_TRAINER, &bd_feed_symmetric); /* DeepLab's core begins behind -1..1 */
    shape.dims[0] = shape.dims[0] == -1 ? 1 : shape.dims[0];
    shape.dims[3] = shape.dims[3] == -1 ? 3 : shape.dims[3];
    if (shape.dims[0] != 1 || shape.dims[3] != 3) {
        return bd_tf_fail_unsupported(tf, node, "the input is not (1, height, width, 3)");
    }
    bd_result result = convert_plain(tf, node, op);
    if (!result) {
        graph->input = node->index;
        graph->nodes[node->index].dtype = dtype;
        graph->nodes[node->index].shape = shape;
    }
    return result;
}

/* Inputs with a default, such as a dropout's rate, count as the default unless they are pictures. */
static bd_result convert_default(bd_tf *tf, bd_tf_node *node, bd_op op) {
    int64_t dims[4];
    uint32_t rank;
    if (tf->form->shape(node, "shape", dims, 4, &rank) != BD_TF_FOUND || rank != 4) {
        node->channels_first = bd_tf_input_node(tf, node, 0)->channels_first;
        return convert_identity(tf, node, BD_OP_IDENTITY);
    }
    node->input_count = 0;
    return convert_placeholder(tf, node, op);
}

static bd_result convert_cast(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_dtype dtype;
    if (!bd_tf_read_type(tf, node, "DstT", &dtype)) {
        return bd_tf_fail_unsupported(tf, node, "to something other than float32, int32, int64 or uint8");
    }
    bd_result result = convert_plain(tf, node, op);
    if (!result) {
        tf->graph->nodes[node->index].dtype = dtype;
    }
    return result;
}

static bd_result convert_strided_slice(bd_tf *tf, bd_tf_node *node, bd_op op) {
    static const char *const names[5] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                                         "shrink_axis_mask"};
    int32_t masks[5] = {0};
    for (int i = 0; i < 5; i++) {
        bd_result result = bd_tf_read_integer(tf, node, names[i], 0, INT32_MAX, &masks[i]);
        if (result) {
            return result;
        }
    }
    bd_result result = convert_plain(tf, node, op);
    if (!result) {
        bd_node *made = &tf->graph->nodes[node->index];
        made->u.slice.begin_mask = (uint32_t)masks[0];
        made->u.slice.end_mask = (uint32_t)masks[1];
        made->u.slice.ellipsis_mask = (uint32_t)masks[2];
        made->u.slice.new_axis_mask = (uint32_t)masks[3];
        made->u.slice.shrink_axis_mask = (uint32_t)masks[4];
    }
    return result;
}

static bd_result add_index(const bd_tf *tf, const bd_tf_node *node, uint32_t count, int32_t before, int32_t last,
                           uint32_t *index) {
    int32_t *values = bd_pool_alloc(&tf->graph->pool, count * sizeof *values);
    if (!values) {
        return bd_tf_fail_memory(tf, node);
    }
    for (uint32_t i = 0; i < count; i++) {
        values[i] = i + 1 < count ? before : last;
    }
    const bd_shape shape = {1, {(int32_t)count}};
    *index = bd_graph_add_const(tf->graph, node->name, BD_I32, &shape, values);
    return *index == BD_NO_NODE ? bd_tf_fail_memory(tf, node) : BD_OK;
}

/* Its outputs are slices of size 1 along the axis, without that axis. */
static bd_result convert_unpack(bd_tf *tf, bd_tf_node *node, bd_op op) {
    enum { MOST = 16 };
    int32_t axis = 0, count = -1;
    bd_result result = bd_tf_read_integer(tf, node, "axis", 0, BD_MAX_RANK - 1, &axis);
    if (!result) {
        result = bd_tf_read_integer(tf, node, "num", 0, INT32_MAX, &count);
    }
    if (!result && (count < 1 || count > MOST)) {
        return bd_tf_fail_unsupported(tf, node, "has no or more than 16 outputs");
    }
    uint32_t begin[MOST], end[MOST], stride = 0;
    const uint32_t entries = (uint32_t)axis + 1;
    for (int32_t i = 0; !result && i < count; i++) {
        result = add_index(tf, node, entries, 0, i, &begin[i]);
        if (!result) {
            result = add_index(tf, node, entries, 0, i + 1, &end[i]);
        }
    }
    if (!result) {
        result = add_index(tf, node, entries, 1, 1, &stride);
    }
    for (int32_t i = 0; !result && i < count; i++) {
        const uint32_t inputs[4] = {bd_tf_input_index(tf, node, 0), begin[i], end[i], stride};
        uint32_t made;
        result = bd_tf_append(tf, node, "", op, inputs, 4, &made);
        if (!result) {
            bd_node *slice = &tf->graph->nodes[made];
            slice->u.slice.begin_mask = slice->u.slice.end_mask = (1u << axis) - 1;
            slice->u.slice.shrink_axis_mask = 1u << axis;
            node->index = i ? node->index : made;
        }
    }
    node->output_count = (uint32_t)count;
    return result;
}

static bd_result convert_pack(bd_tf *tf, bd_tf_node *node, bd_op op) {
    int32_t axis = 0;
    bd_result result = bd_tf_read_integer(tf, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (!result) {
        result = convert_plain(tf, node, op);
    }
    if (!result) {
        tf->graph->nodes[node->index].u.axis = axis;
    }
    return result;
}

static bd_result convert_concat(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bool last = !strcmp(node->op, "ConcatV2"); /* Concat has the axis first */
    const bd_node *constant = bd_tf_input_constant(tf, node, last ? node->input_count - 1 : 0);
    if (!constant || constant->dtype != BD_I32 || bd_shape_elements(&constant->shape) != 1) {
        return bd_tf_fail_unsupported(tf, node, "the axis is not a constant");
    }
    int32_t axis;
    memcpy(&axis, constant->data, sizeof axis);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, BD_TF_NODE "operation %s: axis %d is out of range",
                       BD_TF_AT(tf, node), node->op, axis);
    }
    const uint32_t begin = last ? 0 : 1, count = node->input_count - 1;
    node->channels_first = bd_tf_input_node(tf, node, begin)->channels_first;
    for (uint32_t i = begin; i < begin + count; i++) {
        if (bd_tf_input_node(tf, node, i)->channels_first != node->channels_first) {
            return bd_tf_fail_unsupported(tf, node, "joins (n, c, h, w) and (n, h, w, c)");
        }
    }
    if (node->channels_first && !turn_axis(&axis)) {
        return bd_tf_fail_unsupported(tf, node, "the axis is none of (n, c, h, w)");
    }
    bd_result result = bd_tf_append_all(tf, node, op, begin, count);
    if (!result) {
        tf->graph->nodes[node->index].u.axis = axis;
    }
    return result;
}

static bd_result convert_squeeze(bd_tf *tf, bd_tf_node *node, bd_op op) {
    int32_t values[BD_MAX_RANK];
    uint32_t count;
    const char *name =
        tf->form->integers(node, "squeeze_dims", NULL, 0, &count) != BD_TF_ABSENT ? "squeeze_dims" : "axis";
    bd_result result = bd_tf_read_integers(tf, node, name, -BD_MAX_RANK, BD_MAX_RANK - 1, values, BD_MAX_RANK, &count);
    if (!result) {
        result = convert_plain(tf, node, op);
    }
    if (!result) {
        bd_node *made = &tf->graph->nodes[node->index];
        made->u.axes.count = (int32_t)count;
        memcpy(made->u.axes.values, values, (size_t)count * sizeof values[0]);
    }
    return result;
}

static bd_result convert_pad(bd_tf *tf, bd_tf_node *node, bd_op op) {
    float value = 0;
    if (node->input_count == 3 && (!bd_tf_scalar_float(bd_tf_input_constant(tf, node, 2), &value) || value != 0)) {
        return bd_tf_fail_unsupported(tf, node, "pads with something other than a constant 0");
    }
    node->channels_first = bd_tf_input_node(tf, node, 0)->channels_first;
    if (!node->channels_first) {
        return bd_tf_append_all(tf, node, op, 0, 2);
    }
    const bd_node *constant = bd_tf_input_constant(tf, node, 1);
    if (!constant || constant->dtype != BD_I32 || bd_shape_elements(&constant->shape) != 8) {
        return bd_tf_fail_unsupported(tf, node, "the paddings are not a constant over (n, c, h, w)");
    }
    const int32_t *pads = constant->data;
    const int32_t turned[8] = {pads[0], pads[1], pads[4], pads[5], pads[6], pads[7], pads[2], pads[3]};
    const bd_shape shape = {2, {4, 2}};
    uint32_t inputs[2] = {bd_tf_input_index(tf, node, 0), 0};
    bd_result result = add_integers(tf, node, &shape, turned, &inputs[1]);
    return result ? result : bd_tf_append(tf, node, "", op, inputs, 2, &node->index);
}

static bd_result convert_clamp(bd_tf *tf, bd_tf_node *node, bd_op op) {
    float low = 0, high = strcmp(node->op, "Relu6") ? INFINITY : 6;
    if (node->input_count == 3 && (!bd_tf_scalar_float(bd_tf_input_constant(tf, node, 1), &low) ||
                                   !bd_tf_scalar_float(bd_tf_input_constant(tf, node, 2), &high) || !(low <= high))) {
        return bd_tf_fail_unsupported(tf, node, "the limits are not constants");
    }
    bd_result result = bd_tf_append_all(tf, node, op, 0, 1);
    if (!result) {
        tf->graph->nodes[node->index].u.clamp.low = low;
        tf->graph->nodes[node->index].u.clamp.high = high;
    }
    return result;
}

/* The range moved so that 0 is one of its steps (tensorflow/core/kernels/fake_quant_ops_functor.h). */
static bd_result convert_fake_quant(bd_tf *tf, bd_tf_node *node, bd_op op) {
    float low, high;
    int32_t bits = 8;
    bd_result result = bd_tf_read_integer(tf, node, "num_bits", 2, 16, &bits);
    if (result) {
        return result;
    }
    if (!bd_tf_scalar_float(bd_tf_input_constant(tf, node, 1), &low) ||
        !bd_tf_scalar_float(bd_tf_input_constant(tf, node, 2), &high) || !(low < high) || !isfinite(high - low)) {
        return bd_tf_fail_unsupported(tf, node, "the range is not two constants in order");
    }
    float first = tf->form->flag(node, "narrow_range") ? 1 : 0, last = (float)((1 << bits) - 1);
    float step = (high - low) / (last - first), zero = roundf(BD_MIN(BD_MAX(first - low / step, first), last));
    result = bd_tf_append_all(tf, node, op, 0, 1);
    if (!result) {
        bd_node *made = &tf->graph->nodes[node->index];
        made->u.quant.low = (first - zero) * step;
        made->u.quant.high = (last - zero) * step;
        made->u.quant.step = step;
    }
    return result;
}

/* MEAN keeps the axes it reduces: where TensorFlow drops them, a SQUEEZE follows. */
static bd_result convert_mean(bd_tf *tf, bd_tf_node *node, bd_op op) {
    const bool keep = tf->form->flag(node, "keep_dims"), first = bd_tf_input_node(tf, node, 0)->channels_first;
    uint32_t count = 0, inputs[2] = {bd_tf_input_index(tf, node, 0), bd_tf_input_index(tf, node, 1)}, mean;
    int32_t values[BD_MAX_RANK];
    bd_result result = BD_OK;
    if (first) {
        result = add_turned_axes(tf, node, values, &count, &inputs[1]);
        node->channels_first = keep;
        /* (n, c) is the same in both. */
        if (!result && !keep && (count != 2 || values[0] + values[1] != 3 || values[0] * values[1] != 2)) {
            return bd_tf_fail_unsupported(tf, node, "of (n, c, h, w) drops other axes than h and w");
        }
    } else if (!keep) {
        const bd_node *axes = bd_tf_input_constant(tf, node, 1);
        int64_t elements = axes && axes->dtype == BD_I32 ? bd_shape_elements(&axes->shape) : -1;
        if (elements < 1 || elements > BD_MAX_RANK) {
            return bd_tf_fail_unsupported(tf, node, "the axes are not a constant");
        }
        count = (uint32_t)elements;
        memcpy(values, axes->data, count * sizeof values[0]);
    }
    if (!result) {
        result = bd_tf_append(tf, node, keep ? "" : "mean", op, inputs, 2, &mean);
        node->index = mean;
    }
    if (result || keep) {
        return result;
    }
    result = bd_tf_append(tf, node, "", BD_OP_SQUEEZE, &mean, 1, &node->index);
    if (!result) {
        bd_node *made = &tf->graph->nodes[node->index];
        made->u.axes.count = (int32_t)count;
        memcpy(made->u.axes.values, values, count * sizeof values[0]);
    }
    return result;
}

static bd_result convert_resize(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_result result = convert_plain(tf, node, op);
    if (!result) {
        tf->graph->nodes[node->index].u.resize.align_corners = tf->form->flag(node, "align_corners");
        tf->graph->nodes[node->index].u.resize.half_pixel_centers = tf->form->flag(node, "half_pixel_centers");
    }
    return result;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* What an operation makes of inputs of (n, c, h, w). */
typedef enum layout {
    LAYOUT_PLAIN,    /* it is not supported on them */
    LAYOUT_KEPT,     /* its output has the layout of input 0 */
    LAYOUT_CONVERTED /* convert takes care of it */
} layout;

static const struct rule {
    const char *name;
    uint32_t least_inputs, most_inputs;
    bd_result (*convert)(bd_tf *tf, bd_tf_node *node, bd_op op);
    bd_op op;
    layout layout;
} rules[] = {
    {"Add", 2, 2, convert_elementwise, BD_OP_ADD, LAYOUT_CONVERTED},
    {"AddN", 1, UINT32_MAX, convert_elementwise, BD_OP_ADD_N, LAYOUT_CONVERTED},
    {"AddV2", 2, 2, convert_elementwise, BD_OP_ADD, LAYOUT_CONVERTED},
    {"ArgMax", 2, 2, convert_argmax, BD_OP_ARGMAX, LAYOUT_CONVERTED},
    {"AvgPool", 1, 1, bd_tf_convert_pool, BD_OP_POOL_AVERAGE, LAYOUT_CONVERTED},
    {"BatchToSpaceND", 3, 3, convert_plain, BD_OP_BATCH_TO_SPACE, LAYOUT_PLAIN},
    {"BiasAdd", 2, 2, convert_bias, BD_OP_ADD, LAYOUT_CONVERTED},
    {"Cast", 1, 1, convert_cast, BD_OP_CAST, LAYOUT_KEPT},
    {"CheckNumerics", 1, 1, convert_identity, BD_OP_IDENTITY, LAYOUT_KEPT},
    {"ClipByValue", 3, 3, convert_clamp, BD_OP_CLAMP, LAYOUT_KEPT},
    {"Concat", 2, UINT32_MAX, convert_concat, BD_OP_CONCAT, LAYOUT_CONVERTED},
    {"ConcatV2", 2, UINT32_MAX, convert_concat, BD_OP_CONCAT, LAYOUT_CONVERTED},
    {"Const", 0, 0, convert_const, BD_OP_CONST, LAYOUT_PLAIN},
    {"Conv2D", 2, 2, bd_tf_convert_conv, BD_OP_CONV, LAYOUT_CONVERTED},
    {"DepthwiseConv2dNative", 2, 2, bd_tf_convert_conv, BD_OP_DEPTHWISE, LAYOUT_CONVERTED},
    {"Div", 2, 2, convert_elementwise, BD_OP_DIV, LAYOUT_CONVERTED},
    {"ExpandDims", 2, 2, convert_plain, BD_OP_EXPAND_DIMS, LAYOUT_PLAIN},
    {"FakeQuantWithMinMaxVars", 3, 3, convert_fake_quant, BD_OP_FAKE_QUANT, LAYOUT_KEPT},
    {"FusedBatchNorm", 5, 5, bd_tf_convert_batch_norm, BD_OP_ADD, LAYOUT_CONVERTED},
    {"FusedBatchNormV2", 5, 5, bd_tf_convert_batch_norm, BD_OP_ADD, LAYOUT_CONVERTED},
    {"FusedBatchNormV3", 5, 5, bd_tf_convert_batch_norm, BD_OP_ADD, LAYOUT_CONVERTED},
    {"FusedDepthwiseConv2dNative", 3, 3, bd_tf_convert_fused_conv, BD_OP_DEPTHWISE, LAYOUT_CONVERTED},
    {"Identity", 1, 1, convert_identity, BD_OP_IDENTITY, LAYOUT_KEPT},
    {"MaxPool", 1, 1, bd_tf_convert_pool, BD_OP_POOL_MAX, LAYOUT_CONVERTED},
    {"Maximum", 2, 2, convert_elementwise, BD_OP_MAXIMUM, LAYOUT_CONVERTED},
    {"Mean", 2, 2, convert_mean, BD_OP_MEAN, LAYOUT_CONVERTED},
    {"Minimum", 2, 2, convert_elementwise, BD_OP_MINIMUM, LAYOUT_CONVERTED},
    {"Mul", 2, 2, convert_elementwise, BD_OP_MUL, LAYOUT_CONVERTED},
    {"Pack", 1, UINT32_MAX, convert_pack, BD_OP_PACK, LAYOUT_PLAIN},
    {"Pad", 2, 2, convert_pad, BD_OP_PAD, LAYOUT_CONVERTED},
    {"PadV2", 3, 3, convert_pad, BD_OP_PAD, LAYOUT_CONVERTED},
    {"Placeholder", 0, 0, convert_placeholder, BD_OP_INPUT, LAYOUT_CONVERTED},
    {"PlaceholderWithDefault", 1, 1, convert_default, BD_OP_INPUT, LAYOUT_CONVERTED},
    {"RealDiv", 2, 2, convert_elementwise, BD_OP_DIV, LAYOUT_CONVERTED},
    {"Relu", 1, 1, convert_clamp, BD_OP_CLAMP, LAYOUT_KEPT},
    {"Relu6", 1, 1, convert_clamp, BD_OP_CLAMP, LAYOUT_KEPT},
    {"Reshape", 2, 2, convert_plain, BD_OP_RESHAPE, LAYOUT_PLAIN},
    {"ResizeBilinear", 2, 2, convert_resize, BD_OP_RESIZE_BILINEAR, LAYOUT_PLAIN},
    {"ResizeNearestNeighbor", 2, 2, convert_plain, BD_OP_RESIZE_NEAREST, LAYOUT_PLAIN},
    {"Rsqrt", 1, 1, convert_plain, BD_OP_RSQRT, LAYOUT_PLAIN},
    {"Shape", 1, 1, convert_plain, BD_OP_SHAPE, LAYOUT_PLAIN},
    {"Slice", 3, 3, convert_plain, BD_OP_SLICE, LAYOUT_PLAIN},
    {"Softmax", 1, 1, convert_plain, BD_OP_SOFTMAX, LAYOUT_PLAIN},
    {"SpaceToBatchND", 3, 3, convert_plain, BD_OP_SPACE_TO_BATCH, LAYOUT_PLAIN},
    {"Squeeze", 1, 1, convert_squeeze, BD_OP_SQUEEZE, LAYOUT_PLAIN},
    {"StopGradient", 1, 1, convert_identity, BD_OP_IDENTITY, LAYOUT_KEPT},
    {"StridedSlice", 4, 4, convert_strided_slice, BD_OP_STRIDED_SLICE, LAYOUT_PLAIN},
    {"Sub", 2, 2, convert_elementwise, BD_OP_SUB, LAYOUT_CONVERTED},
    {"Transpose", 2, 2, convert_transpose, BD_OP_TRANSPOSE, LAYOUT_CONVERTED},
    {"Unpack", 1, 1, convert_unpack, BD_OP_STRIDED_SLICE, LAYOUT_PLAIN},
    {"_FusedConv2D", 3, 3, bd_tf_convert_fused_conv, BD_OP_CONV, LAYOUT_CONVERTED},
};

bool bd_tf_has_ports(const char *op) {
    return !strcmp(op, "Unpack");
}

bd_result bd_tf_convert(bd_tf *tf, bd_tf_node *node) {
    const struct rule *rule = NULL;
    for (size_t i = 0; !rule && i < BD_COUNT(rules); i++) {
        rule = strcmp(rules[i].name, node->op) ? NULL : &rules[i];
    }
    if (!rule) {
        return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, BD_TF_NODE "operation %.40s is not supported",
                       BD_TF_AT(tf, node), node->op);
    }
    if (node->input_count < rule->least_inputs || node->input_count > rule->most_inputs) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, BD_TF_NODE "operation %s has %u inputs, %s%u expected",
                       BD_TF_AT(tf, node), node->op, node->input_count,
                       rule->least_inputs == rule->most_inputs ? "" : "at least ", rule->least_inputs);
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i].port >= bd_tf_input_node(tf, node, i)->output_count) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, BD_TF_NODE "its input %.120s has no output %u",
                           BD_TF_AT(tf, node), bd_tf_input_node(tf, node, i)->name, node->inputs[i].port);
        }
    }
    if (rule->layout == LAYOUT_PLAIN && reads_channels_first(tf, node)) {
        return bd_tf_fail_unsupported(tf, node, "does not take (n, c, h, w)");
    }
    if (rule->layout == LAYOUT_KEPT) {
        node->channels_first = bd_tf_input_node(tf, node, 0)->channels_first;
    }
    return rule->convert(tf, node, rule->op);
}

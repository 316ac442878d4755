/* SPDX-License-Identifier: MIT
 * TensorFlow's operations and their attributes into the graph's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tensorflow_node.h"

/* ---- operations: op is the table's, the number of inputs is in its range ---------------------------------------- */

static bd_result convert_plain(bd_tf *tf, bd_tf_node *node, bd_op op) {
    return bd_tf_append_all(tf, node, op, 0, node->input_count);
}

static bd_result convert_bias(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_result result = bd_tf_check_layout(tf, node);
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

/* Feeds that default to a constant, such as a dropout's rate, count as that constant. */
static bd_result convert_default(bd_tf *tf, bd_tf_node *node, bd_op op) {
    int64_t dims[4];
    uint32_t rank;
    if (tf->form->shape(node, "shape", dims, 4, &rank) != BD_TF_FOUND || rank != 4) {
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

/* Its outputs are as many slices of one along the axis, which they drop. */
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
    bd_result result = bd_tf_append_all(tf, node, op, last ? 0 : 1, node->input_count - 1);
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
    return bd_tf_append_all(tf, node, op, 0, 2);
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

static bd_result convert_mean(bd_tf *tf, bd_tf_node *node, bd_op op) {
    if (tf->form->flag(node, "keep_dims")) {
        return convert_plain(tf, node, op);
    }
    const bd_node *axes = bd_tf_input_constant(tf, node, 1);
    int64_t count = axes && axes->dtype == BD_I32 ? bd_shape_elements(&axes->shape) : -1;
    if (count < 1 || count > BD_MAX_RANK) {
        return bd_tf_fail_unsupported(tf, node, "the axes are not a constant");
    }
    int32_t values[BD_MAX_RANK];
    memcpy(values, axes->data, (size_t)count * sizeof values[0]);
    const uint32_t inputs[2] = {bd_tf_input_index(tf, node, 0), bd_tf_input_index(tf, node, 1)};
    uint32_t mean;
    bd_result result = bd_tf_append(tf, node, "mean", op, inputs, 2, &mean);
    if (!result) {
        result = bd_tf_append(tf, node, "", BD_OP_SQUEEZE, &mean, 1, &node->index);
    }
    if (!result) {
        bd_node *made = &tf->graph->nodes[node->index];
        made->u.axes.count = (int32_t)count;
        memcpy(made->u.axes.values, values, (size_t)count * sizeof values[0]);
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

static const struct rule {
    const char *name;
    uint32_t least_inputs, most_inputs;
    bd_result (*convert)(bd_tf *tf, bd_tf_node *node, bd_op op);
    bd_op op;
} rules[] = {
    {"Add", 2, 2, convert_plain, BD_OP_ADD},
    {"AddN", 1, UINT32_MAX, convert_plain, BD_OP_ADD_N},
    {"AddV2", 2, 2, convert_plain, BD_OP_ADD},
    {"ArgMax", 2, 2, convert_plain, BD_OP_ARGMAX},
    {"AvgPool", 1, 1, bd_tf_convert_pool, BD_OP_POOL_AVERAGE},
    {"BatchToSpaceND", 3, 3, convert_plain, BD_OP_BATCH_TO_SPACE},
    {"BiasAdd", 2, 2, convert_bias, BD_OP_ADD},
    {"Cast", 1, 1, convert_cast, BD_OP_CAST},
    {"CheckNumerics", 1, 1, convert_identity, BD_OP_IDENTITY},
    {"ClipByValue", 3, 3, convert_clamp, BD_OP_CLAMP},
    {"Concat", 2, UINT32_MAX, convert_concat, BD_OP_CONCAT},
    {"ConcatV2", 2, UINT32_MAX, convert_concat, BD_OP_CONCAT},
    {"Const", 0, 0, convert_const, BD_OP_CONST},
    {"Conv2D", 2, 2, bd_tf_convert_conv, BD_OP_CONV},
    {"DepthwiseConv2dNative", 2, 2, bd_tf_convert_conv, BD_OP_DEPTHWISE},
    {"Div", 2, 2, convert_plain, BD_OP_DIV},
    {"ExpandDims", 2, 2, convert_plain, BD_OP_EXPAND_DIMS},
    {"FakeQuantWithMinMaxVars", 3, 3, convert_fake_quant, BD_OP_FAKE_QUANT},
    {"FusedBatchNorm", 5, 5, bd_tf_convert_batch_norm, BD_OP_ADD},
    {"FusedBatchNormV2", 5, 5, bd_tf_convert_batch_norm, BD_OP_ADD},
    {"FusedBatchNormV3", 5, 5, bd_tf_convert_batch_norm, BD_OP_ADD},
    {"FusedDepthwiseConv2dNative", 3, 3, bd_tf_convert_fused_conv, BD_OP_DEPTHWISE},
    {"Identity", 1, 1, convert_identity, BD_OP_IDENTITY},
    {"MaxPool", 1, 1, bd_tf_convert_pool, BD_OP_POOL_MAX},
    {"Maximum", 2, 2, convert_plain, BD_OP_MAXIMUM},
    {"Mean", 2, 2, convert_mean, BD_OP_MEAN},
    {"Minimum", 2, 2, convert_plain, BD_OP_MINIMUM},
    {"Mul", 2, 2, convert_plain, BD_OP_MUL},
    {"Pack", 1, UINT32_MAX, convert_pack, BD_OP_PACK},
    {"Pad", 2, 2, convert_pad, BD_OP_PAD},
    {"PadV2", 3, 3, convert_pad, BD_OP_PAD},
    {"Placeholder", 0, 0, convert_placeholder, BD_OP_INPUT},
    {"PlaceholderWithDefault", 1, 1, convert_default, BD_OP_INPUT},
    {"RealDiv", 2, 2, convert_plain, BD_OP_DIV},
    {"Relu", 1, 1, convert_clamp, BD_OP_CLAMP},
    {"Relu6", 1, 1, convert_clamp, BD_OP_CLAMP},
    {"Reshape", 2, 2, convert_plain, BD_OP_RESHAPE},
    {"ResizeBilinear", 2, 2, convert_resize, BD_OP_RESIZE_BILINEAR},
    {"ResizeNearestNeighbor", 2, 2, convert_plain, BD_OP_RESIZE_NEAREST},
    {"Rsqrt", 1, 1, convert_plain, BD_OP_RSQRT},
    {"Shape", 1, 1, convert_plain, BD_OP_SHAPE},
    {"Slice", 3, 3, convert_plain, BD_OP_SLICE},
    {"Softmax", 1, 1, convert_plain, BD_OP_SOFTMAX},
    {"SpaceToBatchND", 3, 3, convert_plain, BD_OP_SPACE_TO_BATCH},
    {"Squeeze", 1, 1, convert_squeeze, BD_OP_SQUEEZE},
    {"StopGradient", 1, 1, convert_identity, BD_OP_IDENTITY},
    {"StridedSlice", 4, 4, convert_strided_slice, BD_OP_STRIDED_SLICE},
    {"Sub", 2, 2, convert_plain, BD_OP_SUB},
    {"Transpose", 2, 2, convert_plain, BD_OP_TRANSPOSE},
    {"Unpack", 1, 1, convert_unpack, BD_OP_STRIDED_SLICE},
    {"_FusedConv2D", 3, 3, bd_tf_convert_fused_conv, BD_OP_CONV},
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
    return rule->convert(tf, node, rule->op);
}

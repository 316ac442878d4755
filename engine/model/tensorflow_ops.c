/* SPDX-License-Identifier: MIT
 * TensorFlow's operations and their attributes into the graph's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tensorflow.h"

#define NODE "%s: node %.120s: "
#define AT(tf, node) (tf)->file, (node)->name
enum { MAX_WINDOW = 65535 }; /* sizes, strides and rates of windows: far above any use, products fit int32 */

/* ---- attributes ------------------------------------------------------------------------------------------------- */

static bd_result fail_attribute(const bd_tf *tf, const bd_tf_node *node, const char *name, const char *problem) {
    return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, NODE "attribute %s of operation %.40s %s", AT(tf, node), name,
                   node->op, problem);
}

static bd_result fail_memory(const bd_tf *tf, const bd_tf_node *node) {
    return bd_fail(tf->error, BD_ERR_OUT_OF_MEMORY, NODE "out of memory", AT(tf, node));
}

static bd_result fail_unsupported(const bd_tf *tf, const bd_tf_node *node, const char *what) {
    return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, NODE "operation %.40s: %s", AT(tf, node), node->op, what);
}

/* *value stays when the attribute is absent. */
static bd_result read_integer(const bd_tf *tf, const bd_tf_node *node, const char *name, int32_t low, int32_t high,
                              int32_t *value) {
    int64_t number = 0;
    bd_tf_found found = tf->form->integer(node, name, &number);
    if (found == BD_TF_ABSENT) {
        return BD_OK;
    }
    if (found != BD_TF_FOUND || number < low || number > high) {
        return fail_attribute(tf, node, name, "is out of range");
    }
    *value = (int32_t)number;
    return BD_OK;
}

/* A list of up to room (8 at most) integers; *count is 0 when the attribute is absent. */
static bd_result read_integers(const bd_tf *tf, const bd_tf_node *node, const char *name, int32_t low, int32_t high,
                               int32_t *values, uint32_t room, uint32_t *count) {
    int64_t numbers[8];
    bd_tf_found found = tf->form->integers(node, name, numbers, room, count);
    bool fits = found != BD_TF_OTHER;
    for (uint32_t i = 0; fits && i < BD_MIN(*count, room); i++) {
        fits = numbers[i] >= low && numbers[i] <= high;
        values[i] = fits ? (int32_t)numbers[i] : 0;
    }
    if (!fits || *count > room) {
        return fail_attribute(tf, node, name, fits ? "has too many entries" : "is out of range");
    }
    return BD_OK;
}

static bool text_is(const bd_tf *tf, const bd_tf_node *node, const char *name, const char *expected) {
    return tf->form->text(node, name, -1, expected) == BD_TF_FOUND;
}

/* Types that a tensor can have here. Numbers are those of TensorFlow's types.proto. */
static bool read_type(const bd_tf *tf, const bd_tf_node *node, const char *name, bd_dtype *dtype) {
    switch (tf->form->type(node, name)) {
    case 1:
    case 19: *dtype = BD_F32; return true; /* float16 is computed as float32 */
    case 3:
    case 9: *dtype = BD_I32; return true;
    case 4: *dtype = BD_U8; return true;
    default: return false;
    }
}

static bd_result check_layout(const bd_tf *tf, const bd_tf_node *node) {
    return tf->form->text(node, "data_format", -1, "NHWC") != BD_TF_OTHER
               ? BD_OK
               : fail_unsupported(tf, node, "data_format is not NHWC");
}

/* A list over (n, h, w, c) with 1 for n and c: strides, dilations, ksize. Absent: 1 everywhere, unless needed. */
static bd_result read_window(const bd_tf *tf, const bd_tf_node *node, const char *name, bool needed, int32_t *h,
                             int32_t *w) {
    int32_t values[4];
    uint32_t count;
    bd_result result = read_integers(tf, node, name, 1, MAX_WINDOW, values, 4, &count);
    if (result) {
        return result;
    }
    *h = *w = 1;
    if (!count && !needed) {
        return BD_OK;
    }
    if (count != 4) {
        return fail_attribute(tf, node, name, "does not have 4 entries");
    }
    if (values[0] != 1 || values[3] != 1) {
        return fail_unsupported(tf, node, "windows over batch or channels are not supported");
    }
    *h = values[1];
    *w = values[2];
    return BD_OK;
}

static bd_result read_padding(const bd_tf *tf, const bd_tf_node *node, bd_conv_attrs *conv) {
    if (text_is(tf, node, "padding", "SAME")) {
        conv->padding = BD_PADDING_SAME;
    } else if (text_is(tf, node, "padding", "VALID")) {
        conv->padding = BD_PADDING_VALID;
    } else if (text_is(tf, node, "padding", "EXPLICIT")) {
        int32_t pads[8];
        uint32_t count;
        bd_result result = read_integers(tf, node, "explicit_paddings", 0, MAX_WINDOW, pads, 8, &count);
        if (result) {
            return result;
        }
        if (count != 8 || pads[0] || pads[1] || pads[6] || pads[7]) {
            return fail_attribute(tf, node, "explicit_paddings", "does not pad height and width only");
        }
        conv->padding = BD_PADDING_EXPLICIT;
        conv->pad_top = pads[2];
        conv->pad_bottom = pads[3];
        conv->pad_left = pads[4];
        conv->pad_right = pads[5];
    } else {
        return fail_attribute(tf, node, "padding", "is neither SAME, VALID nor EXPLICIT");
    }
    return BD_OK;
}

static bd_result read_conv(const bd_tf *tf, const bd_tf_node *node, bd_conv_attrs *conv) {
    *conv = (bd_conv_attrs){.clamp_low = -INFINITY, .clamp_high = INFINITY};
    bd_result result = check_layout(tf, node);
    if (!result) {
        result = read_window(tf, node, "strides", true, &conv->stride_h, &conv->stride_w);
    }
    if (!result) {
        result = read_window(tf, node, "dilations", false, &conv->dilation_h, &conv->dilation_w);
    }
    return result ? result : read_padding(tf, node, conv);
}

/* ---- building --------------------------------------------------------------------------------------------------- */

/* Appends an operation under node's name (with suffix, where node becomes several); inputs are indices in the graph. */
static bd_result append(const bd_tf *tf, const bd_tf_node *node, const char *suffix, bd_op op, const uint32_t *inputs,
                        uint32_t input_count, uint32_t *index) {
    char short_name[256];
    const char *name = node->name;
    if (*suffix) {
        snprintf(short_name, sizeof short_name, "%.200s/%s", node->name, suffix);
        name = short_name;
    }
    *index = bd_graph_add(tf->graph, op, name, inputs, input_count);
    return *index == BD_NO_NODE ? fail_memory(tf, node) : BD_OK;
}

static const bd_tf_node *input_node(const bd_tf *tf, const bd_tf_node *node, uint32_t input) {
    return &tf->nodes[node->inputs[input].node];
}

/* Of the tensor that an input reads, in the graph. */
static uint32_t input_index(const bd_tf *tf, const bd_tf_node *node, uint32_t input) {
    return input_node(tf, node, input)->index + node->inputs[input].port;
}

/* The constant that an input is, also behind identities; NULL when it is none. Valid until the next append. */
static const bd_node *input_constant(const bd_tf *tf, const bd_tf_node *node, uint32_t input) {
    uint32_t index = node->inputs[input].port ? BD_NO_NODE : input_node(tf, node, input)->constant;
    return index == BD_NO_NODE ? NULL : &tf->graph->nodes[index];
}

/* The graph's indices of node's inputs first..first+count-1, in the import's pool; NULL when memory is short. */
static uint32_t *map_inputs(bd_tf *tf, const bd_tf_node *node, uint32_t first, uint32_t count) {
    uint32_t *mapped = bd_pool_alloc(&tf->pool, count * sizeof *mapped);
    for (uint32_t i = 0; mapped && i < count; i++) {
        mapped[i] = input_index(tf, node, first + i);
    }
    return mapped;
}

static bd_result append_all(bd_tf *tf, bd_tf_node *node, bd_op op, uint32_t first, uint32_t count) {
    const uint32_t *inputs = map_inputs(tf, node, first, count);
    return inputs ? append(tf, node, "", op, inputs, count, &node->index) : fail_memory(tf, node);
}

static bool scalar_float(const bd_node *constant, float *value) {
    if (!constant || constant->dtype != BD_F32 || bd_shape_elements(&constant->shape) != 1) {
        return false;
    }
    memcpy(value, constant->data, sizeof *value);
    return true;
}

/* ---- operations: op is the table's, the number of inputs is in its range ---------------------------------------- */

static bd_result convert_plain(bd_tf *tf, bd_tf_node *node, bd_op op) {
    return append_all(tf, node, op, 0, node->input_count);
}

static bd_result convert_bias(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_result result = check_layout(tf, node);
    return result ? result : convert_plain(tf, node, op);
}

static bd_result convert_identity(bd_tf *tf, bd_tf_node *node, bd_op op) {
    node->constant = node->inputs[0].port ? BD_NO_NODE : input_node(tf, node, 0)->constant;
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
        return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, NODE "a second Placeholder (beside %.120s)", AT(tf, node),
                       graph->nodes[graph->input].name);
    }
    bd_dtype dtype;
    if (!read_type(tf, node, "dtype", &dtype) || dtype == BD_I32) {
        return fail_unsupported(tf, node, "the input is neither uint8 nor float32");
    }
    int64_t dims[4];
    bd_shape shape = {0};
    bool broken = tf->form->shape(node, "shape", dims, 4, &shape.rank) == BD_TF_OTHER;
    for (uint32_t d = 0; !broken && d < BD_MIN(shape.rank, 4u); d++) {
        broken = !dims[d] || dims[d] < -1 || dims[d] > INT32_MAX;
        shape.dims[d] = broken ? 0 : (int32_t)dims[d];
    }
    if (broken) {
        return fail_attribute(tf, node, "shape", "is broken");
    }
    if (shape.rank != 4) {
        return fail_unsupported(tf, node, "the input is not (1, height, width, 3)");
    }
    shape.dims[0] = shape.dims[0] == -1 ? 1 : shape.dims[0];
    shape.dims[3] = shape.dims[3] == -1 ? 3 : shape.dims[3];
    if (shape.dims[0] != 1 || shape.dims[3] != 3) {
        return fail_unsupported(tf, node, "the input is not (1, height, width, 3)");
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
    if (!read_type(tf, node, "DstT", &dtype)) {
        return fail_unsupported(tf, node, "to something other than float32, int32, int64 or uint8");
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
        bd_result result = read_integer(tf, node, names[i], 0, INT32_MAX, &masks[i]);
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
        return fail_memory(tf, node);
    }
    for (uint32_t i = 0; i < count; i++) {
        values[i] = i + 1 < count ? before : last;
    }
    const bd_shape shape = {1, {(int32_t)count}};
    *index = bd_graph_add_const(tf->graph, node->name, BD_I32, &shape, values);
    return *index == BD_NO_NODE ? fail_memory(tf, node) : BD_OK;
}

/* Its outputs are as many slices of one along the axis, which they drop. */
static bd_result convert_unpack(bd_tf *tf, bd_tf_node *node, bd_op op) {
    enum { MOST = 16 };
    int32_t axis = 0, count = -1;
    bd_result result = read_integer(tf, node, "axis", 0, BD_MAX_RANK - 1, &axis);
    if (!result) {
        result = read_integer(tf, node, "num", 0, INT32_MAX, &count);
    }
    if (!result && (count < 1 || count > MOST)) {
        return fail_unsupported(tf, node, "has no or more than 16 outputs");
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
        const uint32_t inputs[4] = {input_index(tf, node, 0), begin[i], end[i], stride};
        uint32_t made;
        result = append(tf, node, "", op, inputs, 4, &made);
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
    bd_result result = read_integer(tf, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
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
    const bd_node *constant = input_constant(tf, node, last ? node->input_count - 1 : 0);
    if (!constant || constant->dtype != BD_I32 || bd_shape_elements(&constant->shape) != 1) {
        return fail_unsupported(tf, node, "the axis is not a constant");
    }
    int32_t axis;
    memcpy(&axis, constant->data, sizeof axis);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, NODE "operation %s: axis %d is out of range", AT(tf, node),
                       node->op, axis);
    }
    bd_result result = append_all(tf, node, op, last ? 0 : 1, node->input_count - 1);
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
    bd_result result = read_integers(tf, node, name, -BD_MAX_RANK, BD_MAX_RANK - 1, values, BD_MAX_RANK, &count);
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
    if (node->input_count == 3 && (!scalar_float(input_constant(tf, node, 2), &value) || value != 0)) {
        return fail_unsupported(tf, node, "pads with something other than a constant 0");
    }
    return append_all(tf, node, op, 0, 2);
}

static bd_result convert_clamp(bd_tf *tf, bd_tf_node *node, bd_op op) {
    float low = 0, high = strcmp(node->op, "Relu6") ? INFINITY : 6;
    if (node->input_count == 3 && (!scalar_float(input_constant(tf, node, 1), &low) ||
                                   !scalar_float(input_constant(tf, node, 2), &high) || !(low <= high))) {
        return fail_unsupported(tf, node, "the limits are not constants");
    }
    bd_result result = append_all(tf, node, op, 0, 1);
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
    bd_result result = read_integer(tf, node, "num_bits", 2, 16, &bits);
    if (result) {
        return result;
    }
    if (!scalar_float(input_constant(tf, node, 1), &low) || !scalar_float(input_constant(tf, node, 2), &high) ||
        !(low < high) || !isfinite(high - low)) {
        return fail_unsupported(tf, node, "the range is not two constants in order");
    }
    float first = tf->form->flag(node, "narrow_range") ? 1 : 0, last = (float)((1 << bits) - 1);
    float step = (high - low) / (last - first), zero = roundf(BD_MIN(BD_MAX(first - low / step, first), last));
    result = append_all(tf, node, op, 0, 1);
    if (!result) {
        bd_node *made = &tf->graph->nodes[node->index];
        made->u.quant.low = (first - zero) * step;
        made->u.quant.high = (last - zero) * step;
        made->u.quant.step = step;
    }
    return result;
}

static bd_result append_conv(bd_tf *tf, bd_tf_node *node, const char *suffix, bd_op op) {
    bd_conv_attrs conv;
    bd_result result = read_conv(tf, node, &conv);
    if (result) {
        return result;
    }
    const bd_node *weights = input_constant(tf, node, 1);
    if (weights && weights->shape.rank != 4) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, NODE "operation %.40s: weights of %u dimensions, not 4",
                       AT(tf, node), node->op, weights->shape.rank);
    }
    if (weights) {
        conv.kernel_h = weights->shape.dims[0];
        conv.kernel_w = weights->shape.dims[1];
    }
    const uint32_t inputs[2] = {input_index(tf, node, 0), input_index(tf, node, 1)};
    result = append(tf, node, suffix, op, inputs, 2, &node->index);
    if (!result) {
        tf->graph->nodes[node->index].u.conv = conv;
    }
    return result;
}

static bd_result convert_conv(bd_tf *tf, bd_tf_node *node, bd_op op) {
    return append_conv(tf, node, "", op);
}

/* _FusedConv2D and its depthwise sister: x, weights, bias; fused_ops is BiasAdd and at most one activation. */
static bd_result convert_fused_conv(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bool activation = tf->form->text(node, "fused_ops", 1, "Relu") != BD_TF_ABSENT;
    bool relu = tf->form->text(node, "fused_ops", 1, "Relu") == BD_TF_FOUND;
    bool relu6 = tf->form->text(node, "fused_ops", 1, "Relu6") == BD_TF_FOUND;
    bool more = tf->form->text(node, "fused_ops", 2, "") != BD_TF_ABSENT;
    if (tf->form->text(node, "fused_ops", 0, "BiasAdd") != BD_TF_FOUND || more || (activation && !relu && !relu6)) {
        return fail_unsupported(tf, node, "fused_ops is not BiasAdd, perhaps with Relu or Relu6");
    }
    bd_result result = append_conv(tf, node, "conv", op);
    if (result) {
        return result;
    }
    const uint32_t biased[2] = {node->index, input_index(tf, node, 2)};
    result = append(tf, node, activation ? "bias" : "", BD_OP_ADD, biased, 2, &node->index);
    if (result || !activation) {
        return result;
    }
    const uint32_t clamped = node->index;
    result = append(tf, node, "", BD_OP_CLAMP, &clamped, 1, &node->index);
    if (!result) {
        tf->graph->nodes[node->index].u.clamp.low = 0;
        tf->graph->nodes[node->index].u.clamp.high = relu6 ? 6 : INFINITY;
    }
    return result;
}

/* Computes y = x * multiplier + offset of FusedBatchNorm's scale, offset, mean and variance. */
static void fold_batch_norm(const float *const parts[4], double epsilon, int64_t channels, float *multiplier,
                            float *offset) {
    for (int64_t c = 0; c < channels; c++) {
        double factor = (double)parts[0][c] / sqrt((double)parts[3][c] + epsilon);
        multiplier[c] = (float)factor;
        offset[c] = (float)((double)parts[1][c] - (double)parts[2][c] * factor);
    }
}

static bd_result add_vector(const bd_tf *tf, const bd_tf_node *node, const char *suffix, const bd_shape *shape,
                            const float *data, uint32_t *index) {
    char name[256];
    snprintf(name, sizeof name, "%.200s/%s", node->name, suffix);
    *index = bd_graph_add_const(tf->graph, name, BD_F32, shape, data);
    return *index == BD_NO_NODE ? fail_memory(tf, node) : BD_OK;
}

static bd_result convert_batch_norm(bd_tf *tf, bd_tf_node *node, bd_op op) {
    (void)op;
    bd_result result = check_layout(tf, node);
    if (result) {
        return result;
    }
    if (tf->form->flag(node, "is_training")) {
        return fail_unsupported(tf, node, "is_training is set");
    }
    double epsilon = 1e-4; /* TensorFlow's default */
    if (tf->form->real(node, "epsilon", &epsilon) == BD_TF_OTHER) {
        return fail_attribute(tf, node, "epsilon", "is no number");
    }
    const float *parts[4];
    bd_shape shape = {0};
    for (uint32_t i = 0; i < 4; i++) {
        const bd_node *constant = input_constant(tf, node, i + 1);
        if (!constant || constant->dtype != BD_F32 || constant->shape.rank != 1 ||
            (i && constant->shape.dims[0] != shape.dims[0])) {
            return fail_unsupported(tf, node, "its parameters are not constant vectors of one length");
        }
        shape = constant->shape;
        parts[i] = constant->data;
    }
    int64_t channels = shape.dims[0];
    float *multiplier = bd_pool_alloc(&tf->graph->pool, (size_t)channels * sizeof *multiplier);
    float *offset = bd_pool_alloc(&tf->graph->pool, (size_t)channels * sizeof *offset);
    if (!multiplier || !offset) {
        return fail_memory(tf, node);
    }
    fold_batch_norm(parts, epsilon, channels, multiplier, offset);
    uint32_t scaled[2] = {input_index(tf, node, 0), 0}, moved[2];
    result = add_vector(tf, node, "multiplier", &shape, multiplier, &scaled[1]);
    if (!result) {
        result = add_vector(tf, node, "offset", &shape, offset, &moved[1]);
    }
    if (!result) {
        result = append(tf, node, "mul", BD_OP_MUL, scaled, 2, &moved[0]);
    }
    return result ? result : append(tf, node, "", BD_OP_ADD, moved, 2, &node->index);
}

static bd_result convert_pool(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_conv_attrs conv;
    bd_result result = read_conv(tf, node, &conv);
    if (!result) {
        result = read_window(tf, node, "ksize", true, &conv.kernel_h, &conv.kernel_w);
    }
    if (!result) {
        result = convert_plain(tf, node, op);
    }
    if (!result) {
        tf->graph->nodes[node->index].u.conv = conv;
    }
    return result;
}

/* MEAN keeps the axes it reduces: where TensorFlow drops them, a SQUEEZE follows. */
static bd_result convert_mean(bd_tf *tf, bd_tf_node *node, bd_op op) {
    if (tf->form->flag(node, "keep_dims")) {
        return convert_plain(tf, node, op);
    }
    const bd_node *axes = input_constant(tf, node, 1);
    int64_t count = axes && axes->dtype == BD_I32 ? bd_shape_elements(&axes->shape) : -1;
    if (count < 1 || count > BD_MAX_RANK) {
        return fail_unsupported(tf, node, "the axes are not a constant");
    }
    int32_t values[BD_MAX_RANK];
    memcpy(values, axes->data, (size_t)count * sizeof values[0]);
    const uint32_t inputs[2] = {input_index(tf, node, 0), input_index(tf, node, 1)};
    uint32_t mean;
    bd_result result = append(tf, node, "mean", op, inputs, 2, &mean);
    if (!result) {
        result = append(tf, node, "", BD_OP_SQUEEZE, &mean, 1, &node->index);
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
    {"AvgPool", 1, 1, convert_pool, BD_OP_POOL_AVERAGE},
    {"BatchToSpaceND", 3, 3, convert_plain, BD_OP_BATCH_TO_SPACE},
    {"BiasAdd", 2, 2, convert_bias, BD_OP_ADD},
    {"Cast", 1, 1, convert_cast, BD_OP_CAST},
    {"CheckNumerics", 1, 1, convert_identity, BD_OP_IDENTITY},
    {"ClipByValue", 3, 3, convert_clamp, BD_OP_CLAMP},
    {"Concat", 2, UINT32_MAX, convert_concat, BD_OP_CONCAT},
    {"ConcatV2", 2, UINT32_MAX, convert_concat, BD_OP_CONCAT},
    {"Const", 0, 0, convert_const, BD_OP_CONST},
    {"Conv2D", 2, 2, convert_conv, BD_OP_CONV},
    {"DepthwiseConv2dNative", 2, 2, convert_conv, BD_OP_DEPTHWISE},
    {"Div", 2, 2, convert_plain, BD_OP_DIV},
    {"ExpandDims", 2, 2, convert_plain, BD_OP_EXPAND_DIMS},
    {"FakeQuantWithMinMaxVars", 3, 3, convert_fake_quant, BD_OP_FAKE_QUANT},
    {"FusedBatchNorm", 5, 5, convert_batch_norm, BD_OP_ADD},
    {"FusedBatchNormV2", 5, 5, convert_batch_norm, BD_OP_ADD},
    {"FusedBatchNormV3", 5, 5, convert_batch_norm, BD_OP_ADD},
    {"FusedDepthwiseConv2dNative", 3, 3, convert_fused_conv, BD_OP_DEPTHWISE},
    {"Identity", 1, 1, convert_identity, BD_OP_IDENTITY},
    {"MaxPool", 1, 1, convert_pool, BD_OP_POOL_MAX},
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
    {"_FusedConv2D", 3, 3, convert_fused_conv, BD_OP_CONV},
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
        return bd_fail(tf->error, BD_ERR_MODEL_UNSUPPORTED, NODE "operation %.40s is not supported", AT(tf, node),
                       node->op);
    }
    if (node->input_count < rule->least_inputs || node->input_count > rule->most_inputs) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, NODE "operation %s has %u inputs, %s%u expected", AT(tf, node),
                       node->op, node->input_count, rule->least_inputs == rule->most_inputs ? "" : "at least ",
                       rule->least_inputs);
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i].port >= input_node(tf, node, i)->output_count) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, NODE "its input %.120s has no output %u", AT(tf, node),
                           input_node(tf, node, i)->name, node->inputs[i].port);
        }
    }
    return rule->convert(tf, node, rule->op);
}

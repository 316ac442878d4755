/* SPDX-License-Identifier: MIT
 * TensorFlow's operations and their attributes (as protobuf writes them in JSON) into the graph's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tfjs.h"

#define NODE "%s: node %.120s: "
#define AT(tfjs, node) (tfjs)->file, (node)->name
enum { MAX_WINDOW = 65535 }; /* sizes, strides and rates of windows: far above any use, products fit int32 */

/* ---- attributes ------------------------------------------------------------------------------------------------- */

static bd_result fail_attribute(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *name, const char *problem) {
    return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, NODE "attribute %s of operation %.40s %s", AT(tfjs, node), name,
                   node->op, problem);
}

static bd_result fail_memory(const bd_tfjs *tfjs, const bd_tfjs_node *node) {
    return bd_fail(tfjs->error, BD_ERR_OUT_OF_MEMORY, NODE "out of memory", AT(tfjs, node));
}

static bd_result fail_unsupported(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *what) {
    return bd_fail(tfjs->error, BD_ERR_MODEL_UNSUPPORTED, NODE "operation %.40s: %s", AT(tfjs, node), node->op, what);
}

/* The value of one kind ("i", "s", "b", "type", "list", "shape") of an attribute; NULL when absent. */
static const cJSON *find_attribute(const bd_tfjs_node *node, const char *name, const char *kind) {
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(node->attributes, name), kind);
}

static bd_result read_integer(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *name, int32_t low,
                              int32_t high, int32_t *value) {
    const cJSON *json = find_attribute(node, name, "i");
    int64_t number;
    if (!json) {
        return BD_OK;
    }
    if (!bd_tfjs_integer(json, &number) || number < low || number > high) {
        return fail_attribute(tfjs, node, name, "is out of range");
    }
    *value = (int32_t)number;
    return BD_OK;
}

/* A list of up to room integers; *count is 0 when the attribute is absent. */
static bd_result read_integers(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *name, int32_t low,
                               int32_t high, int32_t *values, int32_t room, int32_t *count) {
    *count = 0;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(find_attribute(node, name, "list"), "i");
    const cJSON *json;
    cJSON_ArrayForEach(json, list) {
        int64_t number;
        if (*count == room || !bd_tfjs_integer(json, &number) || number < low || number > high) {
            return fail_attribute(tfjs, node, name, *count == room ? "has too many entries" : "is out of range");
        }
        values[(*count)++] = (int32_t)number;
    }
    return BD_OK;
}

static bool read_bool(const bd_tfjs_node *node, const char *name) {
    return cJSON_IsTrue(find_attribute(node, name, "b"));
}

static int base64_value(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Bytes are base64 in protobuf's JSON, but some writers leave them as text: both are compared. */
static bool text_is(const cJSON *json, const char *expected) {
    const char *text = cJSON_GetStringValue(json);
    if (!text) {
        return false;
    }
    if (!strcmp(text, expected)) {
        return true;
    }
    uint32_t bits = 0, held = 0;
    for (; *text && *text != '='; text++) {
        int value = base64_value(*text);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffffu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            if (!*expected || (unsigned char)*expected++ != (bits >> held & 0xffu)) {
                return false;
            }
        }
    }
    return !*expected;
}

static bool type_is(const cJSON *json, const char *name, int number) {
    int64_t value;
    return text_is(json, name) || (cJSON_IsNumber(json) && bd_tfjs_integer(json, &value) && value == number);
}

/* Types that a tensor can have here. Numbers are those of TensorFlow's types.proto. */
static bool read_type(const bd_tfjs_node *node, const char *name, bd_dtype *dtype) {
    const cJSON *json = find_attribute(node, name, "type");
    if (type_is(json, "DT_FLOAT", 1)) {
        *dtype = BD_F32;
    } else if (type_is(json, "DT_INT32", 3) || type_is(json, "DT_INT64", 9)) {
        *dtype = BD_I32;
    } else if (type_is(json, "DT_UINT8", 4)) {
        *dtype = BD_U8;
    } else {
        return false;
    }
    return true;
}

static bd_result check_layout(const bd_tfjs *tfjs, const bd_tfjs_node *node) {
    const cJSON *json = find_attribute(node, "data_format", "s");
    return !json || text_is(json, "NHWC") ? BD_OK : fail_unsupported(tfjs, node, "data_format is not NHWC");
}

/* A list over (n, h, w, c) with 1 for n and c: strides, dilations, ksize. Absent: 1 everywhere, unless needed. */
static bd_result read_window(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *name, bool needed, int32_t *h,
                             int32_t *w) {
    int32_t values[4], count;
    bd_result result = read_integers(tfjs, node, name, 1, MAX_WINDOW, values, 4, &count);
    if (result) {
        return result;
    }
    *h = *w = 1;
    if (!count && !needed) {
        return BD_OK;
    }
    if (count != 4) {
        return fail_attribute(tfjs, node, name, "does not have 4 entries");
    }
    if (values[0] != 1 || values[3] != 1) {
        return fail_unsupported(tfjs, node, "windows over batch or channels are not supported");
    }
    *h = values[1];
    *w = values[2];
    return BD_OK;
}

static bd_result read_padding(const bd_tfjs *tfjs, const bd_tfjs_node *node, bd_conv_attrs *conv) {
    const cJSON *json = find_attribute(node, "padding", "s");
    if (text_is(json, "SAME")) {
        conv->padding = BD_PADDING_SAME;
    } else if (text_is(json, "VALID")) {
        conv->padding = BD_PADDING_VALID;
    } else if (text_is(json, "EXPLICIT")) {
        int32_t pads[8], count;
        bd_result result = read_integers(tfjs, node, "explicit_paddings", 0, MAX_WINDOW, pads, 8, &count);
        if (result) {
            return result;
        }
        if (count != 8 || pads[0] || pads[1] || pads[6] || pads[7]) {
            return fail_attribute(tfjs, node, "explicit_paddings", "does not pad height and width only");
        }
        conv->padding = BD_PADDING_EXPLICIT;
        conv->pad_top = pads[2];
        conv->pad_bottom = pads[3];
        conv->pad_left = pads[4];
        conv->pad_right = pads[5];
    } else {
        return fail_attribute(tfjs, node, "padding", "is neither SAME, VALID nor EXPLICIT");
    }
    return BD_OK;
}

static bd_result read_conv(const bd_tfjs *tfjs, const bd_tfjs_node *node, bd_conv_attrs *conv) {
    *conv = (bd_conv_attrs){.clamp_low = -INFINITY, .clamp_high = INFINITY};
    bd_result result = check_layout(tfjs, node);
    if (!result) {
        result = read_window(tfjs, node, "strides", true, &conv->stride_h, &conv->stride_w);
    }
    if (!result) {
        result = read_window(tfjs, node, "dilations", false, &conv->dilation_h, &conv->dilation_w);
    }
    return result ? result : read_padding(tfjs, node, conv);
}

/* ---- building --------------------------------------------------------------------------------------------------- */

/* Appends an operation under node's name (with suffix, where node becomes several); inputs are indices in the graph. */
static bd_result append(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *suffix, bd_op op,
                        const uint32_t *inputs, uint32_t input_count, uint32_t *index) {
    char short_name[256];
    const char *name = node->name;
    if (*suffix) {
        snprintf(short_name, sizeof short_name, "%.200s/%s", node->name, suffix);
        name = short_name;
    }
    *index = bd_graph_add(tfjs->graph, op, name, inputs, input_count);
    return *index == BD_NO_NODE ? fail_memory(tfjs, node) : BD_OK;
}

static const bd_tfjs_node *input_node(const bd_tfjs *tfjs, const bd_tfjs_node *node, uint32_t input) {
    return &tfjs->nodes[node->inputs[input]];
}

/* The constant that an input is, also behind identities; NULL when it is none. Valid until the next append. */
static const bd_node *input_constant(const bd_tfjs *tfjs, const bd_tfjs_node *node, uint32_t input) {
    uint32_t index = input_node(tfjs, node, input)->constant;
    return index == BD_NO_NODE ? NULL : &tfjs->graph->nodes[index];
}

/* The graph's indices of node's inputs first..first+count-1, in the import's pool; NULL when memory is short. */
static uint32_t *map_inputs(bd_tfjs *tfjs, const bd_tfjs_node *node, uint32_t first, uint32_t count) {
    uint32_t *mapped = bd_pool_alloc(&tfjs->pool, count * sizeof *mapped);
    for (uint32_t i = 0; mapped && i < count; i++) {
        mapped[i] = input_node(tfjs, node, first + i)->index;
    }
    return mapped;
}

static bd_result append_all(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op, uint32_t first, uint32_t count) {
    const uint32_t *inputs = map_inputs(tfjs, node, first, count);
    return inputs ? append(tfjs, node, "", op, inputs, count, &node->index) : fail_memory(tfjs, node);
}

static bool scalar_float(const bd_node *constant, float *value) {
    if (!constant || constant->dtype != BD_F32 || bd_shape_elements(&constant->shape) != 1) {
        return false;
    }
    memcpy(value, constant->data, sizeof *value);
    return true;
}

/* ---- operations: op is the table's, the number of inputs is in its range ---------------------------------------- */

static bd_result convert_plain(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    return append_all(tfjs, node, op, 0, node->input_count);
}

static bd_result convert_bias(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    bd_result result = check_layout(tfjs, node);
    return result ? result : convert_plain(tfjs, node, op);
}

static bd_result convert_identity(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    node->constant = input_node(tfjs, node, 0)->constant;
    return convert_plain(tfjs, node, op);
}

static bd_result convert_const(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    (void)op;
    bd_result result = bd_tfjs_weights_add(&tfjs->weights, node->name, tfjs->graph, &node->index, tfjs->error);
    node->constant = node->index;
    return result;
}

static bd_result convert_placeholder(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    bd_graph *graph = tfjs->graph;
    if (graph->input != BD_NO_NODE) {
        return bd_fail(tfjs->error, BD_ERR_MODEL_UNSUPPORTED, NODE "a second Placeholder (beside %.120s)",
                       AT(tfjs, node), graph->nodes[graph->input].name);
    }
    bd_dtype dtype;
    if (!read_type(node, "dtype", &dtype) || dtype == BD_I32) {
        return fail_unsupported(tfjs, node, "the input is neither uint8 nor float32");
    }
    bd_shape shape = {0};
    const cJSON *dims = cJSON_GetObjectItemCaseSensitive(find_attribute(node, "shape", "shape"), "dim");
    const cJSON *dim;
    cJSON_ArrayForEach(dim, dims) {
        int64_t size;
        if (!bd_tfjs_integer(cJSON_GetObjectItemCaseSensitive(dim, "size"), &size) || !size || size < -1 ||
            size > INT32_MAX) {
            return fail_attribute(tfjs, node, "shape", "is broken");
        }
        if (shape.rank == 4) {
            shape.rank = 0;
            break;
        }
        shape.dims[shape.rank++] = (int32_t)size;
    }
    if (shape.rank != 4) {
        return fail_unsupported(tfjs, node, "the input is not (1, height, width, 3)");
    }
    shape.dims[0] = shape.dims[0] == -1 ? 1 : shape.dims[0];
    shape.dims[3] = shape.dims[3] == -1 ? 3 : shape.dims[3];
    if (shape.dims[0] != 1 || shape.dims[3] != 3) {
        return fail_unsupported(tfjs, node, "the input is not (1, height, width, 3)");
    }
    bd_result result = convert_plain(tfjs, node, op);
    if (!result) {
        graph->input = node->index;
        graph->nodes[node->index].dtype = dtype;
        graph->nodes[node->index].shape = shape;
    }
    return result;
}

static bd_result convert_cast(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    bd_dtype dtype;
    if (!read_type(node, "DstT", &dtype)) {
        return fail_unsupported(tfjs, node, "to something other than float32, int32, int64 or uint8");
    }
    bd_result result = convert_plain(tfjs, node, op);
    if (!result) {
        tfjs->graph->nodes[node->index].dtype = dtype;
    }
    return result;
}

static bd_result convert_strided_slice(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    static const char *const names[5] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                                         "shrink_axis_mask"};
    int32_t masks[5] = {0};
    for (int i = 0; i < 5; i++) {
        bd_result result = read_integer(tfjs, node, names[i], 0, INT32_MAX, &masks[i]);
        if (result) {
            return result;
        }
    }
    bd_result result = convert_plain(tfjs, node, op);
    if (!result) {
        bd_node *made = &tfjs->graph->nodes[node->index];
        made->u.slice.begin_mask = (uint32_t)masks[0];
        made->u.slice.end_mask = (uint32_t)masks[1];
        made->u.slice.ellipsis_mask = (uint32_t)masks[2];
        made->u.slice.new_axis_mask = (uint32_t)masks[3];
        made->u.slice.shrink_axis_mask = (uint32_t)masks[4];
    }
    return result;
}

static bd_result convert_pack(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    int32_t axis = 0;
    bd_result result = read_integer(tfjs, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (!result) {
        result = convert_plain(tfjs, node, op);
    }
    if (!result) {
        tfjs->graph->nodes[node->index].u.axis = axis;
    }
    return result;
}

static bd_result convert_concat(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    bool last = !strcmp(node->op, "ConcatV2"); /* Concat has the axis first */
    const bd_node *constant = input_constant(tfjs, node, last ? node->input_count - 1 : 0);
    if (!constant || constant->dtype != BD_I32 || bd_shape_elements(&constant->shape) != 1) {
        return fail_unsupported(tfjs, node, "the axis is not a constant");
    }
    int32_t axis;
    memcpy(&axis, constant->data, sizeof axis);
    if (axis < -BD_MAX_RANK || axis >= BD_MAX_RANK) {
        return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, NODE "operation %s: axis %d is out of range", AT(tfjs, node),
                       node->op, axis);
    }
    bd_result result = append_all(tfjs, node, op, last ? 0 : 1, node->input_count - 1);
    if (!result) {
        tfjs->graph->nodes[node->index].u.axis = axis;
    }
    return result;
}

static bd_result convert_squeeze(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    int32_t values[BD_MAX_RANK], count;
    const char *name = find_attribute(node, "squeeze_dims", "list") ? "squeeze_dims" : "axis";
    bd_result result = read_integers(tfjs, node, name, -BD_MAX_RANK, BD_MAX_RANK - 1, values, BD_MAX_RANK, &count);
    if (!result) {
        result = convert_plain(tfjs, node, op);
    }
    if (!result) {
        bd_node *made = &tfjs->graph->nodes[node->index];
        made->u.axes.count = count;
        memcpy(made->u.axes.values, values, (size_t)count * sizeof values[0]);
    }
    return result;
}

static bd_result convert_pad(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    float value = 0;
    if (node->input_count == 3 && (!scalar_float(input_constant(tfjs, node, 2), &value) || value != 0)) {
        return fail_unsupported(tfjs, node, "pads with something other than a constant 0");
    }
    return append_all(tfjs, node, op, 0, 2);
}

static bd_result convert_clamp(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    float low = 0, high = strcmp(node->op, "Relu6") ? INFINITY : 6;
    if (node->input_count == 3 && (!scalar_float(input_constant(tfjs, node, 1), &low) ||
                                   !scalar_float(input_constant(tfjs, node, 2), &high) || !(low <= high))) {
        return fail_unsupported(tfjs, node, "the limits are not constants");
    }
    bd_result result = append_all(tfjs, node, op, 0, 1);
    if (!result) {
        tfjs->graph->nodes[node->index].u.clamp.low = low;
        tfjs->graph->nodes[node->index].u.clamp.high = high;
    }
    return result;
}

static bd_result append_conv(bd_tfjs *tfjs, bd_tfjs_node *node, const char *suffix, bd_op op) {
    bd_conv_attrs conv;
    bd_result result = read_conv(tfjs, node, &conv);
    if (result) {
        return result;
    }
    const bd_node *weights = input_constant(tfjs, node, 1);
    if (weights && weights->shape.rank != 4) {
        return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, NODE "operation %.40s: weights of %u dimensions, not 4",
                       AT(tfjs, node), node->op, weights->shape.rank);
    }
    if (weights) {
        conv.kernel_h = weights->shape.dims[0];
        conv.kernel_w = weights->shape.dims[1];
    }
    const uint32_t inputs[2] = {input_node(tfjs, node, 0)->index, input_node(tfjs, node, 1)->index};
    result = append(tfjs, node, suffix, op, inputs, 2, &node->index);
    if (!result) {
        tfjs->graph->nodes[node->index].u.conv = conv;
    }
    return result;
}

static bd_result convert_conv(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    return append_conv(tfjs, node, "", op);
}

/* _FusedConv2D and its depthwise sister: x, weights, bias; fused_ops is BiasAdd and at most one activation. */
static bd_result convert_fused_conv(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(find_attribute(node, "fused_ops", "list"), "s");
    const cJSON *bias = cJSON_IsArray(list) ? list->child : NULL;
    const cJSON *activation = bias ? bias->next : NULL;
    bool relu = text_is(activation, "Relu"), relu6 = text_is(activation, "Relu6");
    if (!text_is(bias, "BiasAdd") || (activation && (activation->next || !(relu || relu6)))) {
        return fail_unsupported(tfjs, node, "fused_ops is not BiasAdd, perhaps with Relu or Relu6");
    }
    bd_result result = append_conv(tfjs, node, "conv", op);
    if (result) {
        return result;
    }
    const uint32_t biased[2] = {node->index, input_node(tfjs, node, 2)->index};
    result = append(tfjs, node, activation ? "bias" : "", BD_OP_ADD, biased, 2, &node->index);
    if (result || !activation) {
        return result;
    }
    const uint32_t clamped = node->index;
    result = append(tfjs, node, "", BD_OP_CLAMP, &clamped, 1, &node->index);
    if (!result) {
        tfjs->graph->nodes[node->index].u.clamp.low = 0;
        tfjs->graph->nodes[node->index].u.clamp.high = relu6 ? 6 : INFINITY;
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

static bd_result add_vector(const bd_tfjs *tfjs, const bd_tfjs_node *node, const char *suffix, const bd_shape *shape,
                            const float *data, uint32_t *index) {
    char name[256];
    snprintf(name, sizeof name, "%.200s/%s", node->name, suffix);
    *index = bd_graph_add_const(tfjs->graph, name, BD_F32, shape, data);
    return *index == BD_NO_NODE ? fail_memory(tfjs, node) : BD_OK;
}

static bd_result convert_batch_norm(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    (void)op;
    bd_result result = check_layout(tfjs, node);
    if (result) {
        return result;
    }
    if (read_bool(node, "is_training")) {
        return fail_unsupported(tfjs, node, "is_training is set");
    }
    const cJSON *json = find_attribute(node, "epsilon", "f");
    double epsilon = cJSON_IsNumber(json) ? json->valuedouble : 1e-4; /* TensorFlow's default */
    const float *parts[4];
    bd_shape shape = {0};
    for (uint32_t i = 0; i < 4; i++) {
        const bd_node *constant = input_constant(tfjs, node, i + 1);
        if (!constant || constant->dtype != BD_F32 || constant->shape.rank != 1 ||
            (i && constant->shape.dims[0] != shape.dims[0])) {
            return fail_unsupported(tfjs, node, "its parameters are not constant vectors of one length");
        }
        shape = constant->shape;
        parts[i] = constant->data;
    }
    int64_t channels = shape.dims[0];
    float *multiplier = bd_pool_alloc(&tfjs->graph->pool, (size_t)channels * sizeof *multiplier);
    float *offset = bd_pool_alloc(&tfjs->graph->pool, (size_t)channels * sizeof *offset);
    if (!multiplier || !offset) {
        return fail_memory(tfjs, node);
    }
    fold_batch_norm(parts, epsilon, channels, multiplier, offset);
    uint32_t scaled[2] = {input_node(tfjs, node, 0)->index, 0}, moved[2];
    result = add_vector(tfjs, node, "multiplier", &shape, multiplier, &scaled[1]);
    if (!result) {
        result = add_vector(tfjs, node, "offset", &shape, offset, &moved[1]);
    }
    if (!result) {
        result = append(tfjs, node, "mul", BD_OP_MUL, scaled, 2, &moved[0]);
    }
    return result ? result : append(tfjs, node, "", BD_OP_ADD, moved, 2, &node->index);
}

static bd_result convert_pool(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    bd_conv_attrs conv;
    bd_result result = read_conv(tfjs, node, &conv);
    if (!result) {
        result = read_window(tfjs, node, "ksize", true, &conv.kernel_h, &conv.kernel_w);
    }
    if (!result) {
        result = convert_plain(tfjs, node, op);
    }
    if (!result) {
        tfjs->graph->nodes[node->index].u.conv = conv;
    }
    return result;
}

/* MEAN keeps the axes it reduces: where TensorFlow drops them, a SQUEEZE follows. */
static bd_result convert_mean(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    if (read_bool(node, "keep_dims")) {
        return convert_plain(tfjs, node, op);
    }
    const bd_node *axes = input_constant(tfjs, node, 1);
    int64_t count = axes && axes->dtype == BD_I32 ? bd_shape_elements(&axes->shape) : -1;
    if (count < 1 || count > BD_MAX_RANK) {
        return fail_unsupported(tfjs, node, "the axes are not a constant");
    }
    int32_t values[BD_MAX_RANK];
    memcpy(values, axes->data, (size_t)count * sizeof values[0]);
    const uint32_t inputs[2] = {input_node(tfjs, node, 0)->index, input_node(tfjs, node, 1)->index};
    uint32_t mean;
    bd_result result = append(tfjs, node, "mean", op, inputs, 2, &mean);
    if (!result) {
        result = append(tfjs, node, "", BD_OP_SQUEEZE, &mean, 1, &node->index);
    }
    if (!result) {
        bd_node *made = &tfjs->graph->nodes[node->index];
        made->u.axes.count = (int32_t)count;
        memcpy(made->u.axes.values, values, (size_t)count * sizeof values[0]);
    }
    return result;
}

static bd_result convert_resize(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op) {
    bd_result result = convert_plain(tfjs, node, op);
    if (!result) {
        tfjs->graph->nodes[node->index].u.resize.align_corners = read_bool(node, "align_corners");
        tfjs->graph->nodes[node->index].u.resize.half_pixel_centers = read_bool(node, "half_pixel_centers");
    }
    return result;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const struct rule {
    const char *name;
    uint32_t least_inputs, most_inputs;
    bd_result (*convert)(bd_tfjs *tfjs, bd_tfjs_node *node, bd_op op);
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
    {"RealDiv", 2, 2, convert_plain, BD_OP_DIV},
    {"Relu", 1, 1, convert_clamp, BD_OP_CLAMP},
    {"Relu6", 1, 1, convert_clamp, BD_OP_CLAMP},
    {"Reshape", 2, 2, convert_plain, BD_OP_RESHAPE},
    {"ResizeBilinear", 2, 2, convert_resize, BD_OP_RESIZE_BILINEAR},
    {"Shape", 1, 1, convert_plain, BD_OP_SHAPE},
    {"Slice", 3, 3, convert_plain, BD_OP_SLICE},
    {"Softmax", 1, 1, convert_plain, BD_OP_SOFTMAX},
    {"SpaceToBatchND", 3, 3, convert_plain, BD_OP_SPACE_TO_BATCH},
    {"Squeeze", 1, 1, convert_squeeze, BD_OP_SQUEEZE},
    {"StopGradient", 1, 1, convert_identity, BD_OP_IDENTITY},
    {"StridedSlice", 4, 4, convert_strided_slice, BD_OP_STRIDED_SLICE},
    {"Sub", 2, 2, convert_plain, BD_OP_SUB},
    {"_FusedConv2D", 3, 3, convert_fused_conv, BD_OP_CONV},
};

bd_result bd_tfjs_convert(bd_tfjs *tfjs, bd_tfjs_node *node) {
    const struct rule *rule = NULL;
    for (size_t i = 0; !rule && i < BD_COUNT(rules); i++) {
        rule = strcmp(rules[i].name, node->op) ? NULL : &rules[i];
    }
    if (!rule) {
        return bd_fail(tfjs->error, BD_ERR_MODEL_UNSUPPORTED, NODE "operation %.40s is not supported", AT(tfjs, node),
                       node->op);
    }
    if (node->input_count < rule->least_inputs || node->input_count > rule->most_inputs) {
        return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, NODE "operation %s has %u inputs, %s%u expected",
                       AT(tfjs, node), node->op, node->input_count,
                       rule->least_inputs == rule->most_inputs ? "" : "at least ", rule->least_inputs);
    }
    return rule->convert(tfjs, node, rule->op);
}

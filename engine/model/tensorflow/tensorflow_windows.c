/* SPDX-License-Identifier: MIT */
#include "model/tensorflow/tensorflow_windows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tensorflow/tensorflow_node.h"

enum { MAX_WINDOW = 65535 }; /* sizes, strides and rates of windows: far above any use, products fit int32 */

bd_result bd_tf_take_layout(const bd_tf *tf, bd_tf_node *node) {
    bool first = bd_tf_text_is(tf, node, "data_format", "NCHW");
    if (!first && tf->form->text(node, "data_format", -1, "NHWC") == BD_TF_OTHER) {
        return bd_tf_fail_unsupported(tf, node, "data_format is neither NHWC nor NCHW");
    }
    bool fits = first == bd_tf_input_node(tf, node, 0)->channels_first;
    for (uint32_t i = 1; i < node->input_count; i++) {
        fits = fits && !bd_tf_input_node(tf, node, i)->channels_first;
    }
    node->channels_first = first;
    return fits ? BD_OK : bd_tf_fail_unsupported(tf, node, "data_format is not that of its input");
}

/* A list over (n, h, w, c), or (n, c, h, w), with 1 for n and c: strides, dilations, ksize. Absent: 1 everywhere,
 * unless needed. */
static bd_result read_window(const bd_tf *tf, const bd_tf_node *node, const char *name, bool needed, int32_t *h,
                             int32_t *w) {
    int32_t values[4];
    uint32_t count;
    bd_result result = bd_tf_read_integers(tf, node, name, 1, MAX_WINDOW, values, 4, &count);
    if (result) {
        return result;
    }
    *h = *w = 1;
    if (!count && !needed) {
        return BD_OK;
    }
    if (count != 4) {
        return bd_tf_fail_attribute(tf, node, name, "does not have 4 entries");
    }
    const uint32_t map = node->channels_first ? 2 : 1, channels = node->channels_first ? 1 : 3;
    if (values[0] != 1 || values[channels] != 1) {
        return bd_tf_fail_unsupported(tf, node, "windows over batch or channels are not supported");
    }
    *h = values[map];
    *w = values[map + 1];
    return BD_OK;
}

static bd_result read_padding(const bd_tf *tf, const bd_tf_node *node, bd_conv_attrs *conv) {
    if (bd_tf_text_is(tf, node, "padding", "SAME")) {
        conv->padding = BD_PADDING_SAME;
    } else if (bd_tf_text_is(tf, node, "padding", "VALID")) {
        conv->padding = BD_PADDING_VALID;
    } else if (bd_tf_text_is(tf, node, "padding", "EXPLICIT")) {
        int32_t pads[8];
        uint32_t count;
        bd_result result = bd_tf_read_integers(tf, node, "explicit_paddings", 0, MAX_WINDOW, pads, 8, &count);
        if (result) {
            return result;
        }
        const int32_t *map = pads + (node->channels_first ? 4 : 2), *channels = pads + (node->channels_first ? 2 : 6);
        if (count != 8 || pads[0] || pads[1] || channels[0] || channels[1]) {
            return bd_tf_fail_attribute(tf, node, "explicit_paddings", "does not pad height and width only");
        }
        conv->padding = BD_PADDING_EXPLICIT;
        conv->pad_top = map[0];
        conv->pad_bottom = map[1];
        conv->pad_left = map[2];
        conv->pad_right = map[3];
    } else {
        return bd_tf_fail_attribute(tf, node, "padding", "is neither SAME, VALID nor EXPLICIT");
    }
    return BD_OK;
}

static bd_result read_conv(const bd_tf *tf, bd_tf_node *node, bd_conv_attrs *conv) {
    *conv = (bd_conv_attrs){.clamp_low = -INFINITY, .clamp_high = INFINITY};
    bd_result result = bd_tf_take_layout(tf, node);
    if (!result) {
        result = read_window(tf, node, "strides", true, &conv->stride_h, &conv->stride_w);
    }
    if (!result) {
        result = read_window(tf, node, "dilations", false, &conv->dilation_h, &conv->dilation_w);
    }
    return result ? result : read_padding(tf, node, conv);
}

static bd_result append_conv(bd_tf *tf, bd_tf_node *node, const char *suffix, bd_op op) {
    bd_conv_attrs conv;
    bd_result result = read_conv(tf, node, &conv);
    if (result) {
        return result;
    }
    const bd_node *weights = bd_tf_input_constant(tf, node, 1);
    if (weights && weights->shape.rank != 4) {
        return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, BD_TF_NODE "operation %.40s: weights of %u dimensions, not 4",
                       BD_TF_AT(tf, node), node->op, weights->shape.rank);
    }
    if (weights) {
        conv.kernel_h = weights->shape.dims[0];
        conv.kernel_w = weights->shape.dims[1];
    }
    const uint32_t inputs[2] = {bd_tf_input_index(tf, node, 0), bd_tf_input_index(tf, node, 1)};
    result = bd_tf_append(tf, node, suffix, op, inputs, 2, &node->index);
    if (!result) {
        tf->graph->nodes[node->index].u.conv = conv;
    }
    return result;
}

bd_result bd_tf_convert_conv(bd_tf *tf, bd_tf_node *node, bd_op op) {
    return append_conv(tf, node, "", op);
}

/* _FusedConv2D and FusedDepthwiseConv2dNative: x, weights, bias; fused_ops is BiasAdd and at most one activation. */
bd_result bd_tf_convert_fused_conv(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bool activation = tf->form->text(node, "fused_ops", 1, "Relu") != BD_TF_ABSENT;
    bool relu = tf->form->text(node, "fused_ops", 1, "Relu") == BD_TF_FOUND;
    bool relu6 = tf->form->text(node, "fused_ops", 1, "Relu6") == BD_TF_FOUND;
    bool more = tf->form->text(node, "fused_ops", 2, "") != BD_TF_ABSENT;
    if (tf->form->text(node, "fused_ops", 0, "BiasAdd") != BD_TF_FOUND || more || (activation && !relu && !relu6)) {
        return bd_tf_fail_unsupported(tf, node, "fused_ops is not BiasAdd, perhaps with Relu or Relu6");
    }
    bd_result result = append_conv(tf, node, "conv", op);
    if (result) {
        return result;
    }
    const uint32_t biased[2] = {node->index, bd_tf_input_index(tf, node, 2)};
    result = bd_tf_append(tf, node, activation ? "bias" : "", BD_OP_ADD, biased, 2, &node->index);
    if (result || !activation) {
        return result;
    }
    const uint32_t clamped = node->index;
    result = bd_tf_append(tf, node, "", BD_OP_CLAMP, &clamped, 1, &node->index);
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
    return *index == BD_NO_NODE ? bd_tf_fail_memory(tf, node) : BD_OK;
}

bd_result bd_tf_convert_batch_norm(bd_tf *tf, bd_tf_node *node, bd_op op) {
    (void)op;
    bd_result result = bd_tf_take_layout(tf, node);
    if (result) {
        return result;
    }
    if (tf->form->flag(node, "is_training")) {
        return bd_tf_fail_unsupported(tf, node, "is_training is set");
    }
    double epsilon = 1e-4; /* TensorFlow's default */
    if (tf->form->real(node, "epsilon", &epsilon) == BD_TF_OTHER) {
        return bd_tf_fail_attribute(tf, node, "epsilon", "is no number");
    }
    const float *parts[4];
    bd_shape shape = {0};
    for (uint32_t i = 0; i < 4; i++) {
        const bd_node *constant = bd_tf_input_constant(tf, node, i + 1);
        if (!constant || constant->dtype != BD_F32 || constant->shape.rank != 1 ||
            (i && constant->shape.dims[0] != shape.dims[0])) {
            return bd_tf_fail_unsupported(tf, node, "its parameters are not constant vectors of one length");
        }
        shape = constant->shape;
        parts[i] = constant->data;
    }
    int64_t channels = shape.dims[0];
    float *multiplier = bd_pool_alloc(&tf->graph->pool, (size_t)channels * sizeof *multiplier);
    float *offset = bd_pool_alloc(&tf->graph->pool, (size_t)channels * sizeof *offset);
    if (!multiplier || !offset) {
        return bd_tf_fail_memory(tf, node);
    }
    fold_batch_norm(parts, epsilon, channels, multiplier, offset);
    uint32_t scaled[2] = {bd_tf_input_index(tf, node, 0), 0}, moved[2];
    result = add_vector(tf, node, "multiplier", &shape, multiplier, &scaled[1]);
    if (!result) {
        result = add_vector(tf, node, "offset", &shape, offset, &moved[1]);
    }
    if (!result) {
        result = bd_tf_append(tf, node, "mul", BD_OP_MUL, scaled, 2, &moved[0]);
    }
    return result ? result : bd_tf_append(tf, node, "", BD_OP_ADD, moved, 2, &node->index);
}

bd_result bd_tf_convert_pool(bd_tf *tf, bd_tf_node *node, bd_op op) {
    bd_conv_attrs conv;
    bd_result result = read_conv(tf, node, &conv);
    if (!result) {
        result = read_window(tf, node, "ksize", true, &conv.kernel_h, &conv.kernel_w);
    }
    if (!result) {
        result = bd_tf_append_all(tf, node, op, 0, node->input_count);
    }
    if (!result) {
        tf->graph->nodes[node->index].u.conv = conv;
    }
    return result;
}

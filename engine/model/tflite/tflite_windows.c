/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_windows.h"

#include <math.h>

#include "model/tflite/tflite_builder.h"
#include "model/tflite/tflite_integers.h"
#include "model/tflite/tflite_weights.h"

enum { MAX_WINDOW = 65535 }; /* sizes, strides and rates of windows: far above any use, products fit int32 */

static bd_result read_window(const bd_tflite_conversion *of, uint32_t field, int64_t fallback, int32_t *h, int32_t *w) {
    int64_t along_w = bd_tflite_option(of, field, 4, fallback), along_h = bd_tflite_option(of, field + 1, 4, fallback);
    if (along_w < 1 || along_w > MAX_WINDOW || along_h < 1 || along_h > MAX_WINDOW) {
        return bd_tflite_fail_corrupt(of, "its window is out of range");
    }
    *w = (int32_t)along_w;
    *h = (int32_t)along_h;
    return BD_OK;
}

static bd_result read_padding(const bd_tflite_conversion *of, bd_conv_attrs *attrs) {
    int64_t padding = bd_tflite_option(of, 0, 1, 0);
    if (padding != 0 && padding != 1) {
        return bd_tflite_fail_corrupt(of, "its padding is neither SAME nor VALID");
    }
    attrs->padding = padding ? BD_PADDING_VALID : BD_PADDING_SAME;
    return BD_OK;
}

bd_result bd_tflite_convert_pool(bd_tflite_conversion *of) {
    uint32_t node;
    bd_result result = bd_tflite_append_inputs(of, 1, &node);
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
    bd_tflite_keep_limits(of);
    return result ? result : bd_tflite_finish(of, node, bd_tflite_option(of, 5, 1, 0));
}

/* Weights as the graph wants them. Those that are computed from constants are transposed by a node that is folded
 * later. */
static bd_result convert_weights(const bd_tflite_conversion *of, bd_tflite_role role, uint32_t *node) {
    const bd_tflite_tensor *weights = bd_tflite_input(of, 1);
    if (!weights) {
        return bd_tflite_fail_corrupt(of, "it has no weights");
    }
    if (weights->constant != BD_NO_NODE && weights->node == BD_NO_NODE) {
        return bd_tflite_constant(of->tflite, weights->constant, role, of->integers, node);
    }
    if (of->integers) {
        return bd_tflite_refuse(of->tflite, of->op, "its weights are not a constant");
    }
    if (role == BD_TFLITE_SPREAD) {
        return bd_tflite_fail_unsupported(of, "its weights are not a constant");
    }
    const int32_t rank = 4;
    const bd_shape shape = bd_shape_make(1, &rank);
    static const int32_t order[4] = {1, 2, 3, 0};
    uint32_t inputs[2] = {BD_NO_NODE, bd_graph_add_const(of->tflite->graph, "order", BD_I32, &shape, order)};
    bd_result result =
        inputs[1] == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : bd_tflite_input_node(of, 1, &inputs[0]);
    return result ? result : bd_tflite_append(of, "weights", BD_OP_TRANSPOSE, inputs, 2, node);
}

static bd_result read_conv(const bd_tflite_conversion *of, bool depthwise, bd_conv_attrs *attrs, int64_t *activation) {
    bd_result result = read_padding(of, attrs);
    if (!result) {
        result = read_window(of, 1, 0, &attrs->stride_h, &attrs->stride_w);
    }
    if (!result) {
        result = read_window(of, depthwise ? 5 : 4, 1, &attrs->dilation_h, &attrs->dilation_w);
    }
    *activation = bd_tflite_option(of, depthwise ? 4 : 3, 1, 0);
    return result;
}

bd_result bd_tflite_convert_conv(bd_tflite_conversion *of) {
    bool depthwise = of->op->code == BD_TFLITE_DEPTHWISE_CONV_2D;
    int64_t multiplier = depthwise ? bd_tflite_option(of, 3, 4, 0) : 1, activation;
    bd_tflite_role role = depthwise ? BD_TFLITE_CHANNELWISE : BD_TFLITE_DENSE;
    bd_tflite_tensor *x = bd_tflite_input(of, 0), *weights = bd_tflite_input(of, 1);
    if (depthwise && multiplier != 1) {
        if (!x || x->shape.rank != 4 || x->shape.dims[3] != 1) {
            return bd_tflite_fail_unsupported(of, "a depth multiplier other than 1 over several channels");
        }
        role = BD_TFLITE_SPREAD;
        of->to = BD_OP_CONV;
    }
    uint32_t inputs[5], node, count = bd_tflite_input(of, 2) ? 3 : 2;
    bd_result result = bd_tflite_input_node(of, 0, &inputs[0]);
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
                     : bd_tflite_input_node(of, 2, &inputs[2]);
    }
    if (!result) {
        result = bd_tflite_append(of, "", of->to, inputs, count, &node);
    }
    bd_conv_attrs *attrs = result ? NULL : &of->tflite->graph->nodes[node].u.conv;
    if (!result) {
        result = read_conv(of, depthwise, attrs, &activation);
    }
    if (!result) {
        result = bd_tflite_limit(of, activation);
    }
    if (result) {
        return result;
    }
    if (of->integers) {
        attrs->rounding = depthwise ? BD_ROUNDING_AWAY : BD_ROUNDING_UP;
    }
    /* A convolution that is only read by an ADD is not limited: the sum is, and can then be fused into the convolution.
     * Limits on both sides of 0 are a calibration's, and rarely reached. */
    if (!of->integers && of->low < 0 && of->high > 0 && !of->out->read_alone) {
        of->low = -INFINITY;
        of->high = INFINITY;
        of->out->node = node;
        return BD_OK;
    }
    attrs->clamp_low = of->low;
    attrs->clamp_high = of->high;
    return bd_tflite_finish(of, node, BD_TFLITE_ACTIVATION_NONE);
}

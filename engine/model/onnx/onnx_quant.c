/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_quant.h"

#include <math.h>

#include "model/onnx/onnx_builder.h"
#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_scales.h"
#include "model/onnx/onnx_tensor.h"
#include "model/onnx/onnx_windows.h"

/* ---- limits ----------------------------------------------------------------------------------------------------- */

typedef struct bounds {
    double low, high;
} bounds;

/* Bounds of a node's values that follow from the operations of the graph. */
static bounds find_bounds(const bd_graph *graph, uint32_t index, int depth) {
    const bd_node *node = &graph->nodes[index];
    bounds of = {-INFINITY, INFINITY};
    if (!depth) {
        return of;
    }
    switch (node->op) {
    case BD_OP_CLAMP: return (bounds){(double)node->u.clamp.low, (double)node->u.clamp.high};
    case BD_OP_SIGMOID:
    case BD_OP_HARD_SIGMOID:
    case BD_OP_SOFTMAX: return (bounds){0, 1};
    case BD_OP_HARD_SWISH: of.low = -0.375; return of;
    case BD_OP_RESIZE_BILINEAR:
    case BD_OP_POOL_AVERAGE:
    case BD_OP_POOL_MAX:
    case BD_OP_MEAN:
    case BD_OP_SLICE: return find_bounds(graph, node->inputs[0], depth - 1);
    case BD_OP_PAD:
        of = find_bounds(graph, node->inputs[0], depth - 1);
        return (bounds){fmin(of.low, 0), fmax(of.high, 0)};
    case BD_OP_CONCAT:
        of = (bounds){INFINITY, -INFINITY};
        for (uint32_t k = 0; k < node->input_count; k++) {
            bounds one = find_bounds(graph, node->inputs[k], depth / 2);
            of = (bounds){fmin(of.low, one.low), fmax(of.high, one.high)};
        }
        return of;
    default: return of;
    }
}

/* The next node, where the output is read by it alone; NULL otherwise. */
static const bd_onnx_node *only_reader(const bd_onnx *onnx, const bd_onnx_node *node) {
    const bd_onnx_value *output = bd_onnx_output(onnx, node);
    return output->uses == 1 && output->reader != BD_ONNX_NONE ? &onnx->nodes[output->reader] : NULL;
}

static bool is_only_added(const bd_onnx *onnx, const bd_onnx_node *node) {
    const bd_onnx_node *next = only_reader(onnx, node);
    if (next && bd_pb_equals(next->op, "DequantizeLinear")) {
        next = only_reader(onnx, next);
        return next && bd_pb_equals(next->op, "Add");
    }
    return next && bd_pb_equals(next->op, "QLinearAdd");
}

/* The output becomes graph node index, of integers, clamped to the type's limits where they do not follow from the
 * graph. Limits on both sides of 0 are a calibration's, and rarely reached: they are left out where they would cost a
 * pass over the map, or keep the sum that follows from being fused into a convolution. */
static bd_result set_quantised(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index, const bd_onnx_value *like,
                               const bd_onnx_quantisation *of) {
    const bd_onnx_value layout = *like;
    const double low = (of->low - of->zero) * of->step, high = (of->high - of->zero) * of->step;
    /* What is cut off by less than a thousandth of a step comes from rounding scales. */
    const double slack = of->step / 1000;
    const bounds known = find_bounds(onnx->graph, index, 8);
    bd_op op = onnx->graph->nodes[index].op;
    bool free = op == BD_OP_CONV || op == BD_OP_DEPTHWISE || op == BD_OP_ADD;
    bool needed = known.low < low - slack || known.high > high + slack;
    bd_result result = BD_OK;
    if (needed && ((low >= 0 || high <= 0) || (free && !is_only_added(onnx, node)))) {
        result = bd_onnx_append_clamp(onnx, node, "limits", index, (float)low, (float)high, &index);
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, index, &layout);
        bd_onnx_output(onnx, node)->step = of->step;
        bd_onnx_output(onnx, node)->zero = of->zero;
    }
    return result;
}

/* ---- into integers and back ------------------------------------------------------------------------------------- */

/* Where the input is floats, the scale that quantises them tells their range in training. */
static void settle_photo(bd_onnx *onnx, const bd_onnx_quantisation *of) {
    const double low = (of->low - of->zero) * of->step, high = (of->high - of->zero) * of->step;
    const bd_feed *feed = high > 16                  ? &bd_feed_bytes
                          : low > -0.25              ? &bd_feed_unit
                          : low < -1.5 || high > 1.5 ? &bd_feed_imagenet
                                                     : &bd_feed_symmetric;
    bd_graph_suggest_feed(onnx->graph, BD_INPUT_SOURCE_GRAPH, feed);
}

bd_result bd_onnx_convert_quantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bd_onnx_quantisation of;
    bd_result result = bd_onnx_read_quantisation(onnx, node, 1, 2, &of);
    if (result) {
        return result;
    }
    uint32_t index = x->index;
    if (onnx->graph->nodes[index].dtype != BD_F32) {
        return bd_onnx_refuse(onnx, node, "of a picture of integers");
    }
    if (index == onnx->graph->input) {
        settle_photo(onnx, &of);
        bd_onnx_set_like(onnx, node, index, x);
        bd_onnx_output(onnx, node)->step = of.step;
        bd_onnx_output(onnx, node)->zero = of.zero;
        return BD_OK;
    }
    return set_quantised(onnx, node, index, x, &of);
}

/* Input k, of integers, as a value of floats by the scale and zero point of inputs scale_at and zero_at. */
static bd_result read_real(bd_onnx *onnx, const bd_onnx_node *node, uint32_t k, uint32_t scale_at, uint32_t zero_at,
                           bd_onnx_value *real) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, k);
    bd_onnx_quantisation of;
    uint32_t scale, offset;
    bd_result result = x ? bd_onnx_read_quantisation(onnx, node, scale_at, zero_at, &of)
                         : bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "input %u is missing", k);
    if (result) {
        return result;
    }
    *real = *x;
    real->step = real->zero = 0;
    if (x->kind == BD_ONNX_CONSTANT) {
        return bd_onnx_dequantize(onnx, node, &x->tensor, bd_onnx_constant(onnx, node, scale_at),
                                  bd_onnx_constant(onnx, node, zero_at), 0, &real->tensor);
    }
    double step = x->step, zero = x->zero;
    if (onnx->graph->nodes[x->index].dtype == BD_U8) {
        step = 1;
        result = bd_onnx_append(onnx, node, "floats", BD_OP_CAST, &x->index, 1, &real->index);
        if (!result) {
            onnx->graph->nodes[real->index].dtype = BD_F32;
            result = bd_onnx_infer(onnx, real->index);
        }
    }
    if (!(step > 0)) {
        return bd_onnx_refuse(onnx, node, "of floats");
    }
    /* Where the scale is not the one that it was made with, the integers count. */
    double factor = of.step / step, moved = (zero - of.zero) * of.step;
    if (!result && (fabs(factor - 1) > 1e-6 || step == 1)) {
        result = bd_onnx_append_scalar(onnx, node, "scale", (float)factor, &scale);
        result =
            result ? result : bd_onnx_append_binary(onnx, node, "scaled", BD_OP_MUL, real->index, scale, &real->index);
    }
    if (!result && moved != 0) {
        result = bd_onnx_append_scalar(onnx, node, "offset", (float)moved, &offset);
        result =
            result ? result : bd_onnx_append_binary(onnx, node, "moved", BD_OP_ADD, real->index, offset, &real->index);
    }
    return result;
}

bd_result bd_onnx_convert_dequantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    bd_onnx_value real;
    bd_result result = read_real(onnx, node, 0, 1, 2, &real);
    if (!result) {
        bd_onnx_set_like(onnx, node, real.index, &real);
    }
    return result;
}

/* Its scale would be computed from the values, and floats need none: they stand for integers of scale 1 around 0. */
bd_result bd_onnx_convert_dynamic_quantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    if (onnx->graph->nodes[x->index].dtype != BD_F32) {
        return bd_onnx_refuse(onnx, node, "of a picture of integers");
    }
    bd_onnx_set_like(onnx, node, x->index, x);
    bd_onnx_output(onnx, node)->step = 1;
    for (uint32_t port = 1; port < node->output_count && port < 3; port++) {
        uint32_t index = onnx->links[node->first_output + port];
        if (index == BD_ONNX_NONE) {
            continue;
        }
        void *data = NULL;
        bd_onnx_value *value = &onnx->values[index];
        bd_result result = bd_onnx_new_tensor(onnx, node, BD_ONNX_F32, 0, NULL, &value->tensor, &data);
        if (result) {
            return result;
        }
        *(float *)data = port == 1 ? 1.0f : 0.0f;
        value->kind = BD_ONNX_CONSTANT;
    }
    return BD_OK;
}

/* ---- operations on integers ------------------------------------------------------------------------------------- */

/* The output, which was made in floats, becomes integers. */
static bd_result finish(bd_onnx *onnx, const bd_onnx_node *node, uint32_t scale_at, uint32_t zero_at) {
    const bd_onnx_value *made = bd_onnx_output(onnx, node);
    bd_onnx_quantisation of;
    bd_result result = bd_onnx_read_quantisation(onnx, node, scale_at, zero_at, &of);
    return result ? result : set_quantised(onnx, node, made->index, made, &of);
}

/* x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, [bias]. */
bd_result bd_onnx_convert_quantised_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    enum { X = 0, WEIGHTS = 3, Y = 6, BIAS = 8 };
    bd_onnx_value x;
    const bd_onnx_tensor *w = bd_onnx_constant(onnx, node, WEIGHTS), *by = bd_onnx_constant(onnx, node, WEIGHTS + 1);
    const bd_onnx_tensor *bias = bd_onnx_constant(onnx, node, BIAS);
    bd_onnx_tensor real_bias;
    if (!w || !by || (bd_onnx_input(onnx, node, BIAS) && !bias)) {
        return bd_onnx_refuse(onnx, node, "its weights, their scales or its bias are not constants");
    }
    bd_onnx_value weights = *bd_onnx_input(onnx, node, WEIGHTS);
    weights.packed[0] = weights.packed[1] = BD_NO_NODE;
    bd_result result = read_real(onnx, node, X, X + 1, X + 2, &x);
    if (!result && x.kind != BD_ONNX_ACTIVATION) {
        return bd_onnx_refuse(onnx, node, "is not computed on constants");
    }
    result = result
                 ? result
                 : bd_onnx_dequantize(onnx, node, w, by, bd_onnx_constant(onnx, node, WEIGHTS + 2), 0, &weights.tensor);
    if (!result && bias) {
        void *data = NULL;
        double step = bd_onnx_number(bd_onnx_constant(onnx, node, X + 1), 0);
        if (bd_onnx_is_float(bias->type) || bias->elements != w->dims[0]) {
            return bd_onnx_refuse(onnx, node, "its bias is not one integer a channel");
        }
        result = bd_onnx_new_tensor(onnx, node, BD_ONNX_F32, 1, w->dims, &real_bias, &data);
        for (int64_t c = 0; !result && c < bias->elements; c++) {
            double scale = bd_onnx_number(by, by->elements > 1 ? c : 0);
            ((float *)data)[c] = (float)(bd_onnx_number(bias, c) * step * scale);
        }
    }
    result = result ? result : bd_onnx_add_conv(onnx, node, op, &x, &weights, bias ? &real_bias : NULL);
    return result ? result : finish(onnx, node, Y, Y + 1);
}

/* x, w, [x_zero], [w_zero]: sums of products of integers, after DynamicQuantizeLinear. */
bd_result bd_onnx_convert_integer_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    const bd_onnx_tensor *w = bd_onnx_constant(onnx, node, 1), *zero = bd_onnx_constant(onnx, node, 2);
    if (!w || (bd_onnx_input(onnx, node, 3) && !bd_onnx_constant(onnx, node, 3)) ||
        (bd_onnx_input(onnx, node, 2) && (!zero || zero->elements != 1))) {
        return bd_onnx_refuse(onnx, node, "its weights or zero points are not constants");
    }
    if (x->step != 1 || x->zero != (zero ? bd_onnx_number(zero, 0) : 0)) {
        return bd_onnx_refuse(onnx, node, "of something other than DynamicQuantizeLinear's output");
    }
    void *data = NULL;
    bd_onnx_tensor scales;
    const int64_t count = w->rank ? w->dims[0] : 1;
    bd_onnx_value weights = *bd_onnx_input(onnx, node, 1);
    weights.packed[0] = weights.packed[1] = BD_NO_NODE;
    bd_result result = bd_onnx_new_tensor(onnx, node, BD_ONNX_F32, 1, &count, &scales, &data);
    for (int64_t c = 0; !result && c < count; c++) {
        ((float *)data)[c] = 1;
    }
    bd_onnx_value real = *x;
    real.step = 0;
    result = result ? result
                    : bd_onnx_dequantize(onnx, node, w, &scales, bd_onnx_constant(onnx, node, 3), 0, &weights.tensor);
    result = result ? result : bd_onnx_add_conv(onnx, node, op, &real, &weights, NULL);
    if (!result) {
        bd_onnx_output(onnx, node)->step = 1;
    }
    return result;
}

/* a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero. */
bd_result bd_onnx_convert_quantised_binary(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    enum { A = 0, B = 3, Y = 6 };
    bd_onnx_value a, b;
    const bd_onnx_value *const both[2] = {&a, &b};
    bd_result result = read_real(onnx, node, A, A + 1, A + 2, &a);
    result = result ? result : read_real(onnx, node, B, B + 1, B + 2, &b);
    result = result ? result : bd_onnx_join(onnx, node, op, both);
    return result ? result : finish(onnx, node, Y, Y + 1);
}

/* y_scale, y_zero, then x, x_scale, x_zero of each. */
bd_result bd_onnx_convert_quantised_concat(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    uint32_t count = node->input_count / 3; /* the last zero point may be left out */
    bd_onnx_value *values = bd_pool_alloc(&onnx->pool, count * sizeof *values);
    const bd_onnx_value **list = bd_pool_alloc(&onnx->pool, count * sizeof *list);
    if (!values || !list) {
        return bd_onnx_fail_memory(onnx);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t k = 2 + 3 * i;
        list[i] = &values[i];
        bd_result result = read_real(onnx, node, k, k + 1, k + 2, &values[i]);
        if (result) {
            return result;
        }
    }
    bd_result result = bd_onnx_concat(onnx, node, list, count);
    return result ? result : finish(onnx, node, 0, 1);
}

/* x, x_scale, x_zero, y_scale, y_zero. */
bd_result bd_onnx_convert_quantised_unary(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bd_onnx_quantisation of;
    int64_t channels_last = 0;
    bd_result result = bd_onnx_read_quantisation(onnx, node, 1, 2, &of);
    result = result ? result : bd_onnx_attr_int(onnx, node, "channels_last", 0, 1, &channels_last);
    if (result) {
        return result;
    }
    if (channels_last || !(x->step > 0) || fabs(of.step / x->step - 1) > 1e-6 || of.zero != x->zero) {
        return bd_onnx_refuse(onnx, node, "its input lies or is scaled otherwise than it was made");
    }
    if (op == BD_OP_POOL_AVERAGE) {
        result = bd_onnx_convert_pool(onnx, node, op);
    } else if (op == BD_OP_MEAN) {
        result = bd_onnx_convert_global_pool(onnx, node, op);
    } else {
        uint32_t index;
        const bd_onnx_value layout = *x;
        result = bd_onnx_append(onnx, node, "", op, &x->index, 1, &index);
        result = result ? result : bd_onnx_infer(onnx, index);
        if (!result) {
            bd_onnx_set_like(onnx, node, index, &layout);
        }
    }
    return result ? result : finish(onnx, node, 3, 4);
}

/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_builder.h"

#include <math.h>
#include <stdio.h>

#include "model/tflite/tflite_weights.h"

/* ---- inputs and options ----------------------------------------------------------------------------------------- */

bd_tflite_tensor *bd_tflite_input(const bd_tflite_conversion *of, uint32_t k) {
    int32_t index = k < of->op->inputs.count ? bd_fb_item_i32(&of->op->inputs, k) : -1;
    return index < 0 ? NULL : &of->tflite->tensors[index];
}

/* The real numbers of a tensor whose node holds integers. */
static bd_result real_node(const bd_tflite_conversion *of, bd_tflite_tensor *tensor, uint32_t *node) {
    *node = tensor->real;
    if (*node != BD_NO_NODE) {
        return BD_OK;
    }
    bd_graph *graph = of->tflite->graph;
    float *scale = bd_pool_alloc(&graph->pool, sizeof *scale);
    if (!scale) {
        return bd_tflite_fail_memory(of->tflite);
    }
    *scale = bd_tflite_scale(tensor, 0);
    char name[256];
    (void)snprintf(name, sizeof name, "%.200s/real", tensor->name);
    const bd_shape scalar = {0};
    const uint32_t inputs[2] = {tensor->node, bd_graph_add_const(graph, name, BD_F32, &scalar, scale)};
    *node = inputs[1] == BD_NO_NODE ? BD_NO_NODE : bd_graph_add(graph, BD_OP_MUL, name, inputs, 2);
    tensor->real = *node;
    return *node == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : BD_OK;
}

bd_result bd_tflite_input_node(const bd_tflite_conversion *of, uint32_t k, uint32_t *node) {
    bd_tflite_tensor *tensor = bd_tflite_input(of, k);
    if (!tensor) {
        return bd_tflite_fail_corrupt(of, "an input is missing");
    }
    if (tensor->node == BD_NO_NODE && tensor->constant != BD_NO_NODE) {
        return bd_tflite_constant(of->tflite, tensor->constant, BD_TFLITE_PLAIN, false, node);
    }
    if (tensor->integers && !of->integers) {
        return real_node(of, tensor, node);
    }
    *node = tensor->node;
    return *node == BD_NO_NODE ? bd_tflite_fail_corrupt(of, "an input is made by no operation before it") : BD_OK;
}

int64_t bd_tflite_option(const bd_tflite_conversion *of, uint32_t field, uint32_t width, int64_t fallback) {
    return bd_fb_signed(&of->tflite->fb, &of->op->options, field, width, fallback);
}

bool bd_tflite_option_flag(const bd_tflite_conversion *of, uint32_t field) {
    return bd_fb_unsigned(&of->tflite->fb, &of->op->options, field, 1, 0) != 0;
}

bd_result bd_tflite_append(const bd_tflite_conversion *of, const char *suffix, bd_op op, const uint32_t *inputs,
                           uint32_t count, uint32_t *node) {
    char name[256];
    (void)snprintf(name, sizeof name, "%.200s%s%s", of->out->name, *suffix ? "/" : "", suffix);
    *node = bd_graph_add(of->tflite->graph, op, name, inputs, count);
    return *node == BD_NO_NODE ? bd_tflite_fail_memory(of->tflite) : BD_OK;
}

int32_t bd_tflite_read_i32(const bd_tflite_conversion *of, uint32_t k, int32_t *values, int32_t room) {
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

uint32_t *bd_tflite_map_inputs(const bd_tflite_conversion *of, uint32_t first, uint32_t count, bd_result *result) {
    uint32_t *nodes = bd_pool_alloc(&of->tflite->pool, (count + (size_t)1) * sizeof *nodes);
    *result = nodes ? BD_OK : bd_tflite_fail_memory(of->tflite);
    for (uint32_t k = 0; !*result && k < count; k++) {
        *result = bd_tflite_input_node(of, first + k, &nodes[k]);
    }
    return nodes;
}

bd_result bd_tflite_append_inputs(const bd_tflite_conversion *of, uint32_t count, uint32_t *node) {
    bd_result result;
    const uint32_t *inputs = bd_tflite_map_inputs(of, 0, count, &result);
    return result ? result : bd_tflite_append(of, "", of->to, inputs, count, node);
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static void limit(bd_tflite_conversion *of, float low, float high) {
    of->low = fminf(fmaxf(of->low, low), high);
    of->high = fmaxf(fminf(of->high, high), low);
}

static float limit_at(const bd_tflite_conversion *of, float real) {
    return of->integers ? bd_tflite_integer(of->out, real) : real;
}

static bd_result limit_by_activation(bd_tflite_conversion *of, int64_t activation) {
    switch (activation) {
    case BD_TFLITE_ACTIVATION_NONE: return BD_OK;
    case BD_TFLITE_ACTIVATION_RELU: limit(of, 0, INFINITY); return BD_OK;
    case BD_TFLITE_ACTIVATION_RELU_N1_TO_1: limit(of, limit_at(of, -1), limit_at(of, 1)); return BD_OK;
    case BD_TFLITE_ACTIVATION_RELU6: limit(of, 0, limit_at(of, 6)); return BD_OK;
    default: return bd_tflite_fail_unsupported(of, "its fused activation is not supported");
    }
}

/* What is cut off by less than a thousandth of a step comes from rounding scales. */
bd_result bd_tflite_limit_by_type(bd_tflite_conversion *of) {
    float low, high;
    if (of->out->broken_quantisation) {
        return bd_tflite_fail_corrupt(of, "its output has a quantisation that makes no sense");
    }
    if (bd_tflite_range(of->out, of->integers, &low, &high)) {
        float slack = (high - low) / (255 * 1000);
        limit(of, of->low >= low - slack ? of->low : low, of->high <= high + slack ? of->high : high);
    }
    return BD_OK;
}

bd_result bd_tflite_limit(bd_tflite_conversion *of, int64_t activation) {
    bd_result result = limit_by_activation(of, activation);
    return result ? result : bd_tflite_limit_by_type(of);
}

void bd_tflite_keep_limits(bd_tflite_conversion *of) {
    const bd_tflite_tensor *x = bd_tflite_input(of, 0);
    if (x) {
        float scale = x->integers && !of->integers ? bd_fb_item_float(&x->scales, 0) : 1;
        of->low = x->low * scale;
        of->high = x->high * scale;
    }
}

bd_result bd_tflite_finish(bd_tflite_conversion *of, uint32_t node, int64_t activation) {
    const float low = of->low, high = of->high;
    bd_result result = bd_tflite_limit(of, activation);
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

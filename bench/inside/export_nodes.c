/* SPDX-License-Identifier: MIT */
#include "export_nodes.h"
#include "graph/passes.h"

#include <math.h>

/* Names of nodes may repeat or be empty in exports; numbers do not. */
static const char *value_name(const exporter *e, uint32_t node, char text[32]) {
    if (e->graph->nodes[node].op == BD_OP_PREPROCESS) {
        return "x";
    }
    (void)snprintf(text, 32, node == e->graph->output ? "logits" : "t%u", node);
    return text;
}

static size_t elements(const bd_shape *shape) {
    return (size_t)bd_shape_elements(shape);
}

/* (kh, kw, ic, oc) -> (oc, ic, kh, kw); depthwise (kh, kw, c, 1) -> (c, 1, kh, kw). */
static void add_weights(exporter *e, const char *name, const bd_node *weights, bool depthwise) {
    const int32_t *d = weights->shape.dims;
    size_t taps = (size_t)d[0] * (size_t)d[1];
    size_t in = (size_t)d[2];
    size_t out = (size_t)d[3];
    float *turned = bd_pool_alloc(&e->file.pool, elements(&weights->shape) * sizeof *turned);
    const float *from = weights->data;
    if (!turned) {
        e->file.failed = true;
        return;
    }
    for (size_t t = 0; t < taps; t++) {
        for (size_t i = 0; i < in; i++) {
            for (size_t o = 0; o < out; o++) {
                size_t to = depthwise ? (i * out + o) * taps + t : (o * in + i) * taps + t;
                turned[to] = from[(t * in + i) * out + o];
            }
        }
    }
    const int64_t dims[4] = {depthwise ? (int64_t)(in * out) : (int64_t)out, depthwise ? 1 : (int64_t)in, d[0], d[1]};
    onnx_add_initializer(&e->file, name, ONNX_FLOAT, dims, 4, turned, elements(&weights->shape) * sizeof *turned);
}

/* A vector over channels that is added or multiplied: (1, c, 1, 1); a bias: (c). */
static void add_vector(exporter *e, const char *name, const bd_node *constant, bool bias) {
    int64_t count = bd_shape_elements(&constant->shape);
    const int64_t dims[4] = {bias ? count : 1, count, 1, 1};
    onnx_add_initializer(&e->file, name, ONNX_FLOAT, dims, bias ? 1 : 4, constant->data, (size_t)count * sizeof(float));
}

/* A constant of a whole map's shape: (1, h, w, c) -> (1, c, h, w). */
static void add_map(exporter *e, const char *name, const bd_node *constant) {
    const int32_t *d = constant->shape.dims;
    size_t pixels = (size_t)d[1] * (size_t)d[2];
    size_t channels = (size_t)d[3];
    float *turned = bd_pool_alloc(&e->file.pool, pixels * channels * sizeof *turned);
    if (!turned) {
        e->file.failed = true;
        return;
    }
    for (size_t p = 0; p < pixels; p++) {
        for (size_t c = 0; c < channels; c++) {
            turned[c * pixels + p] = ((const float *)constant->data)[p * channels + c];
        }
    }
    const int64_t dims[4] = {1, d[3], d[1], d[2]};
    onnx_add_initializer(&e->file, name, ONNX_FLOAT, dims, 4, turned, pixels * channels * sizeof *turned);
}

/* What lies past the end follows from the output's size. More of it changes nothing as long as that size stays: as
 * much as at the start then, for which other engines have faster paths. */
static int64_t pad_end(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t dilation, int32_t start) {
    int64_t reach = (int64_t)(kernel - 1) * dilation + 1;
    int64_t end = (int64_t)(out - 1) * stride + reach - in - start;
    end = BD_MAX(end, 0);
    return end < start && (in + 2 * (int64_t)start - reach) / stride + 1 == out ? start : end;
}

static void add_window(onnx_buffer *node, const bd_conv_attrs *c, const bd_shape *in, const bd_shape *out,
                       bool dilations) {
    const int64_t pads[4] = {c->pad_top, c->pad_left,
                             pad_end(in->dims[1], out->dims[1], c->kernel_h, c->stride_h, c->dilation_h, c->pad_top),
                             pad_end(in->dims[2], out->dims[2], c->kernel_w, c->stride_w, c->dilation_w, c->pad_left)};
    onnx_add_ints(node, "kernel_shape", (const int64_t[]){c->kernel_h, c->kernel_w}, 2);
    onnx_add_ints(node, "strides", (const int64_t[]){c->stride_h, c->stride_w}, 2);
    onnx_add_ints(node, "pads", pads, 4);
    if (dilations) {
        onnx_add_ints(node, "dilations", (const int64_t[]){c->dilation_h, c->dilation_w}, 2);
    }
}

static void add_clamp(exporter *e, const char *from, const char *to, float low, float high) {
    if (low == 0 && isinf(high)) {
        onnx_buffer node = onnx_begin_node("Relu", to, &from, 1);
        onnx_end_node(&e->file, &node);
        return;
    }
    char names[2][48];
    const float values[2] = {low, high};
    const char *inputs[3] = {from, "", ""};
    for (int i = 0; i < 2; i++) {
        if (!isinf(values[i])) {
            float *own = bd_pool_alloc(&e->file.pool, sizeof *own);
            e->file.failed = e->file.failed || !own;
            if (own) {
                *own = values[i];
                (void)snprintf(names[i], sizeof names[i], "%.32s_%s", to, i ? "high" : "low");
                onnx_add_initializer(&e->file, names[i], ONNX_FLOAT, NULL, 0, own, sizeof *own);
                inputs[i + 1] = names[i];
            }
        }
    }
    onnx_buffer node = onnx_begin_node("Clip", to, inputs, 3);
    onnx_end_node(&e->file, &node);
}

/* A bias that is computed (image pooling) is a map of one pixel: Conv wants a vector. */
static void add_computed_bias(exporter *e, const char *from, const char *to) {
    char shape[48];
    int64_t *all = bd_pool_alloc(&e->file.pool, sizeof *all);
    if (!all) {
        e->file.failed = true;
        return;
    }
    *all = -1;
    (void)snprintf(shape, sizeof shape, "%.32s_shape", to);
    const int64_t dims[1] = {1};
    onnx_add_initializer(&e->file, shape, ONNX_INT64, dims, 1, all, sizeof *all);
    const char *inputs[2] = {from, shape};
    onnx_buffer node = onnx_begin_node("Reshape", to, inputs, 2);
    onnx_end_node(&e->file, &node);
}

/* Conv, then the residual, then the clamp. */
static void export_conv(exporter *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    const bd_node *x = &e->graph->nodes[n->inputs[0]];
    const bd_node *w = &e->graph->nodes[n->inputs[1]];
    bool depthwise = n->op == BD_OP_DEPTHWISE;
    bool clamp = !(isinf(n->u.conv.clamp_low) && isinf(n->u.conv.clamp_high));
    uint32_t bias = bd_graph_input(e->graph, index, 2);
    uint32_t residual = depthwise ? BD_NO_NODE : bd_graph_input(e->graph, index, 3);
    char out[32];
    char from[32];
    char residual_name[32];
    char weights[40];
    char bias_name[40];
    char conv_name[40];
    char sum_name[40];
    const char *name = value_name(e, index, out);
    (void)snprintf(weights, sizeof weights, "%.24s_w", name);
    (void)snprintf(bias_name, sizeof bias_name, "%.24s_b", name);
    (void)snprintf(conv_name, sizeof conv_name, "%.24s_conv", name);
    (void)snprintf(sum_name, sizeof sum_name, "%.24s_sum", name);
    const char *summed = clamp ? sum_name : name;
    const char *convolved = residual != BD_NO_NODE ? conv_name : summed;
    add_weights(e, weights, w, depthwise);
    if (bias != BD_NO_NODE && e->graph->nodes[bias].op == BD_OP_CONST) {
        add_vector(e, bias_name, &e->graph->nodes[bias], true);
    } else if (bias != BD_NO_NODE) {
        add_computed_bias(e, value_name(e, bias, from), bias_name);
    }
    const char *inputs[3] = {value_name(e, n->inputs[0], from), weights, bias_name};
    onnx_buffer node = onnx_begin_node("Conv", convolved, inputs, bias == BD_NO_NODE ? 2 : 3);
    add_window(&node, &n->u.conv, &x->shape, &n->shape, true);
    onnx_add_int(&node, "group", depthwise ? w->shape.dims[2] : 1);
    onnx_end_node(&e->file, &node);
    if (residual != BD_NO_NODE) {
        const char *terms[2] = {conv_name, value_name(e, residual, residual_name)};
        onnx_buffer sum = onnx_begin_node("Add", summed, terms, 2);
        onnx_end_node(&e->file, &sum);
    }
    if (clamp) {
        add_clamp(e, sum_name, name, n->u.conv.clamp_low, n->u.conv.clamp_high);
    }
}

static bd_result export_pool(exporter *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    const bd_shape *in = &e->graph->nodes[n->inputs[0]].shape;
    bool max = n->op == BD_OP_POOL_MAX;
    if (n->u.conv.dilation_h != 1 || n->u.conv.dilation_w != 1) {
        return bd_graph_fail(e->graph, index, e->error, "is dilated, which ONNX's pools were not until opset 19");
    }
    char out[32];
    char from[32];
    const char *input = value_name(e, n->inputs[0], from);
    bool whole = !max && n->u.conv.kernel_h == in->dims[1] && n->u.conv.kernel_w == in->dims[2] &&
                 n->shape.dims[1] == 1 && n->shape.dims[2] == 1;
    const char *op = whole ? "GlobalAveragePool" : (max ? "MaxPool" : "AveragePool");
    onnx_buffer node = onnx_begin_node(op, value_name(e, index, out), &input, 1);
    if (!whole) {
        add_window(&node, &n->u.conv, in, &n->shape, false);
    }
    onnx_end_node(&e->file, &node);
    return BD_OK;
}

static void export_resize(exporter *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    char out[32];
    char from[32];
    char sizes[48];
    const char *name = value_name(e, index, out);
    int64_t *own = bd_pool_alloc(&e->file.pool, 4 * sizeof *own);
    if (!own) {
        e->file.failed = true;
        return;
    }
    own[0] = 1;
    own[1] = n->shape.dims[3];
    own[2] = n->shape.dims[1];
    own[3] = n->shape.dims[2];
    (void)snprintf(sizes, sizeof sizes, "%.24s_sizes", name);
    onnx_add_initializer(&e->file, sizes, ONNX_INT64, (const int64_t[]){4}, 1, own, 4 * sizeof *own);
    const char *inputs[4] = {value_name(e, n->inputs[0], from), "", "", sizes};
    onnx_buffer node = onnx_begin_node("Resize", name, inputs, 4);
    onnx_add_text(&node, "mode", "linear");
    onnx_add_text(&node, "coordinate_transformation_mode",
                  n->u.resize.align_corners ? "align_corners"
                                            : (n->u.resize.half_pixel_centers ? "half_pixel" : "asymmetric"));
    onnx_end_node(&e->file, &node);
}

static void export_binary(exporter *e, uint32_t index, const char *op) {
    const bd_node *n = &e->graph->nodes[index];
    const bd_node *second = &e->graph->nodes[n->inputs[1]];
    char out[32];
    char names[2][32];
    char constant[48];
    const char *name = value_name(e, index, out);
    const char *inputs[2] = {value_name(e, n->inputs[0], names[0]), value_name(e, n->inputs[1], names[1])};
    if (second->op == BD_OP_CONST) {
        (void)snprintf(constant, sizeof constant, "%.24s_c", name);
        inputs[1] = constant;
        if (bd_shape_elements(&second->shape) == n->shape.dims[3]) {
            add_vector(e, constant, second, false);
        } else {
            add_map(e, constant, second);
        }
    }
    onnx_buffer node = onnx_begin_node(op, name, inputs, 2);
    onnx_end_node(&e->file, &node);
}

static void export_concat(exporter *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    char out[32];
    onnx_buffer node = {0};
    for (uint32_t i = 0; i < n->input_count; i++) {
        char from[32];
        onnx_add_input(&node, value_name(e, n->inputs[i], from));
    }
    onnx_name_node(&node, "Concat", value_name(e, index, out));
    onnx_add_int(&node, "axis", 1);
    onnx_end_node(&e->file, &node);
}

bd_result export_node(exporter *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    char out[32];
    char from[32];
    const char *input = n->input_count ? value_name(e, n->inputs[0], from) : NULL;
    switch (n->op) {
    case BD_OP_INPUT:
    case BD_OP_CONST:
    case BD_OP_PREPROCESS: return BD_OK;
    case BD_OP_CONV:
    case BD_OP_DEPTHWISE: export_conv(e, index); return BD_OK;
    case BD_OP_POOL_AVERAGE:
    case BD_OP_POOL_MAX: return export_pool(e, index);
    case BD_OP_RESIZE_BILINEAR: export_resize(e, index); return BD_OK;
    case BD_OP_ADD: export_binary(e, index, "Add"); return BD_OK;
    case BD_OP_MUL: export_binary(e, index, "Mul"); return BD_OK;
    case BD_OP_CONCAT: export_concat(e, index); return BD_OK;
    case BD_OP_CLAMP: add_clamp(e, input, value_name(e, index, out), n->u.clamp.low, n->u.clamp.high); return BD_OK;
    case BD_OP_SOFTMAX: {
        onnx_buffer node = onnx_begin_node("Softmax", value_name(e, index, out), &input, 1);
        onnx_add_int(&node, "axis", 1);
        onnx_end_node(&e->file, &node);
        return BD_OK;
    }
    default: return bd_graph_fail(e->graph, index, e->error, "is not exported");
    }
}

/* SPDX-License-Identifier: MIT
 * backdrop-export: writes a model as ONNX, after our importer and all passes, so that other engines can be timed on
 * exactly the network that we run.
 *
 * The file's input is "x", float32 (1, 3, h, w): the photo after preprocessing, whose numbers stand in the file's
 * metadata (scale, offset: x = byte * scale + offset). Its output is "logits", (1, classes, h, w). Opset 13.
 *
 * Written with a protobuf writer of its own: ONNX needs two kinds of field. Field numbers are those of onnx.proto. */
#include "graph/passes.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- protobuf ---------------------------------------------------------------------------------------------------- */

typedef struct buffer {
    uint8_t *data;
    size_t bytes, room;
    bool failed; /* out of memory: looked at once, at the end */
} buffer;

static void put(buffer *b, const void *data, size_t bytes) {
    if (b->bytes + bytes > b->room) {
        size_t room = (b->bytes + bytes) * 2;
        uint8_t *grown = realloc(b->data, room);
        if (!grown) {
            b->failed = true;
            return;
        }
        b->data = grown;
        b->room = room;
    }
    memcpy(b->data + b->bytes, data, bytes);
    b->bytes += bytes;
}

static void put_varint(buffer *b, uint64_t value) {
    uint8_t bytes[10];
    size_t count = 0;
    do {
        bytes[count++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    put(b, bytes, count);
}

static void put_integer(buffer *b, uint32_t field, int64_t value) {
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, (uint64_t)value);
}

/* The start of a field of bytes, text or a message. */
static void put_length(buffer *b, uint32_t field, uint64_t bytes) {
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, bytes);
}

static void put_bytes(buffer *b, uint32_t field, const void *data, size_t bytes) {
    put_length(b, field, bytes);
    put(b, data, bytes);
}

static void put_text(buffer *b, uint32_t field, const char *text) {
    put_bytes(b, field, text, strlen(text));
}

/* Takes the message over. */
static void put_message(buffer *b, uint32_t field, buffer *message) {
    put_bytes(b, field, message->data, message->bytes);
    b->failed = b->failed || message->failed;
    free(message->data);
    *message = (buffer){0};
}

/* ---- ONNX -------------------------------------------------------------------------------------------------------- */

enum { IR_VERSION = 8, OPSET = 13 };
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_I = 3, ATTRIBUTE_S = 4, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_I = 2, TYPE_S = 3, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9, TENSOR_FLOAT = 1, TENSOR_INT64 = 7 };

/* A constant of the file: dims and the values as they go out. */
typedef struct initializer {
    buffer head; /* dims, type, name, tag and length of the values */
    const void *data;
    size_t bytes;
    struct initializer *next;
} initializer;

typedef struct export {
    const bd_graph *graph;
    buffer nodes; /* GRAPH_NODE fields */
    bd_pool pool; /* initializers, and the values of those that had to be turned round */
    initializer *first, *last;
    bool failed;
    bd_error *error;
}
export;

/* Names of nodes may repeat or be empty in exports; numbers do not. */
static const char *value_name(const export *e, uint32_t node, char text[32]) {
    if (e->graph->nodes[node].op == BD_OP_PREPROCESS) {
        return "x";
    }
    (void)snprintf(text, 32, node == e->graph->output ? "logits" : "t%u", node);
    return text;
}

static void add_initializer(export *e, const char *name, int32_t type, const int64_t *dims, uint32_t rank,
                            const void *data, size_t bytes) {
    initializer *made = bd_pool_alloc(&e->pool, sizeof *made);
    if (!made) {
        e->failed = true;
        return;
    }
    *made = (initializer){.data = data, .bytes = bytes};
    for (uint32_t d = 0; d < rank; d++) {
        put_integer(&made->head, TENSOR_DIMS, dims[d]);
    }
    put_integer(&made->head, TENSOR_TYPE, type);
    put_text(&made->head, TENSOR_NAME, name);
    put_length(&made->head, TENSOR_RAW, bytes);
    if (e->last) {
        e->last->next = made;
    } else {
        e->first = made;
    }
    e->last = made;
}

static void add_ints(buffer *node, const char *name, const int64_t *values, uint32_t count) {
    buffer attribute = {0};
    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_integer(&attribute, ATTRIBUTE_TYPE, TYPE_INTS);
    for (uint32_t i = 0; i < count; i++) {
        put_integer(&attribute, ATTRIBUTE_INTS, values[i]);
    }
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

static void add_int(buffer *node, const char *name, int64_t value) {
    buffer attribute = {0};
    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_integer(&attribute, ATTRIBUTE_TYPE, TYPE_I);
    put_integer(&attribute, ATTRIBUTE_I, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

static void add_text(buffer *node, const char *name, const char *value) {
    buffer attribute = {0};
    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_integer(&attribute, ATTRIBUTE_TYPE, TYPE_S);
    put_text(&attribute, ATTRIBUTE_S, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

static buffer begin_node(const char *op, const char *output, const char *const *inputs, uint32_t input_count) {
    buffer node = {0};
    for (uint32_t i = 0; i < input_count; i++) {
        put_text(&node, NODE_INPUT, inputs[i]);
    }
    put_text(&node, NODE_OUTPUT, output);
    put_text(&node, NODE_NAME, output);
    put_text(&node, NODE_OP, op);
    return node;
}

static void end_node(export *e, buffer *node) {
    put_message(&e->nodes, GRAPH_NODE, node);
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static size_t elements(const bd_shape *shape) {
    return (size_t)bd_shape_elements(shape);
}

/* (kh, kw, ic, oc) -> (oc, ic, kh, kw); depthwise (kh, kw, c, 1) -> (c, 1, kh, kw). */
static void add_weights(export *e, const char *name, const bd_node *weights, bool depthwise) {
    const int32_t *d = weights->shape.dims;
    size_t taps = (size_t)d[0] * (size_t)d[1];
    size_t in = (size_t)d[2];
    size_t out = (size_t)d[3];
    float *turned = bd_pool_alloc(&e->pool, elements(&weights->shape) * sizeof *turned);
    const float *from = weights->data;
    if (!turned) {
        e->failed = true;
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
    add_initializer(e, name, TENSOR_FLOAT, dims, 4, turned, elements(&weights->shape) * sizeof *turned);
}

/* A vector over channels that is added or multiplied: (1, c, 1, 1); a bias: (c). */
static void add_vector(export *e, const char *name, const bd_node *constant, bool bias) {
    int64_t count = bd_shape_elements(&constant->shape);
    const int64_t dims[4] = {bias ? count : 1, count, 1, 1};
    add_initializer(e, name, TENSOR_FLOAT, dims, bias ? 1 : 4, constant->data, (size_t)count * sizeof(float));
}

/* A constant of a whole map's shape: (1, h, w, c) -> (1, c, h, w). */
static void add_map(export *e, const char *name, const bd_node *constant) {
    const int32_t *d = constant->shape.dims;
    size_t pixels = (size_t)d[1] * (size_t)d[2];
    size_t channels = (size_t)d[3];
    float *turned = bd_pool_alloc(&e->pool, pixels * channels * sizeof *turned);
    if (!turned) {
        e->failed = true;
        return;
    }
    for (size_t p = 0; p < pixels; p++) {
        for (size_t c = 0; c < channels; c++) {
            turned[c * pixels + p] = ((const float *)constant->data)[p * channels + c];
        }
    }
    const int64_t dims[4] = {1, d[3], d[1], d[2]};
    add_initializer(e, name, TENSOR_FLOAT, dims, 4, turned, pixels * channels * sizeof *turned);
}

/* What lies past the end follows from the output's size. More of it changes nothing as long as that size stays: as
 * much as at the start then, for which other engines have faster paths. */
static int64_t pad_end(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t dilation, int32_t start) {
    int64_t reach = (int64_t)(kernel - 1) * dilation + 1;
    int64_t end = (int64_t)(out - 1) * stride + reach - in - start;
    end = BD_MAX(end, 0);
    return end < start && (in + 2 * (int64_t)start - reach) / stride + 1 == out ? start : end;
}

static void add_window(buffer *node, const bd_conv_attrs *c, const bd_shape *in, const bd_shape *out, bool dilations) {
    const int64_t pads[4] = {c->pad_top, c->pad_left,
                             pad_end(in->dims[1], out->dims[1], c->kernel_h, c->stride_h, c->dilation_h, c->pad_top),
                             pad_end(in->dims[2], out->dims[2], c->kernel_w, c->stride_w, c->dilation_w, c->pad_left)};
    add_ints(node, "kernel_shape", (const int64_t[]){c->kernel_h, c->kernel_w}, 2);
    add_ints(node, "strides", (const int64_t[]){c->stride_h, c->stride_w}, 2);
    add_ints(node, "pads", pads, 4);
    if (dilations) {
        add_ints(node, "dilations", (const int64_t[]){c->dilation_h, c->dilation_w}, 2);
    }
}

static void add_clamp(export *e, const char *from, const char *to, float low, float high) {
    if (low == 0 && isinf(high)) {
        buffer node = begin_node("Relu", to, &from, 1);
        end_node(e, &node);
        return;
    }
    char names[2][48];
    const float values[2] = {low, high};
    const char *inputs[3] = {from, "", ""};
    for (int i = 0; i < 2; i++) {
        if (!isinf(values[i])) {
            float *own = bd_pool_alloc(&e->pool, sizeof *own);
            e->failed = e->failed || !own;
            if (own) {
                *own = values[i];
                (void)snprintf(names[i], sizeof names[i], "%.32s_%s", to, i ? "high" : "low");
                add_initializer(e, names[i], TENSOR_FLOAT, NULL, 0, own, sizeof *own);
                inputs[i + 1] = names[i];
            }
        }
    }
    buffer node = begin_node("Clip", to, inputs, 3);
    end_node(e, &node);
}

/* A bias that is computed (image pooling) is a map of one pixel: Conv wants a vector. */
static void add_computed_bias(export *e, const char *from, const char *to) {
    char shape[48];
    int64_t *all = bd_pool_alloc(&e->pool, sizeof *all);
    if (!all) {
        e->failed = true;
        return;
    }
    *all = -1;
    (void)snprintf(shape, sizeof shape, "%.32s_shape", to);
    const int64_t dims[1] = {1};
    add_initializer(e, shape, TENSOR_INT64, dims, 1, all, sizeof *all);
    const char *inputs[2] = {from, shape};
    buffer node = begin_node("Reshape", to, inputs, 2);
    end_node(e, &node);
}

/* Conv, then the residual, then the clamp. */
static void export_conv(export *e, uint32_t index) {
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
    buffer node = begin_node("Conv", convolved, inputs, bias == BD_NO_NODE ? 2 : 3);
    add_window(&node, &n->u.conv, &x->shape, &n->shape, true);
    add_int(&node, "group", depthwise ? w->shape.dims[2] : 1);
    end_node(e, &node);
    if (residual != BD_NO_NODE) {
        const char *terms[2] = {conv_name, value_name(e, residual, residual_name)};
        buffer sum = begin_node("Add", summed, terms, 2);
        end_node(e, &sum);
    }
    if (clamp) {
        add_clamp(e, sum_name, name, n->u.conv.clamp_low, n->u.conv.clamp_high);
    }
}

static bd_result export_pool(export *e, uint32_t index) {
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
    buffer node = begin_node(op, value_name(e, index, out), &input, 1);
    if (!whole) {
        add_window(&node, &n->u.conv, in, &n->shape, false);
    }
    end_node(e, &node);
    return BD_OK;
}

static void export_resize(export *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    char out[32];
    char from[32];
    char sizes[48];
    const char *name = value_name(e, index, out);
    int64_t *own = bd_pool_alloc(&e->pool, 4 * sizeof *own);
    if (!own) {
        e->failed = true;
        return;
    }
    own[0] = 1;
    own[1] = n->shape.dims[3];
    own[2] = n->shape.dims[1];
    own[3] = n->shape.dims[2];
    (void)snprintf(sizes, sizeof sizes, "%.24s_sizes", name);
    add_initializer(e, sizes, TENSOR_INT64, (const int64_t[]){4}, 1, own, 4 * sizeof *own);
    const char *inputs[4] = {value_name(e, n->inputs[0], from), "", "", sizes};
    buffer node = begin_node("Resize", name, inputs, 4);
    add_text(&node, "mode", "linear");
    add_text(&node, "coordinate_transformation_mode",
             n->u.resize.align_corners ? "align_corners"
                                       : (n->u.resize.half_pixel_centers ? "half_pixel" : "asymmetric"));
    end_node(e, &node);
}

static void export_binary(export *e, uint32_t index, const char *op) {
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
    buffer node = begin_node(op, name, inputs, 2);
    end_node(e, &node);
}

static void export_concat(export *e, uint32_t index) {
    const bd_node *n = &e->graph->nodes[index];
    char out[32];
    buffer node = {0};
    for (uint32_t i = 0; i < n->input_count; i++) {
        char from[32];
        put_text(&node, NODE_INPUT, value_name(e, n->inputs[i], from));
    }
    const char *name = value_name(e, index, out);
    put_text(&node, NODE_OUTPUT, name);
    put_text(&node, NODE_NAME, name);
    put_text(&node, NODE_OP, "Concat");
    add_int(&node, "axis", 1);
    end_node(e, &node);
}

static bd_result export_node(export *e, uint32_t index) {
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
        buffer node = begin_node("Softmax", value_name(e, index, out), &input, 1);
        add_int(&node, "axis", 1);
        end_node(e, &node);
        return BD_OK;
    }
    default: return bd_graph_fail(e->graph, index, e->error, "is not exported");
    }
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* ValueInfoProto of a float32 (1, c, h, w). */
static void put_value_info(buffer *graph, uint32_t field, const char *name, const bd_shape *shape) {
    const int64_t dims[4] = {1, shape->dims[3], shape->dims[1], shape->dims[2]};
    buffer list = {0};
    for (int d = 0; d < 4; d++) {
        buffer dim = {0};
        put_integer(&dim, 1, dims[d]);
        put_message(&list, 1, &dim);
    }
    buffer tensor = {0};
    put_integer(&tensor, 1, TENSOR_FLOAT);
    put_message(&tensor, 2, &list);
    buffer type = {0};
    put_message(&type, 1, &tensor);
    buffer info = {0};
    put_text(&info, 1, name);
    put_message(&info, 2, &type);
    put_message(graph, field, &info);
}

static void put_entry(buffer *model, const char *key, const char *value) {
    buffer entry = {0};
    put_text(&entry, ENTRY_KEY, key);
    put_text(&entry, ENTRY_VALUE, value);
    put_message(model, MODEL_METADATA, &entry);
}

static void put_vector_entry(buffer *model, const char *key, const float v[3]) {
    char text[96];
    (void)snprintf(text, sizeof text, "%.9g,%.9g,%.9g", (double)v[0], (double)v[1], (double)v[2]);
    put_entry(model, key, text);
}

static uint64_t varint_bytes(uint64_t value) {
    uint64_t bytes = 1;
    while (value >>= 7) {
        bytes++;
    }
    return bytes;
}

/* Weights are many: they go from where they lie to the file, so sizes are known before anything is written. */
static bool write_model(export *e, const bd_node *preprocess, FILE *file) {
    buffer tail = {0}; /* name, input, output of the graph */
    put_text(&tail, GRAPH_NAME, "backdrop");
    put_value_info(&tail, GRAPH_INPUT, "x", &preprocess->shape);
    put_value_info(&tail, GRAPH_OUTPUT, "logits", &e->graph->nodes[e->graph->output].shape);
    uint64_t graph_bytes = e->nodes.bytes + tail.bytes;
    bool failed = e->failed || e->nodes.failed || tail.failed;
    for (const initializer *i = e->first; i; i = i->next) {
        uint64_t own = i->head.bytes + i->bytes;
        graph_bytes += 1 + varint_bytes(own) + own;
        failed = failed || i->head.failed;
    }
    buffer head = {0};
    put_integer(&head, MODEL_IR_VERSION, IR_VERSION);
    put_text(&head, MODEL_PRODUCER, "backdrop-export");
    buffer opset = {0};
    put_text(&opset, OPSET_DOMAIN, "");
    put_integer(&opset, OPSET_VERSION, OPSET);
    put_message(&head, MODEL_OPSET, &opset);
    put_vector_entry(&head, "scale", preprocess->u.preprocess.scale);
    put_vector_entry(&head, "offset", preprocess->u.preprocess.offset);
    put_length(&head, MODEL_GRAPH, graph_bytes);
    bool ok = !failed && !head.failed && fwrite(head.data, 1, head.bytes, file) == head.bytes &&
              fwrite(e->nodes.data, 1, e->nodes.bytes, file) == e->nodes.bytes;
    for (const initializer *i = e->first; i && ok; i = i->next) {
        buffer start = {0};
        put_length(&start, GRAPH_INITIALIZER, i->head.bytes + i->bytes);
        ok = !start.failed && fwrite(start.data, 1, start.bytes, file) == start.bytes &&
             fwrite(i->head.data, 1, i->head.bytes, file) == i->head.bytes &&
             fwrite(i->data, 1, i->bytes, file) == i->bytes;
        free(start.data);
    }
    ok = ok && fwrite(tail.data, 1, tail.bytes, file) == tail.bytes;
    free(head.data);
    free(tail.data);
    return ok;
}

static bd_result export_graph(const bd_graph *graph, const char *path, bd_error *error) {
    export e = {.graph = graph, .error = error};
    const bd_node *preprocess = NULL;
    bd_result result = BD_OK;
    for (uint32_t n = 0; n < graph->count && !result; n++) {
        preprocess = graph->nodes[n].op == BD_OP_PREPROCESS ? &graph->nodes[n] : preprocess;
        result = export_node(&e, n);
    }
    if (!result && (!preprocess || preprocess == &graph->nodes[graph->output])) {
        result = bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: no photo enters the network", graph->file);
    }
    FILE *file = result ? NULL : fopen(path, "wb");
    if (!result) {
        bool ok = file && write_model(&e, preprocess, file);
        ok = (!file || !fclose(file)) && ok;
        result = ok ? BD_OK : bd_fail(error, BD_ERR_FILE_WRITE, "%s: cannot be written", path);
    }
    for (initializer *i = e.first; i; i = i->next) {
        free(i->head.data);
    }
    bd_pool_finish(&e.pool);
    free(e.nodes.data);
    return result;
}

static void print_graph(const bd_graph *graph) {
    size_t room = bd_graph_print(graph, NULL, 0) + 1;
    char *text = malloc(room);
    if (text) {
        (void)bd_graph_print(graph, text, room);
        (void)fputs(text, stdout);
        free(text);
    }
}

int main(int argc, char **argv) {
    const char *paths[2] = {NULL, NULL};
    uint32_t given = 0;
    unsigned long size = 0;
    bool print = false;
    bool wrong = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--size") && i + 1 < argc) {
            size = strtoul(argv[++i], NULL, 10);
        } else if (!strcmp(argv[i], "--print")) {
            print = true;
        } else if (argv[i][0] != '-' && given < 2) {
            paths[given++] = argv[i];
        } else {
            wrong = true;
        }
    }
    if (wrong || given != 2 || size > 8192) {
        (void)fputs("usage: backdrop-export MODEL OUT.onnx [--size S] [--print]\n"
                    "Writes any model that Backdrop imports as ONNX (opset 13), as it runs here: after all passes.\n"
                    "--size   side of the input; default the export's own, or 513 where it leaves it open\n"
                    "--print  the graph, one line a node\n",
                    stderr);
        return 2;
    }
    bd_graph graph;
    bd_shards shards;
    bd_error error;
    bool imported = false;
    bd_result result = bd_graph_init(&graph, NULL, paths[0], &error);
    if (!result) {
        graph.in_float = true; /* ONNX has no such integers */
        result = bd_model_import(paths[0], &graph, &shards, NULL, &error);
        imported = !result;
        if (!result) {
            result = bd_graph_lower_to(&graph, size ? (uint32_t)size : 513, (uint32_t)size, (uint32_t)size, &error);
        }
        if (!result && print) {
            print_graph(&graph);
        }
        if (!result) {
            result = export_graph(&graph, paths[1], &error);
        }
        bd_graph_finish(&graph);
    }
    if (imported) {
        bd_shards_finish(&shards);
    }
    if (result) {
        (void)fprintf(stderr, "backdrop-export: %s: %s\n", bd_result_name(result), error.message);
        return 1;
    }
    return 0;
}

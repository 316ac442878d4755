/* SPDX-License-Identifier: MIT */
#include "graph/graph.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const bd_feed bd_feed_unit = {.deviation = {1, 1, 1}};
const bd_feed bd_feed_symmetric = {.mean = {0.5, 0.5, 0.5}, .deviation = {0.5, 0.5, 0.5}};
const bd_feed bd_feed_bytes = {.deviation = {1.0 / 255, 1.0 / 255, 1.0 / 255}};
const bd_feed bd_feed_imagenet = {.mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}};

void bd_graph_suggest_feed(bd_graph *graph, bd_input_source source, const bd_feed *feed) {
    bool bgr = graph->feed.bgr;
    if (graph->feed.source != BD_INPUT_SOURCE_CALLER) {
        graph->feed = *feed;
        graph->feed.source = source;
        graph->feed.bgr = bgr;
    }
}

const char *bd_op_name(bd_op op) {
    static const char *const names[] = {
#define X(name, text) text,
        BD_OPS(X)
#undef X
    };
    return (size_t)op < BD_COUNT(names) ? names[op] : "unknown";
}

bool bd_op_has_window(bd_op op) {
    return op == BD_OP_CONV || op == BD_OP_DEPTHWISE || op == BD_OP_POOL_AVERAGE || op == BD_OP_POOL_MAX;
}

uint32_t bd_dtype_bytes(bd_dtype dtype) {
    return dtype == BD_U8 ? 1 : 4;
}

int64_t bd_shape_elements(const bd_shape *shape) {
    int64_t elements = 1;
    bool empty = false;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < 0) {
            return -1;
        }
        if (shape->dims[i] == 0) {
            empty = true;
            continue;
        }
        elements *= shape->dims[i];
        if (elements > INT32_MAX) {
            return -1;
        }
    }
    return empty ? 0 : elements;
}

bd_shape bd_shape_make(uint32_t rank, const int32_t *dims) {
    bd_shape shape = {.rank = BD_MIN(rank, (uint32_t)BD_MAX_RANK)};
    for (uint32_t i = 0; i < shape.rank; i++) {
        shape.dims[i] = dims[i];
    }
    return shape;
}

bool bd_shape_equal(const bd_shape *a, const bd_shape *b) {
    return a->rank == b->rank && !memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]);
}

bd_result bd_graph_init(bd_graph *graph, const bd_allocator *allocator, const char *file, bd_error *error) {
    memset(graph, 0, sizeof *graph);
    graph->pool.allocator = allocator;
    graph->input = BD_NO_NODE;
    graph->output = BD_NO_NODE;
    graph->feed = bd_feed_symmetric;
    graph->input_step = 1;
    graph->file = bd_pool_strdup(&graph->pool, file);
    if (!graph->file) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: no memory for the graph", file);
    }
    return BD_OK;
}

void bd_graph_finish(bd_graph *graph) {
    bd_free(graph->pool.allocator, graph->nodes);
    bd_identity_drop(graph->identity);
    bd_pool_finish(&graph->pool);
    memset(graph, 0, sizeof *graph);
}

static bool reserve(bd_graph *graph) {
    enum { MOST = 1 << 26 };
    if (graph->count < graph->capacity) {
        return true;
    }
    if (graph->count >= MOST) {
        return false;
    }
    uint32_t capacity = graph->capacity ? graph->capacity * 2 : 64;
    bd_node *nodes = bd_realloc(graph->pool.allocator, graph->nodes, capacity * sizeof *nodes);
    if (!nodes) {
        return false;
    }
    graph->nodes = nodes;
    graph->capacity = capacity;
    return true;
}

static void set_defaults(bd_node *node) {
    switch (node->op) {
    case BD_OP_CONV:
    case BD_OP_DEPTHWISE:
    case BD_OP_POOL_AVERAGE:
    case BD_OP_POOL_MAX:
        node->u.conv = (bd_conv_attrs){.stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = 1,
                                       .dilation_w = 1,
                                       .padding = BD_PADDING_VALID,
                                       .clamp_low = -INFINITY,
                                       .clamp_high = INFINITY};
        break;
    default: break;
    }
}

uint32_t bd_graph_add(bd_graph *graph, bd_op op, const char *name, const uint32_t *inputs, uint32_t input_count) {
    if (!reserve(graph)) {
        return BD_NO_NODE;
    }
    bd_node node;
    memset(&node, 0, sizeof node);
    node.op = op;
    node.name = bd_pool_strdup(&graph->pool, name);
    node.inputs = bd_pool_alloc(&graph->pool, input_count * sizeof *node.inputs);
    if (!node.name || !node.inputs) {
        return BD_NO_NODE;
    }
    if (input_count) {
        memcpy(node.inputs, inputs, input_count * sizeof *node.inputs);
    }
    node.input_count = input_count;
    set_defaults(&node);
    graph->nodes[graph->count] = node;
    return graph->count++;
}

uint32_t bd_graph_add_const(bd_graph *graph, const char *name, bd_dtype dtype, const bd_shape *shape,
                            const void *data) {
    uint32_t index = bd_graph_add(graph, BD_OP_CONST, name, NULL, 0);
    if (index != BD_NO_NODE) {
        graph->nodes[index].dtype = dtype;
        graph->nodes[index].shape = *shape;
        graph->nodes[index].data = data;
    }
    return index;
}

bd_result bd_graph_fail(const bd_graph *graph, uint32_t index, bd_error *error, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text[0] = '\0';
    }
    const bd_node *node = &graph->nodes[index];
    return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %.120s: operation %s %s", graph->file, node->name,
                   bd_op_name(node->op), text);
}

bd_result bd_graph_fail_memory(const bd_graph *graph, bd_error *error) {
    return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: no memory for the graph", graph->file);
}

uint32_t bd_graph_input(const bd_graph *graph, uint32_t index, uint32_t input) {
    const bd_node *node = &graph->nodes[index];
    return input < node->input_count ? node->inputs[input] : BD_NO_NODE;
}

uint32_t bd_graph_scales(const bd_graph *graph, uint32_t index) {
    bool conv = graph->nodes[index].op == BD_OP_CONV, depthwise = graph->nodes[index].op == BD_OP_DEPTHWISE;
    return conv || depthwise ? bd_graph_input(graph, index, conv ? 4 : 3) : BD_NO_NODE;
}

int32_t bd_graph_read_i32(const bd_graph *graph, uint32_t index, int32_t *values, int32_t room) {
    if (index == BD_NO_NODE || graph->nodes[index].op != BD_OP_CONST || graph->nodes[index].dtype != BD_I32) {
        return -1;
    }
    int64_t elements = bd_shape_elements(&graph->nodes[index].shape);
    if (elements < 0 || elements > room) {
        return -1;
    }
    if (elements) {
        memcpy(values, graph->nodes[index].data, (size_t)elements * sizeof *values);
    }
    return (int32_t)elements;
}

uint32_t *bd_graph_count_uses(const bd_graph *graph) {
    uint32_t *uses = bd_alloc_array(graph->pool.allocator, graph->count, sizeof *uses);
    if (!uses) {
        return NULL;
    }
    uses[graph->output] = 1;
    for (uint32_t i = graph->count; i-- > 0;) {
        const bd_node *node = &graph->nodes[i];
        for (uint32_t k = 0; uses[i] && k < node->input_count; k++) {
            if (node->inputs[k] != BD_NO_NODE) {
                uses[node->inputs[k]]++;
            }
        }
    }
    return uses;
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

typedef struct writer {
    char *text;
    size_t room, length;
} writer;

static void put(writer *out, const char *format, ...) BD_PRINTF(2, 3);
static void put(writer *out, const char *format, ...) {
    bool fits = out->length < out->room;
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(fits ? out->text + out->length : NULL, fits ? out->room - out->length : 0, format, arguments);
    va_end(arguments);
    out->length += length > 0 ? (size_t)length : 0;
}

static void put_window(writer *out, const bd_conv_attrs *a) {
    put(out, " kernel %d,%d", a->kernel_h, a->kernel_w);
    if (a->stride_h != 1 || a->stride_w != 1) {
        put(out, " stride %d,%d", a->stride_h, a->stride_w);
    }
    if (a->dilation_h != 1 || a->dilation_w != 1) {
        put(out, " dilation %d,%d", a->dilation_h, a->dilation_w);
    }
    if (a->pad_top || a->pad_left) {
        put(out, " pad %d,%d", a->pad_top, a->pad_left);
    }
    if (a->clamp_low > -INFINITY || a->clamp_high < INFINITY) {
        put(out, " clamp %g..%g", (double)a->clamp_low, (double)a->clamp_high);
    }
    if (a->hard_swish) {
        put(out, " hard_swish");
    }
}

static void put_rounding(writer *out, bd_rounding rounding) {
    if (rounding) {
        put(out, rounding == BD_ROUNDING_UP ? " up" : " away");
    }
}

size_t bd_graph_print(const bd_graph *graph, char *text, size_t room) {
    writer out = {text, room, 0};
    if (room) {
        text[0] = '\0';
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        const bd_node *node = &graph->nodes[i];
        put(&out, "%u %s %s (", i, bd_op_name(node->op), node->name);
        for (uint32_t d = 0; d < node->shape.rank; d++) {
            put(&out, d ? ",%d" : "%d", node->shape.dims[d]);
        }
        put(&out, ")%s", node->input_count ? " <-" : "");
        for (uint32_t k = 0; k < node->input_count; k++) {
            if (node->inputs[k] == BD_NO_NODE) {
                put(&out, " -");
            } else {
                put(&out, " %u", node->inputs[k]);
            }
        }
        if (bd_op_has_window(node->op)) {
            put_window(&out, &node->u.conv);
            put_rounding(&out, node->u.conv.rounding);
        } else if (node->op == BD_OP_ADD || node->op == BD_OP_REQUANTISE) {
            put_rounding(&out, node->u.requantise.rounding);
        } else if (node->op == BD_OP_RESIZE_BILINEAR && node->u.resize.round) {
            put(&out, " round");
        }
        put(&out, "%s\n", i == graph->output ? " output" : "");
    }
    return out.length;
}

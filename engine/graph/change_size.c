/* SPDX-License-Identifier: MIT
 * Another size of the network's input than the export's. The graph is folded by then, so whatever the export computed
 * from its own size stands in it as a constant; each such constant is taken for what it meant: a window over the whole
 * map stays one, a resize to the size of another map follows that map. */
#include "graph/change_size.h"

#include "graph/infer.h"
#include "graph/pass_compact.h"

enum { SIZES_MOST = 64 };

/* What a size of the export's became; heights and widths apart. */
typedef struct size_table {
    int32_t old[SIZES_MOST], now[SIZES_MOST];
    uint32_t count;
} size_table;

typedef struct change {
    bd_graph *graph;
    bd_shape *old; /* by node */
    int32_t size[2];
    size_table tables[2];
    bd_error *error;
} change;

static void remember(size_table *table, int32_t old, int32_t now) {
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->old[i] == old) {
            return;
        }
    }
    if (table->count < SIZES_MOST) {
        table->old[table->count] = old;
        table->now[table->count++] = now;
    }
}

/* The size that a resize from one of old_in (now in) to old_out leads to now; 0: not known. That of a map before it
 * which had the size, else a factor, of the pixels or of the steps between them. */
static int64_t follow(const size_table *table, int32_t old_in, int32_t in, int32_t old_out) {
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->old[i] == old_out) {
            return table->now[i];
        }
    }
    if (old_in > 0 && old_out % old_in == 0) {
        return (int64_t)in * (old_out / old_in);
    }
    if (old_in > 1 && (old_out - 1) % (old_in - 1) == 0) {
        return ((int64_t)in - 1) * ((old_out - 1) / (old_in - 1)) + 1;
    }
    return 0;
}

static bd_result change_resize(change *of, uint32_t index) {
    bd_node *node = &of->graph->nodes[index];
    const bd_shape *old_in = &of->old[node->inputs[0]], *in = &of->graph->nodes[node->inputs[0]].shape;
    for (uint32_t d = 0; d < 2; d++) {
        int64_t side = follow(&of->tables[d], old_in->dims[1 + d], in->dims[1 + d], of->old[index].dims[1 + d]);
        if (side < 1 || side > INT32_MAX) {
            return bd_graph_fail(of->graph, index, of->error, "to (%d,%d) does not say how it follows another size",
                                 of->old[index].dims[1], of->old[index].dims[2]);
        }
        node->shape.dims[1 + d] = (int32_t)side;
    }
    node->input_count = 1;
    return BD_OK;
}

static bd_result change_window(change *of, uint32_t index) {
    bd_node *node = &of->graph->nodes[index];
    bd_conv_attrs *a = &node->u.conv;
    const bd_shape *old_in = &of->old[node->inputs[0]], *in = &of->graph->nodes[node->inputs[0]].shape;
    const bd_shape *old_out = &of->old[index];
    bool pool = node->op == BD_OP_POOL_AVERAGE || node->op == BD_OP_POOL_MAX;
    bool whole_h = pool && old_out->dims[1] == 1 && a->kernel_h >= old_in->dims[1];
    bool whole_w = pool && old_out->dims[2] == 1 && a->kernel_w >= old_in->dims[2];
    if (a->same && !whole_h && !whole_w) {
        a->padding = BD_PADDING_SAME;
    }
    if (whole_h) {
        a->kernel_h = in->dims[1];
        a->stride_h = a->dilation_h = 1;
        a->pad_top = a->pad_bottom = 0;
    }
    if (whole_w) {
        a->kernel_w = in->dims[2];
        a->stride_w = a->dilation_w = 1;
        a->pad_left = a->pad_right = 0;
    }
    if (pool && a->rounding && (int64_t)a->kernel_h * a->kernel_w > BD_EXACT_WINDOW) {
        return bd_graph_fail(of->graph, index, of->error,
                             "sums integers that float32 does not hold at that size; open it to run in float");
    }
    return BD_OK;
}

/* What only arranges: unchanged where its input is, else nothing but the tensor itself can be told. */
static bd_result change_arrangement(change *of, uint32_t index) {
    bd_node *node = &of->graph->nodes[index];
    uint32_t from = node->inputs[0];
    if (bd_shape_equal(&of->old[from], &of->graph->nodes[from].shape)) {
        return BD_OK;
    }
    if (!bd_shape_equal(&of->old[from], &of->old[index])) {
        return bd_graph_fail(of->graph, index, of->error, "does not say how it follows another size");
    }
    node->op = BD_OP_IDENTITY;
    node->input_count = 1;
    return BD_OK;
}

static bd_result change_node(change *of, uint32_t index) {
    bd_node *node = &of->graph->nodes[index];
    bd_result result = BD_OK;
    switch (node->op) {
    case BD_OP_NONE:
    case BD_OP_CONST: return BD_OK;
    case BD_OP_INPUT:
    case BD_OP_PREPROCESS:
        node->shape.dims[1] = of->size[0];
        node->shape.dims[2] = of->size[1];
        break;
    case BD_OP_CONV:
    case BD_OP_DEPTHWISE:
    case BD_OP_POOL_AVERAGE:
    case BD_OP_POOL_MAX: result = change_window(of, index); break;
    case BD_OP_RESIZE_BILINEAR:
    case BD_OP_RESIZE_NEAREST: result = change_resize(of, index); break;
    case BD_OP_RESHAPE:
    case BD_OP_SLICE:
    case BD_OP_STRIDED_SLICE:
    case BD_OP_SPACE_TO_BATCH:
    case BD_OP_BATCH_TO_SPACE: result = change_arrangement(of, index); break;
    default: break;
    }
    result = result ? result : bd_graph_infer_node(of->graph, index, of->error);
    const bd_shape *shape = &of->graph->nodes[index].shape;
    if (!result && shape->rank == 4 && of->old[index].rank == 4) {
        remember(&of->tables[0], of->old[index].dims[1], shape->dims[1]);
        remember(&of->tables[1], of->old[index].dims[2], shape->dims[2]);
    }
    return result;
}

bd_result bd_graph_change_size(bd_graph *graph, int32_t height, int32_t width, bd_error *error) {
    const int32_t *now = graph->nodes[graph->input].shape.dims;
    if (now[1] == height && now[2] == width) {
        return BD_OK;
    }
    bd_shape *old = bd_alloc_array(graph->pool.allocator, graph->count, sizeof *old);
    if (!old) {
        return bd_graph_fail_memory(graph, error);
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        old[i] = graph->nodes[i].shape;
    }
    change of = {.graph = graph, .old = old, .size = {height, width}, .error = error};
    bd_result result = BD_OK;
    for (uint32_t i = 0; !result && i < graph->count; i++) {
        result = change_node(&of, i);
    }
    bd_free(graph->pool.allocator, old);
    return result ? result : bd_pass_compact(graph, error);
}

/* SPDX-License-Identifier: MIT
 * Image pooling: a 1x1 map spread over the whole plane, concatenated and projected by a 1x1 convolution is the same
 * vector everywhere, so its share of the projection is a bias computed once:
 * conv([spread(m), x], [Wm; Wx], b) = conv(x, Wx, conv(m, Wm, b)). */
#include "graph/pass_pool.h"

#include <stdio.h>

#include "graph/pass_compact.h"

/* The 1x1 map that node spreads; BD_NO_NODE when it does something else. Any corner convention spreads one pixel. */
static uint32_t spread_map(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    if (node->op != BD_OP_RESIZE_BILINEAR) {
        return BD_NO_NODE;
    }
    const bd_shape *x = &graph->nodes[node->inputs[0]].shape;
    return x->dims[0] == 1 && x->dims[1] == 1 && x->dims[2] == 1 ? node->inputs[0] : BD_NO_NODE;
}

/* What requantises a spread map requantises the map as well, and one pixel is less than a plane. */
static void requantise_first(bd_graph *graph, uint32_t index, const uint32_t *uses) {
    bd_node *after = &graph->nodes[index];
    if (after->op != BD_OP_REQUANTISE || uses[after->inputs[0]] != 1) {
        return;
    }
    uint32_t map = spread_map(graph, after->inputs[0]);
    if (map == BD_NO_NODE) {
        return;
    }
    bd_node *before = &graph->nodes[after->inputs[0]];
    const bd_node spread = *before;
    before->op = BD_OP_REQUANTISE;
    before->shape = graph->nodes[map].shape;
    before->u = after->u;
    before->input_count = 1;
    after->op = BD_OP_RESIZE_BILINEAR;
    after->u = spread.u;
    after->input_count = 1;
}

static bool is_projection(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    if (node->op != BD_OP_CONV) {
        return false;
    }
    const bd_conv_attrs *a = &node->u.conv;
    const bd_node *x = &graph->nodes[node->inputs[0]], *weights = &graph->nodes[node->inputs[1]];
    return a->kernel_h == 1 && a->kernel_w == 1 && !a->pad_top && !a->pad_left && !a->pad_bottom && !a->pad_right &&
           weights->op == BD_OP_CONST && x->op == BD_OP_CONCAT && x->u.axis == 3 && x->input_count > 1 &&
           x->shape.dims[0] == 1;
}

/* Rows of a (1,1,ic,oc) weight tensor, without a copy: they are contiguous. */
static uint32_t add_rows(bd_graph *graph, uint32_t weights, int32_t first, int32_t count) {
    const bd_node *from = &graph->nodes[weights];
    bd_shape shape = from->shape;
    const float *data = (const float *)from->data + (size_t)first * (size_t)shape.dims[3];
    shape.dims[2] = count;
    return bd_graph_add_const(graph, from->name, BD_F32, &shape, data);
}

/* Adds conv(map, rows, bias): (1,1,1,oc). */
static uint32_t add_bias_conv(bd_graph *graph, uint32_t conv, uint32_t map, uint32_t rows, uint32_t bias) {
    char name[256];
    snprintf(name, sizeof name, "%.200s/pooled", graph->nodes[conv].name);
    const uint32_t inputs[4] = {map, rows, bias, BD_NO_NODE};
    uint32_t index = bd_graph_add(graph, BD_OP_CONV, name, inputs, 4);
    if (index != BD_NO_NODE) {
        bd_node *node = &graph->nodes[index];
        node->dtype = BD_F32;
        node->shape = bd_shape_make(4, (const int32_t[]){1, 1, 1, graph->nodes[conv].shape.dims[3]});
        node->u.conv.kernel_h = node->u.conv.kernel_w = 1;
        node->u.conv.padding = BD_PADDING_EXPLICIT;
    }
    return index;
}

/* What is left of the concatenation: inputs first..last of concat, `rows` channels. */
static uint32_t add_rest(bd_graph *graph, uint32_t concat, uint32_t first, uint32_t last, int32_t rows) {
    if (first == last) {
        return graph->nodes[concat].inputs[first];
    }
    uint32_t index = bd_graph_add(graph, BD_OP_CONCAT, graph->nodes[concat].name, graph->nodes[concat].inputs + first,
                                  last - first + 1);
    if (index != BD_NO_NODE) {
        graph->nodes[index].dtype = BD_F32;
        graph->nodes[index].shape = graph->nodes[concat].shape;
        graph->nodes[index].shape.dims[3] = rows;
        graph->nodes[index].u.axis = 3;
    }
    return index;
}

static bd_result split(bd_graph *graph, uint32_t conv, bd_error *error) {
    const uint32_t concat = graph->nodes[conv].inputs[0], weights = graph->nodes[conv].inputs[1];
    uint32_t first = 0, last = graph->nodes[concat].input_count - 1, bias = bd_graph_input(graph, conv, 2);
    int32_t row = 0, end = graph->nodes[concat].shape.dims[3];
    bool found = false;
    while (first < last) {
        uint32_t part = graph->nodes[concat].inputs[first], map = spread_map(graph, part);
        bool front = map != BD_NO_NODE;
        if (!front) {
            part = graph->nodes[concat].inputs[last];
            map = spread_map(graph, part);
        }
        if (map == BD_NO_NODE) {
            break;
        }
        int32_t rows = graph->nodes[part].shape.dims[3];
        uint32_t share = add_rows(graph, weights, front ? row : end - rows, rows);
        bias = share == BD_NO_NODE ? share : add_bias_conv(graph, conv, map, share, bias);
        if (bias == BD_NO_NODE) {
            return bd_graph_fail_memory(graph, error);
        }
        row += front ? rows : 0;
        end -= front ? 0 : rows;
        first += front;
        last -= !front;
        found = true;
    }
    if (!found) {
        return BD_OK;
    }
    uint32_t rest = add_rest(graph, concat, first, last, end - row);
    uint32_t rows = add_rows(graph, weights, row, end - row);
    const uint32_t count = BD_MAX(graph->nodes[conv].input_count, 4u);
    uint32_t *inputs = bd_pool_alloc(&graph->pool, count * sizeof *inputs);
    if (rest == BD_NO_NODE || rows == BD_NO_NODE || !inputs) {
        return bd_graph_fail_memory(graph, error);
    }
    inputs[0] = rest;
    inputs[1] = rows;
    inputs[2] = bias;
    for (uint32_t k = 3; k < count; k++) {
        inputs[k] = bd_graph_input(graph, conv, k);
    }
    graph->nodes[conv].inputs = inputs;
    graph->nodes[conv].input_count = count;
    return BD_OK;
}

bd_result bd_pass_pool(bd_graph *graph, bd_error *error) {
    bd_result result = BD_OK;
    const uint32_t count = graph->count;
    uint32_t *uses = bd_graph_count_uses(graph);
    if (!uses) {
        return bd_graph_fail_memory(graph, error);
    }
    for (uint32_t i = 0; i < count; i++) {
        requantise_first(graph, i, uses);
    }
    bd_free(graph->pool.allocator, uses);
    for (uint32_t i = 0; !result && i < count; i++) {
        if (is_projection(graph, i)) {
            result = split(graph, i, error);
        }
    }
    return result ? result : bd_pass_compact(graph, error);
}

/* SPDX-License-Identifier: MIT */
#include "graph/lower.h"

#include <string.h>

#include "graph/change_size.h"
#include "graph/infer.h"
#include "graph/pass_activate.h"
#include "graph/pass_atrous.h"
#include "graph/pass_compact.h"
#include "graph/pass_fold.h"
#include "graph/pass_fuse.h"
#include "graph/pass_pool.h"
#include "graph/pass_preprocess.h"
#include "graph/pass_tail.h"
#include "graph/pass_unstuff.h"

#define SIDE_MOST 8192
#define MAP_SIDE_MOST (SIDE_MOST + 1024) /* with borders, which widely dilated convolutions may have */
#define PROBE_MOST (1 << 20)             /* elements folded while looking for the size that an export pads to */

/* ---- the network's size ----------------------------------------------------------------------------------------- */

/* Nodes in topological order with inputs that exist: what every walk relies on. */
static bd_result check_structure(const bd_graph *graph, bd_error *error) {
    for (uint32_t i = 0; i < graph->count; i++) {
        for (uint32_t k = 0; k < graph->nodes[i].input_count; k++) {
            if (graph->nodes[i].inputs[k] != BD_NO_NODE && graph->nodes[i].inputs[k] >= i) {
                return bd_graph_fail(graph, i, error, "has an input that does not precede it");
            }
        }
    }
    if (graph->input >= graph->count || graph->output >= graph->count || graph->nodes[graph->input].op != BD_OP_INPUT) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: the graph has no input or no output", graph->file);
    }
    const bd_shape *shape = &graph->nodes[graph->input].shape;
    if (shape->rank != 4 || shape->dims[0] != 1 || shape->dims[3] != 3) {
        return bd_graph_fail(graph, graph->input, error, "is not a picture of (1, height, width, 3)");
    }
    return BD_OK;
}

static bool reads_any(const bd_node *node, const bool *photo) {
    for (uint32_t k = 0; k < node->input_count; k++) {
        if (node->inputs[k] != BD_NO_NODE && photo[node->inputs[k]]) {
            return true;
        }
    }
    return false;
}

static bool ends_arithmetic(bd_op op) {
    return bd_op_has_window(op) || op == BD_OP_PAD || op == BD_OP_SPACE_TO_BATCH;
}

/* What the first padding makes of a photo of side x side: *h, *w; 0 when there is none before the first window. Works
 * on `nodes`, a copy, with a pool of its own. */
static bd_result probe(bd_graph *graph, bool *photo, int32_t side, int32_t *h, int32_t *w, bd_error *error) {
    int64_t budget = PROBE_MOST;
    bd_error failure;
    bd_shape *shape = &graph->nodes[graph->input].shape;
    *h = *w = 0;
    for (uint32_t d = 1; d < 3; d++) {
        shape->dims[d] = shape->dims[d] < 0 ? side : shape->dims[d];
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        bd_result result = bd_fold_node(graph, i, &budget, &failure);
        if (result == BD_ERR_OUT_OF_MEMORY) {
            return bd_graph_fail_memory(graph, error);
        }
        const bd_node *node = &graph->nodes[i];
        photo[i] = !result && (i == graph->input || (node->op != BD_OP_CONST && reads_any(node, photo)));
        if (result || (photo[i] && ends_arithmetic(node->op))) {
            if (!result && node->op == BD_OP_PAD && node->shape.rank >= 3) {
                *h = node->shape.dims[node->shape.rank - 3];
                *w = node->shape.dims[node->shape.rank - 2];
            }
            break;
        }
    }
    return BD_OK;
}

/* A padding that gives the same size whatever the photo's is one to the network's size. */
static bd_result find_size(const bd_graph *graph, int32_t *h, int32_t *w, bd_error *error) {
    const bd_allocator *allocator = graph->pool.allocator;
    bd_result result = BD_OK;
    int32_t sizes[2][2] = {{0, 0}, {0, 0}};
    bool *photo = bd_alloc_array(allocator, graph->count, sizeof *photo);
    bd_node *nodes = bd_alloc_array(allocator, graph->count, sizeof *nodes);
    if (!photo || !nodes) {
        result = bd_graph_fail_memory(graph, error);
    }
    for (int32_t i = 0; nodes && !result && i < 2; i++) {
        bd_graph copy = *graph;
        copy.pool = (bd_pool){.allocator = allocator};
        copy.nodes = nodes;
        memcpy(nodes, graph->nodes, graph->count * sizeof *nodes);
        result = probe(&copy, photo, 1 + i, &sizes[i][0], &sizes[i][1], error);
        bd_pool_finish(&copy.pool);
    }
    bd_free(allocator, photo);
    bd_free(allocator, nodes);
    *h = sizes[0][0] == sizes[1][0] ? sizes[0][0] : 0;
    *w = sizes[0][1] == sizes[1][1] ? sizes[0][1] : 0;
    return result;
}

static bd_result settle_size(bd_graph *graph, uint32_t size, uint32_t height, uint32_t width, bd_error *error) {
    int32_t found[2];
    const int32_t usual[2] = {(int32_t)(height ? height : size), (int32_t)(width ? width : size)};
    int32_t *dims = graph->nodes[graph->input].shape.dims + 1;
    if (dims[0] < 0 || dims[1] < 0) {
        bd_result result = find_size(graph, &found[0], &found[1], error);
        if (result) {
            return result;
        }
        for (int d = 0; d < 2; d++) {
            dims[d] = dims[d] >= 0 ? dims[d] : found[d] ? found[d] : usual[d];
        }
    }
    if (dims[0] < 1 || dims[1] < 1 || dims[0] > SIDE_MOST || dims[1] > SIDE_MOST) {
        return bd_graph_fail(graph, graph->input, error, "has a size of (%d,%d)", dims[0], dims[1]);
    }
    return BD_OK;
}

/* ---- what is left ----------------------------------------------------------------------------------------------- */

static bool is_map(const bd_node *node) {
    return node->dtype == BD_F32 && node->shape.rank == 4 && node->shape.dims[0] == 1 &&
           bd_shape_elements(&node->shape) > 0;
}

static bool is_vector(const bd_node *node, int32_t channels) {
    return node->dtype == BD_F32 && node->shape.rank > 0 && bd_shape_elements(&node->shape) == channels &&
           node->shape.dims[node->shape.rank - 1] == channels;
}

static bool has_kernel(const bd_graph *graph, const bd_node *node) {
    const bd_node *first = node->input_count ? &graph->nodes[node->inputs[0]] : NULL;
    const bd_node *second =
        node->input_count > 1 && node->inputs[1] != BD_NO_NODE ? &graph->nodes[node->inputs[1]] : NULL;
    switch (bd_infer_demand(node->op)) {
    case BD_DEMAND_NOTHING: return true;
    case BD_DEMAND_MAP: return is_map(node) && is_map(first);
    case BD_DEMAND_MAP_WEIGHTS: return is_map(node) && is_map(first) && second->op == BD_OP_CONST;
    case BD_DEMAND_EQUAL_MAPS:
        return is_map(node) && bd_shape_equal(&node->shape, &first->shape) &&
               (bd_shape_equal(&node->shape, &second->shape) || is_vector(second, node->shape.dims[3]));
    case BD_DEMAND_ALL_MAPS:
        for (uint32_t k = 0; k < node->input_count; k++) {
            if (!is_map(&graph->nodes[node->inputs[k]])) {
                return false;
            }
        }
        return is_map(node) && node->u.axis == 3;
    case BD_DEMAND_NO_KERNEL: break;
    }
    return false;
}

static bd_result check_kernels(const bd_graph *graph, bd_error *error) {
    for (uint32_t i = 0; i < graph->count; i++) {
        if (!has_kernel(graph, &graph->nodes[i])) {
            return bd_graph_fail(graph, i, error, "is not supported");
        }
    }
    return BD_OK;
}

/* Padding and resizes can make any size of a small file. */
static bd_result check_sizes(const bd_graph *graph, bd_error *error) {
    for (uint32_t i = 0; i < graph->count; i++) {
        const bd_shape *shape = &graph->nodes[i].shape;
        if (graph->nodes[i].op != BD_OP_CONST && shape->rank == 4 &&
            (shape->dims[1] > MAP_SIDE_MOST || shape->dims[2] > MAP_SIDE_MOST)) {
            return bd_graph_fail(graph, i, error, "makes a map of %dx%d from a photo of %dx%d; the most is %d a side",
                                 shape->dims[2], shape->dims[1], graph->nodes[graph->input].shape.dims[2],
                                 graph->nodes[graph->input].shape.dims[1], MAP_SIDE_MOST);
        }
    }
    return BD_OK;
}

typedef bd_result (*pass_fn)(bd_graph *graph, bd_error *error);

bd_result bd_graph_lower_to(bd_graph *graph, uint32_t size, uint32_t height, uint32_t width, bd_error *error) {
    static const pass_fn before[] = {bd_pass_compact, bd_pass_fold,    bd_pass_preprocess, bd_pass_tail,
                                     bd_pass_atrous,  bd_pass_unstuff, bd_pass_activate};
    static const pass_fn after[] = {bd_pass_fuse, bd_pass_pool, bd_graph_infer};
    if (!size || size > SIDE_MOST) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: a network size of %u is not in 1..%d", graph->file, size,
                       SIDE_MOST);
    }
    if (height > SIDE_MOST || width > SIDE_MOST || !height != !width) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: a network size of %ux%u is not in 1..%d", graph->file,
                       width, height, SIDE_MOST);
    }
    bd_result result = check_structure(graph, error);
    if (!result) {
        result = settle_size(graph, size, height, width, error);
    }
    for (size_t i = 0; !result && i < BD_COUNT(before); i++) {
        result = before[i](graph, error);
    }
    if (!result && height) {
        result = bd_graph_change_size(graph, (int32_t)height, (int32_t)width, error);
    }
    for (size_t i = 0; !result && i < BD_COUNT(after); i++) {
        result = after[i](graph, error);
    }
    if (!result) {
        result = check_kernels(graph, error);
    }
    return result ? result : check_sizes(graph, error);
}

bd_result bd_graph_lower(bd_graph *graph, uint32_t size, bd_error *error) {
    return bd_graph_lower_to(graph, size, 0, 0, error);
}

/* SPDX-License-Identifier: MIT
 * What stands behind the logits - their upsampling, argmax, softmax, a crop to the photo - is the work of one fused
 * kernel. It resizes to the network's input, so an export that does anything else is refused. */
#include "graph/pass_tail.h"

#include "graph/infer.h"
#include "graph/pass_compact.h"
#include "graph/slice_range.h"

#define CLASSES_MOST 256 /* labels are bytes */
#define STRIDE_BEYOND 32 /* no segmentation network has a coarser map */

typedef struct walk {
    const bd_graph *graph;
    bd_error *error;
    bool labels;              /* still behind an argmax: what is walked over has no classes axis */
    bool resized;             /* behind a resize that does something */
    bool sigmoid;             /* behind one, of a single class */
    bd_upsampling upsampling; /* that resize's */
    bool rounded;             /* it rounds to integers, of which zero_point is 0 */
    int32_t zero_point;
    float step; /* what the tail multiplies by */
} walk;

static int32_t last_dim(const bd_shape *shape) {
    return shape->rank ? shape->dims[shape->rank - 1] : -1;
}

static bool keeps_classes(const walk *at, const bd_node *node, const bd_node *x) {
    bool floats = x->dtype == BD_F32 && node->dtype == BD_F32;
    return at->labels || (floats && last_dim(&node->shape) == last_dim(&x->shape));
}

/* Labels may be cropped at the bottom and the right; logits are taken whole. */
static bool keeps_place(const walk *at, uint32_t index, const bd_node *x) {
    bd_slice_range range;
    if (bd_graph_slice_range(at->graph, index, &range, NULL)) {
        return false;
    }
    for (uint32_t d = 0; d < x->shape.rank; d++) {
        if (range.start[d] || range.stride[d] != 1 || !(at->labels || range.count[d] == x->shape.dims[d])) {
            return false;
        }
    }
    return true;
}

/* Of several the last is the tail's; what those before it make are the logits. */
static bd_result cross_resize(walk *at, uint32_t index, bool *crossed) {
    const bd_node *node = &at->graph->nodes[index], *x = &at->graph->nodes[node->inputs[0]];
    *crossed = node->shape.dims[1] == x->shape.dims[1] && node->shape.dims[2] == x->shape.dims[2];
    if (*crossed || at->resized) {
        return BD_OK;
    }
    const bd_shape *input = &at->graph->nodes[at->graph->input].shape;
    if (at->labels || node->shape.dims[1] != input->dims[1] || node->shape.dims[2] != input->dims[2]) {
        return bd_graph_fail(at->graph, index, at->error,
                             "after the logits does not resize to the network's input of (%d,%d)", input->dims[1],
                             input->dims[2]);
    }
    *crossed = at->resized = true;
    at->upsampling = node->u.resize.align_corners        ? BD_UPSAMPLING_CORNERS
                     : node->u.resize.half_pixel_centers ? BD_UPSAMPLING_CENTERS
                                                         : BD_UPSAMPLING_LEGACY;
    at->rounded = node->u.resize.round;
    at->zero_point = node->u.resize.zero_point;
    return BD_OK;
}

/* The step of integer logits, which changes neither their order nor their resize. */
static bool cross_step(walk *at, const bd_node *node) {
    const bd_node *step = &at->graph->nodes[node->inputs[1]];
    if (!at->graph->integers || at->step != 1 || step->op != BD_OP_CONST || step->dtype != BD_F32 || step->shape.rank ||
        !(*(const float *)step->data > 0)) {
        return false;
    }
    at->step = *(const float *)step->data;
    return true;
}

/* Real numbers again behind integer logits. */
static bd_result append_step(bd_graph *graph, float step, bd_error *error) {
    float *data = bd_pool_alloc(&graph->pool, sizeof *data);
    const bd_shape scalar = {0}, shape = graph->nodes[graph->output].shape;
    const char *name = graph->nodes[graph->output].name;
    uint32_t inputs[2] = {graph->output, data ? bd_graph_add_const(graph, name, BD_F32, &scalar, data) : BD_NO_NODE};
    graph->output = inputs[1] == BD_NO_NODE ? BD_NO_NODE : bd_graph_add(graph, BD_OP_MUL, name, inputs, 2);
    if (graph->output == BD_NO_NODE) {
        graph->output = 0;
        return bd_graph_fail_memory(graph, error);
    }
    *data = step;
    graph->nodes[graph->output].dtype = BD_F32;
    graph->nodes[graph->output].shape = shape;
    return BD_OK;
}

/* *crossed: node is part of the tail, and what it reads is looked at next. */
static bd_result cross(walk *at, uint32_t index, bool *crossed) {
    const bd_node *node = &at->graph->nodes[index];
    const bd_node *x = node->input_count ? &at->graph->nodes[node->inputs[0]] : NULL;
    *crossed = false;
    switch (node->op) {
    case BD_OP_IDENTITY:
    case BD_OP_CAST:
    case BD_OP_SQUEEZE:
    case BD_OP_EXPAND_DIMS:
    case BD_OP_RESHAPE: *crossed = keeps_classes(at, node, x); return BD_OK;
    case BD_OP_SLICE:
    case BD_OP_STRIDED_SLICE: *crossed = keeps_classes(at, node, x) && keeps_place(at, index, x); return BD_OK;
    case BD_OP_SOFTMAX:
        if (at->resized) {
            return bd_graph_fail(at->graph, index, at->error, "before the logits' resize is not supported");
        }
        *crossed = !at->labels;
        return BD_OK;
    case BD_OP_SIGMOID:
        if (at->labels || at->sigmoid || last_dim(&x->shape) != 1) {
            return BD_OK;
        }
        if (at->resized) {
            return bd_graph_fail(at->graph, index, at->error, "before the logits' resize is not supported");
        }
        *crossed = at->sigmoid = true;
        return BD_OK;
    case BD_OP_ARGMAX:
        if (!at->labels || node->u.axis != (int32_t)x->shape.rank - 1) {
            return bd_graph_fail(at->graph, index, at->error, "is not over the classes");
        }
        at->labels = false;
        *crossed = true;
        return BD_OK;
    case BD_OP_RESIZE_BILINEAR: return cross_resize(at, index, crossed);
    case BD_OP_MUL: *crossed = cross_step(at, node); return BD_OK;
    case BD_OP_RESIZE_NEAREST:
        *crossed = node->shape.dims[1] == x->shape.dims[1] && node->shape.dims[2] == x->shape.dims[2];
        return BD_OK;
    default: return BD_OK;
    }
}

/* Whether an argmax stands between the output and the first node that is no part of any tail. */
static bool ends_in_labels(const bd_graph *graph) {
    uint32_t index = graph->output;
    for (;;) {
        const bd_node *node = &graph->nodes[index];
        switch (node->op) {
        case BD_OP_ARGMAX: return true;
        case BD_OP_IDENTITY:
        case BD_OP_CAST:
        case BD_OP_SQUEEZE:
        case BD_OP_EXPAND_DIMS:
        case BD_OP_RESHAPE:
        case BD_OP_SLICE:
        case BD_OP_STRIDED_SLICE:
        case BD_OP_SOFTMAX:
        case BD_OP_RESIZE_NEAREST:
        case BD_OP_RESIZE_BILINEAR: index = node->inputs[0]; break;
        case BD_OP_MUL:
            if (!graph->integers) {
                return false;
            }
            index = node->inputs[0];
            break;
        default: return false;
        }
    }
}

/* The sigmoid of x is the softmax of (0, x): a single class becomes the second of two, behind the background. */
static bd_result add_background(bd_graph *graph, uint32_t *index, bd_error *error) {
    static const float pair[2] = {0.0f, 1.0f};
    const bd_shape shape = {4, {1, 1, 1, 2}};
    uint32_t inputs[2] = {*index, bd_graph_add_const(graph, "background", BD_F32, &shape, pair)};
    uint32_t made = inputs[1] == BD_NO_NODE
                        ? BD_NO_NODE
                        : bd_graph_add(graph, BD_OP_CONV, graph->nodes[*index].name, inputs, BD_COUNT(inputs));
    if (made == BD_NO_NODE) {
        return bd_graph_fail_memory(graph, error);
    }
    graph->nodes[made].u.conv.kernel_h = graph->nodes[made].u.conv.kernel_w = 1;
    *index = made;
    return bd_graph_infer_node(graph, made, error);
}

static bd_result check_logits(const bd_graph *graph, uint32_t index, bool sigmoid, bd_error *error) {
    const bd_node *logits = &graph->nodes[index];
    const bd_shape *shape = &logits->shape, *input = &graph->nodes[graph->input].shape;
    if (logits->dtype != BD_F32 || shape->rank != 4 || shape->dims[0] != 1) {
        return bd_graph_fail(graph, index, error, "is not what logits of (1, height, width, classes) are made by");
    }
    /* Maps of depth and the like have one channel too; those end in what keeps them positive. */
    bool single = shape->dims[3] == 1 && (sigmoid || logits->op == BD_OP_CONV || logits->op == BD_OP_ADD);
    if ((shape->dims[3] < 2 && !single) || shape->dims[3] > CLASSES_MOST) {
        return bd_graph_fail(graph, index, error,
                             "makes %d channels, not logits of 2 to %d classes or of a single foreground",
                             shape->dims[3], CLASSES_MOST);
    }
    if (shape->dims[1] == 1 && shape->dims[2] == 1 && BD_MAX(input->dims[1], input->dims[2]) >= STRIDE_BEYOND) {
        return bd_graph_fail(graph, index, error,
                             "makes one value of each class for the whole photo, as a classifier does, not a map");
    }
    return BD_OK;
}

bd_result bd_pass_tail(bd_graph *graph, bd_error *error) {
    walk at = {.graph = graph, .error = error, .labels = ends_in_labels(graph), .step = 1};
    bool crossed = true;
    uint32_t index = graph->output;
    while (crossed) {
        bd_result result = cross(&at, index, &crossed);
        if (result) {
            return result;
        }
        index = crossed ? graph->nodes[index].inputs[0] : index;
    }
    bd_result result = check_logits(graph, index, at.sigmoid, error);
    if (!result && graph->nodes[index].shape.dims[3] == 1) {
        result = add_background(graph, &index, error);
    }
    if (result) {
        return result;
    }
    graph->output = index;
    graph->upsampling = at.upsampling;
    if (at.rounded) {
        graph->logits_step = at.step;
        graph->logits_zero_point = at.zero_point;
    }
    result = at.step == 1 ? BD_OK : append_step(graph, at.step, error);
    return result ? result : bd_pass_compact(graph, error);
}

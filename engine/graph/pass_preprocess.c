/* SPDX-License-Identifier: MIT
 * Exports carry the arithmetic by which a photo becomes the network's input: casts, a resize, the mean subtracted,
 * padding, the mean added, a scale. All of it is y = scale * photo + offset inside the photo and one value outside. */
#include "graph/pass_preprocess.h"

#include <math.h>
#include <string.h>

#include "graph/pass_compact.h"

#define WIDENED 1.5
#define GREY 127.5 /* DeepLab pads with the mean pixel; what lies outside where an export does not pad itself */

typedef struct chain {
    uint32_t end; /* the last node absorbed */
    int32_t h, w; /* of it */
    double scale[3], offset[3];
    float outside[3]; /* in float, operation by operation, as the export would compute it */
    bool padded;      /* outside comes from the export's own padding */
    bool arithmetic;  /* something was computed */
    bool open_end;    /* padding that grew the photo, and no arithmetic after it: may be a convolution's */
} chain;

static bool is_photo_shape(const bd_shape *shape, int32_t h, int32_t w) {
    const int32_t *last = shape->dims + shape->rank - 3;
    return shape->rank >= 3 && last[0] == h && last[1] == w && last[2] == 3 &&
           bd_shape_elements(shape) == (int64_t)h * w * 3;
}

static bool read_constant(const bd_graph *graph, uint32_t index, float values[3]) {
    const bd_node *node = &graph->nodes[index];
    int64_t elements = bd_shape_elements(&node->shape);
    bool vector = elements == 3 && node->shape.dims[node->shape.rank - 1] == 3;
    if (node->op != BD_OP_CONST || node->dtype != BD_F32 || !(elements == 1 || vector)) {
        return false;
    }
    const float *data = node->data;
    for (int c = 0; c < 3; c++) {
        values[c] = data[vector ? c : 0];
    }
    return true;
}

static bool absorb_arithmetic(const bd_graph *graph, uint32_t index, chain *at) {
    const bd_node *node = &graph->nodes[index];
    bool left = node->inputs[0] == at->end;
    float k[3];
    if (node->dtype != BD_F32 || !is_photo_shape(&node->shape, at->h, at->w) ||
        !read_constant(graph, node->inputs[left ? 1 : 0], k) || (node->op == BD_OP_DIV && !left)) {
        return false;
    }
    for (int c = 0; c < 3; c++) {
        double scale = 1, offset = 0;
        float *outside = &at->outside[c];
        switch (node->op) {
        case BD_OP_ADD:
            offset = (double)k[c];
            *outside = *outside + k[c];
            break;
        case BD_OP_SUB:
            scale = left ? 1 : -1;
            offset = left ? -(double)k[c] : (double)k[c];
            *outside = left ? *outside - k[c] : k[c] - *outside;
            break;
        case BD_OP_MUL:
            scale = (double)k[c];
            *outside = *outside * k[c];
            break;
        default:
            scale = 1 / (double)k[c];
            *outside = *outside / k[c];
            break;
        }
        at->scale[c] *= scale;
        at->offset[c] = at->offset[c] * scale + offset;
    }
    at->arithmetic = true;
    at->open_end = false;
    return true;
}

/* Padding below and to the right, by zero. A size that the export leaves open is set to what it pads to, so there it
 * adds nothing, but it still says what lies outside. */
static bool absorb_pad(const bd_graph *graph, uint32_t index, chain *at) {
    const bd_node *node = &graph->nodes[index];
    int32_t pads[2 * BD_MAX_RANK], rank = (int32_t)node->shape.rank;
    if (rank < 3 || node->dtype != BD_F32 ||
        bd_graph_read_i32(graph, node->inputs[1], pads, 2 * BD_MAX_RANK) != 2 * rank) {
        return false;
    }
    int32_t h = node->shape.dims[rank - 3], w = node->shape.dims[rank - 2];
    bool grows = h != at->h || w != at->w;
    if (pads[2 * (rank - 3)] || pads[2 * (rank - 2)] || !is_photo_shape(&node->shape, h, w) || (grows && at->padded)) {
        return false;
    }
    for (int c = 0; !at->padded && c < 3; c++) {
        at->outside[c] = 0;
    }
    at->padded = true;
    at->open_end = at->open_end || grows;
    at->h = h;
    at->w = w;
    return true;
}

static bool absorb(const bd_graph *graph, uint32_t index, chain *at) {
    const bd_node *node = &graph->nodes[index];
    bool fits = false;
    switch (node->op) {
    case BD_OP_CAST: fits = node->dtype == BD_F32 && is_photo_shape(&node->shape, at->h, at->w); break;
    case BD_OP_IDENTITY:
    case BD_OP_SQUEEZE:
    case BD_OP_EXPAND_DIMS:
    case BD_OP_RESHAPE:
    case BD_OP_RESIZE_BILINEAR: fits = is_photo_shape(&node->shape, at->h, at->w); break;
    case BD_OP_ADD:
    case BD_OP_SUB:
    case BD_OP_MUL:
    case BD_OP_DIV: fits = absorb_arithmetic(graph, index, at); break;
    case BD_OP_PAD: fits = absorb_pad(graph, index, at); break;
    default: break;
    }
    if (fits) {
        at->end = index;
    }
    return fits;
}

static bool is_input_of(const bd_node *node, uint32_t index) {
    for (uint32_t k = 0; k < node->input_count; k++) {
        if (node->inputs[k] == index) {
            return true;
        }
    }
    return false;
}

static bool feeds_bytes(const bd_feed *feed) {
    bool same = true;
    for (int c = 0; c < 3; c++) {
        same = same && feed->mean[c] == bd_feed_bytes.mean[c] && feed->deviation[c] == bd_feed_bytes.deviation[c];
    }
    return same;
}

/* From what the graph's input is fed. */
static chain begin(const bd_graph *graph, const bd_feed *feed) {
    const bd_node *input = &graph->nodes[graph->input];
    chain at = {.end = graph->input, .h = input->shape.dims[1], .w = input->shape.dims[2]};
    for (int c = 0; c < 3; c++) {
        const int from = graph->feed.bgr ? 2 - c : c;
        const double mean = feed->mean[from], deviation = feed->deviation[from];
        at.scale[c] = deviation == 1.0 / 255 ? 1 : 1 / (255 * deviation);
        at.offset[c] = mean == 0 ? 0 : -mean / deviation;
        at.outside[c] = (float)((GREY / 255 - mean) / deviation);
    }
    return at;
}

/* Follows the photo as long as it has one reader; the longest part that ends in (1,h,w,3) floats counts. */
static chain follow(const bd_graph *graph, const uint32_t *uses, const bd_feed *feed) {
    chain at = begin(graph, feed);
    chain whole = at;
    for (uint32_t i = graph->input + 1; i < graph->count && uses[at.end] == 1 && at.end != graph->output; i++) {
        if (!uses[i] || !is_input_of(&graph->nodes[i], at.end)) {
            continue;
        }
        if (!absorb(graph, i, &at)) {
            break;
        }
        const bd_node *node = &graph->nodes[i];
        if (node->dtype == BD_F32 && node->shape.rank == 4 && !at.open_end) {
            whole = at;
        }
    }
    return whole;
}

/* Arithmetic that widens 0..255 was made for 0..1. */
static bool widens(const chain *at) {
    return fabs(at->scale[0]) >= WIDENED && fabs(at->scale[1]) >= WIDENED && fabs(at->scale[2]) >= WIDENED;
}

/* What a graph's own arithmetic says of its input goes before what its kind is usually fed, and behind what is known
 * of this one. */
static chain settle(bd_graph *graph, const uint32_t *uses) {
    const bool floats = graph->nodes[graph->input].dtype == BD_F32;
    const bool guess = graph->feed.source == BD_INPUT_SOURCE_ASSUMED || graph->feed.source == BD_INPUT_SOURCE_TRAINER;
    chain at = follow(graph, uses, &bd_feed_bytes);
    if (floats && !(guess && at.arithmetic)) {
        return follow(graph, uses, &graph->feed);
    }
    const bool unit = floats && widens(&at);
    bd_graph_suggest_feed(graph, BD_INPUT_SOURCE_GRAPH, unit ? &bd_feed_unit : &bd_feed_bytes);
    return unit ? follow(graph, uses, &bd_feed_unit) : at;
}

static bd_result insert(bd_graph *graph, chain *at, bd_error *error) {
    const uint32_t input = graph->input;
    at->end = bd_graph_add(graph, BD_OP_PREPROCESS, "preprocess", &input, 1);
    if (at->end == BD_NO_NODE) {
        return bd_graph_fail_memory(graph, error);
    }
    for (uint32_t i = 0; i < at->end; i++) {
        for (uint32_t k = 0; k < graph->nodes[i].input_count; k++) {
            uint32_t *reads = &graph->nodes[i].inputs[k];
            *reads = *reads == input ? at->end : *reads;
        }
    }
    graph->output = graph->output == input ? at->end : graph->output;
    return BD_OK;
}

static bd_result write(bd_graph *graph, const chain *at, bd_error *error) {
    bd_node *node = &graph->nodes[at->end], *input = &graph->nodes[graph->input];
    uint32_t *inputs = bd_pool_alloc(&graph->pool, sizeof *inputs);
    if (!inputs) {
        return bd_graph_fail_memory(graph, error);
    }
    inputs[0] = graph->input;
    node->op = BD_OP_PREPROCESS;
    node->dtype = BD_F32;
    node->inputs = inputs;
    node->input_count = 1;
    memset(&node->u, 0, sizeof node->u);
    node->u.preprocess.bgr = graph->feed.bgr;
    bool finite = true;
    for (int c = 0; c < 3; c++) {
        node->u.preprocess.scale[c] = (float)at->scale[c];
        node->u.preprocess.offset[c] = (float)at->offset[c];
        node->u.preprocess.outside[c] = graph->integers ? roundf(at->outside[c]) : at->outside[c];
        finite = finite && isfinite(node->u.preprocess.scale[c]) && isfinite(node->u.preprocess.offset[c]) &&
                 isfinite(at->outside[c]);
    }
    if (!finite) {
        return bd_graph_fail(graph, at->end, error, "has constants that are not finite");
    }
    node->shape = bd_shape_make(4, (const int32_t[]){1, at->h, at->w, 3});
    input->shape = node->shape;
    input->dtype = BD_U8;
    return BD_OK;
}

bd_result bd_pass_preprocess(bd_graph *graph, bd_error *error) {
    const bd_node *input = &graph->nodes[graph->input];
    if (input->shape.rank != 4 || input->shape.dims[0] != 1 || input->shape.dims[3] != 3 || input->dtype == BD_I32) {
        return bd_graph_fail(graph, graph->input, error, "is not a picture of (1, height, width, 3)");
    }
    uint32_t *uses = bd_graph_count_uses(graph);
    if (!uses) {
        return bd_graph_fail_memory(graph, error);
    }
    bool read = uses[graph->input] > 0;
    bool other = graph->feed.source == BD_INPUT_SOURCE_CALLER && !feeds_bytes(&graph->feed);
    chain at = settle(graph, uses);
    bd_free(graph->pool.allocator, uses);
    if (!read) {
        return bd_graph_fail(graph, graph->input, error, "does not reach the output");
    }
    if (other && input->dtype == BD_U8) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "%s: the network takes bytes, 0..255, which it scales by itself; no other range can be given",
                       graph->file);
    }
    bd_result result = BD_OK;
    if (at.end == graph->input) {
        result = input->dtype == BD_F32 ? insert(graph, &at, error)
                                        : bd_graph_fail(graph, graph->input, error,
                                                        "is not turned into floats in a way that is supported");
    }
    if (!result) {
        result = write(graph, &at, error);
    }
    return result ? result : bd_pass_compact(graph, error);
}

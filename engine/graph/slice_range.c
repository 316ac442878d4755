/* SPDX-License-Identifier: MIT */
#include "graph/slice_range.h"

#include <string.h>

#include "graph/infer_context.h"

static bd_result slice_plain(const bd_inference *of, bd_slice_range *range) {
    const bd_shape *x = &bd_infer_input(of, 0)->shape;
    int32_t begin[BD_MAX_RANK], size[BD_MAX_RANK], rank = (int32_t)x->rank;
    if (bd_graph_read_i32(of->graph, of->node->inputs[1], begin, BD_MAX_RANK) != rank ||
        bd_graph_read_i32(of->graph, of->node->inputs[2], size, BD_MAX_RANK) != rank) {
        return BD_INFER_FAIL(of, "needs constant begin and size of its input's rank");
    }
    range->shape.rank = x->rank;
    for (uint32_t i = 0; i < x->rank; i++) {
        if (begin[i] < 0 || begin[i] > x->dims[i] || size[i] < -1 || size[i] > x->dims[i] - begin[i]) {
            return BD_INFER_FAIL(of, "takes %d from %d of dimension %d", size[i], begin[i], x->dims[i]);
        }
        range->start[i] = begin[i];
        range->stride[i] = 1;
        range->count[i] = size[i] < 0 ? x->dims[i] - begin[i] : size[i];
        range->shape.dims[i] = range->count[i];
    }
    return BD_OK;
}

/* A begin or end as numpy reads it: from the end when negative, then held to what a stride of that sign can reach. */
static int64_t slice_bound(int64_t bound, int64_t dim, bool backwards) {
    bound += bound < 0 ? dim : 0;
    int64_t low = backwards ? -1 : 0, high = backwards ? dim - 1 : dim;
    return BD_MAX(low, BD_MIN(bound, high));
}

static bool slice_dim(bd_slice_range *range, uint32_t d, int32_t dim, int32_t begin, int32_t end, int32_t stride,
                      bool from_edge, bool to_edge) {
    if (!stride || stride == INT32_MIN) {
        return false;
    }
    bool backwards = stride < 0;
    int64_t first = from_edge ? (backwards ? dim - 1 : 0) : slice_bound(begin, dim, backwards);
    int64_t last = to_edge ? (backwards ? -1 : dim) : slice_bound(end, dim, backwards);
    int64_t span = backwards ? first - last : last - first, step = backwards ? -(int64_t)stride : stride;
    range->start[d] = (int32_t)first;
    range->stride[d] = stride;
    range->count[d] = span > 0 ? (int32_t)((span + step - 1) / step) : 0;
    return true;
}

typedef struct slice_spec {
    int32_t begin[2 * BD_MAX_RANK], end[2 * BD_MAX_RANK], strides[2 * BD_MAX_RANK];
    int32_t count;
} slice_spec;

static bd_result read_slice_spec(const bd_inference *of, slice_spec *spec) {
    const uint32_t *inputs = of->node->inputs;
    spec->count = bd_graph_read_i32(of->graph, inputs[1], spec->begin, 2 * BD_MAX_RANK);
    if (spec->count < 0 || bd_graph_read_i32(of->graph, inputs[2], spec->end, 2 * BD_MAX_RANK) != spec->count ||
        bd_graph_read_i32(of->graph, inputs[3], spec->strides, 2 * BD_MAX_RANK) != spec->count) {
        return BD_INFER_FAIL(of, "needs constant begin, end and strides of one length");
    }
    return BD_OK;
}

static bool add_dim(bd_shape *shape, int32_t dim) {
    if (shape->rank == BD_MAX_RANK) {
        return false;
    }
    shape->dims[shape->rank++] = dim;
    return true;
}

static bd_result slice_strided(const bd_inference *of, bd_slice_range *range) {
    const bd_shape *x = &bd_infer_input(of, 0)->shape;
    const bd_node *node = of->node;
    slice_spec spec;
    bd_result result = read_slice_spec(of, &spec);
    if (result) {
        return result;
    }
    uint32_t named = 0, d = 0;
    bool ellipsis = false;
    for (int32_t i = 0; i < spec.count; i++) {
        named += !((node->u.slice.ellipsis_mask | node->u.slice.new_axis_mask) >> i & 1);
    }
    bool fits = named <= x->rank;
    for (int32_t i = 0; fits && i <= spec.count; i++) {
        /* What no entry names is taken whole: at the ellipsis, or behind the last entry. */
        bool rest = i == spec.count ? !ellipsis : (node->u.slice.ellipsis_mask >> i & 1) != 0;
        if (rest) {
            for (uint32_t k = named; fits && !ellipsis && k < x->rank; k++, d++) {
                fits = slice_dim(range, d, x->dims[d], 0, 0, 1, true, true) && add_dim(&range->shape, x->dims[d]);
            }
            fits = fits && (i == spec.count || !ellipsis);
            ellipsis = true;
        } else if (i < spec.count && (node->u.slice.new_axis_mask >> i & 1)) {
            fits = add_dim(&range->shape, 1);
        } else if (i < spec.count) {
            bool shrink = node->u.slice.shrink_axis_mask >> i & 1;
            bool from_edge = !shrink && (node->u.slice.begin_mask >> i & 1);
            bool to_edge = !shrink && (node->u.slice.end_mask >> i & 1);
            fits = slice_dim(range, d, x->dims[d], spec.begin[i], spec.end[i], spec.strides[i], from_edge, to_edge);
            if (shrink) {
                int64_t at = spec.begin[i] + (spec.begin[i] < 0 ? (int64_t)x->dims[d] : 0);
                fits = fits && spec.strides[i] > 0 && at >= 0 && at < x->dims[d];
                range->start[d] = fits ? (int32_t)at : 0;
                range->count[d] = 1;
            } else {
                fits = fits && add_dim(&range->shape, range->count[d]);
            }
            d++;
        }
    }
    return fits ? BD_OK : BD_INFER_FAIL(of, "has a slice that does not fit its input's shape");
}

bd_result bd_graph_slice_range(const bd_graph *graph, uint32_t index, bd_slice_range *range, bd_error *error) {
    bd_graph view = *graph;
    bd_inference of = {&view, index, &graph->nodes[index], error};
    memset(range, 0, sizeof *range);
    return of.node->op == BD_OP_SLICE ? slice_plain(&of, range) : slice_strided(&of, range);
}

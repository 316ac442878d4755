/* SPDX-License-Identifier: MIT
 * Shapes as TensorFlow's shape functions give them (tensorflow/core/framework/common_shape_fns.cc), for NHWC. */
#include <math.h>
#include <string.h>

#include "graph/passes.h"

#define WINDOW_MOST (1 << 24) /* of a window's extent, stride and padding: sums stay far from 2^31 */

typedef struct inference {
    bd_graph *graph;
    uint32_t index;
    bd_node *node;
    bd_error *error;
} inference;

#define FAIL(of, ...) bd_graph_fail((of)->graph, (of)->index, (of)->error, __VA_ARGS__)

static bd_node *input_node(const inference *of, uint32_t input) {
    uint32_t index = bd_graph_input(of->graph, of->index, input);
    return index == BD_NO_NODE ? NULL : &of->graph->nodes[index];
}

static bd_result finish(const inference *of, const bd_shape *shape, bd_dtype dtype) {
    if (bd_shape_elements(shape) < 0) {
        return FAIL(of, "makes a tensor of more than 2^31-1 elements");
    }
    of->node->shape = *shape;
    of->node->dtype = dtype;
    return BD_OK;
}

static bool same_shape(const bd_shape *a, const bd_shape *b) {
    return a->rank == b->rank && !memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]);
}

static bool normalise_axis(int32_t *axis, uint32_t rank) {
    if (*axis < 0) {
        *axis += (int32_t)rank;
    }
    return *axis >= 0 && *axis < (int32_t)rank;
}

static bd_result read_axis(const inference *of, uint32_t input, int32_t *axis) {
    if (bd_graph_read_i32(of->graph, bd_graph_input(of->graph, of->index, input), axis, 1) != 1) {
        return FAIL(of, "needs a constant axis");
    }
    return BD_OK;
}

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

static bd_result infer_same(const inference *of) {
    const bd_node *x = input_node(of, 0);
    return finish(of, &x->shape, of->node->op == BD_OP_CAST ? of->node->dtype : x->dtype);
}

static bd_result infer_float(const inference *of) {
    const bd_node *x = input_node(of, 0);
    if (x->dtype != BD_F32) {
        return FAIL(of, "needs a float input");
    }
    if (of->node->op == BD_OP_SOFTMAX && !x->shape.rank) {
        return FAIL(of, "needs a last axis");
    }
    return finish(of, &x->shape, BD_F32);
}

static bd_result infer_binary(const inference *of) {
    const bd_node *a = input_node(of, 0), *b = input_node(of, 1);
    if (a->dtype != b->dtype) {
        return FAIL(of, "has inputs of two types");
    }
    const bd_shape *wide = a->shape.rank >= b->shape.rank ? &a->shape : &b->shape;
    const bd_shape *narrow = wide == &a->shape ? &b->shape : &a->shape;
    bd_shape shape = *wide;
    for (uint32_t i = 0; i < narrow->rank; i++) {
        int32_t *dim = &shape.dims[wide->rank - narrow->rank + i];
        if (*dim == 1) {
            *dim = narrow->dims[i];
        } else if (narrow->dims[i] != 1 && narrow->dims[i] != *dim) {
            return FAIL(of, "has inputs that do not broadcast: %d against %d", *dim, narrow->dims[i]);
        }
    }
    return finish(of, &shape, a->dtype);
}

/* Limits of integers that hold 0, where channels of padding lie. */
static bool fits_limits(float low, float high) {
    return low > -INFINITY && low <= 0 && high >= 0 && high < INFINITY;
}

static bool fits_scale(int32_t multiplier, int32_t shift, int32_t most) {
    return multiplier >= 0 && shift >= -31 && shift <= most;
}

static bool fits_requantise(const bd_node *node, uint32_t count, int32_t most) {
    bool fits =
        node->u.requantise.rounding <= BD_ROUNDING_AWAY && fits_limits(node->u.requantise.low, node->u.requantise.high);
    for (uint32_t k = 0; k < count; k++) {
        fits = fits && fits_scale(node->u.requantise.scales[k].multiplier, node->u.requantise.scales[k].shift, most);
    }
    return fits;
}

static bd_result infer_add(const inference *of) {
    const bd_node *node = of->node;
    if (node->u.requantise.rounding && (input_node(of, 0)->dtype != BD_F32 || !fits_requantise(node, 3, 0))) {
        return FAIL(of, "has scales or limits out of range");
    }
    return infer_binary(of);
}

static bd_result infer_requantise(const inference *of) {
    if (!of->node->u.requantise.rounding || !fits_requantise(of->node, 1, BD_SHIFT_MOST)) {
        return FAIL(of, "has a scale or limits out of range");
    }
    return infer_float(of);
}

static bd_result infer_add_n(const inference *of) {
    const bd_node *first = input_node(of, 0);
    for (uint32_t k = 1; k < of->node->input_count; k++) {
        const bd_node *other = input_node(of, k);
        if (other->dtype != first->dtype || !same_shape(&other->shape, &first->shape)) {
            return FAIL(of, "has inputs of different shapes or types");
        }
    }
    return finish(of, &first->shape, first->dtype);
}

/* ---- arrangement ------------------------------------------------------------------------------------------------ */

static bd_result infer_shape_of(const inference *of) {
    bd_shape shape = {1, {(int32_t)input_node(of, 0)->shape.rank}};
    return finish(of, &shape, BD_I32);
}

static bd_result infer_slice(const inference *of) {
    bd_slice_range range;
    bd_result result = bd_graph_slice_range(of->graph, of->index, &range, of->error);
    return result ? result : finish(of, &range.shape, input_node(of, 0)->dtype);
}

static bd_result infer_pack(const inference *of) {
    const bd_node *first = input_node(of, 0);
    bd_shape shape = first->shape;
    if (shape.rank == BD_MAX_RANK || !normalise_axis(&of->node->u.axis, shape.rank + 1)) {
        return FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    for (uint32_t k = 1; k < of->node->input_count; k++) {
        const bd_node *other = input_node(of, k);
        if (other->dtype != first->dtype || !same_shape(&other->shape, &shape)) {
            return FAIL(of, "has inputs of different shapes or types");
        }
    }
    int32_t axis = of->node->u.axis;
    memmove(shape.dims + axis + 1, shape.dims + axis, (shape.rank - (uint32_t)axis) * sizeof shape.dims[0]);
    shape.dims[axis] = (int32_t)BD_MIN(of->node->input_count, (uint32_t)INT32_MAX);
    shape.rank++;
    return finish(of, &shape, first->dtype);
}

static bd_result infer_concat(const inference *of) {
    const bd_node *first = input_node(of, 0);
    bd_shape shape = first->shape;
    if (!normalise_axis(&of->node->u.axis, shape.rank)) {
        return FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    int32_t *along = &shape.dims[of->node->u.axis];
    int64_t length = *along;
    for (uint32_t k = 1; k < of->node->input_count; k++) {
        const bd_node *other = input_node(of, k);
        if (other->dtype != first->dtype || other->shape.rank != shape.rank) {
            return FAIL(of, "has inputs of different ranks or types");
        }
        *along = other->shape.dims[of->node->u.axis];
        if (!same_shape(&other->shape, &shape)) {
            return FAIL(of, "has inputs that differ outside its axis");
        }
        length += *along;
    }
    if (length > INT32_MAX) {
        return FAIL(of, "makes a tensor of more than 2^31-1 elements");
    }
    *along = (int32_t)length;
    return finish(of, &shape, first->dtype);
}

static bd_result infer_reshape(const inference *of) {
    const bd_node *x = input_node(of, 0);
    bd_shape shape = {0};
    int32_t rank = bd_graph_read_i32(of->graph, of->node->inputs[1], shape.dims, BD_MAX_RANK);
    if (rank < 0) {
        return FAIL(of, "needs a constant shape of rank %d at most", BD_MAX_RANK);
    }
    shape.rank = (uint32_t)rank;
    int64_t elements = bd_shape_elements(&x->shape), known = 1;
    int32_t open = -1;
    for (int32_t i = 0; i < rank; i++) {
        if (shape.dims[i] == -1 && open < 0) {
            open = i;
        } else if (shape.dims[i] < 0) {
            return FAIL(of, "has dimension %d in its shape", shape.dims[i]);
        } else if ((known *= shape.dims[i]) > INT32_MAX) {
            return FAIL(of, "makes a tensor of more than 2^31-1 elements");
        }
    }
    if (open >= 0 && known > 0 && elements % known == 0) {
        shape.dims[open] = (int32_t)(elements / known);
    } else if (open >= 0 || known != elements) {
        return FAIL(of, "cannot arrange %lld elements in its shape", (long long)elements);
    }
    return finish(of, &shape, x->dtype);
}

static bd_result infer_squeeze(const inference *of) {
    const bd_node *x = input_node(of, 0);
    bool drop[BD_MAX_RANK] = {false};
    int32_t count = of->node->u.axes.count;
    if (count < 0 || count > BD_MAX_RANK) {
        return FAIL(of, "has %d axes", count);
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t *axis = &of->node->u.axes.values[i];
        if (!normalise_axis(axis, x->shape.rank) || x->shape.dims[*axis] != 1) {
            return FAIL(of, "has an axis that is not of size 1");
        }
        drop[*axis] = true;
    }
    bd_shape shape = {0};
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (!(count ? drop[i] : x->shape.dims[i] == 1)) {
            shape.dims[shape.rank++] = x->shape.dims[i];
        }
    }
    return finish(of, &shape, x->dtype);
}

static bd_result infer_expand_dims(const inference *of) {
    const bd_node *x = input_node(of, 0);
    bd_shape shape = x->shape;
    int32_t axis;
    bd_result result = read_axis(of, 1, &axis);
    if (result) {
        return result;
    }
    if (shape.rank == BD_MAX_RANK || !normalise_axis(&axis, shape.rank + 1)) {
        return FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    memmove(shape.dims + axis + 1, shape.dims + axis, (shape.rank - (uint32_t)axis) * sizeof shape.dims[0]);
    shape.dims[axis] = 1;
    shape.rank++;
    return finish(of, &shape, x->dtype);
}

static bd_result infer_transpose(const inference *of) {
    const bd_node *x = input_node(of, 0);
    int32_t order[BD_MAX_RANK];
    bool seen[BD_MAX_RANK] = {false};
    bd_shape shape = x->shape;
    bool fits = bd_graph_read_i32(of->graph, of->node->inputs[1], order, BD_MAX_RANK) == (int32_t)shape.rank;
    for (uint32_t d = 0; fits && d < shape.rank; d++) {
        fits = normalise_axis(&order[d], shape.rank) && !seen[order[d]];
        if (fits) {
            seen[order[d]] = true;
            shape.dims[d] = x->shape.dims[order[d]];
        }
    }
    return fits ? finish(of, &shape, x->dtype) : FAIL(of, "needs a constant permutation of its dimensions");
}

static bd_result infer_pad(const inference *of) {
    const bd_node *x = input_node(of, 0);
    bd_shape shape = x->shape;
    int32_t pads[2 * BD_MAX_RANK];
    if (bd_graph_read_i32(of->graph, of->node->inputs[1], pads, 2 * BD_MAX_RANK) != 2 * (int32_t)shape.rank) {
        return FAIL(of, "needs constant paddings, two a dimension");
    }
    for (uint32_t i = 0; i < shape.rank; i++) {
        int64_t dim = (int64_t)shape.dims[i] + pads[2 * i] + pads[2 * i + 1];
        if (pads[2 * i] < 0 || pads[2 * i + 1] < 0 || dim > INT32_MAX) {
            return FAIL(of, "pads dimension %u by %d and %d", i, pads[2 * i], pads[2 * i + 1]);
        }
        shape.dims[i] = (int32_t)dim;
    }
    return finish(of, &shape, x->dtype);
}

/* ---- slices ----------------------------------------------------------------------------------------------------- */

static bd_result slice_plain(const inference *of, bd_slice_range *range) {
    const bd_shape *x = &input_node(of, 0)->shape;
    int32_t begin[BD_MAX_RANK], size[BD_MAX_RANK], rank = (int32_t)x->rank;
    if (bd_graph_read_i32(of->graph, of->node->inputs[1], begin, BD_MAX_RANK) != rank ||
        bd_graph_read_i32(of->graph, of->node->inputs[2], size, BD_MAX_RANK) != rank) {
        return FAIL(of, "needs constant begin and size of its input's rank");
    }
    range->shape.rank = x->rank;
    for (uint32_t i = 0; i < x->rank; i++) {
        if (begin[i] < 0 || begin[i] > x->dims[i] || size[i] < -1 || size[i] > x->dims[i] - begin[i]) {
            return FAIL(of, "takes %d from %d of dimension %d", size[i], begin[i], x->dims[i]);
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

static bd_result read_slice_spec(const inference *of, slice_spec *spec) {
    const uint32_t *inputs = of->node->inputs;
    spec->count = bd_graph_read_i32(of->graph, inputs[1], spec->begin, 2 * BD_MAX_RANK);
    if (spec->count < 0 || bd_graph_read_i32(of->graph, inputs[2], spec->end, 2 * BD_MAX_RANK) != spec->count ||
        bd_graph_read_i32(of->graph, inputs[3], spec->strides, 2 * BD_MAX_RANK) != spec->count) {
        return FAIL(of, "needs constant begin, end and strides of one length");
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

static bd_result slice_strided(const inference *of, bd_slice_range *range) {
    const bd_shape *x = &input_node(of, 0)->shape;
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
    return fits ? BD_OK : FAIL(of, "has a slice that does not fit its input's shape");
}

bd_result bd_graph_slice_range(const bd_graph *graph, uint32_t index, bd_slice_range *range, bd_error *error) {
    bd_graph view = *graph;
    inference of = {&view, index, &graph->nodes[index], error};
    memset(range, 0, sizeof *range);
    return of.node->op == BD_OP_SLICE ? slice_plain(&of, range) : slice_strided(&of, range);
}

/* ---- windows ---------------------------------------------------------------------------------------------------- */

static bd_result infer_window_dim(const inference *of, const bd_conv_attrs *a, int32_t in, int32_t kernel,
                                  int32_t stride, int32_t dilation, int32_t *before, int32_t *after, int32_t *out) {
    int64_t extent = ((int64_t)kernel - 1) * dilation + 1;
    if (kernel < 1 || stride < 1 || dilation < 1 || extent > WINDOW_MOST || stride > WINDOW_MOST) {
        return FAIL(of, "has a window of %d with stride %d and dilation %d", kernel, stride, dilation);
    }
    if (a->padding == BD_PADDING_SAME) {
        int64_t same = ((int64_t)in + stride - 1) / stride;
        int64_t total = BD_MAX((same - 1) * stride + extent - in, (int64_t)0);
        *before = (int32_t)(total / 2);
        *after = (int32_t)(total - total / 2);
    } else if (a->padding == BD_PADDING_VALID) {
        *before = *after = 0;
    }
    if (*before < 0 || *after < 0 || *before > WINDOW_MOST || *after > WINDOW_MOST) {
        return FAIL(of, "has paddings of %d and %d", *before, *after);
    }
    int64_t room = (int64_t)in + *before + *after - extent;
    if (in < 1 || room < 0) {
        return FAIL(of, "has a window of %lld over %d elements", (long long)extent, in);
    }
    int64_t size = room / stride + 1;
    if (size > INT32_MAX) {
        return FAIL(of, "makes a tensor of more than 2^31-1 elements");
    }
    *out = (int32_t)size;
    return BD_OK;
}

static bd_result infer_window(const inference *of, int32_t channels) {
    const bd_node *x = input_node(of, 0);
    bd_conv_attrs *a = &of->node->u.conv;
    bd_shape shape = {4, {x->shape.dims[0], 0, 0, channels}};
    bd_result result = infer_window_dim(of, a, x->shape.dims[1], a->kernel_h, a->stride_h, a->dilation_h, &a->pad_top,
                                        &a->pad_bottom, &shape.dims[1]);
    if (!result) {
        result = infer_window_dim(of, a, x->shape.dims[2], a->kernel_w, a->stride_w, a->dilation_w, &a->pad_left,
                                  &a->pad_right, &shape.dims[2]);
    }
    if (result) {
        return result;
    }
    a->same = a->same || a->padding == BD_PADDING_SAME;
    a->padding = BD_PADDING_EXPLICIT;
    return finish(of, &shape, BD_F32);
}

static bd_result need_map(const inference *of) {
    const bd_node *x = input_node(of, 0);
    if (x->dtype != BD_F32 || x->shape.rank != 4) {
        return FAIL(of, "needs a float input of rank 4");
    }
    return BD_OK;
}

static bd_result check_scales(const inference *of, int32_t channels) {
    const bd_conv_attrs *a = &of->node->u.conv;
    uint32_t index = bd_graph_scales(of->graph, of->index);
    const bd_node *scales = index == BD_NO_NODE ? NULL : &of->graph->nodes[index];
    if (!a->rounding && !scales) {
        return BD_OK;
    }
    if (!a->rounding || a->rounding > BD_ROUNDING_AWAY || a->hard_swish || !fits_limits(a->clamp_low, a->clamp_high)) {
        return FAIL(of, "has limits or a rounding that do not go with scales");
    }
    if (!scales || scales->op != BD_OP_CONST || scales->dtype != BD_I32 || scales->shape.rank != 2 ||
        scales->shape.dims[0] != 2 || scales->shape.dims[1] != channels) {
        return FAIL(of, "needs constant scales of (2,%d)", channels);
    }
    const int32_t *values = scales->data;
    for (int32_t c = 0; c < channels; c++) {
        if (!fits_scale(values[c], values[channels + c], BD_SHIFT_MOST)) {
            return FAIL(of, "has a scale of %d and shift %d", values[c], values[channels + c]);
        }
    }
    return BD_OK;
}

static bd_result infer_conv(const inference *of) {
    const bd_node *x = input_node(of, 0), *weights = input_node(of, 1);
    const bd_node *bias = input_node(of, 2);
    const bd_node *residual = of->node->op == BD_OP_CONV ? input_node(of, 3) : NULL;
    bd_result result = need_map(of);
    if (result) {
        return result;
    }
    const int32_t *w = weights->shape.dims, channels = x->shape.dims[3];
    bool depthwise = of->node->op == BD_OP_DEPTHWISE;
    if (weights->dtype != BD_F32 || weights->shape.rank != 4) {
        return FAIL(of, "needs float weights of rank 4");
    }
    if (w[2] != channels || w[3] < 1 || (depthwise && w[3] != 1)) {
        return FAIL(of, "has weights of (%d,%d,%d,%d) for %d channels", w[0], w[1], w[2], w[3], channels);
    }
    of->node->u.conv.kernel_h = w[0];
    of->node->u.conv.kernel_w = w[1];
    int32_t out = depthwise ? channels : w[3];
    if (bias && (bias->dtype != BD_F32 || bd_shape_elements(&bias->shape) != out)) {
        return FAIL(of, "has a bias that is not of %d channels", out);
    }
    result = infer_window(of, out);
    if (!result) {
        result = check_scales(of, out);
    }
    if (!result && residual && of->node->u.conv.rounding) {
        return FAIL(of, "has scales and a residual");
    }
    if (!result && residual && (residual->dtype != BD_F32 || !same_shape(&residual->shape, &of->node->shape))) {
        return FAIL(of, "has a residual of another shape");
    }
    return result;
}

static bd_result infer_pool(const inference *of) {
    bd_result result = need_map(of);
    return result ? result : infer_window(of, input_node(of, 0)->shape.dims[3]);
}

static bd_result infer_mean(const inference *of) {
    const bd_node *x = input_node(of, 0);
    int32_t axes[BD_MAX_RANK];
    bd_shape shape = x->shape;
    int32_t count = bd_graph_read_i32(of->graph, of->node->inputs[1], axes, BD_MAX_RANK);
    if (count < 0 || x->dtype != BD_F32) {
        return FAIL(of, "needs a float input and constant axes");
    }
    for (int32_t i = 0; i < count; i++) {
        if (!normalise_axis(&axes[i], x->shape.rank)) {
            return FAIL(of, "has an axis past its rank %u", x->shape.rank);
        }
        shape.dims[axes[i]] = 1;
    }
    return finish(of, &shape, BD_F32);
}

static bd_result infer_resize(const inference *of) {
    bd_result result = need_map(of);
    if (result) {
        return result;
    }
    bd_shape shape = input_node(of, 0)->shape;
    int32_t size[2] = {of->node->shape.dims[1], of->node->shape.dims[2]};
    if (input_node(of, 1)) {
        if (bd_graph_read_i32(of->graph, of->node->inputs[1], size, 2) != 2) {
            return FAIL(of, "needs a constant size");
        }
    } else if (of->node->shape.rank != 4) {
        return FAIL(of, "needs a size");
    }
    if (size[0] < 1 || size[1] < 1 || shape.dims[1] < 1 || shape.dims[2] < 1) {
        return FAIL(of, "resizes (%d,%d) to (%d,%d)", shape.dims[1], shape.dims[2], size[0], size[1]);
    }
    if (of->node->u.resize.align_corners && of->node->u.resize.half_pixel_centers) {
        return FAIL(of, "has both aligned corners and half-pixel centres");
    }
    shape.dims[1] = size[0];
    shape.dims[2] = size[1];
    return finish(of, &shape, BD_F32);
}

/* Any type: labels are enlarged so. */
static bd_result infer_resize_nearest(const inference *of) {
    bd_shape shape = input_node(of, 0)->shape;
    int32_t size[2];
    if (shape.rank != 4 || bd_graph_read_i32(of->graph, of->node->inputs[1], size, 2) != 2 || size[0] < 1 ||
        size[1] < 1) {
        return FAIL(of, "needs an input of rank 4 and a constant size");
    }
    shape.dims[1] = size[0];
    shape.dims[2] = size[1];
    return finish(of, &shape, input_node(of, 0)->dtype);
}

/* ---- batches of blocks ------------------------------------------------------------------------------------------ */

static bd_result read_blocks(const inference *of, int32_t block[2], int32_t edges[4]) {
    const bd_node *x = input_node(of, 0);
    if (x->shape.rank != 4 || bd_graph_read_i32(of->graph, of->node->inputs[1], block, 2) != 2 ||
        bd_graph_read_i32(of->graph, of->node->inputs[2], edges, 4) != 4) {
        return FAIL(of, "needs an input of rank 4 and constant blocks of height and width");
    }
    bool fits = block[0] >= 1 && block[1] >= 1 && (int64_t)block[0] * block[1] <= WINDOW_MOST;
    for (uint32_t i = 0; i < 4; i++) {
        fits = fits && edges[i] >= 0 && edges[i] <= WINDOW_MOST;
    }
    return fits ? BD_OK : FAIL(of, "has blocks of (%d,%d) with edges out of range", block[0], block[1]);
}

static bd_result infer_space_to_batch(const inference *of) {
    const bd_node *x = input_node(of, 0);
    int32_t block[2], edges[4];
    bd_result result = read_blocks(of, block, edges);
    if (result) {
        return result;
    }
    int64_t batch = (int64_t)x->shape.dims[0] * block[0] * block[1];
    bd_shape shape = x->shape;
    bool fits = batch <= INT32_MAX;
    for (uint32_t i = 0; i < 2; i++) {
        int64_t padded = (int64_t)x->shape.dims[1 + i] + edges[2 * i] + edges[2 * i + 1];
        fits = fits && padded % block[i] == 0 && padded / block[i] <= INT32_MAX;
        shape.dims[1 + i] = fits ? (int32_t)(padded / block[i]) : 0;
    }
    if (!fits) {
        return FAIL(of, "has blocks of (%d,%d) that do not divide its padded input", block[0], block[1]);
    }
    shape.dims[0] = (int32_t)batch;
    return finish(of, &shape, x->dtype);
}

static bd_result infer_batch_to_space(const inference *of) {
    const bd_node *x = input_node(of, 0);
    int32_t block[2], edges[4];
    bd_result result = read_blocks(of, block, edges);
    if (result) {
        return result;
    }
    bd_shape shape = x->shape;
    bool fits = shape.dims[0] % (block[0] * block[1]) == 0;
    shape.dims[0] /= block[0] * block[1];
    for (uint32_t i = 0; i < 2; i++) {
        int64_t cropped = (int64_t)x->shape.dims[1 + i] * block[i] - edges[2 * i] - edges[2 * i + 1];
        fits = fits && cropped >= 0 && cropped <= INT32_MAX;
        shape.dims[1 + i] = fits ? (int32_t)cropped : 0;
    }
    return fits ? finish(of, &shape, x->dtype)
                : FAIL(of, "has blocks of (%d,%d) or crops that do not fit its input", block[0], block[1]);
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static bd_result infer_argmax(const inference *of) {
    const bd_node *x = input_node(of, 0);
    if (input_node(of, 1)) {
        bd_result result = read_axis(of, 1, &of->node->u.axis);
        if (result) {
            return result;
        }
    }
    bd_shape shape = x->shape;
    int32_t *axis = &of->node->u.axis;
    if (!normalise_axis(axis, shape.rank) || shape.dims[*axis] < 1) {
        return FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    shape.rank--;
    memmove(shape.dims + *axis, shape.dims + *axis + 1, (shape.rank - (uint32_t)*axis) * sizeof shape.dims[0]);
    return finish(of, &shape, BD_I32);
}

/* INPUT, CONST and PREPROCESS bring their shape. */
static bd_result infer_source(const inference *of) {
    const bd_node *node = of->node;
    if (node->shape.rank > BD_MAX_RANK || bd_shape_elements(&node->shape) < 0) {
        return FAIL(of, "has an open size or more than 2^31-1 elements");
    }
    if (node->op == BD_OP_CONST && !node->data && bd_shape_elements(&node->shape)) {
        return FAIL(of, "has no data");
    }
    return BD_OK;
}

typedef struct op_rule {
    uint32_t least, most; /* inputs; the first `least` are not optional, every other one is when most is finite */
    bd_result (*infer)(const inference *of);
} op_rule;

static const op_rule rules[BD_OP_COUNT] = {
    [BD_OP_INPUT] = {0, 0, infer_source},
    [BD_OP_CONST] = {0, 0, infer_source},
    [BD_OP_IDENTITY] = {1, 1, infer_same},
    [BD_OP_CAST] = {1, 1, infer_same},
    [BD_OP_SHAPE] = {1, 1, infer_shape_of},
    [BD_OP_STRIDED_SLICE] = {4, 4, infer_slice},
    [BD_OP_SLICE] = {3, 3, infer_slice},
    [BD_OP_PACK] = {1, UINT32_MAX, infer_pack},
    [BD_OP_CONCAT] = {1, UINT32_MAX, infer_concat},
    [BD_OP_RESHAPE] = {2, 2, infer_reshape},
    [BD_OP_SQUEEZE] = {1, 1, infer_squeeze},
    [BD_OP_EXPAND_DIMS] = {2, 2, infer_expand_dims},
    [BD_OP_TRANSPOSE] = {2, 2, infer_transpose},
    [BD_OP_PAD] = {2, 2, infer_pad},
    [BD_OP_ADD] = {2, 2, infer_add},
    [BD_OP_SUB] = {2, 2, infer_binary},
    [BD_OP_MUL] = {2, 2, infer_binary},
    [BD_OP_DIV] = {2, 2, infer_binary},
    [BD_OP_MAXIMUM] = {2, 2, infer_binary},
    [BD_OP_MINIMUM] = {2, 2, infer_binary},
    [BD_OP_RSQRT] = {1, 1, infer_float},
    [BD_OP_FAKE_QUANT] = {1, 1, infer_float},
    [BD_OP_ADD_N] = {1, UINT32_MAX, infer_add_n},
    [BD_OP_CLAMP] = {1, 1, infer_same},
    [BD_OP_HARD_SIGMOID] = {1, 1, infer_float},
    [BD_OP_HARD_SWISH] = {1, 1, infer_float},
    [BD_OP_SIGMOID] = {1, 1, infer_float},
    [BD_OP_CONV] = {2, 5, infer_conv},
    [BD_OP_DEPTHWISE] = {2, 4, infer_conv},
    [BD_OP_POOL_AVERAGE] = {1, 1, infer_pool},
    [BD_OP_POOL_MAX] = {1, 1, infer_pool},
    [BD_OP_MEAN] = {2, 2, infer_mean},
    [BD_OP_RESIZE_BILINEAR] = {1, 2, infer_resize},
    [BD_OP_RESIZE_NEAREST] = {2, 2, infer_resize_nearest},
    [BD_OP_SPACE_TO_BATCH] = {3, 3, infer_space_to_batch},
    [BD_OP_BATCH_TO_SPACE] = {3, 3, infer_batch_to_space},
    [BD_OP_SOFTMAX] = {1, 1, infer_float},
    [BD_OP_ARGMAX] = {1, 2, infer_argmax},
    [BD_OP_REQUANTISE] = {1, 1, infer_requantise},
    [BD_OP_PREPROCESS] = {1, 1, infer_source},
};

bd_result bd_graph_infer_node(bd_graph *graph, uint32_t index, bd_error *error) {
    inference of = {graph, index, &graph->nodes[index], error};
    const bd_node *node = of.node;
    if ((uint32_t)node->op >= BD_OP_COUNT || !rules[node->op].infer) {
        return FAIL(&of, "is not supported");
    }
    const op_rule *rule = &rules[node->op];
    if (node->input_count < rule->least || node->input_count > rule->most) {
        return FAIL(&of, "has %u inputs", node->input_count);
    }
    for (uint32_t k = 0; k < node->input_count; k++) {
        bool absent = node->inputs[k] == BD_NO_NODE;
        bool optional = k >= rule->least && rule->most != UINT32_MAX;
        if (absent ? !optional : node->inputs[k] >= index) {
            return FAIL(&of, "has an input that does not precede it");
        }
    }
    return rule->infer(&of);
}

bd_result bd_graph_infer(bd_graph *graph, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = 0; !result && i < graph->count; i++) {
        if (graph->nodes[i].op != BD_OP_NONE) {
            result = bd_graph_infer_node(graph, i, error);
        }
    }
    return result;
}

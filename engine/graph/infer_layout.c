/* SPDX-License-Identifier: MIT */
#include "graph/infer_layout.h"

#include <string.h>

#include "graph/slice_range.h"

bd_result bd_infer_shape_of(const bd_inference *of) {
    bd_shape shape = {1, {(int32_t)bd_infer_input(of, 0)->shape.rank}};
    return bd_infer_finish(of, &shape, BD_I32);
}

bd_result bd_infer_slice(const bd_inference *of) {
    bd_slice_range range;
    bd_result result = bd_graph_slice_range(of->graph, of->index, &range, of->error);
    return result ? result : bd_infer_finish(of, &range.shape, bd_infer_input(of, 0)->dtype);
}

bd_result bd_infer_pack(const bd_inference *of) {
    const bd_node *first = bd_infer_input(of, 0);
    bd_shape shape = first->shape;
    if (shape.rank == BD_MAX_RANK || !bd_infer_wrap_axis(&of->node->u.axis, shape.rank + 1)) {
        return BD_INFER_FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    for (uint32_t k = 1; k < of->node->input_count; k++) {
        const bd_node *other = bd_infer_input(of, k);
        if (other->dtype != first->dtype || !bd_shape_equal(&other->shape, &shape)) {
            return BD_INFER_FAIL(of, "has inputs of different shapes or types");
        }
    }
    int32_t axis = of->node->u.axis;
    memmove(shape.dims + axis + 1, shape.dims + axis, (shape.rank - (uint32_t)axis) * sizeof shape.dims[0]);
    shape.dims[axis] = (int32_t)BD_MIN(of->node->input_count, (uint32_t)INT32_MAX);
    shape.rank++;
    return bd_infer_finish(of, &shape, first->dtype);
}

bd_result bd_infer_concat(const bd_inference *of) {
    const bd_node *first = bd_infer_input(of, 0);
    bd_shape shape = first->shape;
    if (!bd_infer_wrap_axis(&of->node->u.axis, shape.rank)) {
        return BD_INFER_FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    int32_t *along = &shape.dims[of->node->u.axis];
    int64_t length = *along;
    for (uint32_t k = 1; k < of->node->input_count; k++) {
        const bd_node *other = bd_infer_input(of, k);
        if (other->dtype != first->dtype || other->shape.rank != shape.rank) {
            return BD_INFER_FAIL(of, "has inputs of different ranks or types");
        }
        *along = other->shape.dims[of->node->u.axis];
        if (!bd_shape_equal(&other->shape, &shape)) {
            return BD_INFER_FAIL(of, "has inputs that differ outside its axis");
        }
        length += *along;
    }
    if (length > INT32_MAX) {
        return BD_INFER_FAIL(of, "makes a tensor of more than 2^31-1 elements");
    }
    *along = (int32_t)length;
    return bd_infer_finish(of, &shape, first->dtype);
}

bd_result bd_infer_reshape(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    bd_shape shape = {0};
    int32_t rank = bd_graph_read_i32(of->graph, of->node->inputs[1], shape.dims, BD_MAX_RANK);
    if (rank < 0) {
        return BD_INFER_FAIL(of, "needs a constant shape of rank %d at most", BD_MAX_RANK);
    }
    shape.rank = (uint32_t)rank;
    int64_t elements = bd_shape_elements(&x->shape), known = 1;
    int32_t open = -1;
    for (int32_t i = 0; i < rank; i++) {
        if (shape.dims[i] == -1 && open < 0) {
            open = i;
        } else if (shape.dims[i] < 0) {
            return BD_INFER_FAIL(of, "has dimension %d in its shape", shape.dims[i]);
        } else if ((known *= shape.dims[i]) > INT32_MAX) {
            return BD_INFER_FAIL(of, "makes a tensor of more than 2^31-1 elements");
        }
    }
    if (open >= 0 && known > 0 && elements % known == 0) {
        shape.dims[open] = (int32_t)(elements / known);
    } else if (open >= 0 || known != elements) {
        return BD_INFER_FAIL(of, "cannot arrange %lld elements in its shape", (long long)elements);
    }
    return bd_infer_finish(of, &shape, x->dtype);
}

bd_result bd_infer_squeeze(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    bool drop[BD_MAX_RANK] = {false};
    int32_t count = of->node->u.axes.count;
    if (count < 0 || count > BD_MAX_RANK) {
        return BD_INFER_FAIL(of, "has %d axes", count);
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t *axis = &of->node->u.axes.values[i];
        if (!bd_infer_wrap_axis(axis, x->shape.rank) || x->shape.dims[*axis] != 1) {
            return BD_INFER_FAIL(of, "has an axis that is not of size 1");
        }
        drop[*axis] = true;
    }
    bd_shape shape = {0};
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (!(count ? drop[i] : x->shape.dims[i] == 1)) {
            shape.dims[shape.rank++] = x->shape.dims[i];
        }
    }
    return bd_infer_finish(of, &shape, x->dtype);
}

bd_result bd_infer_expand_dims(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    bd_shape shape = x->shape;
    int32_t axis;
    bd_result result = bd_infer_read_axis(of, 1, &axis);
    if (result) {
        return result;
    }
    if (shape.rank == BD_MAX_RANK || !bd_infer_wrap_axis(&axis, shape.rank + 1)) {
        return BD_INFER_FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    memmove(shape.dims + axis + 1, shape.dims + axis, (shape.rank - (uint32_t)axis) * sizeof shape.dims[0]);
    shape.dims[axis] = 1;
    shape.rank++;
    return bd_infer_finish(of, &shape, x->dtype);
}

bd_result bd_infer_transpose(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    int32_t order[BD_MAX_RANK];
    bool named[BD_MAX_RANK] = {false};
    bd_shape shape = x->shape;
    bool fits = bd_graph_read_i32(of->graph, of->node->inputs[1], order, BD_MAX_RANK) == (int32_t)shape.rank;
    for (uint32_t d = 0; fits && d < shape.rank; d++) {
        fits = bd_infer_wrap_axis(&order[d], shape.rank) && !named[order[d]];
        if (fits) {
            named[order[d]] = true;
            shape.dims[d] = x->shape.dims[order[d]];
        }
    }
    return fits ? bd_infer_finish(of, &shape, x->dtype)
                : BD_INFER_FAIL(of, "needs a constant permutation of its dimensions");
}

bd_result bd_infer_pad(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    bd_shape shape = x->shape;
    int32_t pads[2 * BD_MAX_RANK];
    if (bd_graph_read_i32(of->graph, of->node->inputs[1], pads, 2 * BD_MAX_RANK) != 2 * (int32_t)shape.rank) {
        return BD_INFER_FAIL(of, "needs constant paddings, two a dimension");
    }
    for (uint32_t i = 0; i < shape.rank; i++) {
        int64_t dim = (int64_t)shape.dims[i] + pads[2 * i] + pads[2 * i + 1];
        if (pads[2 * i] < 0 || pads[2 * i + 1] < 0 || dim > INT32_MAX) {
            return BD_INFER_FAIL(of, "pads dimension %u by %d and %d", i, pads[2 * i], pads[2 * i + 1]);
        }
        shape.dims[i] = (int32_t)dim;
    }
    return bd_infer_finish(of, &shape, x->dtype);
}

static bd_result read_blocks(const bd_inference *of, int32_t block[2], int32_t edges[4]) {
    const bd_node *x = bd_infer_input(of, 0);
    if (x->shape.rank != 4 || bd_graph_read_i32(of->graph, of->node->inputs[1], block, 2) != 2 ||
        bd_graph_read_i32(of->graph, of->node->inputs[2], edges, 4) != 4) {
        return BD_INFER_FAIL(of, "needs an input of rank 4 and constant blocks of height and width");
    }
    bool fits = block[0] >= 1 && block[1] >= 1 && (int64_t)block[0] * block[1] <= BD_INFER_WINDOW_MOST;
    for (uint32_t i = 0; i < 4; i++) {
        fits = fits && edges[i] >= 0 && edges[i] <= BD_INFER_WINDOW_MOST;
    }
    return fits ? BD_OK : BD_INFER_FAIL(of, "has blocks of (%d,%d) with edges out of range", block[0], block[1]);
}

bd_result bd_infer_space_to_batch(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
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
        return BD_INFER_FAIL(of, "has blocks of (%d,%d) that do not divide its padded input", block[0], block[1]);
    }
    shape.dims[0] = (int32_t)batch;
    return bd_infer_finish(of, &shape, x->dtype);
}

bd_result bd_infer_batch_to_space(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
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
    return fits ? bd_infer_finish(of, &shape, x->dtype)
                : BD_INFER_FAIL(of, "has blocks of (%d,%d) or crops that do not fit its input", block[0], block[1]);
}

bd_result bd_infer_argmax(const bd_inference *of) {
    const bd_node *x = bd_infer_input(of, 0);
    if (bd_infer_input(of, 1)) {
        bd_result result = bd_infer_read_axis(of, 1, &of->node->u.axis);
        if (result) {
            return result;
        }
    }
    bd_shape shape = x->shape;
    int32_t *axis = &of->node->u.axis;
    if (!bd_infer_wrap_axis(axis, shape.rank) || shape.dims[*axis] < 1) {
        return BD_INFER_FAIL(of, "has an axis past its rank %u", shape.rank);
    }
    shape.rank--;
    memmove(shape.dims + *axis, shape.dims + *axis + 1, (shape.rank - (uint32_t)*axis) * sizeof shape.dims[0]);
    return bd_infer_finish(of, &shape, BD_I32);
}

/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_fold_layout.h"

#include <string.h>

#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"
#include "model/onnx/onnx_views.h"

bd_result bd_onnx_fold_expand(bd_onnx_folding *of) {
    int64_t dims[BD_MAX_RANK];
    uint32_t rank = 0;
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0);
    bd_result result = bd_onnx_new_shape(of->onnx, of->node, dims, &rank);
    if (!result) {
        result = bd_onnx_folding_make(of, bd_onnx_folding_type(x), rank, dims);
    }
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t rest = i, from = 0, step = 1;
        for (uint32_t back = 1; back <= rank; back++) {
            int64_t at = rest % dims[rank - back], size = back <= x->rank ? x->dims[x->rank - back] : 1;
            rest /= dims[rank - back];
            from += size == 1 ? 0 : at * step;
            step *= size;
        }
        bd_onnx_folding_copy(of, i, x, from);
    }
    return result;
}

bd_result bd_onnx_fold_transpose(bd_onnx_folding *of) {
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0);
    int64_t perm[BD_MAX_RANK], dims[BD_MAX_RANK] = {0}, steps[BD_MAX_RANK], step = 1;
    int32_t count;
    bd_result result = bd_onnx_attr_ints(of->onnx, of->node, "perm", perm, BD_MAX_RANK, &count);
    if (result || (count >= 0 && (uint32_t)count != x->rank)) {
        return result ? result : bd_onnx_folding_refuse(of, "its perm does not fit its input");
    }
    for (uint32_t d = x->rank; d-- > 0;) {
        steps[d] = step;
        step *= x->dims[d];
        perm[d] = count < 0 ? (int64_t)(x->rank - 1 - d) : perm[d];
    }
    uint32_t used = 0;
    for (uint32_t d = 0; d < x->rank; d++) {
        if (!bd_onnx_normalise_axis(&perm[d], x->rank) || (used >> perm[d] & 1)) {
            return bd_onnx_folding_refuse(of, "its perm does not fit its input");
        }
        used |= 1u << perm[d];
        dims[d] = x->dims[perm[d]];
    }
    result = bd_onnx_folding_make(of, bd_onnx_folding_type(x), x->rank, dims);
    for (int64_t i = 0; !result && i < x->elements; i++) {
        int64_t rest = i, from = 0;
        for (uint32_t d = x->rank; d-- > 0;) {
            from += rest % dims[d] * steps[perm[d]];
            rest /= dims[d];
        }
        bd_onnx_folding_copy(of, i, x, from);
    }
    return result;
}

/* Products of the sizes before and after an axis. */
static void split_sizes(const bd_onnx_tensor *x, int64_t axis, int64_t *outer, int64_t *inner) {
    *outer = *inner = 1;
    for (uint32_t d = 0; d < x->rank; d++) {
        *outer *= (int64_t)d < axis ? x->dims[d] : 1;
        *inner *= (int64_t)d > axis ? x->dims[d] : 1;
    }
}

bd_result bd_onnx_fold_concat(bd_onnx_folding *of) {
    const bd_onnx_tensor *first = bd_onnx_folding_input(of, 0);
    int64_t axis = 0, dims[BD_MAX_RANK], start = 0, outer = 1, inner = 1;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (result || !bd_onnx_normalise_axis(&axis, first->rank)) {
        return result ? result : bd_onnx_folding_refuse(of, "its axis does not fit its inputs");
    }
    memcpy(dims, first->dims, sizeof dims);
    dims[axis] = 0;
    for (uint32_t k = 0; k < of->node->input_count; k++) {
        const bd_onnx_tensor *x = bd_onnx_folding_input(of, k);
        bool fits = x && x->rank == first->rank && bd_onnx_is_float(x->type) == bd_onnx_is_float(first->type);
        for (uint32_t d = 0; fits && d < x->rank; d++) {
            fits = (int64_t)d == axis || x->dims[d] == first->dims[d];
        }
        if (!fits) {
            return bd_onnx_folding_refuse(of, "its inputs differ outside the axis");
        }
        dims[axis] += x->dims[axis];
    }
    result = bd_onnx_folding_make(of, bd_onnx_folding_type(first), first->rank, dims);
    for (uint32_t k = 0; !result && k < of->node->input_count; k++) {
        const bd_onnx_tensor *x = bd_onnx_folding_input(of, k);
        split_sizes(x, axis, &outer, &inner);
        int64_t run = x->dims[axis] * inner;
        for (int64_t i = 0; run && i < x->elements; i++) {
            bd_onnx_folding_copy(of, (i / run) * dims[axis] * inner + start * inner + i % run, x, i);
        }
        start += x->dims[axis];
    }
    return result;
}

bd_result bd_onnx_fold_gather(bd_onnx_folding *of) {
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0), *at = bd_onnx_folding_input(of, 1);
    int64_t axis = 0, dims[BD_MAX_RANK], outer = 1, inner = 1;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (result || !bd_onnx_normalise_axis(&axis, x->rank) || bd_onnx_is_float(at->type) ||
        x->rank + at->rank - 1 > BD_MAX_RANK) {
        return result ? result : bd_onnx_folding_refuse(of, "its axis or indices do not fit its input");
    }
    uint32_t rank = 0;
    for (uint32_t d = 0; d < x->rank; d++) {
        for (uint32_t e = 0; (int64_t)d == axis && e < at->rank; e++) {
            dims[rank++] = at->dims[e];
        }
        if ((int64_t)d != axis) {
            dims[rank++] = x->dims[d];
        }
    }
    split_sizes(x, axis, &outer, &inner);
    result = bd_onnx_folding_make(of, bd_onnx_folding_type(x), rank, dims);
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t index = bd_onnx_integer(at, i / inner % at->elements);
        if (!bd_onnx_normalise_axis(&index, (uint32_t)x->dims[axis])) {
            return bd_onnx_fail(of->onnx, of->node, BD_ERR_FILE_CORRUPT, "an index past its input");
        }
        bd_onnx_folding_copy(of, i, x, (i / inner / at->elements * x->dims[axis] + index) * inner + i % inner);
    }
    return result;
}

bd_result bd_onnx_fold_slice(bd_onnx_folding *of) {
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0);
    int64_t start[BD_MAX_RANK] = {0}, step[BD_MAX_RANK], dims[BD_MAX_RANK], begins[BD_MAX_RANK], ends[BD_MAX_RANK];
    int64_t axes[BD_MAX_RANK], strides[BD_MAX_RANK];
    int32_t count, other, named, stepped;
    bd_result result = bd_onnx_read_ints(of->onnx, of->node, "starts", 1, begins, BD_MAX_RANK, &count);
    result = result ? result : bd_onnx_read_ints(of->onnx, of->node, "ends", 2, ends, BD_MAX_RANK, &other);
    result = result ? result : bd_onnx_read_ints(of->onnx, of->node, "axes", 3, axes, BD_MAX_RANK, &named);
    result = result ? result : bd_onnx_read_ints(of->onnx, of->node, "steps", 4, strides, BD_MAX_RANK, &stepped);
    if (result || count < 0 || other != count || (named >= 0 && named != count) || (stepped >= 0 && stepped != count) ||
        count > (int32_t)x->rank) {
        return result ? result : bd_onnx_folding_refuse(of, "starts, ends, axes and steps differ in number");
    }
    for (uint32_t d = 0; d < x->rank; d++) {
        dims[d] = x->dims[d];
        step[d] = 1;
    }
    for (int32_t i = 0; i < count; i++) {
        int64_t d = named < 0 ? i : axes[i], by = stepped < 0 ? 1 : strides[i];
        if (!bd_onnx_normalise_axis(&d, x->rank) || !by || by > INT32_MAX || by < -INT32_MAX) {
            return bd_onnx_folding_refuse(of, "an axis or a step does not fit its input");
        }
        int64_t size = x->dims[d], low = by < 0 ? -1 : 0, high = by < 0 ? size - 1 : size;
        int64_t from = begins[i] < 0 ? BD_MAX(begins[i], -size - 1) + size : begins[i];
        int64_t to = ends[i] < 0 ? BD_MAX(ends[i], -size - 1) + size : ends[i];
        from = BD_MAX(by < 0 ? (int64_t)0 : low, BD_MIN(from, high));
        to = BD_MAX(low, BD_MIN(to, high));
        int64_t span = by < 0 ? from - to : to - from, stride = by < 0 ? -by : by;
        start[d] = from;
        step[d] = by;
        dims[d] = span > 0 ? (span + stride - 1) / stride : 0;
    }
    result = bd_onnx_folding_make(of, bd_onnx_folding_type(x), x->rank, dims);
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t rest = i, from = 0, size = 1;
        for (uint32_t d = x->rank; d-- > 0;) {
            from += (start[d] + rest % dims[d] * step[d]) * size;
            rest /= dims[d];
            size *= x->dims[d];
        }
        bd_onnx_folding_copy(of, i, x, from);
    }
    return result;
}

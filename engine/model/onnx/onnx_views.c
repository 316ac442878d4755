/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_views.h"

#include <math.h>

#include "model/onnx/onnx_node.h"

static bd_result new_flatten(const bd_onnx *onnx, const bd_onnx_node *node, int64_t *dims, uint32_t *rank) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t axis = 1;
    bd_result result = bd_onnx_attr_int(onnx, node, "axis", -BD_MAX_RANK, BD_MAX_RANK, &axis);
    axis += axis < 0 ? (int64_t)bd_onnx_rank(x) : 0;
    dims[0] = dims[1] = 1;
    *rank = 2;
    for (uint32_t i = 0; i < bd_onnx_rank(x); i++) {
        dims[(int64_t)i >= axis] *= BD_MIN(bd_onnx_dim(onnx, x, i), INT32_MAX);
        dims[(int64_t)i >= axis] = BD_MIN(dims[(int64_t)i >= axis], INT32_MAX);
    }
    return result;
}

static bd_result new_squeeze(const bd_onnx *onnx, const bd_onnx_node *node, bool insert, int64_t *dims,
                             uint32_t *rank) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t axes[BD_MAX_RANK];
    int32_t count;
    bd_result result = bd_onnx_read_ints(onnx, node, "axes", 1, axes, BD_MAX_RANK, &count);
    if (result) {
        return result;
    }
    uint32_t in = bd_onnx_rank(x), most = insert ? in + (uint32_t)BD_MAX(count, 0) : in;
    bool named[BD_MAX_RANK] = {false};
    if (most > BD_MAX_RANK || (insert && count < 0)) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "%u dimensions", most);
    }
    for (int32_t i = 0; i < count; i++) {
        if (!bd_onnx_normalise_axis(&axes[i], most) || named[axes[i]] ||
            (!insert && bd_onnx_dim(onnx, x, (uint32_t)axes[i]) != 1)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "an axis does not fit its input");
        }
        named[axes[i]] = true;
    }
    *rank = 0;
    uint32_t from = 0;
    for (uint32_t i = 0; i < most; i++) {
        if (insert) {
            dims[(*rank)++] = named[i] ? 1 : bd_onnx_dim(onnx, x, from++);
        } else if (count < 0 ? bd_onnx_dim(onnx, x, i) != 1 : !named[i]) {
            dims[(*rank)++] = bd_onnx_dim(onnx, x, i);
        }
    }
    return BD_OK;
}

/* Shapes that were written for a batch of several photos. */
static void make_single(const bd_onnx *onnx, const bd_onnx_value *x, double elements, int64_t *dims, int32_t count) {
    double known = 1;
    bool open = false;
    for (int32_t i = 0; i < count; i++) {
        open = open || dims[i] == -1;
        known *= (double)dims[i];
    }
    if (x->kind != BD_ONNX_ACTIVATION || !onnx->batch || count < 1) {
        return;
    }
    if (dims[0] == onnx->batch && (open || known == elements * (double)onnx->batch)) {
        dims[0] = 1;
    } else if (!open && dims[0] % onnx->batch == 0 && known == elements * (double)onnx->batch) {
        dims[0] /= onnx->batch;
    }
}

static bd_result new_reshape(const bd_onnx *onnx, const bd_onnx_node *node, int64_t *dims, uint32_t *rank) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t allow_zero = 0;
    int32_t count, open = -1;
    bd_result result = bd_onnx_attr_int(onnx, node, "allowzero", 0, 1, &allow_zero);
    if (!result) {
        result = bd_onnx_read_ints(onnx, node, "shape", 1, dims, BD_MAX_RANK, &count);
    }
    if (result || count < 0) {
        return result ? result : bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "no shape");
    }
    double elements = 1, known = 1;
    for (uint32_t i = 0; i < bd_onnx_rank(x); i++) {
        elements *= (double)bd_onnx_dim(onnx, x, i);
    }
    make_single(onnx, x, elements, dims, count);
    for (int32_t i = 0; i < count; i++) {
        if (!dims[i] && !allow_zero && (uint32_t)i < bd_onnx_rank(x)) {
            dims[i] = bd_onnx_dim(onnx, x, (uint32_t)i);
        }
        if (dims[i] == -1 && open < 0) {
            open = i;
        } else if (dims[i] < 0 || dims[i] > INT32_MAX) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a dimension of %lld", (long long)dims[i]);
        } else {
            known *= (double)dims[i];
        }
    }
    if (open >= 0 && known > 0 && elements / known == floor(elements / known)) {
        dims[open] = (int64_t)(elements / known);
    } else if (open >= 0 || known != elements) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "%.0f elements do not fit its shape", elements);
    }
    *rank = (uint32_t)count;
    return BD_OK;
}

/* Broadcasting of input 0 with a shape. */
static bd_result new_expand(const bd_onnx *onnx, const bd_onnx_node *node, int64_t *dims, uint32_t *rank) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t shape[BD_MAX_RANK];
    int32_t count;
    bd_result result = bd_onnx_read_ints(onnx, node, "shape", 1, shape, BD_MAX_RANK, &count);
    if (result || count < 0) {
        return result ? result : bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "no shape");
    }
    uint32_t in = bd_onnx_rank(x);
    *rank = BD_MAX(in, (uint32_t)count);
    for (uint32_t back = 1; back <= *rank; back++) {
        int64_t a = back <= in ? bd_onnx_dim(onnx, x, in - back) : 1;
        int64_t b = back <= (uint32_t)count ? shape[count - (int32_t)back] : 1;
        b = x->kind == BD_ONNX_ACTIVATION && onnx->batch && back == *rank && b == onnx->batch ? 1 : b;
        if (b < 0 || b > INT32_MAX || (a != b && a != 1 && b != 1)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "%lld does not broadcast to %lld", (long long)a,
                                (long long)b);
        }
        dims[*rank - back] = a == 1 ? b : a;
    }
    return BD_OK;
}

bd_result bd_onnx_new_shape(const bd_onnx *onnx, const bd_onnx_node *node, int64_t *dims, uint32_t *rank) {
    if (bd_pb_equals(node->op, "Flatten")) {
        return new_flatten(onnx, node, dims, rank);
    }
    if (bd_pb_equals(node->op, "Reshape")) {
        return new_reshape(onnx, node, dims, rank);
    }
    if (bd_pb_equals(node->op, "Expand")) {
        return new_expand(onnx, node, dims, rank);
    }
    return new_squeeze(onnx, node, bd_pb_equals(node->op, "Unsqueeze"), dims, rank);
}

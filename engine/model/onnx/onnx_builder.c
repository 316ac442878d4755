/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_builder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/infer.h"
#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"

/* Nodes without a name have their output's. */
static void name_node(const bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, char name[256]) {
    if (!node) {
        snprintf(name, 256, "input%s%s", *suffix ? "/" : "", suffix);
        return;
    }
    const bd_pb own = bd_onnx_name(onnx, node);
    snprintf(name, 256, "%.*s%s%s", (int)BD_MIN(bd_pb_size(own), (size_t)200), (const char *)own.at, *suffix ? "/" : "",
             suffix);
    for (char *at = name; *at; at++) {
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    }
}

bd_result bd_onnx_infer(bd_onnx *onnx, uint32_t index) {
    return bd_graph_infer_node(onnx->graph, index, onnx->error);
}

bd_result bd_onnx_append(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, const uint32_t *inputs,
                         uint32_t input_count, uint32_t *index) {
    char name[256];
    name_node(onnx, node, suffix, name);
    *index = bd_graph_add(onnx->graph, op, name, inputs, input_count);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

bd_result bd_onnx_append_ints(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, const bd_shape *shape,
                              const int32_t *values, uint32_t *index) {
    size_t bytes = (size_t)bd_shape_elements(shape) * sizeof *values;
    char name[256];
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, true, bytes, &data);
    if (result) {
        return result;
    }
    memcpy(data, values, bytes);
    name_node(onnx, node, suffix, name);
    *index = bd_graph_add_const(onnx->graph, name, BD_I32, shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

static bd_result append_floats(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, const bd_shape *shape,
                               const float *values, uint32_t *index) {
    size_t bytes = (size_t)bd_shape_elements(shape) * sizeof *values;
    char name[256];
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, true, bytes, &data);
    if (result) {
        return result;
    }
    memcpy(data, values, bytes);
    name_node(onnx, node, suffix, name);
    *index = bd_graph_add_const(onnx->graph, name, BD_F32, shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

bd_result bd_onnx_append_scalar(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, float value,
                                uint32_t *index) {
    const bd_shape shape = {0};
    return append_floats(onnx, node, suffix, &shape, &value, index);
}

bd_result bd_onnx_append_binary(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, uint32_t a,
                                uint32_t b, uint32_t *index) {
    const uint32_t inputs[2] = {a, b};
    bd_result result = bd_onnx_append(onnx, node, suffix, op, inputs, 2, index);
    return result ? result : bd_onnx_infer(onnx, *index);
}

bd_result bd_onnx_append_clamp(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, uint32_t from, float low,
                               float high, uint32_t *index) {
    bd_result result = bd_onnx_append(onnx, node, suffix, BD_OP_CLAMP, &from, 1, index);
    if (!result) {
        onnx->graph->nodes[*index].u.clamp.low = low;
        onnx->graph->nodes[*index].u.clamp.high = high;
        result = bd_onnx_infer(onnx, *index);
    }
    return result;
}

/* The graph's HARD_SIGMOID has alpha 1/6 and beta 1/2. */
bd_result bd_onnx_append_hard_sigmoid(bd_onnx *onnx, const bd_onnx_node *node, uint32_t x, float alpha, float beta,
                                      uint32_t *index) {
    uint32_t factor, addend;
    if (fabsf(alpha * 6 - 1) < 1e-5f && beta == 0.5f) {
        bd_result made = bd_onnx_append(onnx, node, "", BD_OP_HARD_SIGMOID, &x, 1, index);
        return made ? made : bd_onnx_infer(onnx, *index);
    }
    bd_result result = bd_onnx_append_scalar(onnx, node, "alpha", alpha, &factor);
    result = result ? result : bd_onnx_append_scalar(onnx, node, "beta", beta, &addend);
    result = result ? result : bd_onnx_append_binary(onnx, node, "scaled", BD_OP_MUL, x, factor, index);
    result = result ? result : bd_onnx_append_binary(onnx, node, "moved", BD_OP_ADD, *index, addend, index);
    return result ? result : bd_onnx_append_clamp(onnx, node, "", *index, 0, 1, index);
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

void bd_onnx_set_like(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index, const bd_onnx_value *like) {
    bd_onnx_value *value = bd_onnx_output(onnx, node);
    value->kind = BD_ONNX_ACTIVATION;
    value->index = index;
    value->rank = like->rank;
    value->step = value->zero = 0;
    memcpy(value->axes, like->axes, sizeof value->axes);
}

void bd_onnx_set_map(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index) {
    bd_onnx_value like = {.rank = 4, .axes = {0, 3, 1, 2}};
    bd_onnx_set_like(onnx, node, index, &like);
}

bd_result bd_onnx_need_map(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *value) {
    static const int32_t map[4] = {0, 3, 1, 2};
    const bd_node *made = value && value->kind == BD_ONNX_ACTIVATION ? &onnx->graph->nodes[value->index] : NULL;
    bool fits = made && value->rank == 4 && made->shape.rank == 4 && made->dtype == BD_F32;
    for (uint32_t i = 0; fits && i < 4; i++) {
        int64_t dim = bd_onnx_dim(onnx, value, i);
        fits = dim == made->shape.dims[map[i]] && (dim == 1 || value->axes[i] == map[i]);
    }
    return fits ? BD_OK : bd_onnx_refuse(onnx, node, "its input is not a map of floats, (1, channels, height, width)");
}

/* ---- several values ---------------------------------------------------------------------------------------------- */

/* A constant in the graph, with a shape that broadcasts over the value there as the constant's does in ONNX. */
static bd_result add_operand(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *tensor,
                             const bd_onnx_value *under, uint32_t *index) {
    if (tensor->elements == 1) {
        return bd_onnx_append_scalar(onnx, node, "constant", (float)bd_onnx_number(tensor, 0), index);
    }
    bd_shape shape = {.rank = onnx->graph->nodes[under->index].shape.rank};
    int64_t steps[BD_MAX_RANK] = {0}, along[BD_MAX_RANK], step = 1;
    for (uint32_t d = 0; d < shape.rank; d++) {
        shape.dims[d] = 1;
    }
    for (uint32_t back = 1; back <= tensor->rank; back++) {
        int64_t dim = tensor->dims[tensor->rank - back];
        int32_t axis = back <= under->rank ? under->axes[under->rank - back] : -1;
        if (dim != 1 && axis < 0) {
            return bd_onnx_refuse(onnx, node, "a constant that adds a dimension");
        }
        if (dim != 1) {
            shape.dims[axis] = (int32_t)dim;
        }
    }
    for (uint32_t d = shape.rank; d-- > 0;) {
        along[d] = step;
        step *= shape.dims[d];
    }
    for (uint32_t back = 1; back <= tensor->rank; back++) {
        uint32_t i = tensor->rank - back;
        steps[i] = tensor->dims[i] == 1 ? 0 : along[under->axes[under->rank - back]];
    }
    char name[256];
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, true, (size_t)tensor->elements * sizeof(float), &data);
    for (int64_t i = 0; !result && i < tensor->elements; i++) {
        int64_t rest = i, to = 0;
        for (uint32_t d = tensor->rank; d-- > 0;) {
            to += rest % tensor->dims[d] * steps[d];
            rest /= tensor->dims[d];
        }
        ((float *)data)[to] = (float)bd_onnx_number(tensor, i);
    }
    if (result) {
        return result;
    }
    name_node(onnx, node, "constant", name);
    *index = bd_graph_add_const(onnx->graph, name, BD_F32, &shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

/* Whether two values broadcast in the graph as they do in ONNX, and the result's axes. */
static bool join_axes(const bd_onnx *onnx, const bd_onnx_value *a, const bd_onnx_value *b, bd_onnx_value *joined) {
    const bd_onnx_value *both[2] = {a, b};
    uint32_t taken[BD_MAX_RANK] = {0}; /* by which dimension from the end; 0: none */
    bool fits = onnx->graph->nodes[a->index].shape.rank == onnx->graph->nodes[b->index].shape.rank;
    joined->rank = BD_MAX(a->rank, b->rank);
    for (uint32_t back = 1; back <= joined->rank; back++) {
        int32_t *axis = &joined->axes[joined->rank - back];
        *axis = -1;
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t i = both[k]->rank - back;
            if (back > both[k]->rank) {
                continue;
            }
            int32_t from = both[k]->axes[i];
            if (bd_onnx_dim(onnx, both[k], i) > 1) {
                fits = fits && (!taken[from] || taken[from] == back) &&
                       (*axis < 0 || *axis == from || taken[*axis] != back);
                taken[from] = back;
                *axis = from;
            } else {
                *axis = *axis < 0 ? from : *axis;
            }
        }
    }
    return fits;
}

/* Where the input is floats, they are bytes' values, 0 to 255, unless the export's first operation only makes sense for
 * 0 to 1: subtracting a mean of at most 1, dividing by at most 8, multiplying by at least 0.5. */
static bd_result settle_range(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_tensor *by,
                              uint32_t *photo) {
    bool small = by->elements > 0;
    for (int64_t i = 0; i < by->elements && small; i++) {
        double k = fabs(bd_onnx_number(by, i));
        small = op == BD_OP_MUL ? k >= 0.5 : op == BD_OP_DIV ? k <= 8 : k <= 1;
    }
    uint32_t scale;
    if (!small || *photo != onnx->graph->input || (op != BD_OP_MUL && op != BD_OP_DIV && op != BD_OP_SUB)) {
        return BD_OK;
    }
    bd_result result = bd_onnx_append_scalar(onnx, node, "bytes", 1.0f / 255, &scale);
    return result ? result : bd_onnx_append_binary(onnx, node, "range", BD_OP_MUL, *photo, scale, photo);
}

/* Before opset 14 exporters write x * HardSigmoid(x). Returns x; NULL: something else is multiplied. */
static const bd_onnx_value *find_hard_swish(const bd_onnx *onnx, const bd_onnx_value *const values[2]) {
    for (uint32_t k = 0; k < 2; k++) {
        const bd_node *gate = values[k]->kind == BD_ONNX_ACTIVATION ? &onnx->graph->nodes[values[k]->index] : NULL;
        const bd_onnx_value *x = values[1 - k];
        if (gate && gate->op == BD_OP_HARD_SIGMOID && x->kind == BD_ONNX_ACTIVATION && gate->inputs[0] == x->index &&
            values[k]->rank == x->rank && !memcmp(values[k]->axes, x->axes, x->rank * sizeof x->axes[0])) {
            return x;
        }
    }
    return NULL;
}

bd_result bd_onnx_join(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_value *const values[2]) {
    uint32_t inputs[2], index;
    bd_onnx_value joined = {0};
    bd_result result = BD_OK;
    for (uint32_t k = 0; k < 2; k++) {
        inputs[k] = values[k]->index;
        if (values[k]->kind == BD_ONNX_ACTIVATION && onnx->graph->nodes[inputs[k]].dtype != BD_F32) {
            return bd_onnx_refuse(onnx, node, "arithmetic on a picture of integers");
        }
    }
    const bd_onnx_value *swish = op == BD_OP_MUL ? find_hard_swish(onnx, values) : NULL;
    if (swish) {
        uint32_t made;
        result = bd_onnx_append(onnx, node, "", BD_OP_HARD_SWISH, &swish->index, 1, &made);
        result = result ? result : bd_onnx_infer(onnx, made);
        if (!result) {
            bd_onnx_set_like(onnx, node, made, swish);
        }
        return result;
    }
    if (values[0]->kind == BD_ONNX_ACTIVATION && values[1]->kind == BD_ONNX_ACTIVATION) {
        if (!join_axes(onnx, values[0], values[1], &joined)) {
            return bd_onnx_refuse(onnx, node, "its inputs have different layouts");
        }
    } else {
        uint32_t c = values[0]->kind == BD_ONNX_CONSTANT ? 0 : 1;
        const bd_onnx_tensor *tensor = &values[c]->tensor;
        const bd_onnx_value *under = values[1 - c];
        if (under->kind != BD_ONNX_ACTIVATION) {
            return bd_onnx_refuse(onnx, node, "is not computed on constants");
        }
        joined.rank = BD_MAX(under->rank, tensor->rank);
        for (uint32_t i = 0; i < joined.rank; i++) {
            uint32_t more = joined.rank - under->rank;
            joined.axes[i] = i < more ? -1 : under->axes[i - more];
        }
        result = c ? settle_range(onnx, node, op, tensor, &inputs[0]) : BD_OK;
        result = result ? result : add_operand(onnx, node, tensor, under, &inputs[c]);
    }
    result = result ? result : bd_onnx_append_binary(onnx, node, "", op, inputs[0], inputs[1], &index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, &joined);
    }
    return result;
}

bd_result bd_onnx_concat(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *const *values, uint32_t count) {
    const bd_onnx_value *first = values[0];
    int64_t axis = 1;
    bd_result result = bd_onnx_attr_int(onnx, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    uint32_t *inputs = bd_pool_alloc(&onnx->pool, count * sizeof *inputs);
    if (result || !inputs) {
        return result ? result : bd_onnx_fail_memory(onnx);
    }
    bool fits = first && first->kind == BD_ONNX_ACTIVATION && bd_onnx_normalise_axis(&axis, first->rank) &&
                first->axes[axis] >= 0;
    for (uint32_t k = 0; fits && k < count; k++) {
        const bd_onnx_value *x = values[k];
        fits = x && x->kind == BD_ONNX_ACTIVATION && x->rank == first->rank && x->axes[axis] == first->axes[axis];
        for (uint32_t i = 0; fits && i < x->rank; i++) {
            fits = x->axes[i] == first->axes[i] || (bd_onnx_dim(onnx, x, i) == 1 && bd_onnx_dim(onnx, first, i) == 1);
        }
        inputs[k] = fits ? x->index : BD_NO_NODE;
    }
    if (!fits) {
        return bd_onnx_refuse(onnx, node, "its inputs are not maps of one layout");
    }
    uint32_t index;
    result = bd_onnx_append(onnx, node, "", BD_OP_CONCAT, inputs, count, &index);
    if (!result) {
        onnx->graph->nodes[index].u.axis = first->axes[axis];
        result = bd_onnx_infer(onnx, index);
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, index, first);
    }
    return result;
}

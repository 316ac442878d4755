/* SPDX-License-Identifier: MIT
 * ONNX's operations into the graph's: arithmetic, layout, and the table of all. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/infer.h"
#include "model/onnx.h"

static bd_result fail(const bd_onnx *onnx, const bd_onnx_node *node, const char *problem) {
    return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "%s", problem);
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

static void name_node(const bd_onnx_node *node, const char *suffix, char name[256]) {
    if (!node) {
        snprintf(name, 256, "input%s%s", *suffix ? "/" : "", suffix);
        return;
    }
    snprintf(name, 256, "%.*s%s%s", (int)BD_MIN(bd_pb_size(node->name), (size_t)200), (const char *)node->name.at,
             *suffix ? "/" : "", suffix);
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
    name_node(node, suffix, name);
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
    name_node(node, suffix, name);
    *index = bd_graph_add_const(onnx->graph, name, BD_I32, shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

bd_result bd_onnx_append_floats(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, const bd_shape *shape,
                                const float *values, uint32_t *index) {
    size_t bytes = (size_t)bd_shape_elements(shape) * sizeof *values;
    char name[256];
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, true, bytes, &data);
    if (result) {
        return result;
    }
    memcpy(data, values, bytes);
    name_node(node, suffix, name);
    *index = bd_graph_add_const(onnx->graph, name, BD_F32, shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

bd_result bd_onnx_append_scalar(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, float value,
                                uint32_t *index) {
    const bd_shape shape = {0};
    return bd_onnx_append_floats(onnx, node, suffix, &shape, &value, index);
}

void bd_onnx_set_like(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index, const bd_onnx_value *like) {
    bd_onnx_value *value = bd_onnx_output(onnx, node);
    value->kind = BD_ONNX_ACTIVATION;
    value->index = index;
    value->rank = like->rank;
    value->step = value->zero = 0;
    memcpy(value->axes, like->axes, sizeof value->axes);
}

bd_result bd_onnx_need_map(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *value) {
    static const int32_t map[4] = {0, 3, 1, 2};
    const bd_node *made = value && value->kind == BD_ONNX_ACTIVATION ? &onnx->graph->nodes[value->index] : NULL;
    bool fits = made && value->rank == 4 && made->shape.rank == 4 && made->dtype == BD_F32;
    for (uint32_t i = 0; fits && i < 4; i++) {
        int64_t dim = bd_onnx_dim(onnx, value, i);
        fits = dim == made->shape.dims[map[i]] && (dim == 1 || value->axes[i] == map[i]);
    }
    return fits ? BD_OK : fail(onnx, node, "its input is not a map of floats, (1, channels, height, width)");
}

void bd_onnx_set_map(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index) {
    bd_onnx_value like = {.rank = 4, .axes = {0, 3, 1, 2}};
    bd_onnx_set_like(onnx, node, index, &like);
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

bd_result bd_onnx_append_binary(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, uint32_t a,
                                uint32_t b, uint32_t *index) {
    const uint32_t inputs[2] = {a, b};
    bd_result result = bd_onnx_append(onnx, node, suffix, op, inputs, 2, index);
    return result ? result : bd_onnx_infer(onnx, *index);
}

/* ---- arithmetic ------------------------------------------------------------------------------------------------- */

/* A constant as the graph's, lying under a value as ONNX's broadcasting puts it there. */
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
            return fail(onnx, node, "a constant that adds a dimension");
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
    name_node(node, "constant", name);
    *index = bd_graph_add_const(onnx->graph, name, BD_F32, &shape, data);
    return *index == BD_NO_NODE ? bd_onnx_fail_memory(onnx) : BD_OK;
}

/* Whether two values lie under each other in the graph as ONNX's broadcasting puts them, and the result's axes. */
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
            int32_t own = both[k]->axes[i];
            if (bd_onnx_dim(onnx, both[k], i) > 1) {
                fits =
                    fits && (!taken[own] || taken[own] == back) && (*axis < 0 || *axis == own || taken[*axis] != back);
                taken[own] = back;
                *axis = own;
            } else {
                *axis = *axis < 0 ? own : *axis;
            }
        }
    }
    return fits;
}

/* Floats that the photo comes as are bytes' values, 0 to 255, unless what the export does first only makes sense for 0
 * to 1: taking a mean of less than 1 away, dividing by a deviation of less than 1, doubling. */
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

/* Before opset 14 exporters write x * HardSigmoid(x). The one that is x; NULL: something else is multiplied. */
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
            return fail(onnx, node, "arithmetic on a picture of integers");
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
            return fail(onnx, node, "its inputs have different layouts");
        }
    } else {
        uint32_t c = values[0]->kind == BD_ONNX_CONSTANT ? 0 : 1;
        const bd_onnx_tensor *tensor = &values[c]->tensor;
        const bd_onnx_value *under = values[1 - c];
        if (under->kind != BD_ONNX_ACTIVATION) {
            return fail(onnx, node, "is not computed on constants");
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

static bd_result convert_binary(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *const values[2] = {bd_onnx_input(onnx, node, 0), bd_onnx_input(onnx, node, 1)};
    return node->input_count == 2 ? bd_onnx_join(onnx, node, op, values) : fail(onnx, node, "of more than two inputs");
}

static bd_result read_limit(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, uint32_t k, float *value) {
    if (!bd_onnx_input(onnx, node, k)) {
        return bd_onnx_attr_float(onnx, node, name, value);
    }
    const bd_onnx_tensor *tensor = bd_onnx_constant(onnx, node, k);
    if (!tensor || tensor->elements != 1) {
        return fail(onnx, node, "its limits are not constant numbers");
    }
    *value = (float)bd_onnx_number(tensor, 0);
    return BD_OK;
}

static bd_result need_floats(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *x) {
    return onnx->graph->nodes[x->index].dtype == BD_F32 ? BD_OK : fail(onnx, node, "of a picture of integers");
}

static bd_result convert_clamp(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    float low = -INFINITY, high = INFINITY;
    bd_result result = need_floats(onnx, node, x);
    if (bd_pb_equals(node->op, "Relu")) {
        low = 0;
    } else if (!result) {
        result = read_limit(onnx, node, "min", 1, &low);
        result = result ? result : read_limit(onnx, node, "max", 2, &high);
    }
    if (x->step > 0) {
        low = (float)(((double)low - x->zero) * x->step);
        high = (float)(((double)high - x->zero) * x->step);
    }
    uint32_t index;
    if (!result && !(low <= high)) {
        result = fail(onnx, node, "its limits are the wrong way round");
    }
    if (!result) {
        result = bd_onnx_append_clamp(onnx, node, "", x->index, low, high, &index);
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

static bd_result convert_negative(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    uint32_t minus, index;
    bd_result result = need_floats(onnx, node, x);
    result = result ? result : bd_onnx_append_scalar(onnx, node, "constant", -1, &minus);
    result = result ? result : bd_onnx_append_binary(onnx, node, "", op, x->index, minus, &index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

static bd_result convert_unary(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    uint32_t index;
    bd_result result = need_floats(onnx, node, x);
    result = result ? result : bd_onnx_append(onnx, node, "", op, &x->index, 1, &index);
    result = result ? result : bd_onnx_infer(onnx, index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

/* clamp(alpha x + beta, 0, 1): the graph's own is that with 1/6 and 1/2. */
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

static bd_result convert_hard_sigmoid(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    float alpha = 0.2f, beta = 0.5f;
    uint32_t index;
    bd_result result = need_floats(onnx, node, x);
    result = result ? result : bd_onnx_attr_float(onnx, node, "alpha", &alpha);
    result = result ? result : bd_onnx_attr_float(onnx, node, "beta", &beta);
    result = result ? result : bd_onnx_append_hard_sigmoid(onnx, node, x->index, alpha, beta, &index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

/* ---- what changes nothing --------------------------------------------------------------------------------------- */

static bd_result convert_same(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bd_onnx_set_like(onnx, node, x->index, x);
    return BD_OK;
}

/* Half and double precision are float here; labels keep their integers whatever their width. */
static bd_result convert_cast(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bd_dtype dtype = onnx->graph->nodes[x->index].dtype;
    int64_t to = 0;
    bd_result result = bd_onnx_attr_int(onnx, node, "to", 1, BD_ONNX_BF16, &to);
    bool floats = bd_onnx_is_float((bd_onnx_type)to);
    if (!result && x->step != 0 && (x->step != 1 || x->zero != 0)) {
        return fail(onnx, node, "of quantised values to what they are stored as");
    }
    if (result || (dtype == BD_F32) == floats || dtype == BD_I32) {
        return result ? result : convert_same(onnx, node, op);
    }
    if (!floats) {
        return fail(onnx, node, "of floats to integers");
    }
    uint32_t index;
    result = bd_onnx_append(onnx, node, "", op, &x->index, 1, &index);
    if (!result) {
        onnx->graph->nodes[index].dtype = BD_F32;
        result = bd_onnx_infer(onnx, index);
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

/* ---- layout ----------------------------------------------------------------------------------------------------- */

static bd_result convert_transpose(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t perm[BD_MAX_RANK];
    int32_t count;
    bd_onnx_value like = {.rank = x->rank};
    uint32_t seen = 0;
    bd_result result = bd_onnx_attr_ints(onnx, node, "perm", perm, BD_MAX_RANK, &count);
    for (uint32_t i = 0; !result && i < x->rank; i++) {
        int64_t from = count < 0 ? (int64_t)(x->rank - 1 - i) : (uint32_t)count == x->rank ? perm[i] : BD_MAX_RANK;
        if (from < 0 || from >= (int64_t)x->rank || (seen >> from & 1)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "its perm does not fit its input");
        }
        seen |= 1u << from;
        like.axes[i] = x->axes[from];
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, x->index, &like);
    }
    return result;
}

/* Reshape, Flatten, Squeeze, Unsqueeze, as far as only axes of size 1 come and go. */
static bd_result convert_view(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t dims[BD_MAX_RANK];
    bd_onnx_value like = {0};
    bd_result result = bd_onnx_new_shape(onnx, node, dims, &like.rank);
    if (result) {
        return result;
    }
    uint32_t from = 0;
    bool fits = true;
    for (uint32_t i = 0; i < like.rank; i++) {
        like.axes[i] = -1;
        while (dims[i] != 1 && from < x->rank && bd_onnx_dim(onnx, x, from) == 1) {
            from++;
        }
        if (dims[i] != 1) {
            fits = fits && from < x->rank && bd_onnx_dim(onnx, x, from) == dims[i];
            like.axes[i] = fits ? x->axes[from++] : -1;
        }
    }
    for (; from < x->rank; from++) {
        fits = fits && bd_onnx_dim(onnx, x, from) == 1;
    }
    if (!fits) {
        return fail(onnx, node, "of a map, to something other than its own sizes with 1s between");
    }
    bd_onnx_set_like(onnx, node, x->index, &like);
    return BD_OK;
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
        return fail(onnx, node, "its inputs are not maps of one layout");
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

static bd_result convert_concat(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value **values = bd_pool_alloc(&onnx->pool, node->input_count * sizeof *values);
    if (!values) {
        return bd_onnx_fail_memory(onnx);
    }
    for (uint32_t k = 0; k < node->input_count; k++) {
        values[k] = bd_onnx_input(onnx, node, k);
    }
    return bd_onnx_concat(onnx, node, values, node->input_count);
}

/* ---- what stands at the end ------------------------------------------------------------------------------------- */

static bd_result convert_softmax(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t axis = onnx->opset < 13 ? 1 : -1;
    bd_result result = bd_onnx_attr_int(onnx, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    bool fits = !result && bd_onnx_normalise_axis(&axis, x->rank) &&
                x->axes[axis] == (int32_t)onnx->graph->nodes[x->index].shape.rank - 1;
    /* Before opset 13 it ran over all that is behind the axis, too. */
    for (uint32_t i = 0; fits && onnx->opset < 13 && i < x->rank; i++) {
        fits = (int64_t)i <= axis || bd_onnx_dim(onnx, x, i) == 1;
    }
    if (!fits) {
        return result ? result : fail(onnx, node, "over something other than the channels");
    }
    uint32_t index;
    result = bd_onnx_append(onnx, node, "", op, &x->index, 1, &index);
    result = result ? result : bd_onnx_infer(onnx, index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

static bd_result convert_argmax(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t axis = 0, keep = 1;
    bd_result result = bd_onnx_attr_int(onnx, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    result = result ? result : bd_onnx_attr_int(onnx, node, "keepdims", 0, 1, &keep);
    if (result || !bd_onnx_normalise_axis(&axis, x->rank) || x->axes[axis] < 0) {
        return result ? result : fail(onnx, node, "its axis does not fit its input");
    }
    int32_t removed = x->axes[axis];
    bd_onnx_value like = {0};
    for (uint32_t i = 0; i < x->rank; i++) {
        if ((int64_t)i != axis) {
            like.axes[like.rank++] = x->axes[i] - (x->axes[i] > removed);
        } else if (keep) {
            like.axes[like.rank++] = -1;
        }
    }
    uint32_t index;
    result = bd_onnx_append(onnx, node, "", op, &x->index, 1, &index);
    if (!result) {
        onnx->graph->nodes[index].u.axis = removed;
        result = bd_onnx_infer(onnx, index);
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, index, &like);
    }
    return result;
}

static bd_result convert_slice(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    const bd_shape shape = onnx->graph->nodes[x->index].shape;
    int64_t values[4][BD_MAX_RANK];
    int32_t counts[4], begin[BD_MAX_RANK] = {0}, size[BD_MAX_RANK];
    static const char *const names[4] = {"starts", "ends", "axes", "steps"};
    for (uint32_t k = 0; k < 4; k++) {
        bd_result result = bd_onnx_read_ints(onnx, node, names[k], 1 + k, values[k], BD_MAX_RANK, &counts[k]);
        if (result) {
            return result;
        }
    }
    memcpy(size, shape.dims, sizeof size);
    bool fits = counts[0] >= 0 && counts[1] == counts[0] && counts[0] <= (int32_t)x->rank &&
                (counts[2] < 0 || counts[2] == counts[0]) && (counts[3] < 0 || counts[3] == counts[0]);
    for (int32_t i = 0; fits && i < counts[0]; i++) {
        int64_t axis = counts[2] < 0 ? i : values[2][i];
        fits = (counts[3] < 0 || values[3][i] == 1) && bd_onnx_normalise_axis(&axis, x->rank);
        if (!fits || x->axes[axis] < 0) {
            continue;
        }
        int64_t dim = shape.dims[x->axes[axis]], low = values[0][i], high = values[1][i];
        low = BD_MIN(low < 0 ? BD_MAX(low, -dim) + dim : low, dim);
        high = BD_MIN(high < 0 ? BD_MAX(high, -dim) + dim : high, dim);
        begin[x->axes[axis]] = (int32_t)low;
        size[x->axes[axis]] = (int32_t)BD_MAX(high - low, (int64_t)0);
    }
    if (!fits) {
        return fail(onnx, node, "of a map, in steps or past its dimensions");
    }
    if (!memcmp(size, shape.dims, shape.rank * sizeof size[0])) {
        return convert_same(onnx, node, op);
    }
    const bd_shape vector = {1, {(int32_t)shape.rank}};
    uint32_t inputs[3] = {x->index, 0, 0}, index;
    bd_result result = bd_onnx_append_ints(onnx, node, "begin", &vector, begin, &inputs[1]);
    result = result ? result : bd_onnx_append_ints(onnx, node, "size", &vector, size, &inputs[2]);
    result = result ? result : bd_onnx_append(onnx, node, "", op, inputs, 3, &index);
    result = result ? result : bd_onnx_infer(onnx, index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

static bd_result convert_pad(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    enum { PAD_MOST = 1 << 16 };
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    const bd_shape shape = onnx->graph->nodes[x->index].shape;
    int64_t pads[2 * BD_MAX_RANK], axes[BD_MAX_RANK];
    int32_t count, named, amounts[2 * BD_MAX_RANK] = {0};
    float value = 0;
    bd_pb mode;
    bd_result result = bd_onnx_read_ints(onnx, node, "pads", 1, pads, 2 * BD_MAX_RANK, &count);
    result = result ? result : bd_onnx_read_ints(onnx, node, "axes", 3, axes, BD_MAX_RANK, &named);
    result = result ? result : read_limit(onnx, node, "value", 2, &value);
    result = result ? result : bd_onnx_attr_bytes(onnx, node, "mode", &mode);
    if (result) {
        return result;
    }
    if ((mode.at && !bd_pb_equals(mode, "constant")) || (double)value != x->zero) {
        return fail(onnx, node, "with something other than zeros");
    }
    int32_t sides = named < 0 ? (int32_t)x->rank : named;
    bool fits = count == 2 * sides;
    for (int32_t i = 0; fits && i < sides; i++) {
        int64_t axis = named < 0 ? i : axes[i], before = pads[i], after = pads[sides + i];
        fits = bd_onnx_normalise_axis(&axis, x->rank) && before >= 0 && after >= 0 && before <= PAD_MOST &&
               after <= PAD_MOST && (x->axes[axis] >= 0 || (!before && !after));
        if (fits && x->axes[axis] >= 0) {
            amounts[2 * x->axes[axis]] = (int32_t)before;
            amounts[2 * x->axes[axis] + 1] = (int32_t)after;
        }
    }
    if (!fits) {
        return fail(onnx, node, "its amounts do not fit its input");
    }
    const bd_shape table = {2, {(int32_t)shape.rank, 2}};
    uint32_t inputs[2] = {x->index, 0}, index;
    result = bd_onnx_append_ints(onnx, node, "paddings", &table, amounts, &inputs[1]);
    result = result ? result : bd_onnx_append(onnx, node, "", op, inputs, 2, &index);
    result = result ? result : bd_onnx_infer(onnx, index);
    if (!result) {
        bd_onnx_set_like(onnx, node, index, x);
    }
    return result;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* What an operation does with values of an integer type. */
typedef enum on_integers {
    INTEGERS_NOT,  /* it is not known on them */
    INTEGERS_KEPT, /* its output has the scale of its inputs */
    INTEGERS_READ  /* it looks at their scale itself */
} on_integers;

static const struct rule {
    const char *name;
    uint32_t least; /* inputs that must be there */
    bd_result (*convert)(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
    bd_op op;
    bool first_only; /* input 0 is computed from the photo, or the operation has nothing to do here */
    on_integers integers;
} rules[] = {
    {"Add", 2, convert_binary, BD_OP_ADD, false, INTEGERS_NOT},
    {"ArgMax", 1, convert_argmax, BD_OP_ARGMAX, true, INTEGERS_READ},
    {"AveragePool", 1, bd_onnx_convert_pool, BD_OP_POOL_AVERAGE, true, INTEGERS_NOT},
    {"BatchNormalization", 5, bd_onnx_convert_batch_norm, BD_OP_ADD, true, INTEGERS_NOT},
    {"Cast", 1, convert_cast, BD_OP_CAST, true, INTEGERS_READ},
    {"Clip", 1, convert_clamp, BD_OP_CLAMP, true, INTEGERS_KEPT},
    {"Concat", 1, convert_concat, BD_OP_CONCAT, false, INTEGERS_KEPT},
    {"Conv", 2, bd_onnx_convert_conv, BD_OP_CONV, true, INTEGERS_NOT},
    {"ConvInteger", 2, bd_onnx_convert_integer_conv, BD_OP_CONV, true, INTEGERS_READ},
    {"DequantizeLinear", 2, bd_onnx_convert_dequantize, BD_OP_IDENTITY, true, INTEGERS_READ},
    {"Div", 2, convert_binary, BD_OP_DIV, false, INTEGERS_NOT},
    {"Dropout", 1, convert_same, BD_OP_IDENTITY, true, INTEGERS_NOT},
    {"DynamicQuantizeLinear", 1, bd_onnx_convert_dynamic_quantize, BD_OP_IDENTITY, true, INTEGERS_NOT},
    {"Expand", 2, bd_onnx_convert_expand, BD_OP_RESIZE_BILINEAR, true, INTEGERS_KEPT},
    {"Flatten", 1, convert_view, BD_OP_RESHAPE, true, INTEGERS_KEPT},
    {"GlobalAveragePool", 1, bd_onnx_convert_global_pool, BD_OP_MEAN, true, INTEGERS_NOT},
    {"HardSigmoid", 1, convert_hard_sigmoid, BD_OP_HARD_SIGMOID, true, INTEGERS_NOT},
    {"HardSwish", 1, convert_unary, BD_OP_HARD_SWISH, true, INTEGERS_NOT},
    {"Identity", 1, convert_same, BD_OP_IDENTITY, true, INTEGERS_KEPT},
    {"Max", 2, convert_binary, BD_OP_MAXIMUM, false, INTEGERS_NOT},
    {"MaxPool", 1, bd_onnx_convert_pool, BD_OP_POOL_MAX, true, INTEGERS_KEPT},
    {"Min", 2, convert_binary, BD_OP_MINIMUM, false, INTEGERS_NOT},
    {"Mul", 2, convert_binary, BD_OP_MUL, false, INTEGERS_NOT},
    {"Neg", 1, convert_negative, BD_OP_MUL, true, INTEGERS_NOT},
    {"Pad", 1, convert_pad, BD_OP_PAD, true, INTEGERS_KEPT},
    {"QLinearConv", 7, bd_onnx_convert_quantised_conv, BD_OP_CONV, true, INTEGERS_READ},
    {"QuantizeLinear", 2, bd_onnx_convert_quantize, BD_OP_CLAMP, true, INTEGERS_NOT},
    {"ReduceMean", 1, bd_onnx_convert_global_pool, BD_OP_MEAN, true, INTEGERS_NOT},
    {"Relu", 1, convert_clamp, BD_OP_CLAMP, true, INTEGERS_KEPT},
    {"Reshape", 2, convert_view, BD_OP_RESHAPE, true, INTEGERS_KEPT},
    {"Resize", 1, bd_onnx_convert_resize, BD_OP_RESIZE_BILINEAR, true, INTEGERS_KEPT},
    {"Sigmoid", 1, convert_unary, BD_OP_SIGMOID, true, INTEGERS_NOT},
    {"Slice", 1, convert_slice, BD_OP_SLICE, true, INTEGERS_KEPT},
    {"Softmax", 1, convert_softmax, BD_OP_SOFTMAX, true, INTEGERS_NOT},
    {"Squeeze", 1, convert_view, BD_OP_SQUEEZE, true, INTEGERS_KEPT},
    {"Sub", 2, convert_binary, BD_OP_SUB, false, INTEGERS_NOT},
    {"Transpose", 1, convert_transpose, BD_OP_IDENTITY, true, INTEGERS_KEPT},
    {"Unsqueeze", 1, convert_view, BD_OP_EXPAND_DIMS, true, INTEGERS_KEPT},
    {"Upsample", 1, bd_onnx_convert_resize, BD_OP_RESIZE_BILINEAR, true, INTEGERS_KEPT},
};

/* What onnxruntime writes beside ONNX's own: domain com.microsoft. */
static const struct rule more_rules[] = {
    {"DequantizeLinear", 2, bd_onnx_convert_dequantize, BD_OP_IDENTITY, true, INTEGERS_READ},
    {"FusedConv", 2, bd_onnx_convert_fused_conv, BD_OP_CONV, true, INTEGERS_NOT},
    {"QLinearAdd", 2, bd_onnx_convert_quantised_binary, BD_OP_ADD, false, INTEGERS_READ},
    {"QLinearAveragePool", 2, bd_onnx_convert_quantised_unary, BD_OP_POOL_AVERAGE, true, INTEGERS_READ},
    {"QLinearConcat", 3, bd_onnx_convert_quantised_concat, BD_OP_CONCAT, false, INTEGERS_READ},
    {"QLinearGlobalAveragePool", 2, bd_onnx_convert_quantised_unary, BD_OP_MEAN, true, INTEGERS_READ},
    {"QLinearMul", 2, bd_onnx_convert_quantised_binary, BD_OP_MUL, false, INTEGERS_READ},
    {"QLinearReduceMean", 2, bd_onnx_convert_quantised_unary, BD_OP_MEAN, true, INTEGERS_READ},
    {"QLinearSigmoid", 2, bd_onnx_convert_quantised_unary, BD_OP_SIGMOID, true, INTEGERS_READ},
    {"QuantizeLinear", 2, bd_onnx_convert_quantize, BD_OP_CLAMP, true, INTEGERS_NOT},
};

static const struct rule *find_rule(const struct rule *table, size_t count, bd_pb op) {
    for (size_t i = 0; i < count; i++) {
        if (bd_pb_equals(op, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

/* The first input of an integer type; NULL: there is none. *alike: all that are computed have its scale. */
static const bd_onnx_value *find_integers(const bd_onnx *onnx, const bd_onnx_node *node, bool *alike) {
    const bd_onnx_value *first = NULL;
    for (uint32_t k = 0; k < node->input_count && !first; k++) {
        const bd_onnx_value *x = bd_onnx_input(onnx, node, k);
        first = x && x->kind == BD_ONNX_ACTIVATION && x->step > 0 ? x : NULL;
    }
    *alike = true;
    for (uint32_t k = 0; k < node->input_count && first; k++) {
        const bd_onnx_value *x = bd_onnx_input(onnx, node, k);
        *alike = *alike && (!x || x->kind != BD_ONNX_ACTIVATION || (x->step == first->step && x->zero == first->zero));
    }
    return first;
}

static bd_result apply(bd_onnx *onnx, bd_onnx_node *node, const struct rule *rule) {
    bool alike;
    const bd_onnx_value *integers = find_integers(onnx, node, &alike);
    if (integers && (rule->integers == INTEGERS_NOT || (rule->integers == INTEGERS_KEPT && !alike))) {
        return fail(onnx, node, alike ? "of quantised values" : "of values quantised in several ways");
    }
    const double step = integers ? integers->step : 0, zero = integers ? integers->zero : 0;
    bd_result result = rule->convert(onnx, node, rule->op);
    if (!result && rule->integers == INTEGERS_KEPT) {
        bd_onnx_output(onnx, node)->step = step;
        bd_onnx_output(onnx, node)->zero = zero;
    }
    return result;
}

bd_result bd_onnx_convert(bd_onnx *onnx, bd_onnx_node *node) {
    bool own = bd_pb_equals(node->domain, "") || bd_pb_equals(node->domain, "ai.onnx");
    if (!own && !bd_pb_equals(node->domain, "com.microsoft")) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "operations of domain %.*s are not supported",
                            (int)BD_MIN(bd_pb_size(node->domain), (size_t)60), (const char *)node->domain.at);
    }
    const struct rule *rule =
        own ? find_rule(rules, BD_COUNT(rules), node->op) : find_rule(more_rules, BD_COUNT(more_rules), node->op);
    if ((own || rule) && bd_onnx_can_fold(onnx, node)) {
        return bd_onnx_fold(onnx, node);
    }
    if (!rule) {
        return fail(onnx, node, own ? "is not supported" : "of domain com.microsoft is not supported");
    }
    for (uint32_t k = 0; k < rule->least; k++) {
        if (!bd_onnx_input(onnx, node, k)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "input %u is missing", k);
        }
    }
    if (rule->first_only && bd_onnx_input(onnx, node, 0)->kind != BD_ONNX_ACTIVATION) {
        return fail(onnx, node, "is not computed on constants");
    }
    return apply(onnx, node, rule);
}

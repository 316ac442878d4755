/* SPDX-License-Identifier: MIT
 * What exports compute from constants and sizes: shapes, weights that were left unfolded or quantised. */
#include <math.h>
#include <string.h>

#include "model/onnx/onnx.h"

/* Results are F32 or I64. Integers beyond this lose digits on the way through a double, so they are refused. */
#define INTEGER_MOST ((int64_t)1 << 53)

typedef struct folding {
    bd_onnx *onnx;
    const bd_onnx_node *node;
    bd_onnx_tensor *out;
    void *data; /* of out, where it was made here */
} folding;

static const bd_onnx_tensor *input(const folding *of, uint32_t k) {
    return bd_onnx_constant(of->onnx, of->node, k);
}

static bd_result fail(const folding *of, const char *problem) {
    return bd_onnx_fail(of->onnx, of->node, BD_ERR_MODEL_UNSUPPORTED, "%s", problem);
}

static bd_result make(folding *of, bd_onnx_type type, uint32_t rank, const int64_t *dims) {
    return bd_onnx_new_tensor(of->onnx, of->node, type, rank, dims, of->out, &of->data);
}

static bd_result store(const folding *of, int64_t i, double value) {
    if (of->out->type == BD_ONNX_F32) {
        ((float *)of->data)[i] = (float)value;
        return BD_OK;
    }
    if (!(fabs(value) <= (double)INTEGER_MOST)) {
        return fail(of, "overflows on constants");
    }
    ((int64_t *)of->data)[i] = (int64_t)value;
    return BD_OK;
}

/* Copies one value of a tensor as it is; integers keep all their digits. */
static void copy_value(const folding *of, int64_t to, const bd_onnx_tensor *x, int64_t from) {
    if (of->out->type == BD_ONNX_F32) {
        ((float *)of->data)[to] = (float)bd_onnx_number(x, from);
    } else {
        ((int64_t *)of->data)[to] = bd_onnx_integer(x, from);
    }
}

static bd_onnx_type result_type(const bd_onnx_tensor *x) {
    return bd_onnx_is_float(x->type) ? BD_ONNX_F32 : BD_ONNX_I64;
}

/* ---- shapes that need no arithmetic ----------------------------------------------------------------------------- */

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
    uint32_t in = bd_onnx_rank(x), whole = insert ? in + (uint32_t)BD_MAX(count, 0) : in;
    bool named[BD_MAX_RANK] = {false};
    if (whole > BD_MAX_RANK || (insert && count < 0)) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "%u dimensions", whole);
    }
    for (int32_t i = 0; i < count; i++) {
        if (!bd_onnx_normalise_axis(&axes[i], whole) || named[axes[i]] ||
            (!insert && bd_onnx_dim(onnx, x, (uint32_t)axes[i]) != 1)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "an axis does not fit its input");
        }
        named[axes[i]] = true;
    }
    *rank = 0;
    uint32_t from = 0;
    for (uint32_t i = 0; i < whole; i++) {
        if (insert) {
            dims[(*rank)++] = named[i] ? 1 : bd_onnx_dim(onnx, x, from++);
        } else if (count < 0 ? bd_onnx_dim(onnx, x, i) != 1 : !named[i]) {
            dims[(*rank)++] = bd_onnx_dim(onnx, x, i);
        }
    }
    return BD_OK;
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

static bd_result fold_view(folding *of) {
    int64_t dims[BD_MAX_RANK];
    uint32_t rank;
    bd_result result = bd_onnx_new_shape(of->onnx, of->node, dims, &rank);
    if (result) {
        return result;
    }
    const bd_onnx_tensor *x = input(of, 0);
    int64_t elements = 1;
    for (uint32_t i = 0; i < rank; i++) {
        elements *= dims[i];
        if (elements > x->elements) {
            return fail(of, "the shape does not fit its input");
        }
    }
    if (elements != x->elements) {
        return fail(of, "the shape does not fit its input");
    }
    *of->out = *x;
    of->out->rank = rank;
    for (uint32_t i = 0; i < rank; i++) {
        of->out->dims[i] = dims[i];
    }
    return BD_OK;
}

static bd_result fold_same(folding *of) {
    *of->out = *input(of, 0);
    return BD_OK;
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

static bd_result fold_constant(folding *of) {
    bd_pb value;
    int64_t ints[64];
    float floats[64];
    int32_t count;
    bd_result result = bd_onnx_attr_bytes(of->onnx, of->node, "value", &value);
    if (!result && value.at) {
        return bd_onnx_read_tensor(of->onnx, of->node, value, of->out);
    }
    result = bd_onnx_attr_ints(of->onnx, of->node, "value_ints", ints, (int32_t)BD_COUNT(ints), &count);
    if (!result && count >= 0) {
        const int64_t dim = count;
        result = make(of, BD_ONNX_I64, 1, &dim);
        if (!result) {
            memcpy(of->data, ints, (size_t)count * sizeof ints[0]);
        }
        return result;
    }
    result = bd_onnx_attr_floats(of->onnx, of->node, "value_floats", floats, (int32_t)BD_COUNT(floats), &count);
    if (!result && count >= 0) {
        const int64_t dim = count;
        result = make(of, BD_ONNX_F32, 1, &dim);
        if (!result) {
            memcpy(of->data, floats, (size_t)count * sizeof floats[0]);
        }
        return result;
    }
    float real = NAN;
    int64_t whole = INT64_MIN;
    result = bd_onnx_attr_float(of->onnx, of->node, "value_float", &real);
    if (!result) {
        result = bd_onnx_attr_int(of->onnx, of->node, "value_int", INT64_MIN, INT64_MAX, &whole);
    }
    if (result || (real != real && whole == INT64_MIN)) {
        return result ? result : fail(of, "its value is no tensor");
    }
    result = make(of, real == real ? BD_ONNX_F32 : BD_ONNX_I64, 0, NULL);
    return result ? result : store(of, 0, real == real ? (double)real : (double)whole);
}

static bd_result fold_filled(folding *of) {
    const bd_onnx_tensor *shape = input(of, 0);
    int64_t dims[BD_MAX_RANK];
    bd_onnx_tensor value = {.type = BD_ONNX_F32, .elements = 1, .data = (const uint8_t *)"\0\0\0\0"};
    bd_pb message;
    if (bd_onnx_is_float(shape->type) || shape->elements > BD_MAX_RANK) {
        return fail(of, "its shape is none");
    }
    for (int64_t i = 0; i < shape->elements; i++) {
        dims[i] = bd_onnx_integer(shape, i);
    }
    bd_result result = bd_onnx_attr_bytes(of->onnx, of->node, "value", &message);
    if (!result && message.at) {
        result = bd_onnx_read_tensor(of->onnx, of->node, message, &value);
    }
    if (!result && value.elements != 1) {
        result = fail(of, "its value is not one number");
    }
    if (!result) {
        result = make(of, result_type(&value), (uint32_t)shape->elements, dims);
    }
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        copy_value(of, i, &value, 0);
    }
    return result;
}

static bd_result fold_shape(folding *of) {
    const bd_onnx_value *x = bd_onnx_input(of->onnx, of->node, 0);
    int64_t rank = bd_onnx_rank(x), start = 0, end = rank;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "start", -BD_MAX_RANK, BD_MAX_RANK, &start);
    if (!result) {
        result = bd_onnx_attr_int(of->onnx, of->node, "end", INT64_MIN, INT64_MAX, &end);
    }
    start = BD_MAX(start < 0 ? start + rank : start, 0);
    end = BD_MIN(end < 0 && end >= -rank ? end + rank : BD_MAX(end, 0), rank);
    const int64_t count = BD_MAX(end - start, 0);
    if (!result) {
        result = make(of, BD_ONNX_I64, 1, &count);
    }
    for (int64_t i = 0; !result && i < count; i++) {
        ((int64_t *)of->data)[i] = bd_onnx_dim(of->onnx, x, (uint32_t)(start + i));
    }
    return result;
}

static bd_result fold_size(folding *of) {
    const bd_onnx_value *x = bd_onnx_input(of->onnx, of->node, 0);
    double elements = 1;
    for (uint32_t i = 0; i < bd_onnx_rank(x); i++) {
        elements *= (double)bd_onnx_dim(of->onnx, x, i);
    }
    bd_result result = make(of, BD_ONNX_I64, 0, NULL);
    return result ? result : store(of, 0, elements);
}

static bd_result fold_range(folding *of) {
    double start = bd_onnx_number(input(of, 0), 0), limit = bd_onnx_number(input(of, 1), 0);
    double step = bd_onnx_number(input(of, 2), 0), count = ceil((limit - start) / step);
    if (!(fabs(count) < INT32_MAX)) {
        return fail(of, "its range has no end");
    }
    const int64_t dim = count > 0 ? (int64_t)count : 0;
    bd_result result = make(of, result_type(input(of, 0)), 1, &dim);
    for (int64_t i = 0; !result && i < dim; i++) {
        result = store(of, i, start + (double)i * step);
    }
    return result;
}

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

static bd_result fold_cast(folding *of) {
    const bd_onnx_tensor *x = input(of, 0);
    int64_t to = 0;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "to", 1, BD_ONNX_BF16, &to);
    bool floats = bd_onnx_is_float((bd_onnx_type)to);
    if (!result) {
        result = make(of, floats ? BD_ONNX_F32 : BD_ONNX_I64, x->rank, x->dims);
    }
    for (int64_t i = 0; !result && i < x->elements; i++) {
        if (floats || bd_onnx_is_float(x->type)) {
            double value = bd_onnx_number(x, i);
            result = store(of, i, to == BD_ONNX_BOOL ? value != 0 : floats ? value : trunc(value));
        } else {
            int64_t value = bd_onnx_integer(x, i);
            ((int64_t *)of->data)[i] = to == BD_ONNX_BOOL ? value != 0 : value;
        }
    }
    return result;
}

static bool calculate_one(bd_pb op, double x, double *y) {
    static const struct {
        const char *name;
        double (*calculate)(double x);
    } functions[] = {{"Abs", fabs}, {"Ceil", ceil}, {"Floor", floor}, {"Round", rint}, {"Sqrt", sqrt}, {"Exp", exp}};
    for (size_t i = 0; i < BD_COUNT(functions); i++) {
        if (bd_pb_equals(op, functions[i].name)) {
            *y = functions[i].calculate(x);
            return true;
        }
    }
    if (bd_pb_equals(op, "Neg")) {
        *y = -x;
    } else if (bd_pb_equals(op, "Reciprocal")) {
        *y = 1 / x;
    } else if (bd_pb_equals(op, "Relu")) {
        *y = x > 0 ? x : 0;
    } else if (bd_pb_equals(op, "Not")) {
        *y = x == 0;
    } else {
        return false;
    }
    return true;
}

static bd_result fold_unary(folding *of) {
    const bd_onnx_tensor *x = input(of, 0);
    bd_result result = make(of, result_type(x), x->rank, x->dims);
    for (int64_t i = 0; !result && i < x->elements; i++) {
        double value;
        if (!calculate_one(of->node->op, bd_onnx_number(x, i), &value)) {
            return fail(of, "is not computed on constants");
        }
        result = store(of, i, value);
    }
    return result;
}

static double calculate_two(bd_pb op, double a, double b, bool floats) {
    switch (*op.at) { /* of the operations in the table below, the first letters tell most apart */
    case 'A': return bd_pb_equals(op, "And") ? a != 0 && b != 0 : a + b;
    case 'S': return a - b;
    case 'D': return floats ? a / b : b != 0 ? trunc(a / b) : NAN;
    case 'P': return pow(a, b);
    case 'E': return a == b;
    case 'G': return a > b;
    case 'L': return a < b;
    case 'O': return a != 0 || b != 0;
    default: break;
    }
    return bd_pb_equals(op, "Mul")   ? a * b
           : bd_pb_equals(op, "Max") ? (a > b ? a : b)
           : bd_pb_equals(op, "Min") ? (a < b ? a : b)
                                     : a - floor(a / b) * b;
}

/* Where each of up to three inputs stands for element i of a broadcast. */
typedef struct broadcast {
    uint32_t rank, count;
    int64_t dims[BD_MAX_RANK];
    int64_t steps[3][BD_MAX_RANK];
} broadcast;

static bd_result plan_broadcast(const folding *of, uint32_t count, broadcast *plan) {
    *plan = (broadcast){.count = count};
    for (uint32_t k = 0; k < count; k++) {
        plan->rank = BD_MAX(plan->rank, input(of, k)->rank);
    }
    for (uint32_t back = 1; back <= plan->rank; back++) {
        int64_t *dim = &plan->dims[plan->rank - back];
        *dim = 1;
        for (uint32_t k = 0; k < count; k++) {
            const bd_onnx_tensor *x = input(of, k);
            int64_t own = back <= x->rank ? x->dims[x->rank - back] : 1;
            if (own != *dim && own != 1 && *dim != 1) {
                return bd_onnx_fail(of->onnx, of->node, BD_ERR_FILE_CORRUPT, "its inputs do not broadcast");
            }
            *dim = *dim == 1 ? own : *dim;
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        const bd_onnx_tensor *x = input(of, k);
        int64_t step = 1;
        for (uint32_t back = 1; back <= x->rank; back++) {
            int64_t own = x->dims[x->rank - back];
            plan->steps[k][plan->rank - back] = own == 1 ? 0 : step;
            step *= own;
        }
    }
    return BD_OK;
}

static void find_places(const broadcast *plan, int64_t i, int64_t places[3]) {
    places[0] = places[1] = places[2] = 0;
    for (uint32_t d = plan->rank; d-- > 0;) {
        int64_t at = i % plan->dims[d];
        i /= plan->dims[d];
        for (uint32_t k = 0; k < plan->count; k++) {
            places[k] += at * plan->steps[k][d];
        }
    }
}

static bd_result fold_binary(folding *of) {
    const bd_onnx_tensor *a = input(of, 0), *b = input(of, 1);
    broadcast plan;
    bd_result result = plan_broadcast(of, 2, &plan);
    if (result || of->node->input_count != 2) {
        return result ? result : fail(of, "of more than two inputs");
    }
    static const char *const logical[] = {"Equal", "Greater", "Less", "And", "Or"};
    bool floats = bd_onnx_is_float(a->type), truth = false;
    for (size_t i = 0; i < BD_COUNT(logical); i++) {
        truth = truth || bd_pb_equals(of->node->op, logical[i]);
    }
    result = make(of, floats && !truth ? BD_ONNX_F32 : BD_ONNX_I64, plan.rank, plan.dims);
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t at[3];
        find_places(&plan, i, at);
        double x = bd_onnx_number(a, at[0]), y = bd_onnx_number(b, at[1]);
        if (!floats && !(fabs(x) <= (double)INTEGER_MOST && fabs(y) <= (double)INTEGER_MOST) && !truth) {
            return fail(of, "overflows on constants");
        }
        result = store(of, i, calculate_two(of->node->op, x, y, floats));
    }
    return result;
}

static bd_result fold_where(folding *of) {
    broadcast plan;
    bd_result result = plan_broadcast(of, 3, &plan);
    if (!result) {
        result = make(of, result_type(input(of, 1)), plan.rank, plan.dims);
    }
    if (!result && bd_onnx_is_float(input(of, 1)->type) != bd_onnx_is_float(input(of, 2)->type)) {
        result = fail(of, "its inputs are of two types");
    }
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t at[3];
        find_places(&plan, i, at);
        uint32_t k = bd_onnx_number(input(of, 0), at[0]) != 0 ? 1 : 2;
        copy_value(of, i, input(of, k), at[k]);
    }
    return result;
}

/* ---- arrangement ------------------------------------------------------------------------------------------------ */

static bd_result fold_expand(folding *of) {
    int64_t dims[BD_MAX_RANK];
    uint32_t rank = 0;
    const bd_onnx_tensor *x = input(of, 0);
    bd_result result = bd_onnx_new_shape(of->onnx, of->node, dims, &rank);
    if (!result) {
        result = make(of, result_type(x), rank, dims);
    }
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t rest = i, from = 0, step = 1;
        for (uint32_t back = 1; back <= rank; back++) {
            int64_t at = rest % dims[rank - back], own = back <= x->rank ? x->dims[x->rank - back] : 1;
            rest /= dims[rank - back];
            from += own == 1 ? 0 : at * step;
            step *= own;
        }
        copy_value(of, i, x, from);
    }
    return result;
}

static bd_result fold_transpose(folding *of) {
    const bd_onnx_tensor *x = input(of, 0);
    int64_t perm[BD_MAX_RANK], dims[BD_MAX_RANK] = {0}, steps[BD_MAX_RANK], step = 1;
    int32_t count;
    bd_result result = bd_onnx_attr_ints(of->onnx, of->node, "perm", perm, BD_MAX_RANK, &count);
    if (result || (count >= 0 && (uint32_t)count != x->rank)) {
        return result ? result : fail(of, "its perm does not fit its input");
    }
    for (uint32_t d = x->rank; d-- > 0;) {
        steps[d] = step;
        step *= x->dims[d];
        perm[d] = count < 0 ? (int64_t)(x->rank - 1 - d) : perm[d];
    }
    uint32_t seen = 0;
    for (uint32_t d = 0; d < x->rank; d++) {
        if (!bd_onnx_normalise_axis(&perm[d], x->rank) || (seen >> perm[d] & 1)) {
            return fail(of, "its perm does not fit its input");
        }
        seen |= 1u << perm[d];
        dims[d] = x->dims[perm[d]];
    }
    result = make(of, result_type(x), x->rank, dims);
    for (int64_t i = 0; !result && i < x->elements; i++) {
        int64_t rest = i, from = 0;
        for (uint32_t d = x->rank; d-- > 0;) {
            from += rest % dims[d] * steps[perm[d]];
            rest /= dims[d];
        }
        copy_value(of, i, x, from);
    }
    return result;
}

/* Sizes before and behind an axis. */
static void split_sizes(const bd_onnx_tensor *x, int64_t axis, int64_t *outer, int64_t *inner) {
    *outer = *inner = 1;
    for (uint32_t d = 0; d < x->rank; d++) {
        *outer *= (int64_t)d < axis ? x->dims[d] : 1;
        *inner *= (int64_t)d > axis ? x->dims[d] : 1;
    }
}

static bd_result fold_concat(folding *of) {
    const bd_onnx_tensor *first = input(of, 0);
    int64_t axis = 0, dims[BD_MAX_RANK], start = 0, outer = 1, inner = 1;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (result || !bd_onnx_normalise_axis(&axis, first->rank)) {
        return result ? result : fail(of, "its axis does not fit its inputs");
    }
    memcpy(dims, first->dims, sizeof dims);
    dims[axis] = 0;
    for (uint32_t k = 0; k < of->node->input_count; k++) {
        const bd_onnx_tensor *x = input(of, k);
        bool fits = x && x->rank == first->rank && bd_onnx_is_float(x->type) == bd_onnx_is_float(first->type);
        for (uint32_t d = 0; fits && d < x->rank; d++) {
            fits = (int64_t)d == axis || x->dims[d] == first->dims[d];
        }
        if (!fits) {
            return fail(of, "its inputs differ outside the axis");
        }
        dims[axis] += x->dims[axis];
    }
    result = make(of, result_type(first), first->rank, dims);
    for (uint32_t k = 0; !result && k < of->node->input_count; k++) {
        const bd_onnx_tensor *x = input(of, k);
        split_sizes(x, axis, &outer, &inner);
        int64_t run = x->dims[axis] * inner;
        for (int64_t i = 0; run && i < x->elements; i++) {
            copy_value(of, (i / run) * dims[axis] * inner + start * inner + i % run, x, i);
        }
        start += x->dims[axis];
    }
    return result;
}

static bd_result fold_gather(folding *of) {
    const bd_onnx_tensor *x = input(of, 0), *at = input(of, 1);
    int64_t axis = 0, dims[BD_MAX_RANK], outer = 1, inner = 1;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (result || !bd_onnx_normalise_axis(&axis, x->rank) || bd_onnx_is_float(at->type) ||
        x->rank + at->rank - 1 > BD_MAX_RANK) {
        return result ? result : fail(of, "its axis or indices do not fit its input");
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
    result = make(of, result_type(x), rank, dims);
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t index = bd_onnx_integer(at, i / inner % at->elements);
        if (!bd_onnx_normalise_axis(&index, (uint32_t)x->dims[axis])) {
            return bd_onnx_fail(of->onnx, of->node, BD_ERR_FILE_CORRUPT, "an index past its input");
        }
        copy_value(of, i, x, (i / inner / at->elements * x->dims[axis] + index) * inner + i % inner);
    }
    return result;
}

static bd_result fold_slice(folding *of) {
    const bd_onnx_tensor *x = input(of, 0);
    int64_t start[BD_MAX_RANK] = {0}, step[BD_MAX_RANK], dims[BD_MAX_RANK], begins[BD_MAX_RANK], ends[BD_MAX_RANK];
    int64_t axes[BD_MAX_RANK], strides[BD_MAX_RANK];
    int32_t count, other, named, stepped;
    bd_result result = bd_onnx_read_ints(of->onnx, of->node, "starts", 1, begins, BD_MAX_RANK, &count);
    result = result ? result : bd_onnx_read_ints(of->onnx, of->node, "ends", 2, ends, BD_MAX_RANK, &other);
    result = result ? result : bd_onnx_read_ints(of->onnx, of->node, "axes", 3, axes, BD_MAX_RANK, &named);
    result = result ? result : bd_onnx_read_ints(of->onnx, of->node, "steps", 4, strides, BD_MAX_RANK, &stepped);
    if (result || count < 0 || other != count || (named >= 0 && named != count) || (stepped >= 0 && stepped != count) ||
        count > (int32_t)x->rank) {
        return result ? result : fail(of, "starts, ends, axes and steps differ in number");
    }
    for (uint32_t d = 0; d < x->rank; d++) {
        dims[d] = x->dims[d];
        step[d] = 1;
    }
    for (int32_t i = 0; i < count; i++) {
        int64_t d = named < 0 ? i : axes[i], by = stepped < 0 ? 1 : strides[i];
        if (!bd_onnx_normalise_axis(&d, x->rank) || !by || by > INT32_MAX || by < -INT32_MAX) {
            return fail(of, "an axis or a step does not fit its input");
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
    result = make(of, result_type(x), x->rank, dims);
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t rest = i, from = 0, size = 1;
        for (uint32_t d = x->rank; d-- > 0;) {
            from += (start[d] + rest % dims[d] * step[d]) * size;
            rest /= dims[d];
            size *= x->dims[d];
        }
        copy_value(of, i, x, from);
    }
    return result;
}

/* ---- quantised weights ------------------------------------------------------------------------------------------ */

static bd_result fold_quantisation(folding *of) {
    int64_t axis = 1;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (result) {
        return result;
    }
    return bd_pb_equals(of->node->op, "QuantizeLinear")
               ? bd_onnx_quantize(of->onnx, of->node, input(of, 0), input(of, 1), input(of, 2), axis, of->out)
               : bd_onnx_dequantize(of->onnx, of->node, input(of, 0), input(of, 1), input(of, 2), axis, of->out);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const struct rule {
    const char *name;
    uint32_t least, most; /* inputs, all of them there */
    bd_result (*fold)(folding *of);
} rules[] = {
    {"Abs", 1, 1, fold_unary},
    {"Add", 2, 2, fold_binary},
    {"And", 2, 2, fold_binary},
    {"Cast", 1, 1, fold_cast},
    {"Ceil", 1, 1, fold_unary},
    {"Concat", 1, BD_ONNX_NONE, fold_concat},
    {"Constant", 0, 0, fold_constant},
    {"ConstantOfShape", 1, 1, fold_filled},
    {"DequantizeLinear", 2, 3, fold_quantisation},
    {"Div", 2, 2, fold_binary},
    {"Dropout", 1, 1, fold_same},
    {"Equal", 2, 2, fold_binary},
    {"Exp", 1, 1, fold_unary},
    {"Expand", 2, 2, fold_expand},
    {"Flatten", 1, 1, fold_view},
    {"Floor", 1, 1, fold_unary},
    {"Gather", 2, 2, fold_gather},
    {"Greater", 2, 2, fold_binary},
    {"Identity", 1, 1, fold_same},
    {"Less", 2, 2, fold_binary},
    {"Max", 2, 2, fold_binary},
    {"Min", 2, 2, fold_binary},
    {"Mod", 2, 2, fold_binary},
    {"Mul", 2, 2, fold_binary},
    {"Neg", 1, 1, fold_unary},
    {"Not", 1, 1, fold_unary},
    {"Or", 2, 2, fold_binary},
    {"Pow", 2, 2, fold_binary},
    {"QuantizeLinear", 2, 3, fold_quantisation},
    {"Range", 3, 3, fold_range},
    {"Reciprocal", 1, 1, fold_unary},
    {"Relu", 1, 1, fold_unary},
    {"Reshape", 2, 2, fold_view},
    {"Round", 1, 1, fold_unary},
    {"Shape", 1, 1, fold_shape},
    {"Size", 1, 1, fold_size},
    {"Slice", 1, 5, fold_slice},
    {"Sqrt", 1, 1, fold_unary},
    {"Squeeze", 1, 2, fold_view},
    {"Sub", 2, 2, fold_binary},
    {"Transpose", 1, 1, fold_transpose},
    {"Unsqueeze", 1, 2, fold_view},
    {"Where", 3, 3, fold_where},
};

static const struct rule *find_rule(bd_pb op) {
    for (size_t i = 0; i < BD_COUNT(rules); i++) {
        if (bd_pb_equals(op, rules[i].name)) {
            return &rules[i];
        }
    }
    return NULL;
}

bool bd_onnx_can_fold(const bd_onnx *onnx, const bd_onnx_node *node) {
    const struct rule *rule = find_rule(node->op);
    bool sizes = rule && (rule->fold == fold_shape || rule->fold == fold_size);
    for (uint32_t k = 0; rule && !sizes && k < node->input_count; k++) {
        const bd_onnx_value *value = bd_onnx_input(onnx, node, k);
        if (value && value->kind != BD_ONNX_CONSTANT) {
            return false;
        }
    }
    return rule != NULL;
}

bd_result bd_onnx_fold(bd_onnx *onnx, const bd_onnx_node *node) {
    const struct rule *rule = find_rule(node->op);
    bd_onnx_tensor made = {0};
    folding of = {onnx, node, &made, NULL};
    bool fits = node->input_count >= rule->least && node->input_count <= rule->most;
    for (uint32_t k = 0; fits && k < rule->least; k++) {
        fits = bd_onnx_input(onnx, node, k) != NULL;
    }
    if (!fits) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "%u inputs", node->input_count);
    }
    bool scalars = rule->fold == fold_range;
    for (uint32_t k = 0; scalars && k < 3; k++) {
        if (bd_onnx_constant(onnx, node, k)->elements != 1) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "its inputs are not single numbers");
        }
    }
    bd_result result = rule->fold(&of);
    if (!result) {
        bd_onnx_value *value = bd_onnx_output(onnx, node);
        value->kind = BD_ONNX_CONSTANT;
        value->tensor = made;
    }
    return result;
}

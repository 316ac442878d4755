/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_fold_elements.h"

#include <math.h>

#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"

bd_result bd_onnx_fold_cast(bd_onnx_folding *of) {
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0);
    int64_t to = 0;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "to", 1, BD_ONNX_BF16, &to);
    bool floats = bd_onnx_is_float((bd_onnx_type)to);
    if (!result) {
        result = bd_onnx_folding_make(of, floats ? BD_ONNX_F32 : BD_ONNX_I64, x->rank, x->dims);
    }
    for (int64_t i = 0; !result && i < x->elements; i++) {
        if (floats || bd_onnx_is_float(x->type)) {
            double value = bd_onnx_number(x, i);
            result = bd_onnx_folding_store(of, i, to == BD_ONNX_BOOL ? value != 0 : floats ? value : trunc(value));
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

bd_result bd_onnx_fold_unary(bd_onnx_folding *of) {
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0);
    bd_result result = bd_onnx_folding_make(of, bd_onnx_folding_type(x), x->rank, x->dims);
    for (int64_t i = 0; !result && i < x->elements; i++) {
        double value;
        if (!calculate_one(of->node->op, bd_onnx_number(x, i), &value)) {
            return bd_onnx_folding_refuse(of, "is not computed on constants");
        }
        result = bd_onnx_folding_store(of, i, value);
    }
    return result;
}

static double calculate_two(bd_pb op, double a, double b, bool floats) {
    switch (*op.at) { /* the first letter tells most of these operations apart */
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

/* Up to three inputs that are broadcast to one shape; step 0: along a size of 1. */
typedef struct broadcast {
    uint32_t rank, count;
    int64_t dims[BD_MAX_RANK];
    int64_t steps[3][BD_MAX_RANK];
} broadcast;

static bd_result plan_broadcast(const bd_onnx_folding *of, uint32_t count, broadcast *plan) {
    *plan = (broadcast){.count = count};
    for (uint32_t k = 0; k < count; k++) {
        plan->rank = BD_MAX(plan->rank, bd_onnx_folding_input(of, k)->rank);
    }
    for (uint32_t back = 1; back <= plan->rank; back++) {
        int64_t *dim = &plan->dims[plan->rank - back];
        *dim = 1;
        for (uint32_t k = 0; k < count; k++) {
            const bd_onnx_tensor *x = bd_onnx_folding_input(of, k);
            int64_t size = back <= x->rank ? x->dims[x->rank - back] : 1;
            if (size != *dim && size != 1 && *dim != 1) {
                return bd_onnx_fail(of->onnx, of->node, BD_ERR_FILE_CORRUPT, "its inputs do not broadcast");
            }
            *dim = *dim == 1 ? size : *dim;
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        const bd_onnx_tensor *x = bd_onnx_folding_input(of, k);
        int64_t step = 1;
        for (uint32_t back = 1; back <= x->rank; back++) {
            int64_t size = x->dims[x->rank - back];
            plan->steps[k][plan->rank - back] = size == 1 ? 0 : step;
            step *= size;
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

bd_result bd_onnx_fold_binary(bd_onnx_folding *of) {
    const bd_onnx_tensor *a = bd_onnx_folding_input(of, 0), *b = bd_onnx_folding_input(of, 1);
    broadcast plan;
    bd_result result = plan_broadcast(of, 2, &plan);
    if (result || of->node->input_count != 2) {
        return result ? result : bd_onnx_folding_refuse(of, "of more than two inputs");
    }
    static const char *const logical[] = {"Equal", "Greater", "Less", "And", "Or"};
    bool floats = bd_onnx_is_float(a->type), truth = false;
    for (size_t i = 0; i < BD_COUNT(logical); i++) {
        truth = truth || bd_pb_equals(of->node->op, logical[i]);
    }
    result = bd_onnx_folding_make(of, floats && !truth ? BD_ONNX_F32 : BD_ONNX_I64, plan.rank, plan.dims);
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t at[3];
        find_places(&plan, i, at);
        double x = bd_onnx_number(a, at[0]), y = bd_onnx_number(b, at[1]);
        if (!floats && !(fabs(x) <= (double)BD_ONNX_INTEGER_MOST && fabs(y) <= (double)BD_ONNX_INTEGER_MOST) &&
            !truth) {
            return bd_onnx_folding_refuse(of, "overflows on constants");
        }
        result = bd_onnx_folding_store(of, i, calculate_two(of->node->op, x, y, floats));
    }
    return result;
}

bd_result bd_onnx_fold_where(bd_onnx_folding *of) {
    broadcast plan;
    bd_result result = plan_broadcast(of, 3, &plan);
    if (!result) {
        result = bd_onnx_folding_make(of, bd_onnx_folding_type(bd_onnx_folding_input(of, 1)), plan.rank, plan.dims);
    }
    if (!result &&
        bd_onnx_is_float(bd_onnx_folding_input(of, 1)->type) != bd_onnx_is_float(bd_onnx_folding_input(of, 2)->type)) {
        result = bd_onnx_folding_refuse(of, "its inputs are of two types");
    }
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        int64_t at[3];
        find_places(&plan, i, at);
        uint32_t k = bd_onnx_number(bd_onnx_folding_input(of, 0), at[0]) != 0 ? 1 : 2;
        bd_onnx_folding_copy(of, i, bd_onnx_folding_input(of, k), at[k]);
    }
    return result;
}

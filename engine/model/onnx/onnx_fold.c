/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_fold.h"

#include <math.h>
#include <string.h>

#include "model/onnx/onnx_fold_elements.h"
#include "model/onnx/onnx_fold_layout.h"
#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_scales.h"
#include "model/onnx/onnx_tensor.h"
#include "model/onnx/onnx_views.h"

static bd_result fold_view(bd_onnx_folding *of) {
    int64_t dims[BD_MAX_RANK];
    uint32_t rank;
    bd_result result = bd_onnx_new_shape(of->onnx, of->node, dims, &rank);
    if (result) {
        return result;
    }
    const bd_onnx_tensor *x = bd_onnx_folding_input(of, 0);
    int64_t elements = 1;
    for (uint32_t i = 0; i < rank; i++) {
        elements *= dims[i];
        if (elements > x->elements) {
            return bd_onnx_folding_refuse(of, "the shape does not fit its input");
        }
    }
    if (elements != x->elements) {
        return bd_onnx_folding_refuse(of, "the shape does not fit its input");
    }
    *of->out = *x;
    of->out->rank = rank;
    for (uint32_t i = 0; i < rank; i++) {
        of->out->dims[i] = dims[i];
    }
    return BD_OK;
}

static bd_result fold_same(bd_onnx_folding *of) {
    *of->out = *bd_onnx_folding_input(of, 0);
    return BD_OK;
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

static bd_result fold_constant(bd_onnx_folding *of) {
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
        result = bd_onnx_folding_make(of, BD_ONNX_I64, 1, &dim);
        if (!result) {
            memcpy(of->data, ints, (size_t)count * sizeof ints[0]);
        }
        return result;
    }
    result = bd_onnx_attr_floats(of->onnx, of->node, "value_floats", floats, (int32_t)BD_COUNT(floats), &count);
    if (!result && count >= 0) {
        const int64_t dim = count;
        result = bd_onnx_folding_make(of, BD_ONNX_F32, 1, &dim);
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
        return result ? result : bd_onnx_folding_refuse(of, "its value is no tensor");
    }
    result = bd_onnx_folding_make(of, real == real ? BD_ONNX_F32 : BD_ONNX_I64, 0, NULL);
    return result ? result : bd_onnx_folding_store(of, 0, real == real ? (double)real : (double)whole);
}

static bd_result fold_filled(bd_onnx_folding *of) {
    const bd_onnx_tensor *shape = bd_onnx_folding_input(of, 0);
    int64_t dims[BD_MAX_RANK];
    bd_onnx_tensor value = {.type = BD_ONNX_F32, .elements = 1, .data = (const uint8_t *)"\0\0\0\0"};
    bd_pb message;
    if (bd_onnx_is_float(shape->type) || shape->elements > BD_MAX_RANK) {
        return bd_onnx_folding_refuse(of, "its shape is none");
    }
    for (int64_t i = 0; i < shape->elements; i++) {
        dims[i] = bd_onnx_integer(shape, i);
    }
    bd_result result = bd_onnx_attr_bytes(of->onnx, of->node, "value", &message);
    if (!result && message.at) {
        result = bd_onnx_read_tensor(of->onnx, of->node, message, &value);
    }
    if (!result && value.elements != 1) {
        result = bd_onnx_folding_refuse(of, "its value is not one number");
    }
    if (!result) {
        result = bd_onnx_folding_make(of, bd_onnx_folding_type(&value), (uint32_t)shape->elements, dims);
    }
    for (int64_t i = 0; !result && i < of->out->elements; i++) {
        bd_onnx_folding_copy(of, i, &value, 0);
    }
    return result;
}

static bd_result fold_shape(bd_onnx_folding *of) {
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
        result = bd_onnx_folding_make(of, BD_ONNX_I64, 1, &count);
    }
    for (int64_t i = 0; !result && i < count; i++) {
        ((int64_t *)of->data)[i] = bd_onnx_dim(of->onnx, x, (uint32_t)(start + i));
    }
    return result;
}

static bd_result fold_size(bd_onnx_folding *of) {
    const bd_onnx_value *x = bd_onnx_input(of->onnx, of->node, 0);
    double elements = 1;
    for (uint32_t i = 0; i < bd_onnx_rank(x); i++) {
        elements *= (double)bd_onnx_dim(of->onnx, x, i);
    }
    bd_result result = bd_onnx_folding_make(of, BD_ONNX_I64, 0, NULL);
    return result ? result : bd_onnx_folding_store(of, 0, elements);
}

static bd_result fold_range(bd_onnx_folding *of) {
    double start = bd_onnx_number(bd_onnx_folding_input(of, 0), 0),
           limit = bd_onnx_number(bd_onnx_folding_input(of, 1), 0);
    double step = bd_onnx_number(bd_onnx_folding_input(of, 2), 0), count = ceil((limit - start) / step);
    if (!(fabs(count) < INT32_MAX)) {
        return bd_onnx_folding_refuse(of, "its range has no end");
    }
    const int64_t dim = count > 0 ? (int64_t)count : 0;
    bd_result result = bd_onnx_folding_make(of, bd_onnx_folding_type(bd_onnx_folding_input(of, 0)), 1, &dim);
    for (int64_t i = 0; !result && i < dim; i++) {
        result = bd_onnx_folding_store(of, i, start + (double)i * step);
    }
    return result;
}

/* ---- quantised weights ------------------------------------------------------------------------------------------ */

static bd_result fold_quantisation(bd_onnx_folding *of) {
    int64_t axis = 1;
    bd_result result = bd_onnx_attr_int(of->onnx, of->node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    if (result) {
        return result;
    }
    return bd_pb_equals(of->node->op, "QuantizeLinear")
               ? bd_onnx_quantize(of->onnx, of->node, bd_onnx_folding_input(of, 0), bd_onnx_folding_input(of, 1),
                                  bd_onnx_folding_input(of, 2), axis, of->out)
               : bd_onnx_dequantize(of->onnx, of->node, bd_onnx_folding_input(of, 0), bd_onnx_folding_input(of, 1),
                                    bd_onnx_folding_input(of, 2), axis, of->out);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const struct rule {
    const char *name;
    uint32_t least, most; /* inputs; the first `least` must be present */
    bd_result (*fold)(bd_onnx_folding *of);
} rules[] = {
    {"Abs", 1, 1, bd_onnx_fold_unary},
    {"Add", 2, 2, bd_onnx_fold_binary},
    {"And", 2, 2, bd_onnx_fold_binary},
    {"Cast", 1, 1, bd_onnx_fold_cast},
    {"Ceil", 1, 1, bd_onnx_fold_unary},
    {"Concat", 1, BD_ONNX_NONE, bd_onnx_fold_concat},
    {"Constant", 0, 0, fold_constant},
    {"ConstantOfShape", 1, 1, fold_filled},
    {"DequantizeLinear", 2, 3, fold_quantisation},
    {"Div", 2, 2, bd_onnx_fold_binary},
    {"Dropout", 1, 1, fold_same},
    {"Equal", 2, 2, bd_onnx_fold_binary},
    {"Exp", 1, 1, bd_onnx_fold_unary},
    {"Expand", 2, 2, bd_onnx_fold_expand},
    {"Flatten", 1, 1, fold_view},
    {"Floor", 1, 1, bd_onnx_fold_unary},
    {"Gather", 2, 2, bd_onnx_fold_gather},
    {"Greater", 2, 2, bd_onnx_fold_binary},
    {"Identity", 1, 1, fold_same},
    {"Less", 2, 2, bd_onnx_fold_binary},
    {"Max", 2, 2, bd_onnx_fold_binary},
    {"Min", 2, 2, bd_onnx_fold_binary},
    {"Mod", 2, 2, bd_onnx_fold_binary},
    {"Mul", 2, 2, bd_onnx_fold_binary},
    {"Neg", 1, 1, bd_onnx_fold_unary},
    {"Not", 1, 1, bd_onnx_fold_unary},
    {"Or", 2, 2, bd_onnx_fold_binary},
    {"Pow", 2, 2, bd_onnx_fold_binary},
    {"QuantizeLinear", 2, 3, fold_quantisation},
    {"Range", 3, 3, fold_range},
    {"Reciprocal", 1, 1, bd_onnx_fold_unary},
    {"Relu", 1, 1, bd_onnx_fold_unary},
    {"Reshape", 2, 2, fold_view},
    {"Round", 1, 1, bd_onnx_fold_unary},
    {"Shape", 1, 1, fold_shape},
    {"Size", 1, 1, fold_size},
    {"Slice", 1, 5, bd_onnx_fold_slice},
    {"Sqrt", 1, 1, bd_onnx_fold_unary},
    {"Squeeze", 1, 2, fold_view},
    {"Sub", 2, 2, bd_onnx_fold_binary},
    {"Transpose", 1, 1, bd_onnx_fold_transpose},
    {"Unsqueeze", 1, 2, fold_view},
    {"Where", 3, 3, bd_onnx_fold_where},
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
    bd_onnx_folding of = {onnx, node, &made, NULL};
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

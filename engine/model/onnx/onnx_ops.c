/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_ops.h"

#include <math.h>
#include <string.h>

#include "model/onnx/onnx_builder.h"
#include "model/onnx/onnx_fold.h"
#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_quant.h"
#include "model/onnx/onnx_resize.h"
#include "model/onnx/onnx_tensor.h"
#include "model/onnx/onnx_views.h"
#include "model/onnx/onnx_windows.h"

/* ---- arithmetic ------------------------------------------------------------------------------------------------- */

static bd_result convert_binary(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *const values[2] = {bd_onnx_input(onnx, node, 0), bd_onnx_input(onnx, node, 1)};
    return node->input_count == 2 ? bd_onnx_join(onnx, node, op, values)
                                  : bd_onnx_refuse(onnx, node, "of more than two inputs");
}

static bd_result read_limit(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, uint32_t k, float *value) {
    if (!bd_onnx_input(onnx, node, k)) {
        return bd_onnx_attr_float(onnx, node, name, value);
    }
    const bd_onnx_tensor *tensor = bd_onnx_constant(onnx, node, k);
    if (!tensor || tensor->elements != 1) {
        return bd_onnx_refuse(onnx, node, "its limits are not constant numbers");
    }
    *value = (float)bd_onnx_number(tensor, 0);
    return BD_OK;
}

static bd_result need_floats(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *x) {
    return onnx->graph->nodes[x->index].dtype == BD_F32 ? BD_OK
                                                        : bd_onnx_refuse(onnx, node, "of a picture of integers");
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
        result = bd_onnx_refuse(onnx, node, "its limits are the wrong way round");
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

/* ---- the same values -------------------------------------------------------------------------------------------- */

static bd_result convert_same(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    (void)op;
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bd_onnx_set_like(onnx, node, x->index, x);
    return BD_OK;
}

/* Half and double precision become float; labels stay integers, of whatever width. */
static bd_result convert_cast(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    bd_dtype dtype = onnx->graph->nodes[x->index].dtype;
    int64_t to = 0;
    bd_result result = bd_onnx_attr_int(onnx, node, "to", 1, BD_ONNX_BF16, &to);
    bool floats = bd_onnx_is_float((bd_onnx_type)to);
    if (!result && x->step != 0 && (x->step != 1 || x->zero != 0)) {
        return bd_onnx_refuse(onnx, node, "of quantised values to what they are stored as");
    }
    if (result || (dtype == BD_F32) == floats || dtype == BD_I32) {
        return result ? result : convert_same(onnx, node, op);
    }
    if (!floats) {
        return bd_onnx_refuse(onnx, node, "of floats to integers");
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
    uint32_t used = 0;
    bd_result result = bd_onnx_attr_ints(onnx, node, "perm", perm, BD_MAX_RANK, &count);
    for (uint32_t i = 0; !result && i < x->rank; i++) {
        int64_t from = count < 0 ? (int64_t)(x->rank - 1 - i) : (uint32_t)count == x->rank ? perm[i] : BD_MAX_RANK;
        if (from < 0 || from >= (int64_t)x->rank || (used >> from & 1)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "its perm does not fit its input");
        }
        used |= 1u << from;
        like.axes[i] = x->axes[from];
    }
    if (!result) {
        bd_onnx_set_like(onnx, node, x->index, &like);
    }
    return result;
}

/* Reshape, Flatten, Squeeze, Unsqueeze, as long as only axes of size 1 are added and removed. */
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
        return bd_onnx_refuse(onnx, node, "of a map, to something other than its own sizes with 1s between");
    }
    bd_onnx_set_like(onnx, node, x->index, &like);
    return BD_OK;
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

/* ---- classes, crops, borders ------------------------------------------------------------------------------------ */

static bd_result convert_softmax(bd_onnx *onnx, bd_onnx_node *node, bd_op op) {
    const bd_onnx_value *x = bd_onnx_input(onnx, node, 0);
    int64_t axis = onnx->opset < 13 ? 1 : -1;
    bd_result result = bd_onnx_attr_int(onnx, node, "axis", -BD_MAX_RANK, BD_MAX_RANK - 1, &axis);
    bool fits = !result && bd_onnx_normalise_axis(&axis, x->rank) &&
                x->axes[axis] == (int32_t)onnx->graph->nodes[x->index].shape.rank - 1;
    /* Before opset 13 it ran over all dimensions after the axis, too. */
    for (uint32_t i = 0; fits && onnx->opset < 13 && i < x->rank; i++) {
        fits = (int64_t)i <= axis || bd_onnx_dim(onnx, x, i) == 1;
    }
    if (!fits) {
        return result ? result : bd_onnx_refuse(onnx, node, "over something other than the channels");
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
        return result ? result : bd_onnx_refuse(onnx, node, "its axis does not fit its input");
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
        return bd_onnx_refuse(onnx, node, "of a map, in steps or past its dimensions");
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
        return bd_onnx_refuse(onnx, node, "with something other than zeros");
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
        return bd_onnx_refuse(onnx, node, "its amounts do not fit its input");
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
    INTEGERS_NOT,  /* not supported */
    INTEGERS_KEPT, /* its output has the scale of its inputs */
    INTEGERS_READ  /* its conversion reads their scale itself */
} on_integers;

static const struct rule {
    const char *name;
    uint32_t least; /* inputs that must be present */
    bd_result (*convert)(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
    bd_op op;
    bool first_only; /* input 0 must be computed from the photo */
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

/* Operations that onnxruntime adds to ONNX's: domain com.microsoft. */
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

/* The first input of an integer type; NULL: there is none. *alike: all computed inputs have its scale. */
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
        return bd_onnx_refuse(onnx, node, alike ? "of quantised values" : "of values quantised in several ways");
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
    bool standard = bd_pb_equals(node->domain, "") || bd_pb_equals(node->domain, "ai.onnx");
    if (!standard && !bd_pb_equals(node->domain, "com.microsoft")) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "operations of domain %.*s are not supported",
                            (int)BD_MIN(bd_pb_size(node->domain), (size_t)60), (const char *)node->domain.at);
    }
    const struct rule *rule =
        standard ? find_rule(rules, BD_COUNT(rules), node->op) : find_rule(more_rules, BD_COUNT(more_rules), node->op);
    if ((standard || rule) && bd_onnx_can_fold(onnx, node)) {
        return bd_onnx_fold(onnx, node);
    }
    if (!rule) {
        return bd_onnx_refuse(onnx, node, standard ? "is not supported" : "of domain com.microsoft is not supported");
    }
    for (uint32_t k = 0; k < rule->least; k++) {
        if (!bd_onnx_input(onnx, node, k)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "input %u is missing", k);
        }
    }
    if (rule->first_only && bd_onnx_input(onnx, node, 0)->kind != BD_ONNX_ACTIVATION) {
        return bd_onnx_refuse(onnx, node, "is not computed on constants");
    }
    return apply(onnx, node, rule);
}

/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_scales.h"

#include <math.h>

#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"

static bool read_type(bd_onnx_type type, bd_onnx_quantisation *of) {
    switch (type) {
    case BD_ONNX_U8: of->high = 255; return true;
    case BD_ONNX_I8:
        of->low = -128;
        of->high = 127;
        return true;
    case BD_ONNX_U16: of->high = 65535; return true;
    case BD_ONNX_I16:
        of->low = -32768;
        of->high = 32767;
        return true;
    default: return false;
    }
}

bd_result bd_onnx_read_quantisation(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t scale_at, uint32_t zero_at,
                                    bd_onnx_quantisation *of) {
    const bd_onnx_tensor *scale = bd_onnx_constant(onnx, node, scale_at), *zero = bd_onnx_constant(onnx, node, zero_at);
    *of = (bd_onnx_quantisation){.high = 255};
    if (!scale || scale->elements != 1 || !bd_onnx_is_float(scale->type) ||
        (bd_onnx_input(onnx, node, zero_at) && !zero) || (zero && zero->elements != 1)) {
        return bd_onnx_refuse(onnx, node, "of activations, its scale and zero point are not one constant each");
    }
    of->step = bd_onnx_number(scale, 0);
    of->zero = zero ? bd_onnx_number(zero, 0) : 0;
    if (zero && !read_type(zero->type, of)) {
        return bd_onnx_refuse(onnx, node, "to something other than 8 or 16 bits");
    }
    if (!(of->step > 0 && of->step < (double)INFINITY)) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "its scale is not positive");
    }
    return BD_OK;
}

/* Checks that the scales fit x; *inner: consecutive elements that share one. */
static bd_result split_axis(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                            const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis, int64_t *inner) {
    *inner = BD_MAX(x->elements, (int64_t)1);
    if (scale->elements < 1 || (zero && zero->elements != scale->elements && zero->elements != 1) ||
        !bd_onnx_is_float(scale->type)) {
        return bd_onnx_refuse(onnx, node, "its scale or zero point does not fit");
    }
    if (scale->elements > 1) {
        if (!bd_onnx_normalise_axis(&axis, x->rank) || scale->elements != x->dims[axis]) {
            return bd_onnx_refuse(onnx, node, "its scales do not fit its axis");
        }
        *inner = 1;
        for (uint32_t d = (uint32_t)axis + 1; d < x->rank; d++) {
            *inner *= x->dims[d];
        }
    }
    return BD_OK;
}

static void dequantize_run(const bd_onnx_tensor *x, int64_t from, int64_t count, double zero, double scale, float *to) {
    for (int64_t i = 0; i < count; i++) {
        double value;
        if (x->type == BD_ONNX_I8) {
            value = (int8_t)x->data[from + i];
        } else if (x->type == BD_ONNX_U8) {
            value = x->data[from + i];
        } else {
            value = bd_onnx_number(x, from + i);
        }
        to[i] = (float)((value - zero) * scale);
    }
}

bd_result bd_onnx_dequantize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                             const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis,
                             bd_onnx_tensor *made) {
    int64_t inner;
    void *data = NULL;
    bd_result result = bd_onnx_is_float(x->type) ? bd_onnx_refuse(onnx, node, "of floats") : BD_OK;
    result = result ? result : split_axis(onnx, node, x, scale, zero, axis, &inner);
    result = result ? result : bd_onnx_new_tensor(onnx, node, BD_ONNX_F32, x->rank, x->dims, made, &data);
    for (int64_t i = 0; !result && i < x->elements; i += inner) {
        int64_t c = i / inner % scale->elements;
        double offset = zero ? bd_onnx_number(zero, zero->elements > 1 ? c : 0) : 0;
        dequantize_run(x, i, inner, offset, bd_onnx_number(scale, c), (float *)data + i);
    }
    return result;
}

bd_result bd_onnx_quantize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                           const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis,
                           bd_onnx_tensor *made) {
    int64_t inner;
    bd_onnx_quantisation of = {.high = 255};
    void *data = NULL;
    if (zero && !read_type(zero->type, &of)) {
        return bd_onnx_refuse(onnx, node, "to something other than 8 or 16 bits");
    }
    bd_result result = split_axis(onnx, node, x, scale, zero, axis, &inner);
    result = result ? result : bd_onnx_new_tensor(onnx, node, BD_ONNX_I64, x->rank, x->dims, made, &data);
    for (int64_t i = 0; !result && i < x->elements; i++) {
        int64_t c = i / inner % scale->elements;
        double offset = zero ? bd_onnx_number(zero, zero->elements > 1 ? c : 0) : 0;
        double value = rint(bd_onnx_number(x, i) / bd_onnx_number(scale, c)) + offset;
        if (value != value) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "makes something that is not a number");
        }
        ((int64_t *)data)[i] = (int64_t)fmin(fmax(value, of.low), of.high);
    }
    return result;
}

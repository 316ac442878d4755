/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_folding.h"

#include <math.h>

#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_tensor.h"

const bd_onnx_tensor *bd_onnx_folding_input(const bd_onnx_folding *of, uint32_t k) {
    return bd_onnx_constant(of->onnx, of->node, k);
}

bd_result bd_onnx_folding_refuse(const bd_onnx_folding *of, const char *problem) {
    return bd_onnx_refuse(of->onnx, of->node, problem);
}

bd_result bd_onnx_folding_make(bd_onnx_folding *of, bd_onnx_type type, uint32_t rank, const int64_t *dims) {
    return bd_onnx_new_tensor(of->onnx, of->node, type, rank, dims, of->out, &of->data);
}

bd_result bd_onnx_folding_store(const bd_onnx_folding *of, int64_t i, double value) {
    if (of->out->type == BD_ONNX_F32) {
        ((float *)of->data)[i] = (float)value;
        return BD_OK;
    }
    if (!(fabs(value) <= (double)BD_ONNX_INTEGER_MOST)) {
        return bd_onnx_folding_refuse(of, "overflows on constants");
    }
    ((int64_t *)of->data)[i] = (int64_t)value;
    return BD_OK;
}

void bd_onnx_folding_copy(const bd_onnx_folding *of, int64_t to, const bd_onnx_tensor *x, int64_t from) {
    if (of->out->type == BD_ONNX_F32) {
        ((float *)of->data)[to] = (float)bd_onnx_number(x, from);
    } else {
        ((int64_t *)of->data)[to] = bd_onnx_integer(x, from);
    }
}

bd_onnx_type bd_onnx_folding_type(const bd_onnx_tensor *x) {
    return bd_onnx_is_float(x->type) ? BD_ONNX_F32 : BD_ONNX_I64;
}

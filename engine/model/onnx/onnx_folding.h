/* SPDX-License-Identifier: MIT
 * One constant while it is computed from others. */
#ifndef BD_ONNX_FOLDING_H
#define BD_ONNX_FOLDING_H

#include "model/onnx/onnx_context.h"

/* Results are F32 or I64. Integers beyond this lose digits on the way through a double, so they are refused. */
#define BD_ONNX_INTEGER_MOST ((int64_t)1 << 53)

typedef struct bd_onnx_folding {
    bd_onnx *onnx;
    const bd_onnx_node *node;
    bd_onnx_tensor *out;
    void *data; /* of out, set by bd_onnx_folding_make */
} bd_onnx_folding;

/* The tensor of input k; NULL when it is left out. */
const bd_onnx_tensor *bd_onnx_folding_input(const bd_onnx_folding *of, uint32_t k);
bd_result bd_onnx_folding_refuse(const bd_onnx_folding *of, const char *problem);
/* Room for the output. */
bd_result bd_onnx_folding_make(bd_onnx_folding *of, bd_onnx_type type, uint32_t rank, const int64_t *dims);
bd_result bd_onnx_folding_store(const bd_onnx_folding *of, int64_t i, double value);
/* Copies one value of a tensor as it is; integers keep all their digits. */
void bd_onnx_folding_copy(const bd_onnx_folding *of, int64_t to, const bd_onnx_tensor *x, int64_t from);
/* What x becomes: F32 or I64. */
bd_onnx_type bd_onnx_folding_type(const bd_onnx_tensor *x);

#endif

/* SPDX-License-Identifier: MIT
 * Scales and zero points of quantised tensors, and constants that are made real or integers with them. */
#ifndef BD_ONNX_SCALES_H
#define BD_ONNX_SCALES_H

#include "model/onnx/onnx_context.h"

/* real = step * (integer - zero), and the least and the most that the type can hold. */
typedef struct bd_onnx_quantisation {
    double step, zero;
    double low, high; /* integers */
} bd_onnx_quantisation;

/* Inputs scale_at and zero_at: a scale and a zero point of one number each; the zero point, which has the type, may be
 * left out. */
bd_result bd_onnx_read_quantisation(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t scale_at, uint32_t zero_at,
                                    bd_onnx_quantisation *of);
/* (x - zero) * scale of constants, along an axis where there are several scales; zero may be NULL. */
bd_result bd_onnx_dequantize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                             const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis,
                             bd_onnx_tensor *made);
/* The integers of QuantizeLinear on constants, as I64. */
bd_result bd_onnx_quantize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                           const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis, bd_onnx_tensor *made);

#endif

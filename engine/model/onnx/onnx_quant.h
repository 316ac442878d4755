/* SPDX-License-Identifier: MIT
 * Quantised networks: QuantizeLinear and DequantizeLinear around operations, operations on integers, and those that
 * quantise as they run. All run in float on dequantised weights; what the limits of a tensor's type cut off is cut off
 * here too (exporters leave activations to them), but nothing is rounded. Source: Operators.md, onnxruntime's
 * ContribOperators.md. */
#ifndef BD_ONNX_QUANT_H
#define BD_ONNX_QUANT_H

#include "model/onnx/onnx_context.h"

bd_result bd_onnx_convert_quantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_dequantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_dynamic_quantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_quantised_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_integer_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_quantised_binary(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_quantised_concat(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
/* QLinearAveragePool and others of one input: what the operation without QLinear does, then the output's limits. */
bd_result bd_onnx_convert_quantised_unary(bd_onnx *onnx, bd_onnx_node *node, bd_op op);

#endif

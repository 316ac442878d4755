/* SPDX-License-Identifier: MIT
 * ONNX's operations over windows: convolutions, batch norms that follow them, pools. */
#ifndef BD_ONNX_WINDOWS_H
#define BD_ONNX_WINDOWS_H

#include "model/onnx/onnx_context.h"

/* A convolution's parts: the values of its inputs, weights constant floats. bias may be NULL. */
bd_result bd_onnx_add_conv(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_value *x,
                           bd_onnx_value *weights, const bd_onnx_tensor *bias);
bd_result bd_onnx_convert_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_fused_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_batch_norm(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_pool(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_global_pool(bd_onnx *onnx, bd_onnx_node *node, bd_op op);

#endif

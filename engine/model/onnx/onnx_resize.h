/* SPDX-License-Identifier: MIT
 * ONNX's operations that give a map another size. */
#ifndef BD_ONNX_RESIZE_H
#define BD_ONNX_RESIZE_H

#include "model/onnx/onnx_context.h"

bd_result bd_onnx_convert_resize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_expand(bd_onnx *onnx, bd_onnx_node *node, bd_op op);

#endif

/* SPDX-License-Identifier: MIT
 * ONNX's operations into the graph's: arithmetic, layout, and the table of all. */
#ifndef BD_ONNX_OPS_H
#define BD_ONNX_OPS_H

#include "model/onnx/onnx_context.h"

/* Appends what node does to the graph, or computes its constant; its inputs are known. */
bd_result bd_onnx_convert(bd_onnx *onnx, bd_onnx_node *node);

#endif

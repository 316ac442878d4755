/* SPDX-License-Identifier: MIT
 * ModelProto and GraphProto: which node computes what from what. */
#ifndef BD_ONNX_READ_H
#define BD_ONNX_READ_H

#include "model/onnx/onnx_context.h"

/* Nodes, values, links and outputs of the ModelProto model. */
bd_result bd_onnx_read(bd_onnx *onnx, bd_pb model);
/* Makes an input of the graph the photo; fails unless it is one that the library can feed. */
bd_result bd_onnx_read_input(bd_onnx *onnx, bd_onnx_value *value);

#endif

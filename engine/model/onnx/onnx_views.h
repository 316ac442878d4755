/* SPDX-License-Identifier: MIT
 * Operations that give a value another shape and leave its elements in order, but for Expand, which repeats them. */
#ifndef BD_ONNX_VIEWS_H
#define BD_ONNX_VIEWS_H

#include "model/onnx/onnx_context.h"

/* The shape that Reshape, Flatten, Squeeze, Unsqueeze or Expand gives input 0. */
bd_result bd_onnx_new_shape(const bd_onnx *onnx, const bd_onnx_node *node, int64_t *dims, uint32_t *rank);

#endif

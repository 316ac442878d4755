/* SPDX-License-Identifier: MIT
 * What exports compute from constants and sizes: shapes, weights that were not folded, or quantised. */
#ifndef BD_ONNX_FOLD_H
#define BD_ONNX_FOLD_H

#include "model/onnx/onnx_context.h"

/* Whether the operation can be computed from constants; its output as a constant. */
bool bd_onnx_can_fold(const bd_onnx *onnx, const bd_onnx_node *node);
bd_result bd_onnx_fold(bd_onnx *onnx, const bd_onnx_node *node);

#endif

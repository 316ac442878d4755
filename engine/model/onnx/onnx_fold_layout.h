/* SPDX-License-Identifier: MIT
 * Operations that move the elements of constants. */
#ifndef BD_ONNX_FOLD_LAYOUT_H
#define BD_ONNX_FOLD_LAYOUT_H

#include "model/onnx/onnx_folding.h"

bd_result bd_onnx_fold_expand(bd_onnx_folding *of);
bd_result bd_onnx_fold_transpose(bd_onnx_folding *of);
bd_result bd_onnx_fold_concat(bd_onnx_folding *of);
bd_result bd_onnx_fold_gather(bd_onnx_folding *of);
bd_result bd_onnx_fold_slice(bd_onnx_folding *of);

#endif

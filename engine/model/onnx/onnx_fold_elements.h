/* SPDX-License-Identifier: MIT
 * Operations on constants, element by element. */
#ifndef BD_ONNX_FOLD_ELEMENTS_H
#define BD_ONNX_FOLD_ELEMENTS_H

#include "model/onnx/onnx_folding.h"

bd_result bd_onnx_fold_cast(bd_onnx_folding *of);
bd_result bd_onnx_fold_unary(bd_onnx_folding *of);
bd_result bd_onnx_fold_binary(bd_onnx_folding *of);
bd_result bd_onnx_fold_where(bd_onnx_folding *of);

#endif

/* SPDX-License-Identifier: MIT
 * TensorProto: values as raw bytes or protobuf's numbers in the file, or in a file beside it. */
#ifndef BD_ONNX_TENSOR_H
#define BD_ONNX_TENSOR_H

#include "model/onnx/onnx_context.h"

/* Collects the external files that initializers name, and maps them. */
bd_result bd_onnx_open_external(bd_onnx *onnx);
/* A TensorProto, which points into the file where its bytes can be used as they are. node may be NULL. */
bd_result bd_onnx_read_tensor(bd_onnx *onnx, const bd_onnx_node *node, bd_pb message, bd_onnx_tensor *tensor);
/* Room for a tensor of F32 or I64 that is computed here; *data is aligned and zero. */
bd_result bd_onnx_new_tensor(bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_type type, uint32_t rank,
                             const int64_t *dims, bd_onnx_tensor *tensor, void **data);
/* Memory of the graph's pool (else of the import's), taken off the budget. */
bd_result bd_onnx_alloc(bd_onnx *onnx, const bd_onnx_node *node, bool in_graph, size_t bytes, void **data);
bool bd_onnx_is_float(bd_onnx_type type);
double bd_onnx_number(const bd_onnx_tensor *tensor, int64_t i);   /* of any type */
int64_t bd_onnx_integer(const bd_onnx_tensor *tensor, int64_t i); /* of the integer types, exactly */
/* Weights [M,C/group,kh,kw] as the graph's constant: HWIO for CONV, HWC1 for DEPTHWISE. scale: NULL, or a factor for
 * each of the M. */
bd_result bd_onnx_add_weights(bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_value *value, bool depthwise,
                              const float *scale, uint32_t *index);

#endif

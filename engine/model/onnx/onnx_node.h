/* SPDX-License-Identifier: MIT
 * What a NodeProto holds: inputs, outputs, attributes. */
#ifndef BD_ONNX_NODE_H
#define BD_ONNX_NODE_H

#include "model/onnx/onnx_context.h"

/* The value of input k; NULL when it is left out. */
bd_onnx_value *bd_onnx_input(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t k);
bd_onnx_value *bd_onnx_output(const bd_onnx *onnx, const bd_onnx_node *node);
/* The tensor of input k; NULL when it is left out or computed from the photo. */
const bd_onnx_tensor *bd_onnx_constant(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t k);
/* Attributes. Where one is absent, *value stays as it is and *count is -1. */
bd_result bd_onnx_attr_int(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t low, int64_t high,
                           int64_t *value);
bd_result bd_onnx_attr_float(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, float *value);
bd_result bd_onnx_attr_ints(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t *values,
                            int32_t room, int32_t *count);
bd_result bd_onnx_attr_floats(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, float *values,
                              int32_t room, int32_t *count);
/* A string or a tensor; at NULL when absent. */
bd_result bd_onnx_attr_bytes(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, bd_pb *bytes);
/* Integers that are an attribute in old opsets and an input in new ones. */
bd_result bd_onnx_read_ints(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, uint32_t input,
                            int64_t *values, int32_t room, int32_t *count);
/* ONNX's size of axis i of a value that is known. */
int64_t bd_onnx_dim(const bd_onnx *onnx, const bd_onnx_value *value, uint32_t i);
uint32_t bd_onnx_rank(const bd_onnx_value *value);
bool bd_onnx_normalise_axis(int64_t *axis, uint32_t rank);

#endif

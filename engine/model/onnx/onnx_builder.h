/* SPDX-License-Identifier: MIT
 * What the conversion of a node is made of: operations and constants that it appends to the graph, and where its
 * output lies there. suffix: of the name, where a node becomes several. */
#ifndef BD_ONNX_BUILDER_H
#define BD_ONNX_BUILDER_H

#include "model/onnx/onnx_context.h"

bd_result bd_onnx_append(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, const uint32_t *inputs,
                         uint32_t input_count, uint32_t *index);
bd_result bd_onnx_infer(bd_onnx *onnx, uint32_t index);
bd_result bd_onnx_append_ints(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, const bd_shape *shape,
                              const int32_t *values, uint32_t *index);
bd_result bd_onnx_append_scalar(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, float value,
                                uint32_t *index);

/* Operations that are inferred at once. */
bd_result bd_onnx_append_binary(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, uint32_t a,
                                uint32_t b, uint32_t *index);
bd_result bd_onnx_append_clamp(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, uint32_t from, float low,
                               float high, uint32_t *index);
/* clamp(alpha x + beta, 0, 1). */
bd_result bd_onnx_append_hard_sigmoid(bd_onnx *onnx, const bd_onnx_node *node, uint32_t x, float alpha, float beta,
                                      uint32_t *index);

/* The output becomes graph node index: with the axes of another value; as a map, (n,c,h,w). */
void bd_onnx_set_like(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index, const bd_onnx_value *like);
void bd_onnx_set_map(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index);
/* Fails unless value is (n,c,h,w) in ONNX and (n,h,w,c) in the graph. */
bd_result bd_onnx_need_map(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *value);

/* The output becomes op of two values, at least one of them computed from the photo. */
bd_result bd_onnx_join(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_value *const values[2]);
/* Joins values of one layout along attribute axis (1 where it is absent). */
bd_result bd_onnx_concat(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *const *values, uint32_t count);

#endif

/* SPDX-License-Identifier: MIT
 * What the conversion of a node is made of: its attributes, its inputs, the operations that it appends. */
#ifndef BD_TENSORFLOW_NODE_H
#define BD_TENSORFLOW_NODE_H

#include "model/tensorflow/tensorflow_context.h"

/* *value stays as it is when the attribute is absent. */
bd_result bd_tf_read_integer(const bd_tf *tf, const bd_tf_node *node, const char *name, int32_t low, int32_t high,
                             int32_t *value);
/* A list of up to room (8 at most) integers; *count is 0 when the attribute is absent. */
bd_result bd_tf_read_integers(const bd_tf *tf, const bd_tf_node *node, const char *name, int32_t low, int32_t high,
                              int32_t *values, uint32_t room, uint32_t *count);
bool bd_tf_text_is(const bd_tf *tf, const bd_tf_node *node, const char *name, const char *expected);
/* False: no type that a tensor can have here. */
bool bd_tf_read_type(const bd_tf *tf, const bd_tf_node *node, const char *name, bd_dtype *dtype);

/* Appends an operation under node's name, with a suffix where node becomes several; inputs are indices in the graph. */
bd_result bd_tf_append(const bd_tf *tf, const bd_tf_node *node, const char *suffix, bd_op op, const uint32_t *inputs,
                       uint32_t input_count, uint32_t *index);
/* With node's inputs first..first+count-1; node->index is set. */
bd_result bd_tf_append_all(bd_tf *tf, bd_tf_node *node, bd_op op, uint32_t first, uint32_t count);
const bd_tf_node *bd_tf_input_node(const bd_tf *tf, const bd_tf_node *node, uint32_t input);
/* The graph's index of the tensor that an input reads. */
uint32_t bd_tf_input_index(const bd_tf *tf, const bd_tf_node *node, uint32_t input);
/* The constant that an input is, perhaps through identities; NULL when it is none. Valid until the next append. */
const bd_node *bd_tf_input_constant(const bd_tf *tf, const bd_tf_node *node, uint32_t input);
bool bd_tf_scalar_float(const bd_node *constant, float *value);

#endif

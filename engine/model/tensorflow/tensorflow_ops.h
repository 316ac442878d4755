/* SPDX-License-Identifier: MIT
 * TensorFlow's operations and their attributes into the graph's. */
#ifndef BD_TENSORFLOW_OPS_H
#define BD_TENSORFLOW_OPS_H

#include "model/tensorflow/tensorflow_context.h"

/* Appends what node does to the graph, whose inputs are there already. */
bd_result bd_tf_convert(bd_tf *tf, bd_tf_node *node);
/* Whether an operation has outputs besides the first that can be read here. */
bool bd_tf_has_ports(const char *op);

#endif

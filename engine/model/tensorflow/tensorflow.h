/* SPDX-License-Identifier: MIT
 * TensorFlow graphs: names, the output, and the order of the nodes. */
#ifndef BD_TENSORFLOW_H
#define BD_TENSORFLOW_H

#include "model/tensorflow/tensorflow_context.h"

/* Builds the graph from tf->nodes, whose name, op, record and references are set; they are sorted.
 *
 * outputs  references of the outputs where the form lists them; output_count 0: they are found among the nodes that
 *          nothing reads. */
bd_result bd_tf_build(bd_tf *tf, const char *const *outputs, uint32_t output_count);

#endif

/* SPDX-License-Identifier: MIT
 * Cuts off what stands behind the logits: resize, argmax, softmax, slice. */
#ifndef BD_PASS_TAIL_H
#define BD_PASS_TAIL_H

#include "graph/graph.h"

bd_result bd_pass_tail(bd_graph *graph, bd_error *error);

#endif

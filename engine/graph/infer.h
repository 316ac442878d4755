/* SPDX-License-Identifier: MIT
 * Shapes as TensorFlow's shape functions give them (tensorflow/core/framework/common_shape_fns.cc), for NHWC. */
#ifndef BD_INFER_H
#define BD_INFER_H

#include "graph/graph.h"

/* Output shape and dtype of one node from its inputs' (which must be known, constant where the operation demands it).
 * Also normalises attributes: SAME padding becomes explicit, axes non-negative. Errors name graph->file, the node and
 * the operation. */
bd_result bd_graph_infer_node(bd_graph *graph, uint32_t index, bd_error *error);
bd_result bd_graph_infer(bd_graph *graph, bd_error *error);

#endif

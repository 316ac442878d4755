/* SPDX-License-Identifier: MIT
 * Shapes as TensorFlow's shape functions give them (tensorflow/core/framework/common_shape_fns.cc), for NHWC. */
#ifndef BD_INFER_H
#define BD_INFER_H

#include "graph/graph.h"

/* What the operands and the result of an operation have to be for its kernel. A map is (1, h, w, c) of f32. */
typedef enum bd_kernel_demand {
    BD_DEMAND_NO_KERNEL = 0, /* a pass has to replace it */
    BD_DEMAND_NOTHING,
    BD_DEMAND_MAP,         /* the first operand and the result are maps */
    BD_DEMAND_MAP_WEIGHTS, /* the second operand is constant, too */
    BD_DEMAND_EQUAL_MAPS,  /* of one shape; the second operand may be a vector of the channels */
    BD_DEMAND_ALL_MAPS     /* every operand; along the channels */
} bd_kernel_demand;
bd_kernel_demand bd_infer_demand(bd_op op);

/* Output shape and dtype of one node from its inputs' (which must be known, constant where the operation demands it).
 * Also normalises attributes: SAME padding becomes explicit, axes non-negative. Errors name graph->file, the node and
 * the operation. */
bd_result bd_graph_infer_node(bd_graph *graph, uint32_t index, bd_error *error);
bd_result bd_graph_infer(bd_graph *graph, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * From an export's graph to kernels. */
#ifndef BD_LOWER_H
#define BD_LOWER_H

#include "graph/graph.h"

/* All passes, to operations that have kernels only; output is then the logits. Fails with BD_ERR_MODEL_UNSUPPORTED
 * naming the first node that has no kernel. size: side of the network's input where the export leaves it open. */
bd_result bd_graph_lower(bd_graph *graph, uint32_t size, bd_error *error);
/* The same for an input of height x width, whatever the export says; 0 and 0: the export's. */
bd_result bd_graph_lower_to(bd_graph *graph, uint32_t size, uint32_t height, uint32_t width, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Image pooling becomes the projection's bias. */
#ifndef BD_PASS_POOL_H
#define BD_PASS_POOL_H

#include "graph/graph.h"

bd_result bd_pass_pool(bd_graph *graph, bd_error *error);

#endif

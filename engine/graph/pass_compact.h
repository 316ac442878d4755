/* SPDX-License-Identifier: MIT
 * Drops nodes that the output does not need, sorts the others, renumbers. */
#ifndef BD_PASS_COMPACT_H
#define BD_PASS_COMPACT_H

#include "graph/graph.h"

bd_result bd_pass_compact(bd_graph *graph, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Evaluates what depends on constants and shapes only: the arithmetic by which exports compute paddings, sizes and
 * folded weights. */
#ifndef BD_PASS_FOLD_H
#define BD_PASS_FOLD_H

#include "graph/graph.h"

/* Infers one node and, when all it depends on is constant, makes it a CONST. budget: elements that may still be
 * written; a node beyond it is left as it is. */
bd_result bd_fold_node(bd_graph *graph, uint32_t index, int64_t *budget, bd_error *error);

bd_result bd_pass_fold(bd_graph *graph, bd_error *error);

#endif

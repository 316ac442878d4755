/* SPDX-License-Identifier: MIT
 * Graphs that tests put together by hand. Everything asserts. */
#ifndef SUPPORT_GRAPHS_H
#define SUPPORT_GRAPHS_H

#include "graph/graph.h"

/* Appends a node whose result is a map (1, h, w, c) of f32; returns its index. */
uint32_t test_add_map(bd_graph *graph, bd_op op, const uint32_t *inputs, uint32_t count, int32_t h, int32_t w,
                      int32_t c);

#endif

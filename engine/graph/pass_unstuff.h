/* SPDX-License-Identifier: MIT
 * Kernels written out with zeros between their taps become dilated ones. */
#ifndef BD_PASS_UNSTUFF_H
#define BD_PASS_UNSTUFF_H

#include "graph/graph.h"

bd_result bd_pass_unstuff(bd_graph *graph, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Hard-swish and hard-sigmoid that are spelt out become one node each. */
#ifndef BD_PASS_ACTIVATE_H
#define BD_PASS_ACTIVATE_H

#include "graph/graph.h"

bd_result bd_pass_activate(bd_graph *graph, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * SpaceToBatch, convolution, BatchToSpace become a dilated convolution, and padding in front of one its own. */
#ifndef BD_PASS_ATROUS_H
#define BD_PASS_ATROUS_H

#include "graph/graph.h"

bd_result bd_pass_atrous(bd_graph *graph, bd_error *error);

#endif

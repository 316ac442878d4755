/* SPDX-License-Identifier: MIT
 * What a lowered graph is: its backbone, its output stride, its atrous rates. */
#ifndef BD_DESCRIBE_H
#define BD_DESCRIBE_H

#include "graph/graph.h"

bd_result bd_describe_stride(const bd_graph *graph, uint32_t *stride, bd_error *error);
/* Writes backbone and rates. */
void bd_describe_backbone(const bd_graph *graph, bd_model_info *info);
/* Writes what the network is fed, and how that is known. */
void bd_describe_input(const bd_graph *graph, bd_model_info *info);

#endif

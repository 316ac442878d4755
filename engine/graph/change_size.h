/* SPDX-License-Identifier: MIT
 * Another size of the network's input than the export's. */
#ifndef BD_CHANGE_SIZE_H
#define BD_CHANGE_SIZE_H

#include "graph/graph.h"

/* Gives a folded graph whose atrous convolutions are dilated another size of input: windows over whole maps and resizes
 * to maps' sizes follow, SAME padding is computed anew, other padding stays. Runs between the passes. Fails with
 * BD_ERR_MODEL_UNSUPPORTED naming the first node whose constants do not say how they follow. */
bd_result bd_graph_change_size(bd_graph *graph, int32_t height, int32_t width, bd_error *error);

#endif

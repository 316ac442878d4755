/* SPDX-License-Identifier: MIT
 * The arithmetic by which a photo becomes the network's input goes into one PREPROCESS node. */
#ifndef BD_PASS_PREPROCESS_H
#define BD_PASS_PREPROCESS_H

#include "graph/graph.h"

bd_result bd_pass_preprocess(bd_graph *graph, bd_error *error);

#endif

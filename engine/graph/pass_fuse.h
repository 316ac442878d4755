/* SPDX-License-Identifier: MIT
 * Multiplications, biases, residuals and activations go into the convolution in front of them. */
#ifndef BD_PASS_FUSE_H
#define BD_PASS_FUSE_H

#include "graph/graph.h"

bd_result bd_pass_fuse(bd_graph *graph, bd_error *error);

#endif

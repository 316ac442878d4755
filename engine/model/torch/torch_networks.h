/* SPDX-License-Identifier: MIT
 * Which network a state dict is of. Layers are found by the names of their parameters, channels and windows by their
 * shapes; strides, dilations and activations, which a state dict does not have, are the trainer's. */
#ifndef BD_TORCH_NETWORKS_H
#define BD_TORCH_NETWORKS_H

#include "model/torch/torch_state.h"

/* Builds the network whose trainer and architecture the names and shapes of the parameters tell. Weights are copied to
 * the graph's pool, as float32 in our layout, batch norms folded in; together they have at most file_bytes / 2
 * elements, else the file is corrupt. */
bd_result bd_torch_build(bd_torch_state *state, const char *file, size_t file_bytes, bd_graph *graph, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * A whole network, node by node. */
#ifndef BD_REF_RUN_H
#define BD_REF_RUN_H

#include "graph/graph.h"

/* Runs a lowered or unlowered graph node by node on the CPU. Shapes are inferred; sizes, axes, paddings and blocks are
 * constant. Tensors of every dtype are computed as float.
 *
 * photo    (photo_h, photo_w, 4) u8: of at most the network's input where a PREPROCESS node reads it, else of exactly
 *          the input's size.
 * output   graph->output's elements.
 * on_node  sees every computed tensor (batch included); may be NULL.
 * Errors   BD_ERR_INVALID_ARGUMENT (photo), BD_ERR_MODEL_UNSUPPORTED (names the node), BD_ERR_OUT_OF_MEMORY.
 */
typedef void (*bd_ref_node_fn)(void *user, const bd_graph *graph, uint32_t node, const float *data);
bd_result bd_ref_run(const bd_graph *graph, const uint8_t *photo, int32_t photo_h, int32_t photo_w,
                     const bd_allocator *allocator, float *output, bd_ref_node_fn on_node, void *user, bd_error *error);

#endif

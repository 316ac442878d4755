/* SPDX-License-Identifier: MIT
 * Pointwise convolutions without a loop (push/conv1x1_flat.h): the family FLAT. Inside of this layer. */
#ifndef BD_KERNEL_FLAT_H
#define BD_KERNEL_FLAT_H

#include "kernel/choice.h"

/* Whether the family can compute a node on this device. */
bool bd_flat_serves(const bd_vk *vk, const bd_graph *graph, uint32_t node);
/* Whether a node that it serves has so few input channels and so many outputs that its pipeline delays a first photo by
 * less than it saves there. */
bool bd_flat_is_short(const bd_graph *graph, uint32_t node);
void bd_flat_node(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice, bd_vk_dispatch *dispatch,
                  bd_kernel_operands *operands);
size_t bd_flat_packed_bytes(const bd_node *weights);
void bd_flat_pack(const bd_node *weights, float *to);

#endif

/* SPDX-License-Identifier: MIT
 * Pointwise convolutions without a loop (push/conv1x1_flat.h): the family FLAT. Inside of this layer. */
#ifndef BD_KERNEL_FLAT_H
#define BD_KERNEL_FLAT_H

#include "kernel/choice.h"

/* Whether the family can compute a node on this device, of at most most_in_c4 vec4 columns of input. */
bool bd_flat_serves(const bd_vk *vk, const bd_graph *graph, uint32_t node, int32_t most_in_c4);
void bd_flat_node(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice, bd_vk_dispatch *dispatch,
                  bd_kernel_operands *operands);
size_t bd_flat_packed_bytes(const bd_node *weights);
void bd_flat_pack(const bd_node *weights, float *to);

#endif

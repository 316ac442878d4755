/* SPDX-License-Identifier: MIT
 * Dispatches of the nodes of a network. */
#ifndef BD_KERNEL_NODE_H
#define BD_KERNEL_NODE_H

#include "kernel/choice.h"

/* Dispatches that a node takes, with a barrier between them: one, one per input of a concatenation, or two where the
 * depth is split. */
uint32_t bd_kernel_parts(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice);

/* Fills part number part of a node's computation by one of its candidates; PREPROCESS is not among them
 * (bd_kernel_preprocess). dispatch->name points into choice. */
bd_result bd_kernel_node(const bd_vk *vk, const bd_graph *graph, uint32_t node, uint32_t part,
                         const bd_kernel_choice *choice, bd_vk_dispatch *dispatch, bd_kernel_operands *operands,
                         bd_error *error);

#endif

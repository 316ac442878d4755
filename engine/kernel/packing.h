/* SPDX-License-Identifier: MIT
 * Constants of a network, laid out as the kernels read them. */
#ifndef BD_KERNEL_PACKING_H
#define BD_KERNEL_PACKING_H

#include "kernel/choice.h"

/* Whether an operand is made on the host once: a constant, or for BD_PACKING_BLOCK several of a node's. */
bool bd_kernel_is_packed(const bd_graph *graph, uint32_t node, bd_packing packing);
/* Bytes of a packed constant, and the packing itself. */
size_t bd_kernel_packed_bytes(const bd_graph *graph, uint32_t node, bd_packing packing);
void bd_kernel_pack(const bd_graph *graph, uint32_t node, bd_packing packing, void *packed);

#endif

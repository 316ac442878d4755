/* SPDX-License-Identifier: MIT
 * Which kernels can compute a node, best guess first. */
#ifndef BD_KERNEL_CANDIDATES_H
#define BD_KERNEL_CANDIDATES_H

#include "kernel/choice.h"

enum { BD_KERNEL_MOST_CANDIDATES = 384 };

/* Whether tensors in the arena can be of 16 bits on this device, in its column. */
bool bd_kernel_has_fp16(const bd_vk *vk);
/* Whether it can compute with them, too: FAST16. */
bool bd_kernel_has_packed(const bd_vk *vk);
/* What tensors are stored in: FAST16's are those of FP16. */
bd_precision bd_kernel_stored_as(bd_precision precision);

/* Every way to compute a node on this device. The first is a sane default. Returns how many were written, at most
 * room; at least one for an operation that has a kernel. PREPROCESS and nodes outside the arena have none.
 *
 * FAST16 has FP16's candidates, except that products on ordinary lanes are packed where numbers are no integers.
 *
 * Candidates that sum in another order give other last digits; precision is the same for all nodes of a network.
 *
 * A BLOCK or EXPAND candidate replaces the dispatch of bd_kernel_absorbs too: weigh it against the sum of both nodes' best
 * other candidates. A node that is absorbed absorbs none. */
uint32_t bd_kernel_candidates(const bd_vk *vk, const bd_graph *graph, uint32_t node, bd_precision precision,
                              bd_kernel_choice *out, uint32_t room);

/* The node that a choice for `node` computes inside itself, so that it has no step and no tensor; BD_NO_NODE: none. */
uint32_t bd_kernel_absorbs(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice);

/* Bytes of scratch in the arena that a choice needs while the node is computed; 0: none. */
size_t bd_kernel_scratch_bytes(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice);

#endif

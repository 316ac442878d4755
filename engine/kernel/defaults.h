/* SPDX-License-Identifier: MIT
 * Which of its candidates computes a node where none was measured. */
#ifndef BD_KERNEL_DEFAULTS_H
#define BD_KERNEL_DEFAULTS_H

#include "kernel/choice.h"

/* The candidate that should beat the default, by the node's shape, but must have passed a trial on the device before it
 * is used: of 16 bits one for matrix units, of float32 a FLAT one of so few input channels that it does not delay the
 * first photo. false: there is none. */
bool bd_kernel_probed_default(const bd_vk *vk, const bd_graph *graph, uint32_t node, bd_precision precision,
                              bd_kernel_choice *choice);

/* choices[n] = the default of every node n of the graph, on ordinary lanes. fused false: no choice absorbs a node. */
void bd_kernel_defaults(const bd_vk *vk, const bd_graph *graph, bd_precision precision, bool fused,
                        bd_kernel_choice *choices);

#endif

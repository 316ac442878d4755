/* SPDX-License-Identifier: MIT
 * Kernels by what was measured. */
#ifndef BD_TUNED_KERNELS_H
#define BD_TUNED_KERNELS_H

#include "network/tuning.h"

/* The candidate of a node that its entry names; false: it has none. */
bool bd_tuning_choice(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, uint32_t node,
                      bd_precision precision, bd_kernel_choice *choice);

/* choices[n] = what was measured to be the fastest, or the default of every node n. many false: nothing that delays the
 * first photo (family FLAT, of many input channels). */
void bd_tuning_choose(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, bd_precision precision,
                      bool many, bd_kernel_choice *choices);

/* Makes entries for the nodes that have a candidate of `family` and no entry that names a candidate yet: times their
 * default and those candidates in a few runs each and keeps the fastest that is right. Saves what is new; that it could
 * not be saved is logged. */
bd_result bd_tuning_settle(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, bd_precision precision,
                           bd_kernel_family family, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * Matrix units by default: what is used of them without tuning, and how it is found out that they can be. */
#ifndef BD_PROBE_H
#define BD_PROBE_H

#include "network/tuning.h"

/* Tries the defaults for matrix units (bd_kernel_matrix_default) of a network's nodes in half precision, each kernel
 * once, on small layers of made-up numbers, and enters into the tuning which are right and faster there than the lanes'
 * default. What is known is not tried again, and what is new is saved. The device must be idle. Fails as trials do. */
bd_result bd_probe_matrix(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, bd_error *error);

/* choices[n] = the default for matrix units of every node n that was not tuned and whose default passed.
 * precision: one of the half ones; over_tuned: of those that were tuned, too. */
void bd_probe_choose(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, bd_precision precision,
                     bool over_tuned, bd_kernel_choice *choices);

#endif

/* SPDX-License-Identifier: MIT
 * Better defaults than those that run everywhere (bd_kernel_probed_default): how it is found out that a device can have
 * them. */
#ifndef BD_PROBE_H
#define BD_PROBE_H

#include "network/tuning.h"

/* Whether the device has such kernels; what stands in for matrix units where there are none is not worth a trial. */
bool bd_probe_serves(const bd_vk *vk, bd_precision precision);

/* Tries those of a network's nodes, each kernel once, on small layers of made-up numbers, and enters into the tuning
 * which are right and faster there than the first candidate. What is known is not tried again, and what is new is saved.
 * Fails as trials do. */
bd_result bd_probe(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, bd_precision precision, bd_error *error);

/* choices[n] = that of every node n that was not tuned and whose kernel passed. over_tuned: of those that were tuned,
 * too. */
void bd_probe_choose(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, bd_precision precision,
                     bool over_tuned, bd_kernel_choice *choices);

#endif

/* SPDX-License-Identifier: MIT
 * Candidates of a node on trial: are they right on this device, and how long do they take? Judged against the plain
 * kernels on random tensors of the node's own shapes, with the node's own weights. */
#ifndef BD_KERNEL_TRIAL_H
#define BD_KERNEL_TRIAL_H

#include "kernel/choice.h"

typedef struct bd_kernel_verdict {
    bool correct; /* agrees with the plain kernels within what its precision and order of sums allow, or to the bit
                     where the node ends with integers */
    double ms;    /* device time of a run in the best reading, all parts and the barriers between them; 0: no timers, or
                     it is not correct */
} bd_kernel_verdict;

/* Runs candidates of a node, all of one precision, `repeats` times each on random tensors of the node's shapes, with
 * the node's own weights, and compares what each left with the plain kernels. verdicts: one a candidate. One that uses
 * matrix units must not be chosen before it was found correct here; one whose pipelines the driver cannot make is not
 * correct. patience_ms: as for bd_trial_time.
 * Submits and waits; what else the device does meanwhile disturbs the times. Errors are the device's and memory's: a wrong result is none. Not for
 * concatenations. */
bd_result bd_kernel_trial(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choices,
                          uint32_t count, uint32_t repeats, double patience_ms, bd_kernel_verdict *verdicts,
                          bd_error *error);

/* The same in parts, for callers that have little time at once. Between them the device keeps the node's tensors and
 * may do other work; work that is unfinished when a part begins is not timed. */
typedef struct bd_trial bd_trial;
/* The node's tensors and what the plain kernels make of them. */
bd_result bd_trial_open(bd_vk *vk, const bd_graph *graph, uint32_t node, const bd_kernel_choice *choices,
                        uint32_t count, bd_trial **opened, bd_error *error);
void bd_trial_close(bd_trial *trial);
/* Makes pipelines. can: whether the driver can make those of a single candidate; several candidates' are made side by
 * side, and then it says nothing. */
bd_result bd_trial_prepare(bd_trial *trial, const bd_kernel_choice *choices, uint32_t count, bool *can,
                           bd_error *error);
/* Runs a candidate whose pipelines were made once, and sets all of the verdict: whether it is correct; ms is 0. */
bd_result bd_trial_check(bd_trial *trial, const bd_kernel_choice *choice, bd_kernel_verdict *verdict, bd_error *error);
/* Times one that was checked: sets the verdict's ms. Candidates that are timed one right after the other are compared
 * best, since a GPU that idles between them gets slow. patience_ms: roughly the longest time on the device; fewer runs
 * where they are long, but at least two. INFINITY: all of them. */
bd_result bd_trial_time(bd_trial *trial, const bd_kernel_choice *choice, uint32_t repeats, double patience_ms,
                        bd_kernel_verdict *verdict, bd_error *error);

#endif

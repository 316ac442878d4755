/* SPDX-License-Identifier: MIT
 * Nodes of a network timed one by one, and what the device could do at best. */
#ifndef BD_BENCH_TIMING_H
#define BD_BENCH_TIMING_H

#include "common.h"

enum { BENCH_MOST_NODES = 1024 };

cJSON *bench_peaks_json(const bd_device_peaks *peaks);
void bench_say_peaks(const bench *b, const bd_device_peaks *peaks);
/* ms from median run of node i over the runs; nodes[i].device_ms is the median. times: runs per node, sorted. */
bool bench_time_nodes(bd_session *const *sessions, uint32_t session_count, uint32_t runs, bd_node_timing *nodes,
                      uint32_t *count, double *times);
/* 0 where no time was taken. */
double bench_per(double amount, double ms);

#endif

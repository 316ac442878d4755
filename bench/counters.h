/* SPDX-License-Identifier: MIT
 * What a library asks of its host's allocator and of Vulkan, and the CPU time that a thread spends in Vulkan's functions.
 * One engine at a time. */
#ifndef BD_BENCH_COUNTERS_H
#define BD_BENCH_COUNTERS_H

#include "backdrop_base.h"

/* CPU time in functions of Vulkan. */
typedef enum counters_part { COUNTERS_SUBMIT, COUNTERS_WAIT, COUNTERS_RECORD, COUNTERS_PARTS } counters_part;

typedef struct counters {
    int64_t host_allocations, host_bytes;     /* calls of the allocator that want memory; bytes not given back */
    int64_t device_allocations, device_bytes; /* the same of vkAllocateMemory and vkFreeMemory */
    int64_t objects;                          /* made: buffers, views, pools, sets, pipelines, fences, ... */
    int64_t recordings;                       /* command buffers begun */
    int64_t calls;                            /* of all functions that are looked at */
    double ms[COUNTERS_PARTS];                /* of the thread that asks */
} counters;

extern const bd_allocator counters_allocator;
/* For bd_engine_params.get_instance_proc_addr; NULL: there is no Vulkan loader. */
void *counters_entry(void);
counters counters_now(void);
/* CPU time of the calling thread. */
double counters_thread_ms(void);

#endif

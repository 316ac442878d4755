/* SPDX-License-Identifier: MIT
 * A planned network on a device: weights uploaded, commands recorded once and submitted again and again. */
#ifndef BD_NETWORK_H
#define BD_NETWORK_H

#include "graph/plan.h"
#include "network/device_weights.h"

typedef struct bd_network_step {
    uint32_t index;     /* of the graph's node */
    char *node;         /* name */
    const char *kernel; /* the choice's name */
    bd_shape shape;
    uint64_t multiply_adds, bytes;
} bd_network_step;

typedef struct bd_network_dispatch {
    bd_vk_dispatch dispatch;
    bool barrier; /* before it */
    bool last;    /* of its step */
} bd_network_dispatch;

typedef struct bd_network_params {
    bd_precision precision;          /* AUTO: FP32 */
    bool keep_all;                   /* every tensor stays in the arena and none is skipped by fusion: for tests */
    const bd_kernel_choice *choices; /* one per node of the graph (bd_kernel_candidates); NULL: defaults. Copied. */
    uint64_t band_bytes;             /* of a binding at most, for tests; 0: what the device can bind */
    bd_weights_store *store;         /* that weights are shared by; NULL: they are not. Outlives the network */
} bd_network_params;

/* The same commands, with the groups of each dispatch taken from a buffer: zeros there, and nothing runs. */
typedef struct bd_network_gate {
    bd_vk_buffer groups; /* uint [dispatch_count][3], as commands have them */
    bd_vk_buffer gated;  /* the same, or zeros: to be written before each run */
    bd_vk_commands commands;
} bd_network_gate;

typedef struct bd_network {
    bd_vk *vk;
    bd_pool pool;
    bd_precision precision;
    bd_kernel_choice *choices; /* one per node of the graph */
    bd_plan plan;
    bd_weights_store *store;
    bd_device_weights *weights;
    bd_vk_buffer arena;
    bd_vk_commands commands; /* one stamp, at the end */
    bd_vk_commands timed;    /* a stamp per step: for benchmarks, recorded when first asked for */
    bd_network_gate gate;    /* made when first asked for */
    bd_network_step *steps;  /* of commands, without PREPROCESS; a concatenation's parts count once */
    uint32_t step_count;
    bd_network_dispatch *dispatches;
    uint32_t dispatch_count;
    bd_node preprocess;          /* shape and constants; recorded per photo by the session */
    bd_vk_binding input, logits; /* in the arena */
    bd_shape logits_shape;
    bd_upsampling upsampling;
    float logits_step; /* as the graph's */
    int32_t logits_zero_point;
} bd_network;

/* params NULL: all defaults. FP16 or FAST16 on a device or a graph that cannot: BD_ERR_UNSUPPORTED. */
bd_result bd_network_init(bd_network *network, bd_vk *vk, const bd_graph *graph, const bd_network_params *params,
                          bd_error *error);
void bd_network_finish(bd_network *network); /* safe on a zeroed one */

/* Records network->timed. */
bd_result bd_network_time_steps(bd_network *network, bd_error *error);

/* Makes network->gate; label: of its time, a literal. */
bd_result bd_network_make_gate(bd_network *network, const char *label, bd_error *error);

/* Copies logits (h, w, classes) from where they lie, the network's own or of their shape, without channel padding to
 * the host. The device must be done. */
bd_result bd_network_read_logits(bd_network *network, const bd_vk_binding *from, float *logits, bd_error *error);

#endif

/* SPDX-License-Identifier: MIT
 * The public handles from inside. */
#ifndef BD_INTERNAL_H
#define BD_INTERNAL_H

#include "graph/plan.h"
#include "model/import.h"
#include "tuning.h"
#include "vk/vk.h"

struct bd_engine {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_vk vk;
    bd_tuning tuning;
};

struct bd_model {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    const char *form;
    bd_graph graph;
    bd_shards shards;
    bd_plan plan;
    const char **class_names; /* class_count of them, in graph.pool */
    uint32_t class_count;
    uint32_t input_width, input_height;
    uint32_t output_stride;
};

/* ---- describe.c: of a lowered graph ---- */

bd_result bd_describe_stride(const bd_graph *graph, uint32_t *stride, bd_error *error);
/* Writes backbone and rates. */
void bd_describe_backbone(const bd_graph *graph, bd_model_info *info);

/* Keeps a caller's allocator alive: copies it to hooks and returns that, or NULL for none. */
static inline const bd_allocator *bd_keep_allocator(bd_allocator *hooks, const bd_allocator *given) {
    if (!given) {
        return NULL;
    }
    *hooks = *given;
    return hooks;
}

#endif

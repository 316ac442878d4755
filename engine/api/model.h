/* SPDX-License-Identifier: MIT
 * The model's handle from inside. */
#ifndef BD_API_MODEL_H
#define BD_API_MODEL_H

#include "graph/plan.h"
#include "model/import.h"

struct bd_model {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    const char *form;
    bd_graph graph;
    bd_model_files files; /* of a model in memory */
    bd_shards shards;
    bd_plan plan;
    const char **class_names; /* class_count of them, in graph.pool */
    uint32_t class_count;
    uint32_t input_width, input_height;
    uint32_t output_stride;
};

#endif

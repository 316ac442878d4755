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
    const void *data; /* of a model in memory; NULL: of the file graph.file */
    size_t data_bytes;
    bd_graph graph;
    bd_model_files files; /* of a model in memory */
    bd_shards shards;
    bd_plan plan;
    const char **class_names; /* class_count of them, in graph.pool */
    uint32_t class_count;
    uint32_t input_width, input_height;
    uint32_t output_stride;
    bd_input_range input_range; /* as asked for, to open it again */
    float input_mean[3], input_deviation[3];
};

/* The network at twice its size, as far from multiples of 16 as it is (513: 1025), from the same bytes; it borrows those
 * that the model read. *larger is NULL where a side would be above 2049. Fails with BD_ERR_MODEL_UNSUPPORTED where the export does not say how it follows
 * another size. */
bd_result bd_model_open_closer(const bd_model *model, bd_model **larger, bd_error *error);

#endif

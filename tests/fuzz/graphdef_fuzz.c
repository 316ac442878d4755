/* SPDX-License-Identifier: MIT
 * libFuzzer's door to the importer of frozen GraphDefs and, for what it accepts, to the passes. */
#include "graph/passes.h"
#include "model/tensorflow/graphdef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    bd_graph graph;
    bd_shards shards;
    bd_error error;
    (void)bd_model_is_graphdef(data, bytes);
    if (bd_graph_init(&graph, NULL, "graph.pb", &error)) {
        return 0;
    }
    if (!bd_model_import_graphdef(data, bytes, "graph.pb", &graph, &shards, &error)) {
        (void)!bd_graph_lower(&graph, 32, &error);
    }
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
    return 0;
}

/* SPDX-License-Identifier: MIT
 * libFuzzer's door to the TensorFlow.js importer and, for what it accepts, to the passes. The input is model.json; its
 * shards are those of tests/fuzz/shards. Run from anywhere with BACKDROP_SOURCE_DIR set, else from the repository. */
#include <stdio.h>
#include <stdlib.h>

#include "graph/passes.h"
#include "model/tensorflow/tfjs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fuzz/shards/model.json", source ? source : ".");
    bd_graph graph;
    bd_shards shards;
    bd_error error;
    if (bd_graph_init(&graph, NULL, path, &error)) {
        return 0;
    }
    if (!bd_model_import_tfjs(data, bytes, path, &graph, &shards, &error)) {
        (void)!bd_graph_lower(&graph, 32, &error);
    }
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
    return 0;
}

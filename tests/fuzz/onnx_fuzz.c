/* SPDX-License-Identifier: MIT
 * libFuzzer's door to the ONNX importer and, for what it accepts, to the passes. External data lies in
 * tests/fuzz/shards. Run from anywhere with BACKDROP_SOURCE_DIR set, else from the repository. */
#include <stdio.h>
#include <stdlib.h>

#include "graph/passes.h"
#include "model/onnx/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fuzz/shards/model.onnx", source ? source : ".");
    bd_graph graph;
    bd_shards shards;
    bd_error error;
    if (bd_graph_init(&graph, NULL, path, &error)) {
        return 0;
    }
    graph.open_height = 32;
    graph.open_width = 24;
    if (!bd_model_import_onnx(data, bytes, path, &graph, &shards, &error)) {
        /* Half of what is accepted at another size than its own. */
        uint32_t side = data[bytes - 1] & 1 ? 40 : 0;
        (void)!bd_graph_lower_to(&graph, 32, side, side / 2, &error);
    }
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
    return 0;
}

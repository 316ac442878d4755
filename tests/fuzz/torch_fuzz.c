/* SPDX-License-Identifier: MIT
 * libFuzzer's door to the importer of .pth archives and, for what it accepts, to the passes. */
#include "graph/passes.h"
#include "model/torch/torch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    bd_graph graph;
    bd_shards shards;
    bd_error error;
    if (bd_graph_init(&graph, NULL, "fuzz", &error)) {
        return 0;
    }
    /* A pickle first: the format before version 1.6. */
    bool legacy = bytes && data[0] == 0x80;
    if (!(legacy ? bd_model_import_torch_legacy : bd_model_import_torch)(data, bytes, "fuzz", &graph, &shards,
                                                                         &error)) {
        (void)!bd_graph_lower(&graph, 32, &error);
    }
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
    return 0;
}

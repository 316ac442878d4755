/* SPDX-License-Identifier: MIT
 * Which importer opens a file. */
#include "model/model.h"

typedef struct form {
    const char *name;
    bool (*recognise)(const uint8_t *data, size_t bytes); /* by the first bytes */
    bd_result (*import)(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                        bd_error *error);
} form;

/* Whatever is no other form: the JSON parser's message says what is wrong with it. */
static bool any(const uint8_t *data, size_t bytes) {
    (void)data;
    (void)bytes;
    return true;
}

static const form forms[] = {
    {"TensorFlow frozen graph", bd_model_is_graphdef, bd_model_import_graphdef},
    {"TensorFlow.js graph model", any, bd_model_import_tfjs},
};

bd_result bd_model_import(const char *path, bd_graph *graph, bd_shards *shards, const char **name, bd_error *error) {
    *shards = (bd_shards){.allocator = graph->pool.allocator};
    bd_mapping file;
    bd_result result = bd_map_file(path, &file, error);
    if (result) {
        return result;
    }
    const form *found = forms;
    while (!found->recognise(file.data, file.bytes)) {
        found++;
    }
    result = found->import(file.data, file.bytes, path, graph, shards, error);
    if (!result) {
        result = bd_shards_keep(shards, &file, error);
    }
    if (result) {
        bd_shards_finish(shards);
        bd_unmap_file(&file);
        return result;
    }
    if (name) {
        *name = found->name;
    }
    return BD_OK;
}

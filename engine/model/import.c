/* SPDX-License-Identifier: MIT
 * Which importer opens a file. */
#include <string.h>

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

static bool zip_archive(const uint8_t *data, size_t bytes) {
    return bytes >= 4 && !memcmp(data, "PK\3\4", 4);
}

/* The magic number of torch.save before 1.6, as a pickle. */
static bool torch_legacy(const uint8_t *data, size_t bytes) {
    return bytes >= 6 && data[0] == 0x80 && !memcmp(data + 1, "\2\x8a\x0al\xfc", 5);
}

/* A JSON header behind its length, which has 32 bits at most. */
static bool safetensors(const uint8_t *data, size_t bytes) {
    static const uint8_t zero[4];
    return bytes >= 9 && !memcmp(data + 4, zero, 4) && data[8] == '{';
}

static const form forms[] = {
    {"TensorFlow Lite model", bd_model_is_tflite, bd_model_import_tflite},
    {"TensorFlow frozen graph", bd_model_is_graphdef, bd_model_import_graphdef},
    {"PyTorch state dict", zip_archive, bd_model_import_torch},
    {"PyTorch state dict before 1.6", torch_legacy, bd_model_import_torch_legacy},
    {"safetensors", safetensors, bd_model_import_safetensors},
    {"ONNX", bd_model_is_onnx, bd_model_import_onnx},
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

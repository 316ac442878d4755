/* SPDX-License-Identifier: MIT */
#include "model/import.h"

#include <string.h>

#include "model/foreign.h"
#include "model/onnx/onnx.h"
#include "model/tensorflow/graphdef.h"
#include "model/tensorflow/tfjs.h"
#include "model/tflite/tflite.h"
#include "model/torch/safetensors.h"
#include "model/torch/torch.h"

typedef struct form {
    const char *name;
    bool (*recognise)(const uint8_t *data, size_t bytes); /* by the first bytes */
    bd_result (*import)(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                        bd_error *error);
} form;

/* Whether a text begins so, after a mark of its encoding and white space. */
static bool begins(const uint8_t *data, size_t bytes, const char *text) {
    static const uint8_t space[4] = {' ', '\t', '\r', '\n'};
    size_t at = bytes >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (at < bytes && memchr(space, data[at], sizeof space)) {
        at++;
    }
    return bytes - at >= strlen(text) && !memcmp(data + at, text, strlen(text));
}

static bool json(const uint8_t *data, size_t bytes) {
    return begins(data, bytes, "{");
}

static bool zip_archive(const uint8_t *data, size_t bytes) {
    return bytes >= 4 && !memcmp(data, "PK\3\4", 4);
}

/* The magic number of torch.save before 1.6, as a pickle. */
static bool torch_legacy(const uint8_t *data, size_t bytes) {
    return bytes >= 6 && data[0] == 0x80 && !memcmp(data + 1, "\2\x8a\x0al\xfc", 5);
}

/* A JSON header after its length, which has 32 bits at most. */
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
    {"TensorFlow.js graph model", json, bd_model_import_tfjs},
};

static bd_result fail_form(const bd_content *file, const char *says, const char *path, bd_error *error) {
    says = says ? says : bd_model_name_foreign(file->data, file->bytes, path);
    return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: %s", path,
                   says ? says
                        : "none of the forms that are read here: TensorFlow frozen graph, TensorFlow.js graph model, "
                          "TensorFlow Lite, ONNX, PyTorch state dict (.pth, .safetensors)");
}

/* NULL: none that is read here. *foreign: which other one it is. */
static const form *find_form(const uint8_t *data, size_t bytes, const char **foreign) {
    const form *found = forms, *const end = forms + BD_COUNT(forms);
    *foreign = bd_model_name_versioned(data, bytes); /* before ONNX, which begins alike */
    while (!*foreign && found < end && !found->recognise(data, bytes)) {
        found++;
    }
    return *foreign || found == end ? NULL : found;
}

static bool is_network(const uint8_t *head, size_t bytes) {
    const char *foreign;
    return find_form(head, bytes, &foreign) != NULL;
}

static bd_result import(const bd_content *file, const char *path, bd_graph *graph, bd_shards *shards, const char **name,
                        bd_error *error) {
    const char *foreign;
    const form *found = find_form(file->data, file->bytes, &foreign);
    bd_result result = found ? found->import(file->data, file->bytes, path, graph, shards, error)
                             : fail_form(file, foreign, path, error);
    if (!result && name) {
        *name = found->name;
    }
    return result;
}

bd_result bd_model_import(const char *path, bd_graph *graph, bd_shards *shards, const char **name, bd_error *error) {
    *shards = (bd_shards){.allocator = graph->pool.allocator};
    bd_content file;
    bd_result result = bd_read_wanted_file(path, UINT64_MAX, is_network, shards->allocator, &file, error);
    if (result) {
        return result;
    }
    result = import(&file, path, graph, shards, name, error);
    if (!result) {
        result = bd_shards_keep(shards, &file, error);
    }
    if (result) {
        bd_shards_finish(shards);
        bd_release_content(shards->allocator, &file);
    }
    return result;
}

bd_result bd_model_import_memory(const void *data, size_t bytes, const char *path, const bd_model_files *files,
                                 bd_graph *graph, bd_shards *shards, const char **name, bd_error *error) {
    *shards = (bd_shards){.allocator = graph->pool.allocator, .files = files};
    bd_result result = import(&(bd_content){data, bytes}, path, graph, shards, name, error);
    if (result) {
        bd_shards_finish(shards);
    }
    return result;
}

bd_result bd_model_import_again(const bd_shards *opened, const char *path, bd_graph *graph, bd_shards *shards,
                                const char **name, bd_error *error) {
    *shards = (bd_shards){.allocator = graph->pool.allocator, .opened = opened};
    bd_result result = import(bd_shards_main(opened), path, graph, shards, name, error);
    if (result) {
        bd_shards_finish(shards);
    }
    return result;
}

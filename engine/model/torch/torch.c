/* SPDX-License-Identifier: MIT */
#include "model/torch/torch.h"

#include <string.h>

#include "model/torch/torch_networks.h"
#include "model/torch/torch_read.h"
#include "model/torch/torch_state.h"
#include "model/bytes/zip.h"

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* The entry FOLDER/data.pkl of a state dict. */
static const bd_zip_entry *find_pickle(const bd_zip *zip, size_t *folder_bytes) {
    static const char name[] = "/data.pkl";
    const size_t length = sizeof name - 1;
    for (size_t i = 0; i < zip->count; i++) {
        const bd_zip_entry *entry = &zip->entries[i];
        size_t before = entry->name_bytes - BD_MIN(length, entry->name_bytes);
        if (before && entry->name_bytes == before + length && !memcmp(entry->name + before, name, length) &&
            !memchr(entry->name, '/', before)) {
            *folder_bytes = before;
            return entry;
        }
    }
    return NULL;
}

static bd_result read_archive(const bd_zip *zip, bd_pool *pool, bd_torch_state *state, bd_error *error) {
    size_t folder_bytes = 0;
    const bd_zip_entry *pickle = find_pickle(zip, &folder_bytes);
    if (!pickle) {
        static const char keras[] = "model.weights.h5";
        bool is_keras = bd_zip_find(zip, "", 0, keras, sizeof keras - 1);
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: %s", zip->file,
                       is_keras ? "a Keras archive (.keras); export the network as TensorFlow Lite or ONNX"
                                : "a ZIP archive, but not of PyTorch: no data.pkl; if a network is inside, unpack it");
    }
    static const char order[] = "byteorder", constants[] = "constants.pkl";
    const bd_zip_entry *found = bd_zip_find(zip, pickle->name, folder_bytes, constants, sizeof constants - 1);
    if (found) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: a TorchScript archive; save model.state_dict() instead",
                       zip->file);
    }
    found = bd_zip_find(zip, pickle->name, folder_bytes, order, sizeof order - 1);
    if (found && !(found->data && found->bytes == 6 && !memcmp(found->data, "little", 6))) {
        return bd_torch_fail_order(zip->file, error);
    }
    return bd_torch_pickle_read(zip, pickle, pickle->name, folder_bytes, pool, state, error);
}

static bd_result build(bd_torch_state *state, const char *path, size_t bytes, bd_graph *graph, bd_error *error) {
    bd_result result = bd_torch_state_sort(state, path, error);
    return result ? result : bd_torch_build(state, path, bytes, graph, error);
}

bd_result bd_model_import_torch(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                                bd_error *error) {
    bd_shards_begin(shards, graph->pool.allocator);
    bd_pool pool = {.allocator = graph->pool.allocator};
    bd_zip zip = {0};
    bd_torch_state state = {0};
    bd_result result = bd_zip_read(&zip, data, bytes, path, &pool, error);
    if (!result) {
        result = read_archive(&zip, &pool, &state, error);
    }
    if (!result) {
        result = build(&state, path, bytes, graph, error);
    }
    bd_pool_finish(&pool);
    return result;
}

bd_result bd_model_import_torch_legacy(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                       bd_shards *shards, bd_error *error) {
    bd_shards_begin(shards, graph->pool.allocator);
    bd_pool pool = {.allocator = graph->pool.allocator};
    bd_torch_state state = {0};
    bd_result result = bd_torch_legacy_read(data, bytes, path, &pool, &state, error);
    if (!result) {
        result = build(&state, path, bytes, graph, error);
    }
    bd_pool_finish(&pool);
    return result;
}

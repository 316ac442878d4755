/* SPDX-License-Identifier: MIT
 * State dicts: .pth as torch.save writes it since PyTorch 1.6, a ZIP archive of one folder with a pickle (data.pkl) and
 * one stored entry for each tensor's data; and as it did before, one file (torch_state.c). */
#include <stdlib.h>
#include <string.h>

#include "model/torch/torch.h"

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
    return strcmp(((const bd_torch_tensor *)a)->name, ((const bd_torch_tensor *)b)->name);
}

bd_result bd_torch_state_sort(bd_torch_state *state, const char *file, bd_error *error) {
    qsort(state->items, state->count, sizeof *state->items, compare_names);
    for (size_t i = 1; i < state->count; i++) {
        if (!compare_names(&state->items[i - 1], &state->items[i])) {
            return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: two parameters are called '%.120s'", file,
                           state->items[i].name);
        }
    }
    return BD_OK;
}

bd_torch_tensor *bd_torch_state_find(const bd_torch_state *state, const char *name) {
    const bd_torch_tensor wanted = {.name = name};
    return bsearch(&wanted, state->items, state->count, sizeof *state->items, compare_names);
}

bool bd_torch_tensor_fits(const bd_torch_tensor *tensor, int64_t offset, int64_t elements) {
    int64_t last = offset;
    for (uint32_t d = 0; d < tensor->rank; d++) {
        if (!tensor->dims[d]) {
            return offset <= elements;
        }
        int64_t steps = tensor->dims[d] - 1;
        if (last >= elements || (steps && tensor->strides[d] > (elements - last) / steps)) {
            return false;
        }
        last += steps * tensor->strides[d];
    }
    return last < elements;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

bd_result bd_torch_fail_order(const char *file, bd_error *error) {
    return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: was saved on a big-endian machine; load and torch.save it again on a little-endian one", file);
}

/* The entry FOLDER/data.pkl of a state dict. */
static const bd_torch_entry *find_pickle(const bd_torch_zip *zip, size_t *folder_bytes) {
    static const char name[] = "/data.pkl";
    const size_t length = sizeof name - 1;
    for (size_t i = 0; i < zip->count; i++) {
        const bd_torch_entry *entry = &zip->entries[i];
        size_t before = entry->name_bytes - BD_MIN(length, entry->name_bytes);
        if (before && entry->name_bytes == before + length && !memcmp(entry->name + before, name, length) &&
            !memchr(entry->name, '/', before)) {
            *folder_bytes = before;
            return entry;
        }
    }
    return NULL;
}

static bd_result read_archive(const bd_torch_zip *zip, bd_pool *pool, bd_torch_state *state, bd_error *error) {
    size_t folder_bytes = 0;
    const bd_torch_entry *pickle = find_pickle(zip, &folder_bytes);
    if (!pickle) {
        static const char keras[] = "model.weights.h5";
        bool is_keras = bd_torch_zip_find(zip, "", 0, keras, sizeof keras - 1);
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: %s", zip->file,
                       is_keras ? "a Keras archive (.keras); export the network as TensorFlow Lite or ONNX"
                                : "a ZIP archive, but not of PyTorch: no data.pkl; if a network is inside, unpack it");
    }
    static const char order[] = "byteorder", constants[] = "constants.pkl";
    const bd_torch_entry *found = bd_torch_zip_find(zip, pickle->name, folder_bytes, constants, sizeof constants - 1);
    if (found) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: a TorchScript archive; save model.state_dict() instead",
                       zip->file);
    }
    found = bd_torch_zip_find(zip, pickle->name, folder_bytes, order, sizeof order - 1);
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
    *shards = (bd_shards){.allocator = graph->pool.allocator};
    bd_pool pool = {.allocator = graph->pool.allocator};
    bd_torch_zip zip = {0};
    bd_torch_state state = {0};
    bd_result result = bd_torch_zip_read(&zip, data, bytes, path, &pool, error);
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
    *shards = (bd_shards){.allocator = graph->pool.allocator};
    bd_pool pool = {.allocator = graph->pool.allocator};
    bd_torch_state state = {0};
    bd_result result = bd_torch_legacy_read(data, bytes, path, &pool, &state, error);
    if (!result) {
        result = build(&state, path, bytes, graph, error);
    }
    bd_pool_finish(&pool);
    return result;
}

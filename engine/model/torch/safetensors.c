/* SPDX-License-Identifier: MIT */
#include "model/torch/safetensors.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "model/torch/torch_networks.h"
#include "model/torch/torch_state.h"

typedef struct place {
    uint64_t begin, end;
} place;

typedef struct reader {
    const char *file;
    const uint8_t *data; /* after the header */
    uint64_t bytes;
    bd_error *error;
} reader;

static bd_result corrupt(const reader *of, const char *name, const char *reason) {
    return bd_fail(of->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' %s", of->file, name, reason);
}

/* A whole number that a double holds exactly. */
static bool read_integer(const cJSON *json, uint64_t *number) {
    if (!cJSON_IsNumber(json) || !(json->valuedouble >= 0 && json->valuedouble <= 9007199254740992.0)) {
        return false;
    }
    *number = (uint64_t)json->valuedouble;
    return (double)*number == json->valuedouble;
}

static uint32_t read_type(const char *name, bd_torch_kind *kind) {
    static const struct {
        const char *name;
        bd_torch_kind kind;
        uint32_t bytes;
    } types[] = {{"F32", BD_TORCH_F32, 4},   {"F16", BD_TORCH_F16, 2},   {"BF16", BD_TORCH_BF16, 2},
                 {"F64", BD_TORCH_F64, 8},   {"I64", BD_TORCH_OTHER, 8}, {"U64", BD_TORCH_OTHER, 8},
                 {"I32", BD_TORCH_OTHER, 4}, {"U32", BD_TORCH_OTHER, 4}, {"I16", BD_TORCH_OTHER, 2},
                 {"U16", BD_TORCH_OTHER, 2}, {"I8", BD_TORCH_OTHER, 1},  {"U8", BD_TORCH_OTHER, 1},
                 {"BOOL", BD_TORCH_OTHER, 1}};
    for (size_t i = 0; name && i < BD_COUNT(types); i++) {
        if (!strcmp(name, types[i].name)) {
            *kind = types[i].kind;
            return types[i].bytes;
        }
    }
    return 0;
}

static bd_result read_tensor(const reader *of, const cJSON *json, bd_torch_tensor *to, place *where) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(json, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(json, "data_offsets");
    uint64_t size = read_type(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "dtype")), &to->kind);
    if (!size) {
        return bd_fail(of->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%.120s' is of a type that is not known",
                       of->file, to->name);
    }
    if (!cJSON_IsArray(shape) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !read_integer(offsets->child, &where->begin) || !read_integer(offsets->child->next, &where->end)) {
        return corrupt(of, to->name, "has no shape or no offsets");
    }
    for (const cJSON *dim = shape->child; dim; dim = dim->next) {
        uint64_t number;
        if (to->rank == BD_MAX_RANK || !read_integer(dim, &number) || (number && size > of->bytes / number)) {
            return corrupt(of, to->name, "has a shape that does not fit the file");
        }
        size *= number;
        to->dims[to->rank++] = (int64_t)number;
    }
    if (where->begin > where->end || where->end > of->bytes || where->end - where->begin != size) {
        return corrupt(of, to->name, "has offsets that do not fit the file or its shape");
    }
    if (!size) {
        to->kind = BD_TORCH_OTHER; /* of no elements: its strides might overflow */
    }
    int64_t stride = 1;
    for (uint32_t d = to->rank; size && d-- > 0;) {
        to->strides[d] = stride;
        stride *= to->dims[d];
    }
    to->data = of->data + where->begin;
    return BD_OK;
}

static int by_begin(const void *a, const void *b) {
    const place *left = a, *right = b;
    if (left->begin != right->begin) {
        return left->begin < right->begin ? -1 : 1;
    }
    return left->end < right->end ? -1 : left->end > right->end;
}

static bd_result read_header(const reader *of, const cJSON *root, bd_pool *pool, bd_torch_state *state) {
    size_t room = 0;
    for (const cJSON *json = root->child; json; json = json->next) {
        room++;
    }
    if (room > BD_TORCH_MAX_TENSORS) {
        return bd_fail(of->error, BD_ERR_MODEL_UNSUPPORTED, "%s: holds more than %d tensors", of->file,
                       BD_TORCH_MAX_TENSORS);
    }
    state->count = 0;
    state->items = bd_pool_alloc(pool, room * sizeof *state->items);
    place *places = bd_pool_alloc(pool, room * sizeof *places);
    if (!state->items || !places) {
        return bd_fail(of->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", of->file);
    }
    for (const cJSON *json = root->child; json; json = json->next) {
        if (!strcmp(json->string, "__metadata__")) {
            continue;
        }
        bd_torch_tensor *to = &state->items[state->count];
        to->name = json->string;
        if (strlen(to->name) > BD_TORCH_MAX_NAME) {
            return corrupt(of, to->name, "has too long a name");
        }
        bd_result result = read_tensor(of, json, to, &places[state->count]);
        if (result) {
            return result;
        }
        state->count++;
    }
    qsort(places, state->count, sizeof *places, by_begin);
    uint64_t end = 0;
    for (size_t i = 0; i < state->count; i++) {
        if (places[i].begin != end) {
            return bd_fail(of->error, BD_ERR_FILE_CORRUPT, "%s: its tensors overlap or leave gaps", of->file);
        }
        end = places[i].end;
    }
    if (end != of->bytes) {
        return bd_fail(of->error, BD_ERR_FILE_CORRUPT, "%s: %llu bytes of data, but tensors of %llu: cut short?",
                       of->file, (unsigned long long)of->bytes, (unsigned long long)end);
    }
    return BD_OK;
}

bd_result bd_model_import_safetensors(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                      bd_shards *shards, bd_error *error) {
    bd_shards_begin(shards, graph->pool.allocator);
    uint64_t header = 0;
    for (int i = 7; i >= 0 && bytes >= 8; i--) {
        header = header << 8 | data[i];
    }
    if (bytes < 8 || header > bytes - 8 || header > BD_TORCH_MAX_HEADER_BYTES) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: a safetensors header of %llu bytes in %zu, the most is %zu",
                       path, (unsigned long long)header, bytes, BD_TORCH_MAX_HEADER_BYTES);
    }
    cJSON *root = cJSON_ParseWithLengthOpts((const char *)data + 8, (size_t)header, NULL, false);
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: its safetensors header is broken JSON", path);
    }
    bd_pool pool = {.allocator = graph->pool.allocator};
    bd_torch_state state = {0};
    const reader of = {path, data + 8 + header, bytes - 8 - (size_t)header, error};
    bd_result result = read_header(&of, root, &pool, &state);
    if (!result) {
        result = bd_torch_state_sort(&state, path, error);
    }
    if (!result) {
        result = bd_torch_build(&state, path, bytes, graph, error);
    }
    bd_pool_finish(&pool);
    cJSON_Delete(root);
    return result;
}

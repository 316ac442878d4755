/* SPDX-License-Identifier: MIT */
#include "model/tensorflow/tfjs_weights.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/tensorflow/tensorflow_context.h"

typedef struct bd_tfjs_weights table;

bool bd_tfjs_integer(const cJSON *json, int64_t *value) {
    if (cJSON_IsNumber(json)) {
        double number = json->valuedouble;
        if (!(fabs(number) <= 9007199254740992.0) || number != floor(number)) {
            return false;
        }
        *value = (int64_t)number;
        return true;
    }
    const char *text = cJSON_GetStringValue(json);
    if (!text || !*text || strlen(text) > 19 || text[strspn(text, "-0123456789")]) {
        return false;
    }
    char *end;
    long long number = strtoll(text, &end, 10);
    *value = number;
    return !*end && number != LLONG_MAX && number != LLONG_MIN;
}

/* The file and the weight that a message is about. */
static bd_result fail_weight(const table *weights, const bd_tfjs_weight *item, bd_result code, bd_error *error,
                             const char *problem) {
    return bd_fail(error, code, "%s: weight %.120s: %s", weights->file, item->name, problem);
}

static uint32_t count_items(const cJSON *array) {
    uint32_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        count++;
    }
    return count;
}

/* The piece of the group's bytes [offset, offset+bytes) that lies in one shard: where it is, and how long it is. */
static const uint8_t *locate(const table *weights, const bd_tfjs_group *group, size_t offset, size_t bytes,
                             size_t *piece) {
    for (uint32_t i = 0; i < group->count; i++) {
        const bd_content *file = &weights->shards->contents[group->first + i];
        if (offset < file->bytes) {
            *piece = BD_MIN(bytes, file->bytes - offset);
            return file->data + offset;
        }
        offset -= file->bytes;
    }
    *piece = 0;
    return NULL;
}

/* The caller has checked that the group is that long. */
static void copy_bytes(const table *weights, const bd_tfjs_group *group, size_t offset, void *to, size_t bytes) {
    unsigned char *out = to;
    while (bytes) {
        size_t piece;
        const uint8_t *from = locate(weights, group, offset, bytes, &piece);
        if (!from) {
            return;
        }
        memcpy(out, from, piece);
        out += piece;
        offset += piece;
        bytes -= piece;
    }
}

static bd_result read_shape(const table *weights, bd_tfjs_weight *item, const cJSON *json, bd_error *error) {
    if (!cJSON_IsArray(json)) {
        return fail_weight(weights, item, BD_ERR_FILE_CORRUPT, error, "the shape is not a list");
    }
    uint64_t elements = 1;
    uint32_t rank = 0;
    const cJSON *dim;
    cJSON_ArrayForEach(dim, json) {
        int64_t size;
        if (!bd_tfjs_integer(dim, &size) || size < 0 || size > INT32_MAX) {
            return fail_weight(weights, item, BD_ERR_FILE_CORRUPT, error, "a dimension is not a size");
        }
        elements *= (uint64_t)size;
        if (elements > INT32_MAX) {
            return fail_weight(weights, item, BD_ERR_FILE_CORRUPT, error, "the shape is too large");
        }
        if (rank < BD_MAX_RANK) {
            item->shape.dims[rank] = (int32_t)size;
        }
        rank++;
    }
    item->elements = (size_t)elements;
    item->shape.rank = BD_MIN(rank, (uint32_t)BD_MAX_RANK);
    if (rank > BD_MAX_RANK) {
        item->kind = BD_TFJS_OPAQUE;
    }
    return BD_OK;
}

static bool read_kind(const char *dtype, bd_tfjs_kind *kind, bd_dtype *result, size_t *item_bytes) {
    static const struct {
        const char *name;
        bd_tfjs_kind kind;
        bd_dtype dtype;
        size_t bytes;
    } kinds[] = {{"float32", BD_TFJS_F32, BD_F32, 4},      {"int32", BD_TFJS_I32, BD_I32, 4},
                 {"uint8", BD_TFJS_U8, BD_U8, 1},          {"bool", BD_TFJS_U8, BD_U8, 1},
                 {"uint16", BD_TFJS_U16, BD_I32, 2},       {"float16", BD_TFJS_F16, BD_F32, 2},
                 {"complex64", BD_TFJS_OPAQUE, BD_F32, 8}, {"string", BD_TFJS_OPAQUE, BD_U8, 0}};
    for (size_t i = 0; dtype && i < BD_COUNT(kinds); i++) {
        if (!strcmp(dtype, kinds[i].name)) {
            *kind = kinds[i].kind;
            *result = kinds[i].dtype;
            *item_bytes = kinds[i].bytes;
            return true;
        }
    }
    return false;
}

static bd_result read_quantisation(const table *weights, bd_tfjs_weight *item, const cJSON *json, size_t *item_bytes,
                                   bd_error *error) {
    const char *stored = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "dtype"));
    bd_dtype ignored;
    bd_tfjs_kind kind;
    if (!read_kind(stored, &kind, &ignored, item_bytes) ||
        (kind != BD_TFJS_U8 && kind != BD_TFJS_U16 && kind != BD_TFJS_F16)) {
        return fail_weight(weights, item, BD_ERR_MODEL_UNSUPPORTED, error,
                           "quantised to something other than uint8, uint16 or float16");
    }
    bool integer = item->kind == BD_TFJS_I32 && kind != BD_TFJS_F16;
    if (item->kind != BD_TFJS_F32 && !integer && item->kind != BD_TFJS_OPAQUE) {
        return fail_weight(weights, item, BD_ERR_MODEL_UNSUPPORTED, error, "quantised, but neither float32 nor int32");
    }
    if (kind != BD_TFJS_F16) {
        const cJSON *scale = cJSON_GetObjectItemCaseSensitive(json, "scale");
        const cJSON *minimum = cJSON_GetObjectItemCaseSensitive(json, "min");
        if (!cJSON_IsNumber(scale) || !cJSON_IsNumber(minimum)) {
            return fail_weight(weights, item, BD_ERR_FILE_CORRUPT, error, "quantised without scale and min");
        }
        /* Neither may be beyond the range of floats, nor the values that they make. */
        if (!(fabs(scale->valuedouble) * UINT16_MAX + fabs(minimum->valuedouble) <= (double)FLT_MAX)) {
            return fail_weight(weights, item, BD_ERR_FILE_CORRUPT, error, "its scale or min is out of range");
        }
        item->quantised = true;
        item->scale = scale->valuedouble;
        item->minimum = minimum->valuedouble;
    }
    if (item->kind != BD_TFJS_OPAQUE) {
        item->kind = kind;
    }
    return BD_OK;
}

/* Strings are stored as 4 bytes of length and then the text. Stops where the group ends; more bytes than it
 * has are returned then. */
static uint64_t measure_strings(const table *weights, const bd_tfjs_group *group, size_t offset, size_t elements) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < elements; i++) {
        uint32_t length = 0;
        bool inside = offset + bytes + sizeof length <= group->bytes;
        if (inside) {
            copy_bytes(weights, group, offset + (size_t)bytes, &length, sizeof length);
        }
        bytes += sizeof length + length;
        if (!inside) {
            break;
        }
    }
    return bytes;
}

/* One entry of the manifest. *expected is what the group's weights up to here take. */
static bd_result read_weight(const table *weights, bd_tfjs_weight *item, const cJSON *json, uint64_t *expected,
                             bd_error *error) {
    item->name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
    if (!item->name) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: a weight in weightsManifest has no name", weights->file);
    }
    size_t item_bytes;
    const char *dtype = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "dtype"));
    if (!read_kind(dtype, &item->kind, &item->dtype, &item_bytes) || item->kind == BD_TFJS_U16) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: weight %.120s: dtype %.40s is not supported",
                       weights->file, item->name, dtype ? dtype : "(none)");
    }
    bd_result result = read_shape(weights, item, cJSON_GetObjectItemCaseSensitive(json, "shape"), error);
    const cJSON *quantisation = cJSON_GetObjectItemCaseSensitive(json, "quantization");
    if (!result && cJSON_IsObject(quantisation)) {
        result = read_quantisation(weights, item, quantisation, &item_bytes, error);
    }
    if (result) {
        return result;
    }
    const bd_tfjs_group *group = &weights->groups[item->group];
    uint64_t bytes = (uint64_t)item->elements * item_bytes;
    if (!item_bytes) {
        bytes = *expected <= group->bytes ? measure_strings(weights, group, (size_t)*expected, item->elements) : 0;
    }
    /* Past the shards' end nothing is read: the group is refused once all its weights are counted. */
    item->offset = (size_t)BD_MIN(*expected, (uint64_t)group->bytes);
    item->bytes = (size_t)BD_MIN(bytes, (uint64_t)group->bytes);
    *expected += bytes;
    return BD_OK;
}

/* Writers cut a group into shards of one size with a shorter one at the end: one that differs is the broken one. */
static bd_result fail_size(const table *weights, const bd_tfjs_group *group, uint64_t expected, bd_error *error) {
    if (!group->count) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: weightsManifest lists weights without paths", weights->file);
    }
    const bd_content *files = weights->shards->contents + group->first;
    uint32_t odd = group->count - 1;
    size_t full = 0;
    for (uint32_t i = 0; i + 1 < group->count; i++) {
        full = BD_MAX(full, files[i].bytes);
    }
    for (uint32_t i = 0; expected > group->bytes && i + 1 < group->count; i++) {
        if (files[i].bytes < full) {
            odd = i;
            break;
        }
    }
    const char *path = weights->paths[group->first + odd];
    if (expected > group->bytes) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: shard %.120s: truncated: %zu bytes, %llu expected",
                       weights->file, path, files[odd].bytes,
                       (unsigned long long)(files[odd].bytes + (expected - group->bytes)));
    }
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: shard %.120s: %zu bytes more than weightsManifest lists",
                   weights->file, path, (size_t)(group->bytes - expected));
}

static bd_result read_group(table *weights, uint32_t index, const cJSON *json, bd_error *error) {
    bd_tfjs_group *group = &weights->groups[index];
    for (uint32_t i = 0; i < group->count; i++) {
        group->bytes += weights->shards->contents[group->first + i].bytes;
    }
    uint64_t expected = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(json, "weights")) {
        bd_tfjs_weight *item = &weights->items[weights->count];
        item->group = index;
        bd_result result = read_weight(weights, item, entry, &expected, error);
        if (result) {
            return result;
        }
        weights->count++;
    }
    return expected == group->bytes ? BD_OK : fail_size(weights, group, expected, error);
}

static bd_result read_paths(table *weights, const cJSON *manifest, bd_error *error) {
    uint32_t count = 0, index = 0;
    const cJSON *group, *path;
    cJSON_ArrayForEach(group, manifest) {
        weights->groups[index].first = count;
        cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(group, "paths")) {
            if (!cJSON_IsString(path)) {
                return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: a path in weightsManifest is not a string",
                               weights->file);
            }
            if (count == BD_MODEL_MAX_SHARDS) {
                return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: more than %d shards", weights->file,
                               BD_MODEL_MAX_SHARDS);
            }
            weights->paths[count++] = path->valuestring;
            weights->groups[index].count++;
        }
        index++;
    }
    return BD_OK;
}

bd_result bd_tfjs_weights_read(bd_tfjs_weights *weights, const cJSON *root, const char *file, bd_pool *pool,
                               bd_shards *shards, bd_error *error) {
    *weights = (bd_tfjs_weights){.file = file, .pool = pool, .shards = shards};
    const cJSON *manifest = cJSON_GetObjectItemCaseSensitive(root, "weightsManifest");
    if (!cJSON_IsArray(manifest)) {
        return bd_fail(error, BD_ERR_FILE_FORMAT, "%s: not a TensorFlow.js graph model: no weightsManifest", file);
    }
    size_t count = 0;
    const cJSON *group;
    cJSON_ArrayForEach(group, manifest) {
        count += count_items(cJSON_GetObjectItemCaseSensitive(group, "weights"));
    }
    weights->group_count = count_items(manifest);
    weights->groups = bd_pool_alloc(pool, weights->group_count * sizeof *weights->groups);
    weights->items = bd_pool_alloc(pool, count * sizeof *weights->items);
    weights->paths = bd_pool_alloc(pool, BD_MODEL_MAX_SHARDS * sizeof *weights->paths);
    if (!weights->groups || !weights->items || !weights->paths) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", file);
    }
    bd_result result = read_paths(weights, manifest, error);
    if (result) {
        return result;
    }
    uint32_t shard_count = 0;
    for (uint32_t i = 0; i < weights->group_count; i++) {
        shard_count += weights->groups[i].count;
    }
    result = bd_shards_open(shards, file, weights->paths, shard_count, error);
    uint32_t index = 0;
    cJSON_ArrayForEach(group, manifest) {
        if (result) {
            return result;
        }
        result = read_group(weights, index++, group, error);
    }
    qsort(weights->items, weights->count, sizeof *weights->items, bd_tf_compare_names);
    for (size_t i = 1; !result && i < weights->count; i++) {
        if (!strcmp(weights->items[i - 1].name, weights->items[i].name)) {
            result = fail_weight(weights, &weights->items[i], BD_ERR_FILE_CORRUPT, error, "listed twice");
        }
    }
    return result;
}

static double stored_value(const bd_tfjs_weight *item, const uint8_t *bytes, size_t index) {
    if (item->kind == BD_TFJS_U8) {
        return bytes[index];
    }
    uint16_t word;
    memcpy(&word, bytes + index * sizeof word, sizeof word);
    return item->kind == BD_TFJS_F16 ? (double)bd_half_to_float(word) : (double)word;
}

/* To BD_F32 or BD_I32, rounding as TensorFlow.js's decodeWeights does: integers to the nearest, halves upwards. */
static void dequantise(const bd_tfjs_weight *item, const uint8_t *bytes, void *to) {
    float *floats = to;
    int32_t *integers = to;
    for (size_t i = 0; i < item->elements; i++) {
        double value = stored_value(item, bytes, i);
        if (!item->quantised) {
            floats[i] = (float)value;
            continue;
        }
        value = value * item->scale + item->minimum;
        if (item->dtype == BD_F32) {
            floats[i] = (float)BD_MAX(-3.4028234663852886e38, BD_MIN(value, 3.4028234663852886e38));
        } else {
            integers[i] = (int32_t)BD_MAX((double)INT32_MIN, BD_MIN(floor(value + 0.5), (double)INT32_MAX));
        }
    }
}

bd_result bd_tfjs_weights_add(const bd_tfjs_weights *weights, const char *name, bd_graph *graph, uint32_t *index,
                              bd_error *error) {
    const bd_tfjs_weight *item =
        bsearch(&name, weights->items, weights->count, sizeof *weights->items, bd_tf_compare_names);
    if (!item) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: weightsManifest has no such weight", weights->file,
                       name);
    }
    if (item->kind == BD_TFJS_OPAQUE) {
        return fail_weight(weights, item, BD_ERR_MODEL_UNSUPPORTED, error,
                           "strings, complex numbers and more than 6 dimensions are not supported");
    }
    const bd_tfjs_group *group = &weights->groups[item->group];
    bool decode = item->quantised || item->kind == BD_TFJS_F16;
    size_t piece;
    const void *data = locate(weights, group, item->offset, item->bytes, &piece);
    bool aligned = decode || item->dtype == BD_U8 || (uintptr_t)data % sizeof(float) == 0;
    if (piece < item->bytes || !aligned || !item->bytes) {
        void *copy = bd_pool_alloc(decode ? weights->pool : &graph->pool, item->bytes);
        if (!copy) {
            goto memory;
        }
        copy_bytes(weights, group, item->offset, copy, item->bytes);
        data = copy;
    }
    if (decode) {
        void *decoded = bd_pool_alloc(&graph->pool, item->elements * sizeof(float));
        if (!decoded) {
            goto memory;
        }
        dequantise(item, data, decoded);
        data = decoded;
    }
    *index = bd_graph_add_const(graph, name, item->dtype, &item->shape, data);
    if (*index != BD_NO_NODE) {
        return BD_OK;
    }
memory:
    return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: node %.120s: out of memory", weights->file, name);
}

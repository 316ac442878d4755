/* SPDX-License-Identifier: MIT
 * TensorFlow.js graph models: the file, its nodes, and their attributes as protobuf writes them in JSON. */
#include "model/tensorflow/tfjs.h"

#include <string.h>

#include "model/tensorflow/tensorflow.h"
#include "model/tensorflow/tfjs_weights.h"

/* ---- attributes ------------------------------------------------------------------------------------------------- */

/* The value of one kind ("i", "s", "b", "type", "list", "shape") of an attribute; NULL when absent. */
static const cJSON *find_attribute(const bd_tf_node *node, const char *name, const char *kind) {
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(node->record, "attr");
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(attributes, name), kind);
}

static int base64_value(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Bytes are base64 in protobuf's JSON, but some writers leave them as text: both are compared. */
static bool text_is(const cJSON *json, const char *expected) {
    const char *text = cJSON_GetStringValue(json);
    if (!text) {
        return false;
    }
    if (!strcmp(text, expected)) {
        return true;
    }
    uint32_t bits = 0, held = 0;
    for (; *text && *text != '='; text++) {
        int value = base64_value(*text);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffffu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            if (!*expected || (unsigned char)*expected++ != (bits >> held & 0xffu)) {
                return false;
            }
        }
    }
    return !*expected;
}

static bd_tf_found read_integer(const bd_tf_node *node, const char *name, int64_t *value) {
    const cJSON *json = find_attribute(node, name, "i");
    return !json ? BD_TF_ABSENT : bd_tfjs_integer(json, value) ? BD_TF_FOUND : BD_TF_OTHER;
}

static bd_tf_found read_real(const bd_tf_node *node, const char *name, double *value) {
    const cJSON *json = find_attribute(node, name, "f");
    if (!cJSON_IsNumber(json)) {
        return json ? BD_TF_OTHER : BD_TF_ABSENT;
    }
    *value = json->valuedouble;
    return BD_TF_FOUND;
}

static bool read_flag(const bd_tf_node *node, const char *name) {
    return cJSON_IsTrue(find_attribute(node, name, "b"));
}

/* By its name, as protobuf's JSON has it, or by its number. */
static int32_t read_type(const bd_tf_node *node, const char *name) {
    static const struct {
        const char *name;
        int32_t number;
    } types[] = {{"DT_FLOAT", 1}, {"DT_INT32", 3}, {"DT_UINT8", 4}, {"DT_INT64", 9}};
    const cJSON *json = find_attribute(node, name, "type");
    int64_t value;
    if (cJSON_IsNumber(json)) {
        return bd_tfjs_integer(json, &value) && value > 0 && value <= INT32_MAX ? (int32_t)value : 0;
    }
    for (size_t i = 0; i < BD_COUNT(types); i++) {
        if (text_is(json, types[i].name)) {
            return types[i].number;
        }
    }
    return 0;
}

static bd_tf_found read_text(const bd_tf_node *node, const char *name, int32_t entry, const char *expected) {
    const cJSON *json = find_attribute(node, name, "s");
    if (entry >= 0) {
        json = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(find_attribute(node, name, "list"), "s"), entry);
    }
    return !json ? BD_TF_ABSENT : text_is(json, expected) ? BD_TF_FOUND : BD_TF_OTHER;
}

static bd_tf_found read_integers(const bd_tf_node *node, const char *name, int64_t *values, uint32_t room,
                                 uint32_t *count) {
    *count = 0;
    const cJSON *list = find_attribute(node, name, "list"), *json;
    cJSON_ArrayForEach(json, cJSON_GetObjectItemCaseSensitive(list, "i")) {
        if (*count == room) {
            ++*count;
            break;
        }
        if (!bd_tfjs_integer(json, &values[(*count)++])) {
            return BD_TF_OTHER;
        }
    }
    return list ? BD_TF_FOUND : BD_TF_ABSENT;
}

static bd_tf_found read_shape(const bd_tf_node *node, const char *name, int64_t *dims, uint32_t room, uint32_t *rank) {
    *rank = 0;
    const cJSON *shape = find_attribute(node, name, "shape"), *dim;
    cJSON_ArrayForEach(dim, cJSON_GetObjectItemCaseSensitive(shape, "dim")) {
        if (*rank == room) {
            ++*rank;
            break;
        }
        if (!bd_tfjs_integer(cJSON_GetObjectItemCaseSensitive(dim, "size"), &dims[(*rank)++])) {
            return BD_TF_OTHER;
        }
    }
    return shape ? BD_TF_FOUND : BD_TF_ABSENT;
}

static bd_result add_constant(bd_tf *tf, const bd_tf_node *node, uint32_t *index) {
    return bd_tfjs_weights_add(tf->user, node->name, tf->graph, index, tf->error);
}

static const bd_tf_form form = {.integer = read_integer,
                                .real = read_real,
                                .flag = read_flag,
                                .type = read_type,
                                .text = read_text,
                                .integers = read_integers,
                                .shape = read_shape,
                                .constant = add_constant};

/* ---- the file --------------------------------------------------------------------------------------------------- */

static size_t count_entries(const cJSON *list) {
    size_t count = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list) {
        count++;
    }
    return count;
}

static bd_result read_references(bd_tf *tf, bd_tf_node *node, const cJSON *list) {
    node->references = bd_pool_alloc(&tf->pool, count_entries(list) * sizeof *node->references);
    if (!node->references) {
        return bd_tf_fail_memory(tf, NULL);
    }
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list) {
        node->references[node->reference_count++] = cJSON_GetStringValue(entry);
    }
    return BD_OK;
}

static bd_result read_nodes(bd_tf *tf, const cJSON *list) {
    tf->nodes = bd_pool_alloc(&tf->pool, count_entries(list) * sizeof *tf->nodes);
    if (!tf->nodes) {
        return bd_tf_fail_memory(tf, NULL);
    }
    const cJSON *json;
    cJSON_ArrayForEach(json, list) {
        bd_tf_node *node = &tf->nodes[tf->count];
        node->name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
        node->op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "op"));
        if (!node->name || !node->op) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node number %u has no name or no op", tf->file,
                           tf->count);
        }
        node->record = json;
        bd_result result = read_references(tf, node, cJSON_GetObjectItemCaseSensitive(json, "input"));
        if (result) {
            return result;
        }
        tf->count++;
    }
    return BD_OK;
}

/* The signature's outputs: newer exports keep it at the top, older ones in userDefinedMetadata. */
static bd_result read_outputs(bd_tf *tf, const cJSON *root, const char ***outputs, uint32_t *count) {
    const cJSON *signature = cJSON_GetObjectItemCaseSensitive(root, "signature");
    if (!signature) {
        const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(root, "userDefinedMetadata");
        signature = cJSON_GetObjectItemCaseSensitive(metadata, "signature");
    }
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(signature, "outputs"), *entry;
    list = cJSON_IsObject(list) ? list : NULL;
    *count = 0;
    *outputs = bd_pool_alloc(&tf->pool, count_entries(list) * sizeof **outputs);
    if (!*outputs) {
        return bd_tf_fail_memory(tf, NULL);
    }
    cJSON_ArrayForEach(entry, list) {
        (*outputs)[(*count)++] = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "name"));
    }
    return BD_OK;
}

static bd_result import_root(bd_tf *tf, const cJSON *root, bd_shards *shards) {
    const cJSON *topology = cJSON_GetObjectItemCaseSensitive(root, "modelTopology");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(topology, "node");
    if (!cJSON_IsArray(list)) {
        bool keras = cJSON_GetObjectItemCaseSensitive(topology, "model_config");
        return bd_fail(tf->error, BD_ERR_FILE_FORMAT, "%s: not a TensorFlow.js graph model: %s", tf->file,
                       keras ? "a layers model of Keras; convert it with --output_format tfjs_graph_model"
                             : "no modelTopology.node");
    }
    const char **outputs = NULL;
    uint32_t output_count = 0;
    bd_result result = bd_tfjs_weights_read(tf->user, root, tf->file, &tf->pool, shards, tf->error);
    if (!result) {
        result = read_nodes(tf, list);
    }
    if (!result) {
        result = read_outputs(tf, root, &outputs, &output_count);
    }
    return result ? result : bd_tf_build(tf, outputs, output_count);
}

/* NULL with the reason in *result. */
static cJSON *parse(const char *json, size_t bytes, const char *path, bd_error *error, bd_result *result) {
    static const char blank[] = " \t\r\n";
    size_t start = 0;
    while (start < bytes && memchr(blank, json[start], sizeof blank - 1)) {
        start++;
    }
    if (start == bytes || json[start] != '{') {
        *result = bd_fail(error, BD_ERR_FILE_FORMAT, "%s: not a TensorFlow.js graph model: no JSON object", path);
        return NULL;
    }
    if (bytes > BD_MODEL_MAX_JSON_BYTES) {
        *result = bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: %zu bytes of JSON, the most is %zu", path, bytes,
                          BD_MODEL_MAX_JSON_BYTES);
        return NULL;
    }
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(json, bytes, &end, false);
    size_t parsed = end ? (size_t)(end - json) : 0;
    size_t rest = parsed;
    while (root && rest < bytes && memchr(blank, json[rest], sizeof blank - 1)) {
        rest++;
    }
    if (!root || rest < bytes) {
        cJSON_Delete(root);
        *result = bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: broken JSON at byte %zu of %zu", path, parsed, bytes);
        return NULL;
    }
    return root;
}

bd_result bd_model_import_tfjs(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                               bd_error *error) {
    bd_shards_begin(shards, graph->pool.allocator);
    bd_result result = BD_OK;
    cJSON *root = parse((const char *)data, bytes, path, error, &result);
    if (!root) {
        return result;
    }
    bd_tfjs_weights weights;
    bd_tf tf = {.file = path,
                .graph = graph,
                .form = &form,
                .user = &weights,
                .pool = {.allocator = graph->pool.allocator},
                .error = error};
    graph->input = graph->output = BD_NO_NODE;
    result = import_root(&tf, root, shards);
    bd_pool_finish(&tf.pool);
    cJSON_Delete(root);
    if (result) {
        bd_shards_finish(shards);
    }
    return result;
}

/* SPDX-License-Identifier: MIT
 * TensorFlow.js graph models: the file, its output, and the order of its nodes. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tfjs.h"

int bd_tfjs_compare_names(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

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

static bd_result fail_memory(const bd_tfjs *tfjs) {
    return bd_fail(tfjs->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", tfjs->file);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bd_result read_nodes(bd_tfjs *tfjs, const cJSON *list) {
    size_t room = 0;
    const cJSON *json;
    cJSON_ArrayForEach(json, list) {
        room++;
    }
    tfjs->nodes = bd_pool_alloc(&tfjs->pool, room * sizeof *tfjs->nodes);
    if (!tfjs->nodes) {
        return fail_memory(tfjs);
    }
    cJSON_ArrayForEach(json, list) {
        bd_tfjs_node *node = &tfjs->nodes[tfjs->count];
        node->name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
        node->op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "op"));
        if (!node->name || !node->op) {
            return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, "%s: node number %u has no name or no op", tfjs->file,
                           tfjs->count);
        }
        node->attributes = cJSON_GetObjectItemCaseSensitive(json, "attr");
        node->input_json = cJSON_GetObjectItemCaseSensitive(json, "input");
        node->index = node->constant = BD_NO_NODE;
        tfjs->count++;
    }
    qsort(tfjs->nodes, tfjs->count, sizeof *tfjs->nodes, bd_tfjs_compare_names);
    for (uint32_t i = 1; i < tfjs->count; i++) {
        if (!strcmp(tfjs->nodes[i - 1].name, tfjs->nodes[i].name)) {
            return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: the name is used twice", tfjs->file,
                           tfjs->nodes[i].name);
        }
    }
    return BD_OK;
}

/* The node that "name" or "name:port" means; NULL when there is none. *port is 0 where it is not said. */
static bd_tfjs_node *find_node(bd_tfjs *tfjs, const char *reference, int64_t *port) {
    *port = 0;
    bd_tfjs_node *node = bsearch(&reference, tfjs->nodes, tfjs->count, sizeof *tfjs->nodes, bd_tfjs_compare_names);
    const char *colon = strrchr(reference, ':');
    if (node || !colon) {
        return node;
    }
    const cJSON digits = {.type = cJSON_String, .valuestring = (char *)(uintptr_t)(colon + 1)};
    char *name = bd_pool_strdup(&tfjs->pool, reference);
    if (!name || !bd_tfjs_integer(&digits, port) || *port < 0) {
        return NULL;
    }
    name[colon - reference] = '\0';
    return bsearch(&name, tfjs->nodes, tfjs->count, sizeof *tfjs->nodes, bd_tfjs_compare_names);
}

static void mark_consumed(bd_tfjs *tfjs) {
    for (uint32_t i = 0; i < tfjs->count; i++) {
        const cJSON *input;
        cJSON_ArrayForEach(input, tfjs->nodes[i].input_json) {
            const char *reference = cJSON_GetStringValue(input);
            int64_t port;
            bd_tfjs_node *source = reference && *reference != '^' ? find_node(tfjs, reference, &port) : NULL;
            if (source) {
                source->consumed = true;
            }
        }
    }
}

/* ---- the output ------------------------------------------------------------------------------------------------- */

/* Several could be the output: DeepLab's own name for it, else the only one of the first operation in this order that
 * a segmentation network ends with. NULL when that does not decide. */
static bd_tfjs_node *prefer_output(bd_tfjs_node **candidates, uint32_t count) {
    static const char *const ops[] = {"ArgMax", "Softmax", "ResizeBilinear"};
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(candidates[i]->name, "SemanticPredictions")) {
            return candidates[i];
        }
    }
    for (size_t o = 0; o < BD_COUNT(ops); o++) {
        bd_tfjs_node *found = NULL;
        uint32_t matches = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!strcmp(candidates[i]->op, ops[o])) {
                found = candidates[i];
                matches++;
            }
        }
        if (matches) {
            return matches == 1 ? found : NULL;
        }
    }
    return NULL;
}

static bd_result choose_output(bd_tfjs *tfjs, bd_tfjs_node **candidates, uint32_t count, bd_tfjs_node **output) {
    *output = count == 1 ? candidates[0] : prefer_output(candidates, count);
    if (*output) {
        return BD_OK;
    }
    if (!count) {
        return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, "%s: the graph has no output", tfjs->file);
    }
    char names[300] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && used < sizeof names; i++) {
        int wrote = snprintf(names + used, sizeof names - used, "%s%.80s", i ? ", " : "", candidates[i]->name);
        used += wrote > 0 ? (size_t)wrote : sizeof names;
    }
    return bd_fail(tfjs->error, BD_ERR_MODEL_UNSUPPORTED, "%s: which of these is the output is not clear: %s",
                   tfjs->file, names);
}

/* The signature's outputs: newer exports keep it at the top, older ones in userDefinedMetadata. */
static const cJSON *signature_outputs(const cJSON *root) {
    const cJSON *signature = cJSON_GetObjectItemCaseSensitive(root, "signature");
    if (!signature) {
        const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(root, "userDefinedMetadata");
        signature = cJSON_GetObjectItemCaseSensitive(metadata, "signature");
    }
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(signature, "outputs");
    return cJSON_IsObject(outputs) && outputs->child ? outputs : NULL;
}

static bd_result find_output(bd_tfjs *tfjs, const cJSON *root, bd_tfjs_node **output) {
    const cJSON *outputs = signature_outputs(root);
    size_t room = tfjs->count;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, outputs) {
        room++;
    }
    bd_tfjs_node **candidates = bd_pool_alloc(&tfjs->pool, room * sizeof *candidates);
    if (!candidates) {
        return fail_memory(tfjs);
    }
    uint32_t count = 0;
    cJSON_ArrayForEach(entry, outputs) {
        const char *reference = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "name"));
        int64_t port = 0;
        bd_tfjs_node *node = reference ? find_node(tfjs, reference, &port) : NULL;
        if (!node || port) {
            return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, "%s: the signature's output %.120s is no node", tfjs->file,
                           reference ? reference : "(unnamed)");
        }
        candidates[count++] = node;
    }
    if (!outputs) {
        static const char *const never[] = {"Const", "Placeholder", "NoOp", "Assert"};
        mark_consumed(tfjs);
        for (uint32_t i = 0; i < tfjs->count; i++) {
            bool candidate = !tfjs->nodes[i].consumed;
            for (size_t n = 0; n < BD_COUNT(never); n++) {
                candidate = candidate && strcmp(tfjs->nodes[i].op, never[n]) != 0;
            }
            if (candidate) {
                candidates[count++] = &tfjs->nodes[i];
            }
        }
    }
    return choose_output(tfjs, candidates, count, output);
}

/* ---- the order -------------------------------------------------------------------------------------------------- */

static bd_result resolve_inputs(bd_tfjs *tfjs, bd_tfjs_node *node) {
    size_t room = 0;
    const cJSON *json;
    cJSON_ArrayForEach(json, node->input_json) {
        room++;
    }
    node->inputs = bd_pool_alloc(&tfjs->pool, room * sizeof *node->inputs);
    if (!node->inputs) {
        return fail_memory(tfjs);
    }
    cJSON_ArrayForEach(json, node->input_json) {
        const char *reference = cJSON_GetStringValue(json);
        if (reference && *reference == '^') {
            continue;
        }
        int64_t port = 0;
        bd_tfjs_node *source = reference ? find_node(tfjs, reference, &port) : NULL;
        if (!source) {
            return bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: its input %.120s is no node", tfjs->file,
                           node->name, reference ? reference : "(not a string)");
        }
        if (port) {
            return bd_fail(tfjs->error, BD_ERR_MODEL_UNSUPPORTED,
                           "%s: node %.120s: its input %.120s is not the first output of operation %.40s", tfjs->file,
                           node->name, reference, source->op);
        }
        node->inputs[node->input_count++] = (uint32_t)(source - tfjs->nodes);
    }
    return BD_OK;
}

/* Depth first from the output, without recursion: a node is converted when all its inputs are. */
static bd_result convert_reachable(bd_tfjs *tfjs, bd_tfjs_node *output) {
    bd_tfjs_node **stack = bd_pool_alloc(&tfjs->pool, tfjs->count * sizeof *stack);
    if (!stack) {
        return fail_memory(tfjs);
    }
    uint32_t depth = 0;
    stack[depth++] = output;
    while (depth) {
        bd_tfjs_node *node = stack[depth - 1];
        bd_result result = BD_OK;
        if (node->state == BD_TFJS_NEW) {
            node->state = BD_TFJS_OPEN;
            result = resolve_inputs(tfjs, node);
        } else if (node->next_input < node->input_count) {
            bd_tfjs_node *source = &tfjs->nodes[node->inputs[node->next_input++]];
            if (source->state == BD_TFJS_OPEN) {
                result = bd_fail(tfjs->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: the graph has a cycle through it",
                                 tfjs->file, source->name);
            } else if (source->state == BD_TFJS_NEW) {
                stack[depth++] = source;
            }
        } else {
            node->state = BD_TFJS_DONE;
            depth--;
            result = bd_tfjs_convert(tfjs, node);
        }
        if (result) {
            return result;
        }
    }
    return BD_OK;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static bd_result import_root(bd_tfjs *tfjs, const cJSON *root, bd_shards *shards) {
    const cJSON *topology = cJSON_GetObjectItemCaseSensitive(root, "modelTopology");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(topology, "node");
    if (!cJSON_IsArray(list)) {
        return bd_fail(tfjs->error, BD_ERR_FILE_FORMAT, "%s: not a TensorFlow.js graph model: no modelTopology.node",
                       tfjs->file);
    }
    bd_result result = bd_tfjs_weights_read(&tfjs->weights, root, tfjs->file, &tfjs->pool, shards, tfjs->error);
    bd_tfjs_node *output = NULL;
    if (!result) {
        result = read_nodes(tfjs, list);
    }
    if (!result) {
        result = find_output(tfjs, root, &output);
    }
    if (!result) {
        result = convert_reachable(tfjs, output);
    }
    if (!result && tfjs->graph->input == BD_NO_NODE) {
        result = bd_fail(tfjs->error, BD_ERR_MODEL_UNSUPPORTED, "%s: node %.120s: no Placeholder is behind the output",
                         tfjs->file, output->name);
    }
    if (!result) {
        tfjs->graph->output = output->index;
    }
    return result;
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
    *shards = (bd_shards){.allocator = graph->pool.allocator};
    bd_result result = BD_OK;
    cJSON *root = parse((const char *)data, bytes, path, error, &result);
    if (!root) {
        return result;
    }
    bd_tfjs tfjs = {.file = path, .graph = graph, .pool = {.allocator = graph->pool.allocator}, .error = error};
    graph->input = graph->output = BD_NO_NODE;
    result = import_root(&tfjs, root, shards);
    bd_pool_finish(&tfjs.pool);
    cJSON_Delete(root);
    if (result) {
        bd_shards_finish(shards);
    }
    return result;
}

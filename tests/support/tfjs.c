/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/tfjs.h"

tfjs_fixture the;

static void *count_reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    if (!the.until_failure) {
        return NULL;
    }
    the.until_failure -= the.until_failure > 0;
    void *fresh = realloc(memory, bytes);
    the.live += fresh && !memory;
    return fresh;
}

static void *count_allocate(void *user, size_t bytes) {
    return count_reallocate(user, NULL, bytes);
}

static void count_release(void *user, void *memory) {
    (void)user;
    the.live -= memory != NULL;
    free(memory);
}

void unload(void) {
    if (the.loaded) {
        bd_graph_finish(&the.graph);
        bd_shards_finish(&the.shards);
        the.loaded = false;
    }
    assert_int_equal(the.live, 0);
}

void write_file(const char *name, const void *data, size_t bytes) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", the.folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

void remove_file(const char *name) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", the.folder, name);
    remove(path);
}

bd_result import_bytes(const char *text, size_t bytes) {
    unload();
    char *json = malloc(bytes ? bytes : 1);
    assert_non_null(json);
    memcpy(json, text, bytes);
    for (size_t i = 0; i < bytes; i++) {
        json[i] = json[i] == '\'' ? '"' : json[i];
    }
    the.error = (bd_error){0};
    bd_result result = bd_graph_init(&the.graph, &the.allocator, the.path, &the.error);
    if (!result) {
        the.loaded = true;
        result = bd_model_import_tfjs((const uint8_t *)json, bytes, the.path, &the.graph, &the.shards, &the.error);
    }
    if (result) {
        assert_int_equal(the.shards.count, 0);
        assert_int_equal(the.error.code, result);
    }
    free(json);
    return result;
}

bd_result import_text(const char *text) {
    return import_bytes(text, strlen(text));
}

void import_good(const char *text) {
    if (import_text(text)) {
        fail_msg("%s: %s", bd_result_name(the.error.code), the.error.message);
    }
}

void import_bad(const char *text, bd_result code, const char *message) {
    bd_result result = import_text(text);
    if (result != code || !strstr(the.error.message, message)) {
        fail_msg("%s: %s\nexpected %s: ...%s", bd_result_name(result), the.error.message, bd_result_name(code),
                 message);
    }
    if (strncmp(the.error.message, the.folder, strlen(the.folder))) {
        fail_msg("the file is not named: %s", the.error.message);
    }
}

const bd_node *node_called(const char *name) {
    for (uint32_t i = 0; i < the.graph.count; i++) {
        if (!strcmp(the.graph.nodes[i].name, name)) {
            return &the.graph.nodes[i];
        }
    }
    fail_msg("no node %s", name);
    return NULL;
}

const bd_node *input_of(const bd_node *node, uint32_t input) {
    assert_in_range(input + 1, 1, node->input_count);
    return &the.graph.nodes[node->inputs[input]];
}

const bd_node *output_node(void) {
    assert_in_range(the.graph.output, 0, the.graph.count - 1);
    return &the.graph.nodes[the.graph.output];
}

void check_order(void) {
    for (uint32_t i = 0; i < the.graph.count; i++) {
        for (uint32_t k = 0; k < the.graph.nodes[i].input_count; k++) {
            assert_in_range(the.graph.nodes[i].inputs[k] + 1, 1, i);
        }
    }
    assert_int_equal(the.graph.nodes[the.graph.input].op, BD_OP_INPUT);
}

int open_folder(void **state) {
    (void)state;
    the.allocator = (bd_allocator){NULL, count_allocate, count_reallocate, count_release};
    the.until_failure = -1;
    strcpy(the.folder, "tfjs_test_XXXXXX");
    if (!mkdtemp(the.folder)) {
        return -1;
    }
    snprintf(the.path, sizeof the.path, "%s/model.json", the.folder);
    float shard[73] = {0};
    const int32_t integers[3] = {-1, 3, 4}; /* axis, pair */
    memcpy(shard, integers, sizeof integers);
    shard[4] = 1; /* one */
    const float norm[12] = {1, 2, 3, 10, 20, 30, 4, 5, 6, 0.21f, 0.96f, 3.96f};
    memcpy(shard + 61, norm, sizeof norm);
    write_file("w", shard, sizeof shard);
    return 0;
}

int close_folder(void **state) {
    (void)state;
    unload();
    static const char *const names[] = {"w", "a", "b", "c", "empty", "model.json"};
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        remove_file(names[i]);
    }
    return rmdir(the.folder);
}

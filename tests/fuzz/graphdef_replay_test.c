/* SPDX-License-Identifier: MIT
 * Every file of the fuzzer's corpus once through the fuzzer's door; what it is looking for is a crash, so build it with
 * BACKDROP_SANITIZE to see most. Four files are known to become networks: the door is not shut. The corpus begins with
 * what graphdef_test --samples writes. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/graphdef_fuzz.c"

static void name_path(char path[4096], const char *name) {
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    snprintf(path, 4096, "%s/tests/fuzz/corpus/graphdef/%s", source ? source : ".", name);
}

/* A copy of exactly the file's size, so that reading past the end is seen. */
static uint8_t *read_copy(const char *name, size_t *bytes) {
    char path[4096];
    bd_mapping map;
    bd_error error = {0};
    name_path(path, name);
    if (bd_map_file(path, &map, &error)) {
        fail_msg("%s", error.message);
    }
    uint8_t *copy = malloc(map.bytes ? map.bytes : 1);
    assert_non_null(copy);
    memcpy(copy, map.data, map.bytes);
    *bytes = map.bytes;
    bd_unmap_file(&map);
    return copy;
}

static void test_corpus(void **state) {
    (void)state;
    char folder[4096];
    name_path(folder, "");
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        size_t bytes;
        uint8_t *data = read_copy(entry->d_name, &bytes);
        assert_int_equal(LLVMFuzzerTestOneInput(data, bytes), 0);
        free(data);
        count++;
    }
    closedir(directory);
    print_message("%zu files\n", count);
    assert_in_range(count, 4, 100000);
}

static void test_accepted(void **state) {
    (void)state;
    static const char *const names[] = {"network.pb", "quantised.pb", "atrous.pb", "channels_first.pb"};
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        size_t bytes;
        uint8_t *data = read_copy(names[i], &bytes);
        bd_graph graph;
        bd_shards shards;
        bd_error error = {0};
        assert_int_equal(bd_graph_init(&graph, NULL, names[i], &error), BD_OK);
        bd_result result = bd_model_import_graphdef(data, bytes, names[i], &graph, &shards, &error);
        if (!result) {
            result = bd_graph_lower(&graph, 32, &error);
        }
        assert_string_equal(error.message, "");
        assert_int_equal(result, BD_OK);
        bd_graph_finish(&graph);
        bd_shards_finish(&shards);
        free(data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

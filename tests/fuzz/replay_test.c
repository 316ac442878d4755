/* SPDX-License-Identifier: MIT
 * Every file of every fuzzer's corpus once through its importer or reader. What it is looking for is a crash: build it with
 * BACKDROP_SANITIZE to see most. Some files are known to become networks, so it is seen that more than the first check
 * is run. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fuzz/importers.h"
#include "fuzz/readers.h"

/* A copy of exactly the file's size, so that reading past the end is seen. */
static uint8_t *read_copy(const char *corpus, const char *name, size_t *bytes) {
    char path[4096], below[512];
    bd_content map;
    bd_error error = {0};
    (void)snprintf(below, sizeof below, "corpus/%s/%s", corpus, name);
    if (bd_read_file(fuzz_path(path, below), UINT64_MAX, NULL, &map, &error)) {
        fail_msg("%s", error.message);
    }
    uint8_t *copy = malloc(map.bytes);
    assert_non_null(copy);
    memcpy(copy, map.data, map.bytes);
    *bytes = map.bytes;
    bd_release_content(NULL, &map);
    return copy;
}

static void test_corpus(void **state) {
    const importer *of = *state;
    char path[4096], below[512];
    (void)snprintf(below, sizeof below, "corpus/%s", of->name);
    DIR *directory = opendir(fuzz_path(path, below));
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        size_t bytes;
        uint8_t *data = read_copy(of->name, entry->d_name, &bytes);
        bd_error error;
        (void)!feed(of, data, bytes, &error);
        free(data);
        count++;
    }
    (void)closedir(directory);
    print_message("%zu files\n", count);
    assert_in_range(count, of->least, 100000);
}

/* At the size that the importer takes for open ones itself. */
static void test_accepted(void **state) {
    const importer *of = *state;
    for (size_t i = 0; i < BD_COUNT(of->accepted) && of->accepted[i]; i++) {
        size_t bytes;
        uint8_t *data = read_copy(of->name, of->accepted[i], &bytes);
        char path[4096];
        bd_graph graph;
        bd_shards shards = {0};
        bd_error error = {0};
        assert_int_equal(bd_graph_init(&graph, NULL, fuzz_path(path, of->path), &error), BD_OK);
        bd_result result = of->import(data, bytes, path, &graph, &shards, &error);
        result = result ? result : bd_graph_lower(&graph, 32, &error);
        assert_string_equal(error.message, "");
        assert_int_equal(result, BD_OK);
        bd_graph_finish(&graph);
        bd_shards_finish(&shards);
        free(data);
    }
}

/* All files of a corpus that no importer has: how many are read, and of how many a picture or the like was made. */
static void replay(const char *corpus, size_t *count, size_t *taken) {
    const reader *by = find_reader(corpus);
    size_t lacking = 0;
    char path[4096], below[512];
    (void)snprintf(below, sizeof below, "corpus/%s", corpus);
    DIR *directory = opendir(fuzz_path(path, below));
    if (!by || !directory) {
        fail_msg("nothing reads corpus %s", corpus);
    }
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            size_t bytes;
            uint8_t *data = read_copy(corpus, entry->d_name, &bytes);
            *taken += by->read(data, bytes);
            lacking += by->read == fuzz_read_picture && fuzz_lacks_form(data, bytes);
            free(data);
            ++*count;
        }
    }
    (void)closedir(directory);
    print_message("%s: %zu files, %zu taken\n", corpus, *count, *taken);
    assert_true(*taken >= by->least || lacking == *count);
}

/* A corpus that nothing reads would never be replayed; readers' are replayed here. */
static void test_folders(void **state) {
    (void)state;
    char path[4096];
    DIR *directory = opendir(fuzz_path(path, "corpus"));
    assert_non_null(directory);
    size_t found = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] != '.' && !find_importer(entry->d_name)) {
            size_t count = 0, taken = 0;
            replay(entry->d_name, &count, &taken);
            found += strncmp(entry->d_name, "picture_", 8) != 0;
        }
    }
    (void)closedir(directory);
    assert_int_equal(found, BD_COUNT(readers));
}

int main(void) {
    enum { ROWS = BD_COUNT(importers) };
    static char names[2 * ROWS][64];
    struct CMUnitTest tests[2 * ROWS + 1] = {cmocka_unit_test(test_folders)};
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < 2; k++) {
            char *name = names[2 * i + k];
            (void)snprintf(name, sizeof names[0], "%s of %s", k ? "test_accepted" : "test_corpus", importers[i].name);
            tests[2 * i + k + 1] = (struct CMUnitTest){.name = name,
                                                       .test_func = k ? test_accepted : test_corpus,
                                                       .initial_state = (void *)(uintptr_t)&importers[i]};
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

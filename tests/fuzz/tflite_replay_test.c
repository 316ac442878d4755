/* SPDX-License-Identifier: MIT
 * Every file of the fuzzer's corpus once through the fuzzer's door; what it is looking for is a crash, so build it with
 * BACKDROP_SANITIZE to see most. tests/unit/tflite_test.c says which of them are accepted. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/tflite_fuzz.c"

static void test_corpus(void **state) {
    (void)state;
    char folder[2048], path[4096];
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/tflite", source ? source : ".");
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        bd_mapping map;
        bd_error error = {0};
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (bd_map_file(path, &map, &error)) {
            fail_msg("%s", error.message);
        }
        /* A copy of exactly the file's size, so that reading past the end is seen. */
        uint8_t *copy = malloc(map.bytes);
        assert_non_null(copy);
        memcpy(copy, map.data, map.bytes);
        assert_int_equal(LLVMFuzzerTestOneInput(copy, map.bytes), 0);
        free(copy);
        bd_unmap_file(&map);
        count++;
    }
    (void)closedir(directory);
    print_message("%zu files\n", count);
    assert_in_range(count, 15, 100000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

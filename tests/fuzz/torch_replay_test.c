/* SPDX-License-Identifier: MIT
 * Every file of the corpora of the PyTorch importers once through the fuzzers' doors; build with BACKDROP_SANITIZE to
 * see most. That the doors are not shut is seen in golden/torch_test, which runs files of the same folders. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LLVMFuzzerTestOneInput torch_fuzz
#include "fuzz/torch_fuzz.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput torch_pickle_fuzz
#include "fuzz/torch_pickle_fuzz.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput safetensors_fuzz
#include "fuzz/safetensors_fuzz.c"
#undef LLVMFuzzerTestOneInput

static void replay(const char *corpus, int (*door)(const uint8_t *data, size_t bytes), size_t least) {
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    char folder[2048], path[4096];
    (void)snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", source ? source : ".", corpus);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        bd_mapping map;
        bd_error error;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (bd_map_file(path, &map, &error)) {
            fail_msg("%s", error.message);
        }
        /* A copy of exactly the file's size, so that reading past the end is seen. */
        uint8_t *copy = malloc(map.bytes);
        assert_non_null(copy);
        memcpy(copy, map.data, map.bytes);
        assert_int_equal(door(copy, map.bytes), 0);
        free(copy);
        bd_unmap_file(&map);
        count++;
    }
    closedir(directory);
    print_message("%s: %zu files\n", corpus, count);
    assert_in_range(count, least, 100000);
}

static void test_torch(void **state) {
    (void)state;
    replay("torch", torch_fuzz, 5);
}

static void test_torch_pickle(void **state) {
    (void)state;
    replay("torch_pickle", torch_pickle_fuzz, 4);
}

static void test_safetensors(void **state) {
    (void)state;
    replay("safetensors", safetensors_fuzz, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torch),
        cmocka_unit_test(test_torch_pickle),
        cmocka_unit_test(test_safetensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

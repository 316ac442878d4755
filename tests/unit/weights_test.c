/* SPDX-License-Identifier: MIT
 * Where models are found: the folders, by environment and by parameter, what a manifest may say, and what is said of one
 * that cannot be used; where the cache is; and classes as users name them. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "backdrop.h"
#include "support/files.h"
#include "support/tuning.h"

static const char manifest[] =
    "{ \"default\": \"two\", \"models\": ["
    "{ \"name\": \"one\", \"file\": \"a.bin\", \"licence\": \"MIT\", \"class_names\": [\"x\", \"y\"],"
    "  \"input\": { \"width\": 65 }, \"files\": [{ \"path\": \"a.bin\", \"bytes\": 3 }] },"
    "{ \"name\": \"two\", \"file\": \"b.bin\","
    "  \"files\": [{ \"path\": \"b.bin\", \"bytes\": 4 }] } ] }";

static char folder[TEST_FOLDER], data_home[TEST_FOLDER];

static void put(const char *base, const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", base, name);
    for (char *slash = path + strlen(base) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void remove_all(const char *base, const char *const *names, size_t count) {
    char path[256];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", base, names[i]);
        (void)remove(path);
    }
    (void)remove(base);
}

static bd_weights *opened(const char *at) {
    const bd_weights_params params = {.struct_size = sizeof params, .folder = at};
    bd_weights *weights = NULL;
    bd_error error;
    if (bd_weights_open(&params, &weights, &error)) {
        fail_msg("%s", error.message);
    }
    return weights;
}

static void test_models(void **state) {
    (void)state;
    put(folder, "manifest.json", manifest);
    put(folder, "cache/one/a.bin", "abc");
    bd_weights *weights = opened(folder);
    bd_weights_info info = {.struct_size = sizeof info};
    bd_error error;
    assert_string_equal(bd_weights_folder(weights), folder);
    assert_string_equal(bd_weights_manifest(weights), manifest);
    assert_int_equal(bd_weights_find(weights, "one", &info, &error), BD_OK);
    assert_true(info.fetched && info.size == 65 && info.class_name_count == 2);
    assert_string_equal(info.class_names[1], "y");
    assert_string_equal(info.licence, "MIT");
    assert_non_null(strstr(info.path, "/cache/one/a.bin"));
    /* The default, which is not there; one of no name; and past the last one. */
    assert_int_equal(bd_weights_find(weights, NULL, &info, &error), BD_ERR_FILE_NOT_FOUND);
    assert_string_equal(info.name, "two");
    assert_false(info.fetched);
    assert_non_null(strstr(error.message, "run backdrop-fetch-weights two"));
    assert_int_equal(bd_weights_find(weights, "three", &info, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "'three'") && strstr(error.message, "one, two"));
    assert_int_equal(bd_weights_get(weights, 1, &info), BD_OK);
    assert_int_equal(bd_weights_get(weights, 2, &info), BD_ERR_INVALID_ARGUMENT);
    bd_weights_close(weights);
    /* A file of another size is not the one. */
    put(folder, "cache/one/a.bin", "ab");
    weights = opened(folder);
    assert_int_equal(bd_weights_find(weights, "one", &info, &error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(error.message, "one are not whole") && strstr(error.message, "/cache/one/a.bin"));
    bd_weights_close(weights);
}

/* By environment; and files in the user's folder of models whose manifest lies elsewhere. */
static void test_environment(void **state) {
    (void)state;
    bd_error error;
    bd_weights *weights;
    bd_weights_info info = {.struct_size = sizeof info};
    assert_int_equal(setenv("BACKDROP_WEIGHTS", folder, 1), 0);
    weights = opened(NULL);
    assert_string_equal(bd_weights_folder(weights), folder);
    bd_weights_close(weights);
    assert_int_equal(setenv("BACKDROP_WEIGHTS", data_home, 1), 0);
    assert_int_equal(bd_weights_open(NULL, &weights, &error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(error.message, "BACKDROP_WEIGHTS is"));
    assert_int_equal(unsetenv("BACKDROP_WEIGHTS"), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", data_home, 1), 0);
    /* Beside the program, or in the user's folder, which has the default's files then. */
    put(data_home, "backdrop/manifest.json", manifest);
    put(data_home, "backdrop/cache/two/b.bin", "abcd");
    weights = opened(NULL);
    const char *found = bd_weights_folder(weights);
    if (!strncmp(found, data_home, strlen(data_home))) {
        assert_int_equal(bd_weights_find(weights, NULL, &info, &error), BD_OK);
        assert_non_null(strstr(info.path, "/backdrop/cache/two/b.bin"));
    }
    bd_weights_close(weights);
}

static void refuse(const char *text, const char *words) {
    const bd_weights_params params = {.struct_size = sizeof params, .folder = folder};
    bd_weights *weights = (bd_weights *)folder;
    bd_error error;
    put(folder, "manifest.json", text);
    bd_result result = bd_weights_open(&params, &weights, &error);
    if (result != BD_ERR_FILE_CORRUPT || weights || !strstr(error.message, words)) {
        fail_msg("%s: %s \"%s\"", text, bd_result_name(result), error.message);
    }
}

static void test_manifests(void **state) {
    (void)state;
    refuse("no JSON", "not a manifest");
    refuse("{}", "not a manifest");
    refuse("{ \"default\": \"a\", \"models\": {} }", "not a manifest");
    refuse("{ \"default\": \"a\", \"models\": [] }", "the default is none");
    refuse("{ \"default\": \"a\", \"models\": [{ \"name\": \"a\" }] }", "plain name and file");
    refuse("{ \"default\": \"a\", \"models\": [{ \"name\": \"../a\", \"file\": \"b\" }] }", "plain name and file");
    refuse("{ \"default\": \"a\", \"models\": [{ \"name\": \"a\", \"file\": \"b/c\" }] }", "plain name and file");
    refuse("{ \"default\": \"a\", \"models\": [{ \"name\": \"a\", \"file\": \"b\", \"class_names\": [1] }] }",
           "class_names are not names");
    const bd_weights_params nowhere = {.struct_size = sizeof nowhere, .folder = "/nonexistent"};
    bd_weights *weights;
    bd_error error;
    assert_int_equal(bd_weights_open(&nowhere, &weights, &error), BD_ERR_FILE_NOT_FOUND);
}

/* A path needs no weights; a name does. */
static void test_paths(void **state) {
    (void)state;
    bd_model *model;
    bd_error error;
    const bd_model_params params = {.struct_size = sizeof params, .width = 33, .height = 33};
    assert_int_equal(setenv("BACKDROP_WEIGHTS", "/nonexistent", 1), 0);
    if (bd_weights_open_model(NULL, test_source_file(TEST_SMALL_NETWORK), &params, &model, &error)) {
        fail_msg("%s", error.message);
    }
    bd_model_destroy(model);
    assert_int_equal(bd_weights_open_model(NULL, "./nothing", &params, &model, &error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(error.message, "./nothing"));
    assert_int_equal(bd_weights_open_model(NULL, "nothing", &params, &model, &error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(error.message, "/nonexistent"));
    assert_int_equal(unsetenv("BACKDROP_WEIGHTS"), 0);
}

static void test_cache_folder(void **state) {
    (void)state;
    char path[64];
    assert_int_equal(setenv("XDG_CACHE_HOME", "/somewhere", 1), 0);
    assert_int_equal(setenv("HOME", "/me", 1), 0);
    assert_true(bd_cache_folder(path, sizeof path));
    assert_string_equal(path, "/somewhere/backdrop");
    assert_true(bd_cache_folder(path, sizeof "/somewhere/backdrop"));
    assert_false(bd_cache_folder(path, sizeof "/somewhere/backdrop" - 1));
    assert_string_equal(path, "");
    assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1), 0);
    assert_true(bd_cache_folder(path, sizeof path));
    assert_string_equal(path, "/me/.cache/backdrop");
    assert_int_equal(unsetenv("HOME"), 0);
    assert_false(bd_cache_folder(path, sizeof path));
    assert_false(bd_cache_folder(path, 0));
}

static void test_class_sets(void **state) {
    (void)state;
    static const char *const names[] = {"background", "Cat", "dog"};
    const bd_model_params params = {
        .struct_size = sizeof params, .width = 33, .height = 33, .class_names = names, .class_name_count = 3};
    bd_model *model;
    bd_error error;
    assert_int_equal(bd_model_open(test_source_file(TEST_SMALL_NETWORK), &params, &model, &error), BD_OK);
    bd_model_info info = {.struct_size = sizeof info};
    assert_int_equal(bd_model_get_info(model, &info), BD_OK);
    const uint32_t all = (uint32_t)((1ull << info.class_count) - 2);
    const struct {
        const char *text;
        uint32_t classes;
    } right[] = {{"cat", 2}, {"CAT,2", 6}, {"0", 1}, {"dog,background,dog", 5}, {"ALL", all}, {"all,0", all | 1}};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        bd_class_set set = {{7, 7}};
        assert_int_equal(bd_class_set_parse(model, right[i].text, &set, &error), BD_OK);
        assert_int_equal(set.words[0], right[i].classes);
        assert_int_equal(set.words[1], 0);
    }
    static const char *const wrong[] = {"", "ca", "cats", "cat,", ",cat", "-1", "999", "cat dog", "1x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bd_class_set set = {{7}};
        assert_int_equal(bd_class_set_parse(model, wrong[i], &set, &error), BD_ERR_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "there are: background, Cat, dog"));
        assert_int_equal(set.words[0], 7);
    }
    bd_model_destroy(model);
}

int main(void) {
    static const char *const names[] = {"manifest.json",
                                        "cache/one/a.bin",
                                        "cache/one",
                                        "cache",
                                        "backdrop/manifest.json",
                                        "backdrop/cache/two/b.bin",
                                        "backdrop/cache/two",
                                        "backdrop/cache",
                                        "backdrop"};
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models),       cmocka_unit_test(test_environment),
                                       cmocka_unit_test(test_manifests),    cmocka_unit_test(test_paths),
                                       cmocka_unit_test(test_cache_folder), cmocka_unit_test(test_class_sets)};
    test_make_folder(folder);
    test_make_folder(data_home);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_all(folder, names, sizeof names / sizeof names[0]);
    remove_all(data_home, names, sizeof names / sizeof names[0]);
    return failed;
}

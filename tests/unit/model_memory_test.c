/* SPDX-License-Identifier: MIT
 * Models that are in memory, with what lies beside them: the same network as from files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/model.h"
#include "support/files.h"
#include "support/session.h"

enum { MOST_FILES = 8, SIDE = 33 };

/* What a folder holds, each file in memory that begins at an odd address. */
typedef struct folder {
    const char *path;
    uint8_t *memory[MOST_FILES];
    uint32_t count, refuse_at; /* the file of that number is not there */
    bool empty;                /* they are there, and hold nothing */
} folder;

static uint8_t *read_file(const char *folder_path, const char *name, size_t *bytes) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder_path, name);
    uint8_t *data = test_read_copy(path, bytes), *odd = malloc(*bytes + 1);
    assert_non_null(odd);
    memcpy(odd + 1, data, *bytes);
    free(data);
    return odd;
}

static bool open_beside(void *user, const char *name, const void **data, size_t *bytes) {
    folder *f = user;
    if (f->count == f->refuse_at) {
        return false;
    }
    assert_true(f->count < MOST_FILES);
    f->memory[f->count] = read_file(f->path, name, bytes);
    *data = f->memory[f->count++] + 1;
    *bytes = f->empty ? 0 : *bytes;
    return true;
}

static void forget(folder *f) {
    for (uint32_t i = 0; i < f->count; i++) {
        free(f->memory[i]);
    }
    f->count = 0;
}

static const bd_model_params small = {.struct_size = sizeof small, .width = SIDE, .height = SIDE};

static void assert_same_network(const bd_model *a, const bd_model *b) {
    assert_int_equal(a->graph.count, b->graph.count);
    for (uint32_t n = 0; n < a->graph.count; n++) {
        const bd_node *p = &a->graph.nodes[n], *q = &b->graph.nodes[n];
        assert_int_equal(p->op, q->op);
        if (p->op == BD_OP_CONST) {
            assert_memory_equal(p->data, q->data, bd_shape_elements(&p->shape) * sizeof(float));
        }
    }
}

static char model_folder[4096];

static void test_same(void **state) {
    (void)state;
    folder f = {.path = model_folder, .refuse_at = MOST_FILES};
    const bd_model_files files = {&f, open_beside};
    size_t bytes;
    uint8_t *main_file = read_file(model_folder, "model.json", &bytes);
    bd_model *from_files = test_model_open(test_model_path(), &small), *model = NULL;
    bd_error error;
    if (bd_model_open_memory(main_file + 1, bytes, "ours", &files, &small, &model, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(f.count, 3);
    assert_same_network(from_files, model);
    bd_model_destroy(from_files);
    bd_model_destroy(model);
    forget(&f);
    free(main_file);
}

static void refuse(folder *f, const uint8_t *data, size_t bytes, bd_result expected, const char *words) {
    const bd_model_files files = {f, open_beside};
    bd_error error;
    bd_model *model = (bd_model *)&error;
    bd_result result = bd_model_open_memory(data, bytes, "ours", f ? &files : NULL, &small, &model, &error);
    if (result != expected || model || !strstr(error.message, "ours") || !strstr(error.message, words)) {
        fail_msg("%s \"%s\", not %s", bd_result_name(result), error.message, words);
    }
    if (f) {
        forget(f);
    }
}

static void test_refusals(void **state) {
    (void)state;
    folder second = {.path = model_folder, .refuse_at = 1};
    folder hollow = {.path = model_folder, .refuse_at = MOST_FILES, .empty = true};
    size_t bytes;
    uint8_t *main_file = read_file(model_folder, "model.json", &bytes);
    refuse(&second, main_file + 1, bytes, BD_ERR_FILE_NOT_FOUND, "no file \"group1-shard2of3\"");
    refuse(&hollow, main_file + 1, bytes, BD_ERR_FILE_CORRUPT, "\"group1-shard1of3\" beside it is empty");
    refuse(NULL, main_file + 1, bytes, BD_ERR_FILE_NOT_FOUND, "no file \"group1-shard1of3\"");
    refuse(NULL, main_file + 1, 0, BD_ERR_INVALID_ARGUMENT, "no data");
    refuse(NULL, (const uint8_t *)"nothing that is known", 21, BD_ERR_FILE_FORMAT, "not an exported network");
    free(main_file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_refusals)};
    const char *path = test_model_path();
    if (!path) {
        (void)printf("skipped: no weights (weights/fetch brings them)\n");
        return 77;
    }
    (void)snprintf(model_folder, sizeof model_folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

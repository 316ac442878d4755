/* SPDX-License-Identifier: MIT
 * Files that somebody truncates while they are read, while what came of them is held, and while a session is made of it:
 * an error that names the file, or the right result, and never a signal. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "api/model.h"
#include "platform/thread.h"
#include "support/session.h"

enum { MOST_FILES = 4, PATH = 512 };

/* A model's main file, then what lies beside it: below tests/fuzz, and as it is called in the model's folder. */
typedef struct sample {
    const char *from[MOST_FILES], *to[MOST_FILES];
} sample;

static const sample samples[] = {
    {{"corpus/tfjs/network.json", "shards/w", "shards/i"}, {"model.json", "w", "i"}},
    {{"corpus/onnx/external.onnx", "shards/onnx/data.bin"}, {"model.onnx", "onnx/data.bin"}},
    {{"corpus/onnx/network.onnx"}, {"model.onnx"}},
    {{"corpus/graphdef/network.pb"}, {"model.pb"}},
    {{"corpus/tflite/integers.tflite"}, {"model.tflite"}},
    {{"corpus/tflite/float.tflite"}, {"model.tflite"}},
    {{"corpus/safetensors/small_resnet.safetensors"}, {"model.safetensors"}},
    {{"corpus/torch/small_resnet.pth"}, {"model.pth"}},
};

typedef struct laid_out {
    char folder[TEST_FOLDER];
    struct {
        char text[PATH];
    } paths[MOST_FILES];
    off_t bytes[MOST_FILES];
    uint32_t count;
} laid_out;

static void copy_file(const char *from, const char *to) {
    size_t bytes;
    bd_error error;
    uint8_t *data = test_read_copy(from, &bytes);
    if (bd_write_file(to, data, bytes, &error)) {
        fail_msg("%s", error.message);
    }
    free(data);
}

/* Copies a file into the folder. */
static void add_file(laid_out *to, const char *from, const char *name) {
    char folder[TEST_FOLDER], *path = to->paths[to->count].text;
    struct stat status;
    memcpy(folder, to->folder, sizeof folder);
    (void)snprintf(path, PATH, "%s/%s", folder, name);
    copy_file(from, path);
    assert_int_equal(stat(path, &status), 0);
    to->bytes[to->count++] = status.st_size;
}

static void lay_out(const sample *s, laid_out *to) {
    char from[PATH], below[PATH];
    *to = (laid_out){.count = 0};
    test_make_folder(to->folder);
    (void)snprintf(below, sizeof below, "%s/onnx", to->folder);
    assert_int_equal(mkdir(below, 0777), 0);
    while (to->count < MOST_FILES && s->from[to->count]) {
        (void)snprintf(from, sizeof from, "tests/fuzz/%s", s->from[to->count]);
        add_file(to, test_source_file(from), s->to[to->count]);
    }
}

static void clear_away(const laid_out *of) {
    char below[PATH];
    (void)snprintf(below, sizeof below, "%s/onnx", of->folder);
    test_remove_folder(below);
    test_remove_folder(of->folder);
}

static void truncate_all(const laid_out *of, int part) {
    for (uint32_t i = 0; i < of->count; i++) {
        assert_int_equal(truncate(of->paths[i].text, of->bytes[i] / part), 0);
    }
}

/* ---- an allocator that truncates a file when memory of its size is asked for: once it is open, before it is read ---- */

typedef struct cutter {
    const char *path;
    size_t bytes;
    uint32_t cuts;
} cutter;

static void *reallocate(void *user, void *memory, size_t bytes) {
    cutter *c = user;
    if (bytes == c->bytes) {
        assert_int_equal(truncate(c->path, (off_t)(bytes / 2)), 0);
        c->cuts++;
    }
    return realloc(memory, bytes);
}

static void *allocate(void *user, size_t bytes) {
    return reallocate(user, NULL, bytes);
}

static void release(void *user, void *memory) {
    (void)user;
    free(memory);
}

static void expect_cut_short(bd_result result, const bd_error *error, const cutter *c) {
    char words[PATH + 100];
    (void)snprintf(words, sizeof words, "%s: cut short while it was read: %zu bytes of %zu", c->path, c->bytes / 2,
                   c->bytes);
    assert_int_equal(c->cuts, 1);
    assert_int_equal(result, BD_ERR_FILE_READ);
    assert_string_equal(error->message, words);
}

static void test_models_while_they_are_read(void **state) {
    (void)state;
    for (size_t s = 0; s < BD_COUNT(samples); s++) {
        for (uint32_t i = 0; i < MOST_FILES && samples[s].from[i]; i++) {
            laid_out files;
            lay_out(&samples[s], &files);
            cutter c = {.path = files.paths[i].text, .bytes = (size_t)files.bytes[i]};
            const bd_allocator allocator = {&c, allocate, reallocate, release};
            const bd_model_params params = {.struct_size = sizeof params, .allocator = &allocator};
            bd_model *model;
            bd_error error = {.message = ""};
            expect_cut_short(bd_model_open(files.paths[0].text, &params, &model, &error), &error, &c);
            assert_null(model);
            clear_away(&files);
        }
    }
}

/* ---- held ---- */

static uint64_t hash_constants(const bd_graph *graph) {
    uint64_t hash = BD_HASH_BEGIN;
    for (uint32_t n = 0; n < graph->count; n++) {
        const bd_node *node = &graph->nodes[n];
        int64_t elements = node->op == BD_OP_CONST ? bd_shape_elements(&node->shape) : 0;
        if (elements > 0) {
            hash = bd_hash(hash, node->data, (size_t)elements * bd_dtype_bytes(node->dtype));
        }
    }
    return hash;
}

static void import(const laid_out *files, const bd_shards *opened, bd_graph *graph, bd_shards *shards) {
    bd_error error;
    if (bd_graph_init(graph, NULL, files->paths[0].text, &error) ||
        (opened ? bd_model_import_again(opened, files->paths[0].text, graph, shards, NULL, &error)
                : bd_model_import(files->paths[0].text, graph, shards, NULL, &error))) {
        fail_msg("%s", error.message);
    }
}

static void test_models_that_are_held(void **state) {
    (void)state;
    for (size_t s = 0; s < BD_COUNT(samples); s++) {
        laid_out files;
        bd_graph graph, again;
        bd_shards shards, none;
        lay_out(&samples[s], &files);
        import(&files, NULL, &graph, &shards);
        uint64_t before = hash_constants(&graph);
        truncate_all(&files, 2);
        assert_int_equal(hash_constants(&graph), before);
        for (uint32_t i = 0; i < files.count; i++) {
            assert_int_equal(unlink(files.paths[i].text), 0);
        }
        import(&files, &shards, &again, &none);
        assert_int_equal(hash_constants(&again), before);
        bd_graph_finish(&again);
        bd_shards_finish(&none);
        assert_int_equal(hash_constants(&graph), before);
        bd_graph_finish(&graph);
        bd_shards_finish(&shards);
        clear_away(&files);
    }
}

/* ---- pictures ---- */

static void write_picture(const char *path, bd_image_file file) {
    bd_image picture = test_new_picture(400, 300);
    bd_error error;
    uint32_t number = 1;
    for (size_t i = 0; i < (size_t)400 * 300 * 4; i++) {
        number = number * 1664525u + 1013904223u; /* what does not compress */
        picture.pixels[i] = (uint8_t)(number >> 24);
    }
    const bd_image_write_params params = {.struct_size = sizeof params, .file = file};
    if (bd_image_write(path, &picture, &params, &error)) {
        fail_msg("%s", error.message);
    }
    free(picture.pixels);
}

static void test_pictures_while_they_are_read(void **state) {
    (void)state;
    char folder[TEST_FOLDER], path[PATH];
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/picture", folder);
    for (int file = BD_IMAGE_FILE_PNG; file <= BD_IMAGE_FILE_JPEG; file++) {
        struct stat status;
        write_picture(path, (bd_image_file)file);
        assert_int_equal(stat(path, &status), 0);
        for (int gray = 0; gray < 2; gray++) { /* a photo or a background, and a matte */
            cutter c = {.path = path, .bytes = (size_t)status.st_size};
            const bd_allocator allocator = {&c, allocate, reallocate, release};
            const bd_image_read_params params = {
                .struct_size = sizeof params, .allocator = &allocator, .gray16 = gray != 0};
            bd_image image = {0};
            bd_error error = {.message = ""};
            expect_cut_short(bd_image_read(path, &params, &image, &error), &error, &c);
            assert_null(image.pixels);
            write_picture(path, (bd_image_file)file);
        }
    }
    test_remove_folder(folder);
}

typedef struct toggler {
    const char *path;
    off_t bytes;
    bd_mutex mutex;
    bool stop;
} toggler;

/* The file is cut and grown again: what was cut off comes back as zeros. */
static void toggle(void *user) {
    toggler *t = user;
    bd_mutex_lock(&t->mutex);
    while (!t->stop) {
        bd_mutex_unlock(&t->mutex);
        if (truncate(t->path, 100) || truncate(t->path, t->bytes)) {
            break;
        }
        bd_mutex_lock(&t->mutex);
    }
    bd_mutex_unlock(&t->mutex);
}

static void test_pictures_at_any_moment(void **state) {
    (void)state;
    enum { READS = 300 };
    char folder[TEST_FOLDER], path[PATH];
    struct stat status;
    bd_thread thread;
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/picture", folder);
    write_picture(path, BD_IMAGE_FILE_PNG);
    assert_int_equal(stat(path, &status), 0);
    toggler t = {.path = path, .bytes = status.st_size};
    bd_mutex_init(&t.mutex);
    assert_true(bd_thread_start(&thread, toggle, &t));
    for (int i = 0; i < READS; i++) {
        bd_image image = {0};
        bd_error error;
        bd_result result = bd_image_read(path, NULL, &image, &error);
        if (result != BD_OK && result != BD_ERR_FILE_READ && result != BD_ERR_FILE_CORRUPT) {
            fail_msg("%s: %s", bd_result_name(result), error.message);
        }
        bd_image_finish(&image);
    }
    bd_mutex_lock(&t.mutex);
    t.stop = true;
    bd_mutex_unlock(&t.mutex);
    bd_thread_join(&thread);
    bd_mutex_finish(&t.mutex);
    test_remove_folder(folder);
}

/* Of a large file that is no picture or network no more is read than shows that. */
static void test_files_that_are_not_wanted(void **state) {
    (void)state;
    char folder[TEST_FOLDER], path[PATH];
    const off_t bytes = (off_t)2 << 30;
    bd_error error;
    bd_image image = {0};
    bd_model *model;
    cutter c = {.path = path, .bytes = (size_t)bytes}; /* were memory asked for */
    const bd_allocator allocator = {&c, allocate, reallocate, release};
    const bd_image_read_params params = {.struct_size = sizeof params, .allocator = &allocator};
    const bd_model_params of_model = {.struct_size = sizeof of_model, .allocator = &allocator};
    test_make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/film.mp4", folder);
    assert_int_equal(bd_write_file(path, "ftyp", 4, &error), BD_OK);
    assert_int_equal(truncate(path, bytes), 0);
    assert_int_equal(bd_image_read(path, &params, &image, &error), BD_ERR_FILE_FORMAT);
    assert_int_equal(bd_model_open(path, &of_model, &model, &error), BD_ERR_FILE_FORMAT);
    assert_int_equal(c.cuts, 0);
    /* A picture is not as large as this, whatever it begins with. */
    assert_int_equal(bd_write_file(path, "\xff\xd8\xff", 3, &error), BD_OK);
    assert_int_equal(truncate(path, 2 * bytes), 0);
    assert_int_equal(bd_image_read(path, &params, &image, &error), BD_ERR_IMAGE_TOO_LARGE);
    test_remove_folder(folder);
}

/* ---- while a session is made, which looks closer and so takes the network once more ---- */

static const bd_model_params small = {.struct_size = sizeof small, .width = 65, .height = 65};

/* At the session's first allocation. */
static void *reallocate_and_truncate(void *user, void *memory, size_t bytes) {
    laid_out *files = user;
    if (files->count) {
        truncate_all(files, 2);
        files->count = 0;
    }
    return realloc(memory, bytes);
}

static void *allocate_and_truncate(void *user, size_t bytes) {
    return reallocate_and_truncate(user, NULL, bytes);
}

static bd_image make_matte(bd_engine *engine, const bd_model *model, const bd_allocator *allocator) {
    const bd_session_params params = {
        .struct_size = sizeof params, .allocator = allocator, .precision = BD_PRECISION_FP32, .closer = true};
    const bd_matte_params matte = {.struct_size = sizeof matte, .mode = BD_MATTE_BEST};
    bd_session *session = test_session_create(engine, model, &params);
    bd_image photo = test_new_picture(80, 60), alpha = {0};
    bd_error error;
    for (size_t i = 0; i < (size_t)80 * 60 * 4; i++) {
        photo.pixels[i] = (uint8_t)(i * i >> 7);
    }
    if (bd_session_matte(session, &photo, &matte, &alpha, &error)) {
        fail_msg("%s", error.message);
    }
    free(photo.pixels);
    bd_session_destroy(session);
    return alpha;
}

static void test_while_a_session_is_made(void **state) {
    (void)state;
    const char *path = test_model_path();
    if (test_session_skip()) {
        skip();
    }
    const char *names[MOST_FILES] = {"model.json", "group1-shard1of3", "group1-shard2of3", "group1-shard3of3"};
    laid_out files = {.count = 0};
    test_make_folder(files.folder);
    while (files.count < MOST_FILES) {
        const char *name = names[files.count];
        char from[PATH];
        (void)snprintf(from, sizeof from, "%.*s/%s", (int)(strrchr(path, '/') - path), path, name);
        add_file(&files, from, name);
    }
    test_session t;
    test_engine_open(&t, NULL, NULL);
    t.model = test_model_open(files.paths[0].text, &small);
    bd_image right = make_matte(t.engine, t.model, NULL);
    const bd_allocator allocator = {&files, allocate_and_truncate, reallocate_and_truncate, release};
    bd_image alpha = make_matte(t.engine, t.model, &allocator);
    struct stat status;
    assert_int_equal(stat(files.paths[1].text, &status), 0);
    assert_int_equal(status.st_size, files.bytes[1] / 2);
    test_assert_same(&alpha, &right);
    bd_image_finish(&alpha);
    bd_image_finish(&right);
    test_session_close(&t);
    test_remove_folder(files.folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_while_they_are_read),   cmocka_unit_test(test_models_that_are_held),
        cmocka_unit_test(test_pictures_while_they_are_read), cmocka_unit_test(test_pictures_at_any_moment),
        cmocka_unit_test(test_files_that_are_not_wanted),    cmocka_unit_test(test_while_a_session_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

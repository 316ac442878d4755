/* SPDX-License-Identifier: MIT
 * Tuning a small network on the kernels for GPUs: candidates are tried, what is found is kept on disk, and sessions of
 * a later engine choose by it, the same every time. */
#include "support/session.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/session.h"

#define NETWORK "tests/fuzz/corpus/onnx/network.onnx"

static char folder[64];

static bd_engine *open_engine(void) {
    bd_engine *engine;
    bd_error error;
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .device = getenv("BACKDROP_DEVICE"),
                                     .kernel_set = "storage",
                                     .cache_dir = folder,
                                     .validation = true};
    if (bd_engine_create(&params, &engine, &error)) {
        fail_msg("%s", error.message);
    }
    return engine;
}

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/backdrop-tune-%ld", (long)getpid());
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    DIR *open = opendir(folder);
    for (struct dirent *entry = open ? readdir(open) : NULL; entry; entry = readdir(open)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    if (open) {
        (void)closedir(open);
    }
    return rmdir(folder);
}

/* The names of all choices that a new session makes, one after the other. */
static void choices_of(bd_engine *engine, const bd_model *model, bd_precision precision, char *text, size_t room) {
    bd_session *session;
    bd_error error;
    const bd_session_params params = {.struct_size = sizeof params, .precision = precision};
    if (bd_session_create(engine, model, &params, &session, &error)) {
        fail_msg("%s", error.message);
    }
    text[0] = '\0';
    for (uint32_t n = 0; n < model->graph.count; n++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, room - used, "%s;", session->looks.network.choices[n].name);
    }
    bd_session_destroy(session);
}

static void test_tune(void **state) {
    (void)state;
    bd_model *model;
    bd_error error;
    const bd_model_params sized = {.struct_size = sizeof sized, .size = 33};
    if (bd_model_open(test_source_file(NETWORK), &sized, &model, &error)) {
        fail_msg("%s", error.message);
    }
    bd_engine *engine = open_engine();
    bd_tune_result found;
    const bd_tune_params params = {.struct_size = sizeof params, .runs = 3};
    if (bd_engine_tune(engine, model, &params, &found, &error)) {
        fail_msg("%s", error.message);
    }
    (void)printf("%u nodes, %u candidates, %u rejected, %.3f ms by default, %.3f ms tuned\n", found.nodes,
                 found.candidates, found.rejected, found.default_ms, found.tuned_ms);
    assert_true(found.nodes >= 3);
    assert_true(found.candidates > 2 * found.nodes);
    assert_int_equal(found.rejected, 0);
    assert_true(found.tuned_ms > 0 && found.tuned_ms <= found.default_ms);
    assert_int_equal(access(found.path, R_OK), 0);
    static char tuned[2][4096];
    static char again[4096];
    choices_of(engine, model, BD_PRECISION_FP32, tuned[0], sizeof tuned[0]);
    choices_of(engine, model, BD_PRECISION_FP16, tuned[1], sizeof tuned[1]);
    assert_int_equal(bd_engine_validation_messages(engine), 0);
    bd_engine_destroy(engine);

    engine = open_engine();
    choices_of(engine, model, BD_PRECISION_FP32, again, sizeof again);
    assert_string_equal(again, tuned[0]);
    choices_of(engine, model, BD_PRECISION_FP16, again, sizeof again);
    assert_string_equal(again, tuned[1]);
    bd_engine_destroy(engine);

    /* An entry of the file decides: the plain kernel for every convolution. */
    engine = open_engine();
    for (uint32_t n = 0; n < model->graph.count; n++) {
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        char signature[BD_TUNING_SIGNATURE_BYTES];
        uint32_t count = bd_kernel_candidates(&engine->vk, &model->graph, n, BD_PRECISION_FP32, list, BD_COUNT(list));
        bd_tuning_signature(&model->graph, n, BD_PRECISION_FP32, signature);
        for (uint32_t i = 0; i < count; i++) {
            if (list[i].family == BD_KERNEL_FAMILY_PLAIN) {
                assert_int_equal(bd_tuning_put(&engine->tuning, signature, list[i].name, 1, &error), BD_OK);
            }
        }
    }
    choices_of(engine, model, BD_PRECISION_FP32, again, sizeof again);
    assert_null(strstr(again, "simt"));
    assert_null(strstr(again, "block"));
    bd_engine_destroy(engine);
    bd_model_destroy(model);
}

int main(void) {
    bd_error error;
    uint32_t count = 0;
    if (bd_devices(NULL, NULL, &count, &error)) {
        (void)printf("skipped: %s\n", error.message);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tune)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: MIT
 * Tuning a small network on the kernels for GPUs: candidates are tried, what is found is kept on disk, and sessions of
 * a later engine choose by it, the same every time. */
#include "support/tuning.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/session.h"

static char folder[TEST_FOLDER];

static int make_folder(void **state) {
    (void)state;
    test_make_folder(folder);
    return rmdir(folder); /* the engine makes it */
}

static int remove_folder(void **state) {
    (void)state;
    test_remove_folder(folder);
    return 0;
}

static void test_tune(void **state) {
    (void)state;
    test_session t;
    bd_error error;
    const bd_model_params sized = {.struct_size = sizeof sized, .size = 33};
    bd_model *model = test_model_open(test_source_file(TEST_SMALL_NETWORK), &sized);
    test_engine_open(&t, "storage", folder);
    bd_tune_result found = {.struct_size = sizeof found};
    const bd_tune_params params = {.struct_size = sizeof params, .runs = 3};
    if (bd_engine_tune(t.engine, model, &params, &found, &error)) {
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
    test_choices(t.engine, model, BD_PRECISION_FP32, tuned[0], sizeof tuned[0]);
    test_choices(t.engine, model, BD_PRECISION_FP16, tuned[1], sizeof tuned[1]);
    test_session_close(&t);

    test_engine_open(&t, "storage", folder);
    test_choices(t.engine, model, BD_PRECISION_FP32, again, sizeof again);
    assert_string_equal(again, tuned[0]);
    test_choices(t.engine, model, BD_PRECISION_FP16, again, sizeof again);
    assert_string_equal(again, tuned[1]);
    test_session_close(&t);

    /* An entry of the file decides: the plain kernel for every convolution. */
    test_engine_open(&t, "storage", folder);
    for (uint32_t n = 0; n < model->graph.count; n++) {
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        char signature[BD_TUNING_SIGNATURE_BYTES];
        uint32_t count = bd_kernel_candidates(&t.engine->vk, &model->graph, n, BD_PRECISION_FP32, list, BD_COUNT(list));
        bd_tuning_signature(&model->graph, n, BD_PRECISION_FP32, signature);
        for (uint32_t i = 0; i < count; i++) {
            if (list[i].family == BD_KERNEL_FAMILY_PLAIN) {
                assert_int_equal(bd_tuning_put(&t.engine->tuning, signature, list[i].name, 1, &error), BD_OK);
            }
        }
    }
    test_choices(t.engine, model, BD_PRECISION_FP32, again, sizeof again);
    assert_null(strstr(again, "simt"));
    assert_null(strstr(again, "block"));
    test_session_close(&t);
    bd_model_destroy(model);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tune)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

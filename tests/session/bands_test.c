/* SPDX-License-Identifier: MIT
 * A network whose tensors are larger than what the device binds is dispatched in bands of rows: the logits are those of
 * whole tensors, bit by bit. */
#include "support/tuning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"

static const char *kernel_set;

/* Only plain kernels are split: the others are for devices that bind more. */
static bd_session *open_session(const test_session *t, const bd_model *model, bd_precision precision, uint64_t most) {
    bd_session *session;
    bd_error error;
    bd_kernel_choice choices[200];
    assert_true(model->graph.count <= BD_COUNT(choices));
    for (uint32_t n = 0; n < model->graph.count; n++) {
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(&t->engine->vk, &model->graph, n, precision, list, BD_COUNT(list));
        choices[n] = (bd_kernel_choice){.family = BD_KERNEL_FAMILY_PLAIN, .precision = precision};
        for (uint32_t i = 0; i < count; i++) {
            choices[n] = list[i].family == BD_KERNEL_FAMILY_PLAIN ? list[i] : choices[n];
        }
    }
    const bd_network_params params = {.precision = precision, .choices = choices, .band_bytes = most};
    if (bd_session_make(t->engine, model, &params, NULL, &session, &error)) {
        fail_msg("%s", error.message);
    }
    return session;
}

static float *run(bd_session *session, const bd_model_info *info, const uint8_t *input) {
    bd_error error;
    double ms;
    float *logits = calloc((size_t)info->logits_width * info->logits_height * info->class_count, sizeof *logits);
    assert_non_null(logits);
    if (bd_session_run_network(session, input, logits, &ms, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    return logits;
}

/* Bindings of the arena that are larger than what was asked for. */
static uint32_t count_larger(const bd_network *network, uint64_t most) {
    uint32_t larger = 0;
    for (uint32_t i = 0; i < network->dispatch_count; i++) {
        for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
            const bd_vk_binding *binding = &network->dispatches[i].dispatch.bindings[b];
            larger += binding->buffer == &network->arena && binding->bytes > most;
        }
    }
    return larger;
}

static void check_bands(const test_session *t, const bd_model *model, bd_precision precision, uint64_t most,
                        uint32_t least_dispatches, uint32_t larger) {
    bd_model_info info = {.struct_size = sizeof info};
    bd_model_get_info(model, &info);
    size_t bytes = (size_t)info.input_width * info.input_height * 3;
    uint8_t *input = malloc(bytes);
    assert_non_null(input);
    for (size_t i = 0; i < bytes; i++) {
        input[i] = (uint8_t)(i * 2654435761u >> 24);
    }
    bd_session *whole = open_session(t, model, precision, 0), *banded = open_session(t, model, precision, most);
    float *expected = run(whole, &info, input), *got = run(banded, &info, input);
    (void)printf("%s: %u dispatches, %u in bands of %llu bytes, %u bindings larger\n", kernel_set,
                 whole->looks.network.dispatch_count, banded->looks.network.dispatch_count, (unsigned long long)most,
                 count_larger(&banded->looks.network, most));
    assert_true(banded->looks.network.dispatch_count >= whole->looks.network.dispatch_count + least_dispatches);
    assert_true(count_larger(&banded->looks.network, most) <= larger);
    assert_memory_equal(got, expected, (size_t)info.logits_width * info.logits_height * info.class_count * sizeof *got);
    free(got);
    free(expected);
    free(input);
    bd_session_destroy(banded);
    bd_session_destroy(whole);
}

static void test_default_network(void **state) {
    (void)state;
    if (!test_model_path()) {
        skip();
    }
    test_session t;
    test_session_open_side(&t, 129);
    const uint64_t bounds[] = {700000, 1000000, 1500000};
    for (uint32_t i = 0; i < 3; i++) {
        check_bands(&t, t.model, BD_PRECISION_FP32, bounds[i], 30 >> (2 * i), 0);
    }
    test_session_close(&t);
}

static void test_all_sets(void **state) {
    (void)state;
    const bd_model_params sized = {.struct_size = sizeof sized, .width = 129, .height = 129};
    bd_model *model = test_model_open(test_source_file(TEST_SMALL_NETWORK), &sized);
    test_session t;
    test_session_open_model(&t, NULL, kernel_set);
    check_bands(&t, model, BD_PRECISION_FP32, 30000, 2, UINT32_MAX);
    if (bd_session_can_half(t.engine, model)) {
        check_bands(&t, model, BD_PRECISION_FP16, 30000, 2, UINT32_MAX);
    }
    test_session_close(&t);
    bd_model_destroy(model);
}

int main(void) {
    int skip_status = test_device_skip(), failed = 0;
    if (skip_status) {
        return skip_status;
    }
    const struct CMUnitTest first[] = {cmocka_unit_test(test_default_network)};
    const struct CMUnitTest each[] = {cmocka_unit_test(test_all_sets)};
    kernel_set = "default";
    failed = cmocka_run_group_tests(first, NULL, NULL);
    for (uint32_t i = 0; bd_kernel_set_name(i) && !failed; i++) {
        kernel_set = bd_kernel_set_name(i);
        failed = cmocka_run_group_tests(each, NULL, NULL);
    }
    return failed;
}

/* SPDX-License-Identifier: MIT
 * Which of three nodes in a row are computed in one dispatch, an expansion, a depthwise convolution and a projection, by a
 * clock of the test's own: the depthwise one goes with the expansion, with the projection or with none, whatever is the
 * least for all three together. */
#include "support/tuning.h"

#include <stdio.h>
#include <string.h>

#include "api/tune.h"
#include "network/tuned_kernels.h"

static double with_expansion_ms, with_projection_ms;

static double clock_of_families(const bd_kernel_choice *choice, uint32_t network) {
    (void)network;
    return !choice                                     ? 1.0
           : choice->family == BD_KERNEL_FAMILY_EXPAND ? with_expansion_ms
           : choice->family == BD_KERNEL_FAMILY_BLOCK  ? with_projection_ms
                                                       : 1.0;
}

/* The first projection of the network whose depthwise convolution has an expansion, too. */
static uint32_t find_projection(const bd_engine *engine, const bd_graph *graph) {
    static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    uint32_t inside[2] = {BD_NO_NODE, BD_NO_NODE};
    for (uint32_t n = 0; n < graph->count; n++) {
        uint32_t count = bd_kernel_candidates(&engine->vk, graph, n, BD_PRECISION_FP32, found, BD_COUNT(found));
        for (uint32_t i = 0; i < count; i++) {
            uint32_t absorbed = bd_kernel_absorbs(graph, n, &found[i]);
            if (found[i].family == BD_KERNEL_FAMILY_EXPAND) {
                inside[0] = n;
            } else if (absorbed != BD_NO_NODE && absorbed == inside[0]) {
                return n;
            }
        }
    }
    fail_msg("no such row of nodes");
    return BD_NO_NODE;
}

static bd_kernel_family family_of(const bd_tuner *tuner, uint32_t node) {
    bd_kernel_choice choice;
    assert_true(bd_tuning_choice(&tuner->found, &tuner->engine->vk, tuner->graph, node, BD_PRECISION_FP32, &choice));
    return choice.family;
}

static void test_three(void **state) {
    (void)state;
    /* Apart each takes 1 ms. What is in the depthwise node's entry counts only where no block takes it. */
    static const struct {
        double with_expansion, with_projection;
        bool expand, block;
    } cases[] = {
        {2.1, 2.1, false, false}, {1.5, 2.1, true, false}, {2.1, 1.9, false, true},
        {1.5, 1.6, true, false},  {1.5, 1.4, true, true},  {1.9, 1.95, true, false},
    };
    const bd_model_params sized = {.struct_size = sizeof sized, .width = 33, .height = 33};
    bd_model *model = test_model_open(test_model_path(), &sized);
    test_session t;
    test_engine_open(&t, "storage", NULL);
    uint32_t projection = find_projection(t.engine, &model->graph);
    uint32_t depthwise = model->graph.nodes[projection].inputs[0];
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        bd_tuner *tuner;
        bd_error error;
        const bd_tune_params params = {.struct_size = sizeof params, .runs = 2};
        assert_int_equal(bd_tuner_create(t.engine, model, &params, &tuner, &error), BD_OK);
        assert_int_equal(tuner->precisions[tuner->at], BD_PRECISION_FP32);
        with_expansion_ms = cases[i].with_expansion;
        with_projection_ms = cases[i].with_projection;
        tuner->clock = clock_of_families;
        tuner->node = model->graph.nodes[depthwise].inputs[0];
        while (tuner->node <= projection) {
            if (bd_tuner_step(tuner, 0, &error)) {
                fail_msg("%s", error.message);
            }
        }
        assert_int_equal(family_of(tuner, depthwise) == BD_KERNEL_FAMILY_EXPAND, cases[i].expand);
        assert_int_equal(family_of(tuner, projection) == BD_KERNEL_FAMILY_BLOCK, cases[i].block);
        bd_tuner_destroy(tuner);
        t.engine->tuning.count = 0; /* nothing is recalled */
    }
    test_session_close(&t);
    bd_model_destroy(model);
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_three)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

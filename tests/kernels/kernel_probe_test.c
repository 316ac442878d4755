/* SPDX-License-Identifier: MIT
 * What is used without tuning of what not every device can have: kernels that are right and faster are, others are not,
 * and the answer is kept. The stand-in for matrix units, which is slow, serves where the device has none. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/probe.h"
#include "network/tuned_kernels.h"
#include "support/kernel_fixture.h"

static check harness;
static bd_tuning tuning;
static fixture network; /* one layer: only its shape counts */

static uint32_t entries(const char *verdict) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < tuning.count; i++) {
        count += !strcmp(tuning.entries[i].name, verdict);
    }
    return count;
}

static void probe(void) {
    bd_error error;
    if (bd_probe(&tuning, &harness.vk, &network.graph, BD_PRECISION_FP16, &error)) {
        fail_msg("%s", error.message);
    }
}

static int make_network_of(int32_t side) {
    fixture_begin(&network, &harness);
    const window a = {.h = side,
                      .w = side,
                      .in = 64,
                      .out = 32,
                      .kernel = 1,
                      .stride = 1,
                      .dilation = 1,
                      .low = -INFINITY,
                      .high = INFINITY};
    free(fixture_conv(&network, &a));
    tuning = (bd_tuning){.allocator = NULL};
    return 0;
}

static int make_network(void **state) {
    (void)state;
    return make_network_of(65);
}

/* Large enough to be worth a pipeline of its own in one photo. */
static int make_large_network(void **state) {
    (void)state;
    return make_network_of(145);
}

static int forget_network(void **state) {
    (void)state;
    bd_tuning_finish(&tuning);
    fixture_finish(&network);
    return 0;
}

/* Slower than lanes, and so not used; the answer is kept. */
static void test_right_ones(void **state) {
    (void)state;
    probe();
    (void)printf("%s: %s\n", tuning.entries[0].signature, tuning.entries[0].name);
    assert_int_equal(tuning.count, 1);
    assert_int_equal(entries("wrong"), 0);
    assert_int_equal(entries("slow") + entries("passed"), 1);
    uint32_t pipelines = harness.vk.pipeline_count;
    probe();
    assert_int_equal(tuning.count, 1);
    assert_int_equal(harness.vk.pipeline_count, pipelines);
}

/* Kernels that are made for subgroups of another size than the device's leave sums out. */
static void test_wrong_ones(void **state) {
    (void)state;
    uint32_t size = harness.vk.matrix_subgroup_size;
    harness.vk.matrix_subgroup_size = size * 2;
    probe();
    harness.vk.matrix_subgroup_size = size;
    assert_int_equal(tuning.count, 1);
    assert_int_equal(entries("wrong"), 1);
}

/* What passed is chosen where nothing was tuned; what did not, or was not tried, is not. */
static void test_choice(void **state) {
    (void)state;
    static const struct {
        const char *verdict;
        bool matrix;
    } cases[] = {{NULL, false}, {"slow", false}, {"wrong", false}, {"passed", true}};
    const bd_graph *graph = &network.graph;
    bd_kernel_choice choices[8];
    bd_kernel_choice matrix;
    char signature[BD_TUNING_SIGNATURE_BYTES];
    uint32_t node = graph->count - 1;
    assert_in_range(graph->count, 1, BD_COUNT(choices));
    assert_true(bd_kernel_probed_default(&harness.vk, graph, node, BD_PRECISION_FP16, &matrix));
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        (void)snprintf(signature, sizeof signature, "probe %s", matrix.name);
        assert_true(!cases[i].verdict || !bd_tuning_put(&tuning, signature, cases[i].verdict, 1, NULL));
        bd_tuning_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP16, false, choices);
        bd_probe_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP16, false, choices);
        assert_int_equal(choices[node].matrix[0] != 0, cases[i].matrix);
    }
    /* What was tuned goes before. */
    bd_kernel_choice lanes;
    assert_int_equal(bd_kernel_candidates(&harness.vk, graph, node, BD_PRECISION_FP16, &lanes, 1), 1);
    bd_tuning_signature(graph, node, BD_PRECISION_FP16, signature);
    assert_int_equal(bd_tuning_put(&tuning, signature, lanes.name, 1, NULL), BD_OK);
    bd_tuning_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP16, false, choices);
    bd_probe_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP16, false, choices);
    assert_string_equal(choices[node].name, lanes.name);
}

/* Of float32: what is written out, on software devices with eight lanes, where few channels come in. */
static void test_flat(void **state) {
    (void)state;
    if (!bd_column_runs(&harness.vk.traits, BD_COLUMN_WIDE8) || !harness.vk.addresses) {
        skip();
    }
    harness.vk.column = BD_COLUMN_WIDE8;
    const bd_graph *graph = &network.graph;
    bd_kernel_choice choices[8];
    uint32_t node = graph->count - 1;
    assert_in_range(graph->count, 1, BD_COUNT(choices));
    assert_int_equal(bd_probe(&tuning, &harness.vk, graph, BD_PRECISION_FP32, NULL), BD_OK);
    (void)printf("%s: %s\n", tuning.entries[0].signature, tuning.entries[0].name);
    assert_int_equal(tuning.count, 1);
    assert_int_equal(entries("slow") + entries("passed"), 1);
    static const char *const verdicts[] = {"slow", "passed"};
    for (uint32_t i = 0; i < BD_COUNT(verdicts); i++) {
        assert_int_equal(bd_tuning_put(&tuning, tuning.entries[0].signature, verdicts[i], 1, NULL), BD_OK);
        bd_tuning_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP32, false, choices);
        bd_probe_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP32, false, choices);
        assert_int_equal(choices[node].family == BD_KERNEL_FAMILY_FLAT, i);
    }
    /* What was tuned goes before, but not by a name that no kernel has any more. */
    const struct {
        const char *name;
        bool flat;
    } tuned[] = {{"conv1x1_of_another_version", true}, {bd_shaders[BD_SHADER_conv1x1_f32_texel_wide8].name, false}};
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bd_tuning_signature(graph, node, BD_PRECISION_FP32, signature);
    for (uint32_t i = 0; i < BD_COUNT(tuned); i++) {
        assert_int_equal(bd_tuning_put(&tuning, signature, tuned[i].name, 1, NULL), BD_OK);
        bd_tuning_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP32, false, choices);
        bd_probe_choose(&tuning, &harness.vk, graph, BD_PRECISION_FP32, false, choices);
        assert_int_equal(choices[node].family == BD_KERNEL_FAMILY_FLAT, tuned[i].flat);
    }
    harness.vk.column = BD_COLUMN_STORAGE;
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_right_ones, make_network, forget_network),
        cmocka_unit_test_setup_teardown(test_wrong_ones, make_network, forget_network),
        cmocka_unit_test_setup_teardown(test_choice, make_network, forget_network),
        cmocka_unit_test_setup_teardown(test_flat, make_large_network, forget_network),
    };
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    harness.vk.column = BD_COLUMN_STORAGE;
    return check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

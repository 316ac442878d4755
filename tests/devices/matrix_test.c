/* SPDX-License-Identifier: MIT
 * Every candidate on matrix units, none left out: of each node of the default network, and of 3x3 convolutions, which
 * it has none of. Says of each whether it is right and how long it takes; BACKDROP_MATRIX_CSV names a file for that,
 * BACKDROP_MATRIX_ONLY a part of the names of those to try. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "api/model.h"
#include "support/kernel_fixture.h"
#include "support/session.h"
#include "network/tuning.h"

enum { RUNS = 2, MOST_SHAPES = 256 };

#define NO_CLAMP .low = -INFINITY, .high = INFINITY
#define RELU6 .low = 0.0f, .high = 6.0f

static check harness;
static FILE *csv;
static uint32_t right, wrong;

static void write_shape(const bd_shape *shape, char text[48]) {
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t d = 0; d < shape->rank && used < 48; d++) {
        used += (size_t)snprintf(text + used, 48 - used, "%s%d", d ? "x" : "", shape->dims[d]);
    }
}

static void report(const bd_graph *graph, uint32_t node, const char *name, const bd_kernel_choice *choice,
                   const bd_kernel_verdict *verdict) {
    char input[48], output[48];
    write_shape(&graph->nodes[graph->nodes[node].inputs[0]].shape, input);
    write_shape(&graph->nodes[node].shape, output);
    printf("%-5s %9.3f ms  %-48s %s %s -> %s\n", verdict->correct ? "right" : "WRONG", verdict->ms, choice->name, name,
           input, output);
    (void)fflush(stdout);
    right += verdict->correct;
    wrong += !verdict->correct;
    if (csv) {
        (void)fprintf(csv, "\"%s\",\"%s\",%s,%s,%s,%s,%s,%.4f\n", harness.vk.info.name, harness.vk.info.driver,
                      choice->name, name, input, output, verdict->correct ? "right" : "wrong", verdict->ms);
        (void)fflush(csv);
    }
}

static uint32_t judge_node(const bd_graph *graph, uint32_t node, const char *name) {
    static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    static bd_kernel_verdict verdicts[BD_KERNEL_MOST_CANDIDATES];
    uint32_t count = bd_kernel_candidates(&harness.vk, graph, node, BD_PRECISION_FP16, found, BD_COUNT(found));
    uint32_t kept = 0;
    const char *only = getenv("BACKDROP_MATRIX_ONLY");
    bd_error error;
    assert_in_range(count, 0, BD_COUNT(found) - 1);
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].matrix[0] && (!only || strstr(found[i].name, only))) {
            found[kept++] = found[i];
        }
    }
    if (kept && bd_kernel_trial(&harness.vk, graph, node, found, kept, RUNS, INFINITY, verdicts, &error)) {
        fail_msg("%s: %s", name, error.message);
    }
    if (harness.complaints) {
        fail_msg("%s: %u validation messages", name, harness.complaints);
    }
    for (uint32_t i = 0; i < kept; i++) {
        report(graph, node, name, &found[i], &verdicts[i]);
    }
    return kept;
}

/* Nodes of one signature have the same candidates: one of them stands for all. */
static void test_network(void **state) {
    (void)state;
    static char seen[MOST_SHAPES][BD_TUNING_SIGNATURE_BYTES];
    uint32_t seen_count = 0;
    uint32_t judged = 0;
    uint32_t wrong_before = wrong;
    bd_model *model;
    bd_error error;
    if (!test_model_path()) {
        skip();
    }
    if (bd_model_open(test_model_path(), NULL, &model, &error)) {
        fail_msg("%s", error.message);
    }
    for (uint32_t n = 0; n < model->graph.count; n++) {
        bd_op op = model->graph.nodes[n].op;
        char signature[BD_TUNING_SIGNATURE_BYTES];
        bd_tuning_signature(&model->graph, n, BD_PRECISION_FP16, signature);
        uint32_t i = 0;
        while (i < seen_count && strcmp(seen[i], signature) != 0) {
            i++;
        }
        if (op == BD_OP_CONV && i == seen_count) {
            assert_true(seen_count < MOST_SHAPES);
            memcpy(seen[seen_count++], signature, sizeof signature);
            judged += judge_node(&model->graph, n, model->graph.nodes[n].name);
        }
    }
    bd_model_destroy(model);
    assert_true(judged || getenv("BACKDROP_MATRIX_ONLY"));
    assert_int_equal(wrong, wrong_before);
}

static void test_conv(void **state) {
    (void)state;
    static const window windows[] = {
        {.h = 65, .w = 65, .in = 64, .out = 128, .kernel = 3, .stride = 1, .dilation = 1, .bias = true, RELU6},
        {.h = 65, .w = 65, .in = 64, .out = 64, .kernel = 3, .stride = 1, .dilation = 12, NO_CLAMP},
        {.h = 97, .w = 95, .in = 40, .out = 36, .kernel = 3, .stride = 1, .dilation = 36, .residual = true, NO_CLAMP},
        {.h = 129, .w = 127, .in = 48, .out = 320, .kernel = 3, .stride = 2, .dilation = 1, .bias = true, NO_CLAMP},
    };
    uint32_t judged = 0;
    uint32_t wrong_before = wrong;
    for (size_t i = 0; i < BD_COUNT(windows); i++) {
        fixture f;
        fixture_begin(&f, &harness);
        free(fixture_conv(&f, &windows[i]));
        char name[32];
        (void)snprintf(name, sizeof name, "conv3x3 stride %d rate %d", windows[i].stride, windows[i].dilation);
        judged += judge_node(&f.graph, f.graph.count - 1, name);
        fixture_finish(&f);
    }
    assert_true(judged || getenv("BACKDROP_MATRIX_ONLY"));
    assert_int_equal(wrong, wrong_before);
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_network), cmocka_unit_test(test_conv)};
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    if (!harness.vk.matrix_count) {
        printf("skipped: no matrix units\n");
        (void)check_close(&harness, 0);
        return 77;
    }
    const char *path = getenv("BACKDROP_MATRIX_CSV");
    if (path) {
        csv = fopen(path, "w");
        if (!csv) {
            perror(path);
            return check_close(&harness, 1);
        }
        (void)fprintf(csv, "device,driver,candidate,node,input,output,verdict,ms\n");
    }
    harness.vk.column = BD_COLUMN_STORAGE;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bool written = !csv || !ferror(csv);
    if (csv && (fclose(csv) || !written)) {
        perror(path);
        failed = 1;
    }
    printf("%u right, %u wrong\n", right, wrong);
    return check_close(&harness, failed);
}

/* SPDX-License-Identifier: MIT
 * Trials of candidates: right ones pass, wrong ones are found out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/kernel_fixture.h"

static check harness;
static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];

#define RELU6 .low = 0.0f, .high = 6.0f

static bd_kernel_verdict judge(const fixture *f, const bd_kernel_choice *choice, uint32_t repeats) {
    bd_kernel_verdict verdict;
    bd_error error;
    if (bd_kernel_trial(&harness.vk, &f->graph, f->graph.count - 1, choice, 1, repeats, INFINITY, &verdict, &error)) {
        fail_msg("%s: %s", choice->name, error.message);
    }
    return verdict;
}

static void test_candidates_pass(void **state) {
    (void)state;
    const window a = {.h = 27,
                      .w = 19,
                      .in = 48,
                      .out = 21,
                      .kernel = 1,
                      .stride = 1,
                      .dilation = 1,
                      .bias = true,
                      .residual = true,
                      RELU6};
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        fixture f;
        fixture_begin(&f, &harness);
        free(fixture_conv(&f, &a));
        uint32_t count = bd_kernel_candidates(&harness.vk, &f.graph, f.graph.count - 1, (bd_precision)precision, found,
                                              BD_COUNT(found));
        for (uint32_t i = 0; i < count && i < 6; i++) {
            bd_kernel_verdict verdict = judge(&f, &found[i], 2);
            assert_true(verdict.correct);
            assert_true(verdict.ms >= 0 && isfinite(verdict.ms));
        }
        fixture_finish(&f);
    }
}

/* With its depth half as fine as the input's, a candidate leaves out the last sixteen channels; with tiles that are
 * rectangles of a map that is a line, it leaves out pixels. */
static void test_wrong_ones_fail(void **state) {
    (void)state;
    const window a = {
        .h = 27, .w = 19, .in = 48, .out = 24, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6};
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        fixture f;
        fixture_begin(&f, &harness);
        free(fixture_conv(&f, &a));
        f.graph.nodes[f.graph.count - 1].u.conv.clamp_low = -INFINITY;
        bd_kernel_choice choice;
        assert_int_equal(
            bd_kernel_candidates(&harness.vk, &f.graph, f.graph.count - 1, (bd_precision)precision, &choice, 1), 1);
        assert_int_equal(choice.family, BD_KERNEL_FAMILY_GEMM);
        assert_true(judge(&f, &choice, 1).correct);
        bd_kernel_choice shallow = choice;
        shallow.depth = 32;
        assert_false(judge(&f, &shallow, 1).correct);
        bd_kernel_choice narrow = choice;
        narrow.width = 8;
        assert_false(judge(&f, &narrow, 1).correct);
        fixture_finish(&f);
    }
}

/* A block is judged against the two plain kernels. */
static void test_block(void **state) {
    (void)state;
    const window a = {.h = 21, .w = 17, .in = 32, .kernel = 3, .stride = 1, .dilation = 2, .bias = true, RELU6};
    fixture f;
    fixture_begin(&f, &harness);
    free(fixture_depthwise(&f, &a));
    const uint32_t inputs[] = {f.graph.count - 1, fixture_tensor(&f, BD_OP_CONST, 1, 1, 32, 24, -1.0f, 1.0f)};
    bd_node *node = fixture_node(&f, BD_OP_CONV, inputs, 2, 21, 17, 24);
    const window one = {.kernel = 1, .stride = 1, .dilation = 1, .low = -INFINITY, .high = INFINITY};
    node->u.conv = fixture_attributes(&one);
    uint32_t count =
        bd_kernel_candidates(&harness.vk, &f.graph, f.graph.count - 1, BD_PRECISION_FP16, found, BD_COUNT(found));
    assert_int_not_equal(count, 0);
    assert_int_equal(found[0].family, BD_KERNEL_FAMILY_BLOCK);
    assert_true(judge(&f, &found[0], 1).correct);
    fixture_finish(&f);
}

/* An expansion with its window is judged likewise: the first is right, and one that leaves out
 * the last channels is not. */
static void test_expand(void **state) {
    (void)state;
    const window a = {
        .h = 21, .w = 17, .in = 48, .out = 72, .kernel = 1, .stride = 1, .dilation = 1, .bias = true, RELU6};
    fixture f;
    fixture_begin(&f, &harness);
    free(fixture_conv(&f, &a));
    const uint32_t inputs[] = {f.graph.count - 1, fixture_tensor(&f, BD_OP_CONST, 3, 3, 72, 1, -1.0f, 1.0f)};
    bd_node *node = fixture_node(&f, BD_OP_DEPTHWISE, inputs, 2, 21, 17, 72);
    const window around = {.h = 21, .w = 17, .in = 72, .kernel = 3, .stride = 1, .dilation = 2, RELU6};
    node->u.conv = fixture_attributes(&around);
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        uint32_t judged = 0;
        uint32_t count = bd_kernel_candidates(&harness.vk, &f.graph, f.graph.count - 1, (bd_precision)precision, found,
                                              BD_COUNT(found));
        for (uint32_t i = 0; i < count; i++) {
            if (found[i].family == BD_KERNEL_FAMILY_EXPAND && !found[i].matrix[0]) {
                bd_kernel_choice other = found[i];
                other.depth = 32;
                assert_true(judge(&f, &found[i], 1).correct);
                assert_false(judge(&f, &other, 1).correct);
                judged++;
                break;
            }
        }
        assert_int_equal(judged, 1);
    }
    fixture_finish(&f);
}

/* Integers are to be equal: a channel that is left out shows, however small its share. */
static void test_integers(void **state) {
    (void)state;
    fixture f;
    fixture_begin(&f, &harness);
    const int32_t in[4] = {1, 27, 19, 33}, dims[4] = {1, 1, 33, 12};
    int32_t scales[24] = {0};
    for (int c = 0; c < 12; c++) {
        scales[c] = 1 << 30;
        scales[12 + c] = -9;
    }
    const bd_shape shape = bd_shape_make(2, (const int32_t[]){2, 12});
    const uint32_t inputs[5] = {fixture_integers(&f, BD_OP_INPUT, in, -127, 127),
                                fixture_integers(&f, BD_OP_CONST, dims, -3, 3), BD_NO_NODE, BD_NO_NODE,
                                bd_graph_add_const(&f.graph, "scales", BD_I32, &shape, scales)};
    bd_node *node = fixture_node(&f, BD_OP_CONV, inputs, 5, 27, 19, 12);
    const window one = {.kernel = 1, .stride = 1, .dilation = 1, .low = -128, .high = 127};
    node->u.conv = fixture_attributes(&one);
    node->u.conv.rounding = BD_ROUNDING_UP;
    for (int precision = BD_PRECISION_FP32; precision <= BD_PRECISION_FAST16; precision++) {
        uint32_t count = bd_kernel_candidates(&harness.vk, &f.graph, f.graph.count - 1, (bd_precision)precision, found,
                                              BD_COUNT(found));
        for (uint32_t i = 0; i < count && i < 4; i++) {
            assert_true(judge(&f, &found[i], 1).correct);
        }
        assert_int_equal(found[0].family, BD_KERNEL_FAMILY_GEMM);
        found[0].depth = 32; /* without the last channel */
        assert_false(judge(&f, &found[0], 1).correct);
    }
    fixture_finish(&f);
}

int main(int argc, char **argv) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_candidates_pass),
                                              cmocka_unit_test(test_wrong_ones_fail), cmocka_unit_test(test_block),
                                              cmocka_unit_test(test_expand), cmocka_unit_test(test_integers)};
    int status = check_open(&harness, argc, argv);
    if (status) {
        return status;
    }
    harness.vk.column = BD_COLUMN_STORAGE;
    return check_close(&harness, cmocka_run_group_tests(tests, NULL, NULL));
}

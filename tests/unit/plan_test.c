/* SPDX-License-Identifier: MIT
 * The planner: tensors that live at the same time never overlap, memory is reused, and barriers stand where ranges
 * clash. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph/plan.h"
#include "support/graphs.h"

static uint32_t random_state = 7;

static uint32_t next_random(uint32_t below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

/* photo -> preprocess -> a chain of clamps of one size. */
static void make_chain(bd_graph *graph, uint32_t length) {
    bd_error error;
    assert_int_equal(bd_graph_init(graph, NULL, "test", &error), BD_OK);
    uint32_t at = test_add_map(graph, BD_OP_INPUT, NULL, 0, 8, 8, 3);
    graph->input = at;
    at = test_add_map(graph, BD_OP_PREPROCESS, &at, 1, 8, 8, 3);
    for (uint32_t i = 0; i < length; i++) {
        at = test_add_map(graph, BD_OP_CLAMP, &at, 1, 8, 8, 3);
    }
    graph->output = at;
}

static void test_chain_needs_two_tensors(void **state) {
    (void)state;
    bd_graph graph;
    bd_plan plan;
    bd_error error;
    make_chain(&graph, 10);
    assert_int_equal(bd_plan_init(&plan, &graph, false, NULL, &error), BD_OK);
    assert_int_equal(plan.step_count, 11);
    assert_int_equal(plan.arena_bytes, 2 * 8 * 8 * 4 * sizeof(float));
    assert_false(plan.steps[0].barrier);
    for (uint32_t s = 1; s < plan.step_count; s++) {
        assert_true(plan.steps[s].barrier);
    }
    bd_plan_finish(&plan);
    assert_int_equal(bd_plan_init(&plan, &graph, true, NULL, &error), BD_OK);
    assert_int_equal(plan.arena_bytes, 11 * 8 * 8 * 4 * sizeof(float));
    bd_plan_finish(&plan);
    bd_graph_finish(&graph);
}

/* Branches that read one tensor and write two others need no barrier between them. */
static void test_branches_run_together(void **state) {
    (void)state;
    bd_graph graph;
    bd_plan plan;
    bd_error error;
    make_chain(&graph, 0);
    uint32_t root = graph.output;
    uint32_t branches[2] = {test_add_map(&graph, BD_OP_CLAMP, &root, 1, 8, 8, 3),
                            test_add_map(&graph, BD_OP_CLAMP, &root, 1, 8, 8, 3)};
    graph.output = test_add_map(&graph, BD_OP_ADD, branches, 2, 8, 8, 3);
    assert_int_equal(bd_plan_init(&plan, &graph, false, NULL, &error), BD_OK);
    assert_true(plan.steps[1].barrier);
    assert_false(plan.steps[2].barrier);
    assert_true(plan.steps[3].barrier);
    bd_plan_finish(&plan);
    bd_graph_finish(&graph);
}

static bool overlap(const bd_plan_tensor *a, const bd_plan_tensor *b) {
    return a->offset_bytes < b->offset_bytes + b->bytes && b->offset_bytes < a->offset_bytes + a->bytes;
}

/* Replays a plan on what each range holds: every read must find the tensor that it expects, and no dispatch between two
 * barriers may touch what another of them writes. */
static void check_plan(const bd_graph *graph, const bd_plan *plan) {
    uint32_t since = 0;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        uint32_t index = plan->steps[s].node;
        const bd_node *node = &graph->nodes[index];
        const bd_plan_tensor *written = &plan->tensors[index];
        assert_int_equal(written->offset_bytes % BD_PLAN_ALIGN, 0);
        assert_true(written->offset_bytes + written->bytes <= plan->arena_bytes);
        since = plan->steps[s].barrier ? s : since;
        for (uint32_t n = 0; n < graph->count; n++) {
            const bd_plan_tensor *other = &plan->tensors[n];
            bool alive = n != index && other->offset_bytes != BD_PLAN_NO_OFFSET && other->first_step <= s &&
                         other->last_step >= s;
            assert_false(alive && overlap(written, other));
        }
        for (uint32_t e = since; e < s; e++) {
            const bd_plan_tensor *earlier = &plan->tensors[plan->steps[e].node];
            assert_false(overlap(written, earlier));
            for (uint32_t i = 0; i < node->input_count; i++) {
                const bd_plan_tensor *read = &plan->tensors[node->inputs[i]];
                assert_false(read->offset_bytes != BD_PLAN_NO_OFFSET && overlap(read, earlier));
            }
        }
    }
}

static void test_random_graphs(void **state) {
    (void)state;
    for (int round = 0; round < 200; round++) {
        bd_graph graph;
        bd_plan plan;
        bd_error error;
        make_chain(&graph, 1);
        uint32_t nodes = 2 + next_random(40);
        for (uint32_t i = 0; i < nodes; i++) {
            uint32_t inputs[2] = {1 + next_random(graph.count - 1), 1 + next_random(graph.count - 1)};
            graph.output = test_add_map(&graph, BD_OP_ADD, inputs, 2, 1 + (int32_t)next_random(9),
                                        1 + (int32_t)next_random(9), 1 + (int32_t)next_random(40));
        }
        assert_int_equal(bd_plan_init(&plan, &graph, false, NULL, &error), BD_OK);
        check_plan(&graph, &plan);
        assert_int_equal(plan.tensors[graph.output].last_step, UINT32_MAX);
        bd_plan_finish(&plan);
        bd_graph_finish(&graph);
    }
}

static void test_counts(void **state) {
    (void)state;
    bd_graph graph;
    bd_error error;
    assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
    uint32_t x = test_add_map(&graph, BD_OP_PREPROCESS, NULL, 0, 9, 9, 3);
    static const float weights[3 * 3 * 3 * 5];
    const int32_t dims[] = {3, 3, 3, 5};
    const bd_shape shape = bd_shape_make(4, dims);
    uint32_t w = bd_graph_add_const(&graph, "weights", BD_F32, &shape, weights);
    const uint32_t inputs[] = {x, w};
    uint32_t conv = test_add_map(&graph, BD_OP_CONV, inputs, 2, 5, 5, 5);
    graph.nodes[conv].u.conv.kernel_h = 3;
    graph.nodes[conv].u.conv.kernel_w = 3;
    assert_int_equal(bd_node_multiply_adds(&graph, conv), 5 * 5 * 5 * 27);
    /* 5x5 pixels of two vec4s written, 9x9x3 and the weights read */
    assert_int_equal(bd_node_bytes(&graph, conv), 4 * (5 * 5 * 8 + 9 * 9 * 3 + 135));
    assert_int_equal(bd_shape_pixels(&graph.nodes[conv].shape), 25);
    assert_int_equal(bd_shape_c4(&graph.nodes[conv].shape), 2);
    bd_graph_finish(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chain_needs_two_tensors),
                                       cmocka_unit_test(test_branches_run_together),
                                       cmocka_unit_test(test_random_graphs), cmocka_unit_test(test_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

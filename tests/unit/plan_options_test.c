/* SPDX-License-Identifier: MIT
 * The planner with absorbed nodes, scratch memory and 16-bit tensors: a replay finds in each range what its step
 * expects, and nothing that runs between two barriers touches what another step of them writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "graph/plan.h"
#include "support/graphs.h"

enum { MOST = 64 };

static uint32_t random_state = 11;

static uint32_t next_random(uint32_t below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static bool overlap(const bd_plan_tensor *a, const bd_plan_tensor *b) {
    return a->bytes && b->bytes && a->offset_bytes < b->offset_bytes + b->bytes &&
           b->offset_bytes < a->offset_bytes + a->bytes;
}

/* Tensors that a step reads. */
static uint32_t list_reads(const bd_graph *graph, const bd_plan *plan, const bd_plan_options *options, uint32_t node,
                           const bd_plan_tensor **reads) {
    uint32_t count = 0;
    uint32_t absorbed = options->absorbs ? options->absorbs[node] : BD_NO_NODE;
    for (uint32_t i = 0; i < graph->nodes[node].input_count; i++) {
        uint32_t input = graph->nodes[node].inputs[i];
        if (input != absorbed && input != graph->input) {
            reads[count++] = &plan->tensors[input];
        }
    }
    for (uint32_t i = 0; absorbed != BD_NO_NODE && i < graph->nodes[absorbed].input_count; i++) {
        if (graph->nodes[absorbed].inputs[i] != graph->input) {
            reads[count++] = &plan->tensors[graph->nodes[absorbed].inputs[i]];
        }
    }
    return count;
}

static void replay(const bd_graph *graph, const bd_plan *plan, const bd_plan_options *options) {
    bool holds[MOST] = {false};
    uint32_t since = 0;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        uint32_t node = plan->steps[s].node;
        const bd_plan_tensor *writes[] = {&plan->tensors[node], bd_plan_scratch(plan, node)};
        const bd_plan_tensor *reads[8];
        uint32_t count = list_reads(graph, plan, options, node, reads);
        assert_false(overlap(writes[0], writes[1]));
        since = plan->steps[s].barrier ? s : since;
        for (uint32_t i = 0; i < count; i++) {
            assert_true(holds[reads[i] - plan->tensors]);
            assert_false(overlap(reads[i], writes[0]) || overlap(reads[i], writes[1]));
        }
        for (uint32_t e = since; e < s; e++) {
            uint32_t earlier = plan->steps[e].node;
            const bd_plan_tensor *before[8];
            uint32_t before_count = list_reads(graph, plan, options, earlier, before);
            for (uint32_t w = 0; w < 2; w++) {
                const bd_plan_tensor *written = w ? bd_plan_scratch(plan, earlier) : &plan->tensors[earlier];
                assert_false(overlap(written, writes[0]) || overlap(written, writes[1]));
                for (uint32_t i = 0; i < count; i++) {
                    assert_false(overlap(written, reads[i]));
                }
                for (uint32_t i = 0; i < before_count; i++) {
                    assert_false(overlap(before[i], writes[w]));
                }
            }
        }
        for (uint32_t n = 0; n < graph->count; n++) {
            holds[n] = holds[n] && !overlap(&plan->tensors[n], writes[0]) && !overlap(&plan->tensors[n], writes[1]);
        }
        holds[node] = true;
        assert_true(writes[0]->offset_bytes + writes[0]->bytes <= plan->arena_bytes);
    }
    assert_true(holds[graph->output]);
}

static void make_random(bd_graph *graph) {
    bd_error error;
    assert_int_equal(bd_graph_init(graph, NULL, "test", &error), BD_OK);
    uint32_t at = test_add_map(graph, BD_OP_INPUT, NULL, 0, 8, 8, 3);
    graph->input = at;
    test_add_map(graph, BD_OP_PREPROCESS, &at, 1, 8, 8, 3);
    uint32_t nodes = 2 + next_random(40);
    for (uint32_t i = 0; i < nodes; i++) {
        /* Near neighbours mostly, so that chains with single readers are common. */
        uint32_t last = graph->count - 1;
        const uint32_t inputs[2] = {last, next_random(3) ? last : 1 + next_random(last)};
        graph->output = test_add_map(graph, BD_OP_ADD, inputs, 1 + next_random(2), 1 + (int32_t)next_random(9),
                                     1 + (int32_t)next_random(9), 1 + (int32_t)next_random(40));
    }
}

static uint32_t uses_of(const bd_graph *graph, uint32_t node) {
    uint32_t uses = node == graph->output;
    for (uint32_t n = 0; n < graph->count; n++) {
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++) {
            uses += graph->nodes[n].inputs[i] == node;
        }
    }
    return uses;
}

static void test_random_graphs(void **state) {
    (void)state;
    uint32_t absorbed = 0;
    uint32_t chained = 0;
    for (int round = 0; round < 300; round++) {
        bd_graph graph;
        bd_plan plan;
        bd_error error;
        uint32_t absorbs[MOST];
        size_t scratch[MOST] = {0};
        make_random(&graph);
        assert_true(graph.count <= MOST);
        for (uint32_t n = 0; n < graph.count; n++) {
            absorbs[n] = BD_NO_NODE;
            scratch[n] = next_random(4) ? 0 : next_random(5000);
            uint32_t input = graph.nodes[n].input_count ? graph.nodes[n].inputs[0] : 0;
            if (input > 1 && uses_of(&graph, input) == 1 && next_random(2)) {
                absorbs[n] = input;
                chained += absorbs[input] != BD_NO_NODE; /* which that one then does not */
                scratch[input] = 0;
                absorbed++;
            }
        }
        const bd_plan_options options = {.half = round % 2 != 0, .absorbs = absorbs, .scratch_bytes = scratch};
        assert_int_equal(bd_plan_init_with(&plan, &graph, &options, NULL, &error), BD_OK);
        replay(&graph, &plan, &options);
        bd_plan_finish(&plan);
        bd_graph_finish(&graph);
    }
    assert_in_range(absorbed, 100, 100000);
    assert_in_range(chained, 100, 100000);
}

/* Tensors of 16 bits take half the room; the output and what a convolution reads as its bias do not. */
static void test_wide_tensors(void **state) {
    (void)state;
    bd_graph graph;
    bd_plan plan;
    bd_error error;
    assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
    uint32_t x = test_add_map(&graph, BD_OP_PREPROCESS, NULL, 0, 16, 16, 32);
    static const float weights[32 * 32];
    const int32_t dims[] = {1, 1, 32, 32};
    const bd_shape shape = bd_shape_make(4, dims);
    uint32_t w = bd_graph_add_const(&graph, "weights", BD_F32, &shape, weights);
    uint32_t pooled = test_add_map(&graph, BD_OP_POOL_AVERAGE, &x, 1, 1, 1, 32);
    const uint32_t inputs[] = {x, w, pooled};
    uint32_t conv = test_add_map(&graph, BD_OP_CONV, inputs, 3, 16, 16, 32);
    graph.output = test_add_map(&graph, BD_OP_CLAMP, &conv, 1, 16, 16, 32);
    assert_true(bd_plan_is_f32(&graph, pooled) && bd_plan_is_f32(&graph, graph.output));
    assert_false(bd_plan_is_f32(&graph, conv) || bd_plan_is_f32(&graph, x));
    assert_true(bd_plan_can_be_half(&graph));
    const bd_plan_options options = {.half = true};
    assert_int_equal(bd_plan_init_with(&plan, &graph, &options, NULL, &error), BD_OK);
    assert_int_equal(plan.tensors[x].bytes, 16 * 16 * 32 * 2);
    assert_int_equal(plan.tensors[conv].bytes, 16 * 16 * 32 * 2);
    assert_int_equal(plan.tensors[graph.output].bytes, 16 * 16 * 32 * 4);
    bd_plan_finish(&plan);
    graph.output = test_add_map(&graph, BD_OP_ADD, (const uint32_t[]){conv, pooled}, 2, 16, 16, 32);
    assert_false(bd_plan_can_be_half(&graph));
    bd_graph_finish(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_graphs), cmocka_unit_test(test_wide_tensors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 * Hard-swish and hard-sigmoid that an export spells out are found, and what only looks like them is left alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "reference/reference.h"

enum { SIDE = 6 };

static bd_graph graph;
static bd_error error;

static uint32_t constant(uint32_t rank, float value, float last) {
    const bd_shape shape = bd_shape_make(rank, (const int32_t[]){3});
    float *data = bd_pool_alloc(&graph.pool, 3 * sizeof *data);
    data[0] = data[1] = data[2] = value;
    data[rank ? 2 : 0] = last;
    return bd_graph_add_const(&graph, "constant", BD_F32, &shape, data);
}

static uint32_t one(bd_op op, uint32_t x) {
    return bd_graph_add(&graph, op, bd_op_name(op), &x, 1);
}

static uint32_t two(bd_op op, uint32_t a, uint32_t b) {
    return bd_graph_add(&graph, op, bd_op_name(op), (const uint32_t[]){a, b}, 2);
}

static uint32_t with(bd_op op, uint32_t a, float value) {
    return two(op, a, constant(0, value, value));
}

static uint32_t clamp(uint32_t x, float low, float high) {
    uint32_t index = one(BD_OP_CLAMP, x);
    graph.nodes[index].u.clamp.low = low;
    graph.nodes[index].u.clamp.high = high;
    return index;
}

/* The photo scaled to about -4..4, by a convolution so that the passes leave it alone. */
static uint32_t begin(void) {
    static const float weights[9] = {4, 0, 0, 0, -4, 0, 0, 0, 3};
    assert_int_equal(bd_graph_init(&graph, NULL, "a", &error), BD_OK);
    graph.input = bd_graph_add(&graph, BD_OP_INPUT, "photo", NULL, 0);
    graph.nodes[graph.input].dtype = BD_U8;
    graph.nodes[graph.input].shape = bd_shape_make(4, (const int32_t[]){1, SIDE, SIDE, 3});
    uint32_t x = one(BD_OP_CAST, graph.input);
    graph.nodes[x].dtype = BD_F32;
    x = with(BD_OP_SUB, with(BD_OP_MUL, x, 1 / 127.5f), 1);
    const bd_shape shape = bd_shape_make(4, (const int32_t[]){1, 1, 3, 3});
    return two(BD_OP_CONV, x, bd_graph_add_const(&graph, "weights", BD_F32, &shape, weights));
}

static uint32_t count(bd_op op) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < graph.count; i++) {
        found += graph.nodes[i].op == op;
    }
    return found;
}

static float *run(void) {
    uint8_t photo[SIDE * SIDE * 4];
    float *y = calloc(SIDE * SIDE * 3, sizeof *y);
    assert_non_null(y);
    for (size_t i = 0; i < sizeof photo; i++) {
        photo[i] = (uint8_t)(i * 37);
    }
    if (bd_ref_run(&graph, photo, SIDE, SIDE, NULL, y, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    return y;
}

/* Lowers what was built, sees that it computes the same, and counts the activations that were found; the last one is
 * kept out of the convolution's reach by what follows. */
static void check(uint32_t output, uint32_t swishes, uint32_t sigmoids) {
    graph.output = output;
    assert_int_equal(bd_graph_infer(&graph, &error), BD_OK);
    float *before = run();
    if (bd_graph_lower(&graph, SIDE, &error)) {
        fail_msg("%s", error.message);
    }
    float *after = run();
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        assert_true(fabsf(before[i] - after[i]) < 2e-6f);
    }
    uint32_t fused = 0;
    for (uint32_t i = 0; i < graph.count; i++) {
        fused += graph.nodes[i].op == BD_OP_CONV && graph.nodes[i].u.conv.hard_swish;
    }
    assert_int_equal(count(BD_OP_HARD_SWISH) + fused, swishes);
    assert_int_equal(count(BD_OP_HARD_SIGMOID), sigmoids);
    free(before);
    free(after);
    bd_graph_finish(&graph);
}

static void test_hard_sigmoid(void **state) {
    (void)state;
    uint32_t x = begin();
    check(with(BD_OP_MUL, clamp(with(BD_OP_ADD, x, 3), 0, 6), 1.0f / 6), 0, 1);
    x = begin();
    check(with(BD_OP_DIV, clamp(two(BD_OP_ADD, constant(1, 3, 3), one(BD_OP_IDENTITY, x)), 0, 6), 6), 0, 1);
    x = begin();
    check(clamp(with(BD_OP_ADD, with(BD_OP_MUL, x, 1.0f / 6), 0.5f), 0, 1), 0, 1);
    x = begin();
    check(clamp(with(BD_OP_SUB, with(BD_OP_DIV, x, 6), -0.5f), 0, 1), 0, 1);
}

static void test_hard_swish(void **state) {
    (void)state;
    uint32_t x = begin();
    check(with(BD_OP_MUL, two(BD_OP_MUL, x, clamp(with(BD_OP_ADD, x, 3), 0, 6)), 1.0f / 6), 1, 0);
    x = begin();
    check(two(BD_OP_MUL, with(BD_OP_DIV, clamp(with(BD_OP_ADD, x, 3), 0, 6), 6), one(BD_OP_IDENTITY, x)), 1, 0);
    x = begin();
    check(two(BD_OP_MUL, x, one(BD_OP_HARD_SIGMOID, x)), 1, 0);
}

static void test_others(void **state) {
    (void)state;
    uint32_t x = begin();
    check(with(BD_OP_MUL, clamp(with(BD_OP_ADD, x, 3), 0, 6), 0.16667f), 0, 0); /* off by more than rounding */
    x = begin();
    check(with(BD_OP_MUL, clamp(two(BD_OP_ADD, x, constant(1, 3, 2.5f)), 0, 6), 1.0f / 6), 0, 0);
    x = begin();
    check(with(BD_OP_MUL, clamp(with(BD_OP_ADD, x, 3), 0, 5), 1.0f / 6), 0, 0);
    x = begin();
    check(with(BD_OP_DIV, clamp(with(BD_OP_SUB, x, 3), 0, 6), 6), 0, 0);
    /* A gate of one tensor on another. */
    x = begin();
    uint32_t y = with(BD_OP_ADD, x, 1);
    check(two(BD_OP_MUL, y, with(BD_OP_DIV, clamp(with(BD_OP_ADD, x, 3), 0, 6), 6)), 0, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_sigmoid),
        cmocka_unit_test(test_hard_swish),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

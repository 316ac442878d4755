/* SPDX-License-Identifier: MIT
 * What a network is fed: by its own arithmetic, by its importer, by the caller. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"

static bd_graph graph;
static bd_error error;

static uint32_t add_input(bd_dtype dtype) {
    graph.input = bd_graph_add(&graph, BD_OP_INPUT, "photo", NULL, 0);
    graph.nodes[graph.input].dtype = dtype;
    graph.nodes[graph.input].shape = bd_shape_make(4, (const int32_t[]){1, -1, -1, 3});
    return graph.input;
}

static uint32_t two(bd_op op, uint32_t a, uint32_t b) {
    return bd_graph_add(&graph, op, bd_op_name(op), (const uint32_t[]){a, b}, 2);
}

static uint32_t constant(bd_shape shape, float value) {
    const size_t count = (size_t)bd_shape_elements(&shape);
    float *values = bd_pool_alloc(&graph.pool, count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = value;
    }
    return bd_graph_add_const(&graph, "constant", BD_F32, &shape, values);
}

static uint32_t scalar(float value) {
    return constant((bd_shape){0}, value);
}

/* A convolution of 1x1 to four channels. */
static uint32_t point(uint32_t x) {
    return two(BD_OP_CONV, x, constant(bd_shape_make(4, (const int32_t[]){1, 1, 3, 4}), 0.5f));
}

static uint32_t cast(uint32_t x) {
    uint32_t node = bd_graph_add(&graph, BD_OP_CAST, "cast", &x, 1);
    graph.nodes[node].dtype = BD_F32;
    return node;
}

/* What an input of floats is fed, and how that is known. */
static void test_feed(void **state) {
    (void)state;
    static const struct {
        const bd_feed *said; /* by the caller; NULL: nothing */
        bool bgr;
        float factor, less; /* the graph's own arithmetic, (x - less) * factor; factor 0: none */
        bd_input_source source;
        float scale, offset, outside; /* of the network's channel 0 */
    } cases[] = {
        {NULL, false, 0, 0, BD_INPUT_SOURCE_ASSUMED, 2.0f / 255, -1, 0},
        {NULL, false, 1.0f / 255, 0, BD_INPUT_SOURCE_GRAPH, 1.0f / 255, 0, 0.5f},
        {NULL, false, 1.0f / 64, 100, BD_INPUT_SOURCE_GRAPH, 1.0f / 64, -100.0f / 64, 27.5f / 64},
        {NULL, false, 2, 0.5f, BD_INPUT_SOURCE_GRAPH, 2.0f / 255, -1, 0}, /* made for 0..1 */
        {&bd_feed_unit, false, 0, 0, BD_INPUT_SOURCE_CALLER, 1.0f / 255, 0, 0.5f},
        {&bd_feed_bytes, false, 0, 0, BD_INPUT_SOURCE_CALLER, 1, 0, 127.5f},
        {&bd_feed_bytes, false, 2, 0.5f, BD_INPUT_SOURCE_CALLER, 2, -1, 254},
        {&bd_feed_imagenet, false, 0, 0, BD_INPUT_SOURCE_CALLER, 1 / (255 * 0.229f), -0.485f / 0.229f,
         (0.5f - 0.485f) / 0.229f},
        {&bd_feed_imagenet, true, 0, 0, BD_INPUT_SOURCE_CALLER, 1 / (255 * 0.225f), -0.406f / 0.225f,
         (0.5f - 0.406f) / 0.225f},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
        graph.feed.bgr = cases[i].bgr;
        if (cases[i].said) {
            bd_graph_suggest_feed(&graph, BD_INPUT_SOURCE_CALLER, cases[i].said);
        }
        bd_graph_suggest_feed(&graph, BD_INPUT_SOURCE_ASSUMED, &bd_feed_symmetric);
        uint32_t x = add_input(BD_F32);
        if (cases[i].factor != 0) {
            x = two(BD_OP_MUL, two(BD_OP_SUB, x, scalar(cases[i].less)), scalar(cases[i].factor));
        }
        graph.output = point(x);
        assert_int_equal(bd_graph_lower(&graph, 21, &error), BD_OK);
        const bd_preprocess_attrs *made = &graph.nodes[graph.nodes[graph.output].inputs[0]].u.preprocess;
        assert_int_equal(graph.feed.source, cases[i].source);
        assert_int_equal(made->bgr, cases[i].bgr);
        assert_true(fabsf(made->scale[0] - cases[i].scale) <= 1e-6f * cases[i].scale);
        assert_true(fabsf(made->offset[0] - cases[i].offset) <= 1e-5f);
        assert_true(fabsf(made->outside[0] - cases[i].outside) <= 1e-5f);
        bd_graph_finish(&graph);
    }
    assert_int_equal(bd_graph_init(&graph, NULL, "test", &error), BD_OK);
    bd_graph_suggest_feed(&graph, BD_INPUT_SOURCE_CALLER, &bd_feed_unit);
    graph.output = point(cast(add_input(BD_U8)));
    assert_int_equal(bd_graph_lower(&graph, 21, &error), BD_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "takes bytes"));
    bd_graph_finish(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_feed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

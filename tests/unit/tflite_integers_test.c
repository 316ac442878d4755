/* SPDX-License-Identifier: MIT
 * Quantised TensorFlow Lite networks as networks of integers: what the small ones of tests/fuzz/make_tflite_samples.py
 * become, and that the scalar reference then gives TensorFlow Lite's own logits to the last bit
 * (tests/golden/make_tflite_goldens.py); what has no integer form, and why. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "model/import.h"
#include "reference/reference.h"
#include "support/files.h"

static struct {
    bd_graph graph;
    bd_shards shards;
    bd_error error;
} the;

static const char *source_file(char path[4096], const char *folder, const char *name, const char *end) {
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(path, 4096, "%s/tests/%s/%s.%s", source ? source : ".", folder, name, end);
    return path;
}

static void load(const char *name, bool in_float) {
    char path[4096];
    the.error = (bd_error){0};
    bd_result result = bd_graph_init(&the.graph, NULL, name, &the.error);
    the.graph.in_float = in_float;
    if (!result) {
        result = bd_model_import(source_file(path, "fuzz/corpus/tflite", name, "tflite"), &the.graph, &the.shards, NULL,
                                 &the.error);
    }
    if (!result) {
        result = bd_graph_lower(&the.graph, 33, &the.error);
    }
    if (result) {
        fail_msg("%s: %s", name, the.error.message);
    }
}

static void unload(void) {
    bd_graph_finish(&the.graph);
    bd_shards_finish(&the.shards);
}

static void check_logits(const char *name, int32_t side, bool is_signed) {
    load(name, false);
    assert_true(the.graph.integers);
    assert_null(the.graph.not_integers);
    size_t pixels = (size_t)(side * side);
    uint8_t *photo = malloc(4 * pixels);
    assert_non_null(photo);
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < 3; c++) {
            photo[4 * i + c] = (uint8_t)(37 * (3 * i + c) + 11);
        }
        photo[4 * i + 3] = 255;
    }
    int64_t count = bd_shape_elements(&the.graph.nodes[the.graph.output].shape);
    float *logits = malloc((size_t)count * sizeof *logits);
    char path[4096];
    uint8_t *expected = test_read_npy(source_file(path, "golden/tflite", name, "npy"), (size_t)count);
    assert_non_null(logits);
    if (bd_ref_run(&the.graph, photo, side, side, NULL, logits, NULL, NULL, &the.error)) {
        fail_msg("%s", the.error.message);
    }
    for (int64_t i = 0; i < count; i++) {
        int32_t stored = is_signed ? (int8_t)expected[i] : expected[i];
        float wanted = (float)(stored - the.graph.logits_zero_point) * the.graph.logits_step;
        if (logits[i] != wanted) {
            fail_msg("%s: logit %d is %g, not %g", name, (int)i, (double)logits[i], (double)wanted);
        }
    }
    free(photo);
    free(logits);
    free(expected);
    unload();
}

static void test_logits(void **state) {
    (void)state;
    check_logits("integers", 16, true);
    check_logits("integers_uint8", 17, false);
}

static const bd_node *node_of(const char *name, bd_op op) {
    for (uint32_t i = 0; i < the.graph.count; i++) {
        if (the.graph.nodes[i].op == op && !strcmp(the.graph.nodes[i].name, name)) {
            return &the.graph.nodes[i];
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

static void test_nodes(void **state) {
    (void)state;
    load("integers", false);
    const bd_node *photo = node_of("photo/zero", BD_OP_PREPROCESS);
    assert_float_equal(photo->u.preprocess.scale[0], 1, 0);
    assert_float_equal(photo->u.preprocess.offset[0], -127, 0);
    assert_float_equal(photo->u.preprocess.outside[0], roundf(photo->u.preprocess.outside[0]), 0);
    const bd_node *conv = node_of("relu6", BD_OP_CONV);
    assert_int_equal(conv->u.conv.rounding, BD_ROUNDING_UP);
    assert_float_equal(conv->u.conv.clamp_low, 0, 0);
    assert_float_equal(conv->u.conv.clamp_high, 255, 0);
    /* 1/128 * 0.01 / (6/255) = 0.0033 = 0.85 * 2^-8, of scales in float32; a bias of 2^30 becomes what it amounts to.
     */
    const int32_t *scales = the.graph.nodes[conv->inputs[4]].data;
    assert_int_equal(scales[0], 1825361024);
    assert_int_equal(scales[4], -8);
    assert_true(fabsf(((const float *)the.graph.nodes[conv->inputs[2]].data)[3]) <= 255);
    assert_int_equal(node_of("wide", BD_OP_DEPTHWISE)->u.conv.rounding, BD_ROUNDING_AWAY);
    const bd_node *sum = node_of("sum", BD_OP_ADD);
    assert_int_equal(sum->u.requantise.rounding, BD_ROUNDING_AWAY);
    assert_float_equal(sum->u.requantise.low, -121, 0);
    assert_float_equal(sum->u.requantise.high, 134, 0);
    assert_int_equal(node_of("pool", BD_OP_POOL_AVERAGE)->u.conv.zero_point, -7);
    /* One pixel is requantised before it is spread. */
    assert_int_equal(node_of("tile", BD_OP_REQUANTISE)->shape.dims[1], 1);
    assert_float_equal(the.graph.logits_step, 0.5, 0);
    assert_int_equal(the.graph.logits_zero_point, 20);
    assert_int_equal(the.graph.upsampling, BD_UPSAMPLING_CENTERS);
    assert_int_equal(the.graph.nodes[the.graph.output].op, BD_OP_MUL);
    unload();
}

static void test_float(void **state) {
    (void)state;
    static const struct {
        const char *name, *reason; /* NULL: nothing is said against integers */
        bool in_float;
    } cases[] = {
        {"quantised", "node logits: operation CONV_2D: its types or zero points have no integer form here", false},
        {"inexact", "node logits: operation CONV_2D: its sums would not be exact in float32", false},
        {"integers", NULL, true},
        {"weights_only", NULL, false},
        {"float", NULL, false},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        load(cases[i].name, cases[i].in_float);
        assert_false(the.graph.integers);
        assert_float_equal(the.graph.logits_step, 0, 0);
        if (cases[i].reason) {
            assert_non_null(the.graph.not_integers);
            assert_string_equal(the.graph.not_integers, cases[i].reason);
        } else {
            assert_null(the.graph.not_integers);
        }
        for (uint32_t n = 0; n < the.graph.count; n++) {
            const bd_node *node = &the.graph.nodes[n];
            assert_int_not_equal(node->op, BD_OP_REQUANTISE);
            assert_true((node->op != BD_OP_CONV && node->op != BD_OP_DEPTHWISE) || !node->u.conv.rounding);
        }
        unload();
    }
    load("exact", false);
    assert_true(the.graph.integers);
    unload();
}

/* A window over a whole map grows with the input; its sum has to stay exact. */
static void test_sizes(void **state) {
    (void)state;
    char path[4096];
    static const struct {
        uint32_t side;
        bd_result result;
    } cases[] = {{33, BD_OK}, {512, BD_OK}, {513, BD_ERR_MODEL_UNSUPPORTED}};
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        assert_int_equal(bd_graph_init(&the.graph, NULL, "m", &the.error), BD_OK);
        assert_int_equal(bd_model_import(source_file(path, "fuzz/corpus/tflite", "integers", "tflite"), &the.graph,
                                         &the.shards, NULL, &the.error),
                         BD_OK);
        bd_result result = bd_graph_lower_to(&the.graph, 33, cases[i].side, cases[i].side, &the.error);
        if (result != cases[i].result) {
            fail_msg("%u: %s", cases[i].side, the.error.message);
        }
        assert_true(!result || strstr(the.error.message, "node pool: operation pool_average sums integers"));
        unload();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

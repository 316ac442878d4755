/* SPDX-License-Identifier: MIT
 * TensorFlow Lite: the small models of tests/fuzz/make_tflite_samples.py, what they become, what is refused and with
 * which words, every truncation, and memory. Where the shared data is, truncations of the real files too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "model/tflite/tflite.h"

/* ---- one model at a time ----------------------------------------------------------------------------------------- */

static struct {
    bd_allocator allocator;
    int64_t live, until_failure; /* allocations; -1: never fails */
    size_t asked;                /* bytes, altogether */
    bd_graph graph;
    bd_shards shards;
    bd_error error;
} the;

static void *reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    if (!the.until_failure) {
        return NULL;
    }
    the.until_failure -= the.until_failure > 0;
    void *fresh = realloc(memory, bytes);
    the.live += fresh && !memory;
    the.asked += bytes;
    return fresh;
}

static void *allocate(void *user, size_t bytes) {
    return reallocate(user, NULL, bytes);
}

static void release(void *user, void *memory) {
    (void)user;
    the.live -= memory != NULL;
    free(memory);
}

/* From a copy of exactly that size. The graph is left for the caller, who unloads. */
static bd_result import(const uint8_t *data, size_t bytes, uint8_t **copy) {
    *copy = malloc(bytes ? bytes : 1);
    assert_non_null(*copy);
    if (bytes) {
        memcpy(*copy, data, bytes);
    }
    the.error = (bd_error){0};
    the.asked = 0;
    bd_result result = bd_graph_init(&the.graph, &the.allocator, "m.tflite", &the.error);
    return result ? result : bd_model_import_tflite(*copy, bytes, "m.tflite", &the.graph, &the.shards, &the.error);
}

static void unload(uint8_t *copy) {
    bd_graph_finish(&the.graph);
    bd_shards_finish(&the.shards);
    free(copy);
    assert_int_equal(the.live, 0);
}

static bd_content map_sample(const char *name) {
    char path[4096];
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    (void)snprintf(path, sizeof path, "%s/tests/fuzz/corpus/tflite/%s.tflite", source ? source : ".", name);
    bd_content map;
    bd_error error;
    if (bd_read_file(path, UINT64_MAX, NULL, &map, &error)) {
        fail_msg("%s", error.message);
    }
    return map;
}

static uint8_t *lower_sample(const char *name) {
    bd_content map = map_sample(name);
    uint8_t *copy;
    if (import(map.data, map.bytes, &copy) || bd_graph_lower(&the.graph, 33, &the.error)) {
        fail_msg("%s: %s", name, the.error.message);
    }
    bd_release_content(NULL, &map);
    return copy;
}

static void check_text(const char *expected) {
    char text[4096];
    (void)bd_graph_print(&the.graph, text, sizeof text);
    /* Constants are not what these are about. */
    char kept[4096];
    size_t length = 0;
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n') + 1;
        if (!strstr(line, " const ") || strstr(line, " const ") > end) {
            memcpy(kept + length, line, (size_t)(end - line));
            length += (size_t)(end - line);
        }
        line = end;
    }
    kept[length] = '\0';
    assert_string_equal(kept, expected);
}

/* ---- what models become ------------------------------------------------------------------------------------------ */

static void test_float(void **state) {
    (void)state;
    uint8_t *copy = lower_sample("float");
    check_text("0 input photo (1,9,9,3)\n"
               "3 preprocess preprocess (1,9,9,3) <- 0\n"
               "4 conv first (1,5,5,4) <- 3 1 2 - kernel 3,3 stride 2,2 pad 1,1 clamp 0..6\n"
               "7 depthwise atrous (1,5,5,4) <- 4 5 6 kernel 3,3 dilation 2,2 pad 2,2 clamp 0..6\n"
               "9 depthwise split (1,5,5,4) <- 7 8 - kernel 3,3 dilation 2,2 pad 2,2 clamp 0..inf\n"
               "12 conv sum (1,5,5,4) <- 9 10 11 4 kernel 1,1\n"
               "13 pool_average pool (1,1,1,4) <- 12 kernel 5,5\n"
               "16 conv pooled (1,1,1,4) <- 13 14 15 - kernel 1,1 clamp 0..inf\n"
               "20 conv logits/pooled (1,1,1,3) <- 16 19 17 - kernel 1,1\n"
               "21 conv logits (1,5,5,3) <- 12 18 20 - kernel 1,1 output\n");
    assert_int_equal(the.graph.upsampling, BD_UPSAMPLING_CORNERS);
    unload(copy);
}

static void test_quantised(void **state) {
    (void)state;
    uint8_t *copy = lower_sample("quantised");
    check_text("0 input photo (1,8,8,3)\n"
               "1 preprocess photo/scale (1,8,8,3) <- 0\n"
               "4 conv relu6 (1,4,4,4) <- 1 2 3 - kernel 3,3 stride 2,2 clamp 0..6\n"
               "7 depthwise wide (1,4,4,4) <- 4 5 6 kernel 3,3 pad 1,1\n"
               "8 add sum (1,4,4,4) <- 7 4\n"
               "9 clamp sum/limits (1,4,4,4) <- 8\n"
               "10 pool_average pool (1,1,1,4) <- 9 kernel 4,4\n"
               "13 conv logits/pooled (1,1,1,2) <- 10 12 - - kernel 1,1\n"
               "14 conv logits (1,4,4,2) <- 9 11 13 - kernel 1,1 clamp -10..15.5 output\n");
    assert_int_equal(the.graph.upsampling, BD_UPSAMPLING_CENTERS);
    const bd_node *sum = &the.graph.nodes[9];
    assert_float_equal(sum->u.clamp.low, 0, 0);
    assert_float_equal(sum->u.clamp.high, 31.75f, 0);
    const bd_node *first = &the.graph.nodes[the.graph.input + 1];
    while (first->op != BD_OP_PREPROCESS) {
        first++;
    }
    assert_float_equal(first->u.preprocess.scale[0], 1.0f / 128, 1e-9);
    assert_float_equal(first->u.preprocess.offset[0], -1, 1e-6);
    unload(copy);
}

static void test_half(void **state) {
    (void)state;
    uint8_t *copy = lower_sample("half");
    check_text("0 input photo (1,33,33,3)\n"
               "2 preprocess preprocess (1,33,33,3) <- 0\n"
               "3 conv swish (1,17,17,4) <- 2 1 - - kernel 3,3 stride 2,2 pad 1,1 hard_swish\n"
               "4 pool_average mean (1,1,1,4) <- 3 kernel 17,17\n"
               "6 conv excite (1,1,1,4) <- 4 5 - - kernel 1,1\n"
               "7 sigmoid gate (1,1,1,4) <- 6\n"
               "8 mul scaled (1,17,17,4) <- 3 7\n"
               "10 conv logits (1,17,17,2) <- 8 9 - - kernel 3,3 pad 1,1 output\n");
    assert_int_equal(the.graph.upsampling, BD_UPSAMPLING_LEGACY);
    unload(copy);
}

/* Weights OHWI (2,1,1,3) of three scales, stored and in the graph. */
static void test_layout(void **state) {
    (void)state;
    bd_content map = map_sample("quantised");
    uint8_t *copy;
    assert_int_equal(import(map.data, map.bytes, &copy), BD_OK);
    uint32_t dense = 0;
    for (uint32_t i = 0; i < the.graph.count; i++) {
        const bd_node *node = &the.graph.nodes[i];
        if (!strcmp(node->name, "relu6/w")) {
            const int32_t hwio[4] = {3, 3, 3, 4};
            assert_memory_equal(node->shape.dims, hwio, sizeof hwio);
            /* Output o of input channel 1 at tap (2,0), by way of the file's own order. */
            const uint8_t *stored = NULL;
            for (size_t at = 0; at + 4 <= map.bytes; at += 4) {
                uint32_t count;
                memcpy(&count, map.data + at, sizeof count);
                stored = count == 108 && at > 1000 ? map.data + at + 4 : stored;
            }
            assert_non_null(stored);
            for (size_t o = 0; o < 4; o++) {
                float expected = (float)(int8_t)stored[((o * 3 + 2) * 3 + 0) * 3 + 1] * (0.01f * (float)(o + 1));
                assert_float_equal(((const float *)node->data)[((2 * 3 + 0) * 3 + 1) * 4 + o], expected, 1e-6);
            }
            dense++;
        }
    }
    assert_int_equal(dense, 1);
    unload(copy);
    bd_release_content(NULL, &map);
}

/* ---- what files say beside the graph ----------------------------------------------------------------------------- */

static void test_metadata(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t labels;
        const char *last; /* of them */
        bd_input_source source;
        float scale, offset;
        const char *note; /* a part of it; NULL: there is none */
    } cases[] = {
        {"float", 0, NULL, BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1, NULL},
        {"labels", 3, "M\xc3\xbcll ??", BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1, NULL},
        {"labels_described", 3, "M\xc3\xbcll ??", BD_INPUT_SOURCE_METADATA, 2.0f / 255, -1, NULL},
        {"labels_own", 3, "M\xc3\xbcll ??", BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1, NULL},
        {"labels_few", 2, "two", BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1, NULL},
        {"labels_huge", 0, NULL, BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1, "has 70000 bytes, the most is 65536"},
        {"labels_broken", 0, NULL, BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1, "'labelmap.txt' at byte "},
        {"metadata_unit", 0, NULL, BD_INPUT_SOURCE_METADATA, 1.0f / 255, 0, NULL},
        {"metadata_zero", 0, NULL, BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1,
         "m.tflite: the normalisation in its metadata"},
        {"metadata_broken", 0, NULL, BD_INPUT_SOURCE_TRAINER, 2.0f / 255, -1,
         "m.tflite: its metadata is broken at byte "},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        uint8_t *copy = lower_sample(cases[i].name);
        const bd_graph *graph = &the.graph;
        assert_int_equal(graph->label_count, cases[i].labels);
        if (cases[i].labels) {
            assert_string_equal(graph->labels[cases[i].labels - 1], cases[i].last);
        }
        assert_int_equal(graph->feed.source, cases[i].source);
        for (uint32_t n = 0; n < graph->count; n++) {
            if (graph->nodes[n].op == BD_OP_PREPROCESS) {
                assert_float_equal(graph->nodes[n].u.preprocess.scale[1], cases[i].scale, 1e-7f);
                assert_float_equal(graph->nodes[n].u.preprocess.offset[1], cases[i].offset, 1e-7f);
            }
        }
        if (!cases[i].note != !graph->note || (graph->note && !strstr(graph->note, cases[i].note))) {
            fail_msg("%s: %s", cases[i].name, graph->note ? graph->note : "no note");
        }
        unload(copy);
    }
}

/* A file cut short has no directory at its end; one byte changed in what lies behind the model never hurts. */
static void test_archives(void **state) {
    (void)state;
    bd_content plain = map_sample("float"), map = map_sample("labels_described");
    uint8_t *changed = malloc(map.bytes), *copy;
    assert_non_null(changed);
    size_t behind = plain.bytes;
    while (memcmp((const uint8_t *)map.data + behind, "PK\3\4", 4) != 0) {
        behind++;
    }
    for (size_t at = behind; at < map.bytes; at++) {
        memcpy(changed, map.data, map.bytes);
        changed[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(import(changed, map.bytes, &copy), BD_OK);
        unload(copy);
    }
    free(changed);
    bd_release_content(NULL, &map);
    map = map_sample("labels");
    for (size_t bytes = plain.bytes; bytes < map.bytes; bytes++) {
        assert_int_equal(import(map.data, bytes, &copy), BD_OK);
        assert_int_equal(the.graph.label_count, 0);
        unload(copy);
    }
    bd_release_content(NULL, &map);
    bd_release_content(NULL, &plain);
}

/* What the caller says of quantised inputs: the bytes as they are, or real numbers in float. */
static void test_said_range(void **state) {
    (void)state;
    static const struct {
        const bd_feed *said;
        bool integers;
        float low, high;
    } cases[] = {{NULL, true, -127, 128}, {&bd_feed_symmetric, true, -127, 128}, {&bd_feed_unit, false, 0, 1}};
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        bd_content map = map_sample("integers");
        bd_graph graph;
        bd_shards shards;
        bd_error error;
        assert_int_equal(bd_graph_init(&graph, NULL, "m.tflite", &error), BD_OK);
        if (cases[i].said) {
            bd_graph_suggest_feed(&graph, BD_INPUT_SOURCE_CALLER, cases[i].said);
        }
        if (bd_model_import_tflite(map.data, map.bytes, "m.tflite", &graph, &shards, &error) ||
            bd_graph_lower(&graph, 33, &error)) {
            fail_msg("%s", error.message);
        }
        assert_int_equal(graph.integers, cases[i].integers);
        assert_int_equal(graph.not_integers != NULL, !cases[i].integers);
        for (uint32_t n = 0; n < graph.count; n++) {
            const bd_preprocess_attrs *by = &graph.nodes[n].u.preprocess;
            if (graph.nodes[n].op == BD_OP_PREPROCESS) {
                assert_float_equal(by->offset[0], cases[i].low, 1e-5f);
                assert_float_equal(by->offset[0] + 255 * by->scale[0], cases[i].high, 1e-5f);
            }
        }
        bd_graph_finish(&graph);
        bd_release_content(NULL, &map);
    }
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bd_result code;
        const char *message;
    } cases[] = {
        {"custom", BD_ERR_MODEL_UNSUPPORTED, "m.tflite: node result: operation CUSTOM Convolution2DTransposeBias is"},
        {"edgetpu", BD_ERR_MODEL_UNSUPPORTED, "m.tflite: compiled for Edge TPUs; the file that it was made from works"},
        {"densify", BD_ERR_MODEL_UNSUPPORTED, "m.tflite: node result: operation DENSIFY is not supported"},
        {"sparse", BD_ERR_MODEL_UNSUPPORTED, "m.tflite: node w: the constant is sparse"},
        {"cycle", BD_ERR_FILE_CORRUPT, "m.tflite: node a: operation ADD: an input is made by no operation before it"},
        {"shared", BD_ERR_FILE_CORRUPT, "the constant is one of too many that share their bytes"},
        {"dangling", BD_ERR_FILE_CORRUPT, "m.tflite: operation number 0 names a tensor or code that is not there"},
        {"twice", BD_ERR_FILE_CORRUPT, "node result: operation ADD: makes a tensor that is a constant or is made"},
        {"nothing", BD_ERR_FILE_CORRUPT, "m.tflite: the graph has no output"},
        {"constant-input", BD_ERR_FILE_CORRUPT, "m.tflite: node w: the input is a constant or made by an operation"},
        {"grey", BD_ERR_MODEL_UNSUPPORTED, "m.tflite: node photo: the input is not (1, height, width, 3) of float"},
        {"window", BD_ERR_FILE_CORRUPT, "node result: operation CONV_2D: its window is out of range"},
        {"tanh", BD_ERR_MODEL_UNSUPPORTED, "node result: operation CONV_2D: its fused activation is not supported"},
        {"multiplier", BD_ERR_MODEL_UNSUPPORTED, "operation DEPTHWISE_CONV_2D: a depth multiplier other than 1 over"},
        {"scale", BD_ERR_FILE_CORRUPT, "operation CONV_2D: its output has a quantisation that makes no sense"},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        bd_content map = map_sample(cases[i].name);
        uint8_t *copy;
        bd_result result = import(map.data, map.bytes, &copy);
        if (result != cases[i].code || !strstr(the.error.message, cases[i].message)) {
            fail_msg("%s: %s: %s", cases[i].name, bd_result_name(result), the.error.message);
        }
        unload(copy);
        bd_release_content(NULL, &map);
    }
}

static void test_not_tflite(void **state) {
    (void)state;
    uint8_t *copy;
    assert_int_equal(import((const uint8_t *)"\x1c\0\0\0TFL2....", 12, &copy), BD_ERR_FILE_FORMAT);
    unload(copy);
    /* Nothing but the identifier. */
    assert_int_equal(import((const uint8_t *)"\x08\0\0\0TFL3\0\0\0\0", 12, &copy), BD_ERR_FILE_CORRUPT);
    assert_non_null(strstr(the.error.message, "m.tflite: broken FlatBuffer at byte "));
    unload(copy);
}

/* The samples' last bytes are weights, so nothing of them can be missed. */
static void test_truncations(void **state) {
    (void)state;
    static const char *const names[] = {"float", "quantised", "integers", "integers_uint8", "half"};
    for (size_t n = 0; n < BD_COUNT(names); n++) {
        bd_content map = map_sample(names[n]);
        for (size_t bytes = 0; bytes < map.bytes; bytes++) {
            uint8_t *copy;
            bd_result result = import(map.data, bytes, &copy);
            if (result != (bytes < 8 ? BD_ERR_FILE_FORMAT : BD_ERR_FILE_CORRUPT)) {
                fail_msg("%s, %zu bytes: %s", names[n], bytes, bd_result_name(result));
            }
            unload(copy);
        }
        bd_release_content(NULL, &map);
    }
}

static void test_memory(void **state) {
    (void)state;
    static const char *const names[] = {"float", "quantised", "integers", "integers_uint8", "labels_described"};
    for (size_t n = 0; n < BD_COUNT(names); n++) {
        bd_content map = map_sample(names[n]);
        bd_result result = BD_ERR_OUT_OF_MEMORY;
        int64_t failures = 0;
        for (; result; failures++) {
            uint8_t *copy;
            the.until_failure = failures;
            result = import(map.data, map.bytes, &copy);
            assert_true(!result || result == BD_ERR_OUT_OF_MEMORY);
            the.until_failure = -1;
            unload(copy);
            assert_in_range(failures, 0, 100000);
        }
        bd_release_content(NULL, &map);
    }
    /* What shares its bytes most is refused before it takes much. */
    bd_content map = map_sample("shared");
    uint8_t *copy;
    assert_int_equal(import(map.data, map.bytes, &copy), BD_ERR_FILE_CORRUPT);
    assert_true(the.asked < 32 * map.bytes);
    unload(copy);
    bd_release_content(NULL, &map);
}

/* ---- real files -------------------------------------------------------------------------------------------------- */

static void test_real_files(void **state) {
    enum { UNREAD = 16 };
    (void)state;
    static const char *const files[] = {"portrait_dm05/deeplab_aiseg513_dm05_float.tflite",
                                        "portrait_dm05/deeplab_aiseg_quant513.tflite",
                                        "mv_gpu_257/deeplabv3_257_mv_gpu.tflite",
                                        "coral_quant/deeplabv3_mnv2_pascal_quant.tflite",
                                        "coral_quant/deeplabv3_mnv2_dm05_pascal_quant.tflite",
                                        "coral_quant/deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite",
                                        "mlperf_ade20k/deeplabv3_mnv2_ade20k_int8.tflite",
                                        "mlperf_ade20k/deeplabv3_mnv2_ade20k_uint8.tflite",
                                        "jejunet_quant/mobilenet_v2_deeplab_v3_256_myquant.tflite"};
    const char *shared = getenv("BACKDROP_SHARED_DIR");
    uint32_t opened = 0;
    for (size_t f = 0; f < BD_COUNT(files); f++) {
        char path[4096];
        bd_content map;
        bd_error error;
        (void)snprintf(path, sizeof path, "%s/data/models/%s", shared ? shared : "../shared", files[f]);
        if (bd_read_file(path, UINT64_MAX, NULL, &map, &error)) {
            continue;
        }
        uint8_t *copy;
        if (import(map.data, map.bytes, &copy) || bd_graph_lower(&the.graph, 513, &the.error)) {
            fail_msg("%s: %s", files[f], the.error.message);
        }
        assert_true(the.asked < 16 * map.bytes);
        for (uint32_t i = 0; i < the.graph.count; i++) {
            /* All but the EdgeTPU's are 3x3 networks: kernels written out with zeros were recognised. */
            const bd_node *node = &the.graph.nodes[i];
            assert_true(node->op != BD_OP_DEPTHWISE || node->u.conv.kernel_h == 3 || strstr(files[f], "edgetpu"));
        }
        unload(copy);
        /* The end of a file may be what nothing reads: a string's zero, padding. */
        for (size_t cut = 1; cut <= 24; cut++) {
            size_t bytes = cut <= 12 ? map.bytes - 8 * cut : map.bytes * (cut - 12) / 13;
            bd_result result = import(map.data, bytes, &copy);
            if (result != BD_ERR_FILE_CORRUPT && (result || cut > UNREAD / 8)) {
                fail_msg("%s, %zu of %zu bytes: %s", files[f], bytes, map.bytes, the.error.message);
            }
            unload(copy);
        }
        bd_release_content(NULL, &map);
        opened++;
    }
    print_message("%u real files\n", opened);
    if (!opened) {
        skip();
    }
    assert_int_equal(opened, BD_COUNT(files));
}

static int set_up(void **state) {
    (void)state;
    the.allocator = (bd_allocator){NULL, allocate, reallocate, release};
    the.until_failure = -1;
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float),       cmocka_unit_test(test_quantised), cmocka_unit_test(test_half),
        cmocka_unit_test(test_metadata),    cmocka_unit_test(test_archives),  cmocka_unit_test(test_said_range),
        cmocka_unit_test(test_layout),      cmocka_unit_test(test_refusals),  cmocka_unit_test(test_not_tflite),
        cmocka_unit_test(test_truncations), cmocka_unit_test(test_memory),    cmocka_unit_test(test_real_files),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}

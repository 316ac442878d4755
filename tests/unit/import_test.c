/* SPDX-License-Identifier: MIT
 * What people pass for a model and is none: each file is said what it is. And graphs that are sound but no
 * segmentation, or one of a single class. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "model/bytes/protobuf.h"
#include "model/foreign.h"
#include "model/import.h"
#include "model/tensorflow/graphdef.h"

static bd_error error;

/* ---- files of other kinds ---------------------------------------------------------------------------------------- */

/* Writes bytes, opens them as a model and expects a refusal in one line. */
static void check_file(const char *name, const void *bytes, size_t count, const char *says) {
    char path[64], expected[600];
    (void)snprintf(path, sizeof path, "import_test_%d_%s", (int)getpid(), name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    bd_graph graph;
    bd_shards shards;
    assert_int_equal(bd_graph_init(&graph, NULL, path, &error), BD_OK);
    bd_result result = bd_model_import(path, &graph, &shards, NULL, &error);
    (void)snprintf(expected, sizeof expected, "%s: %s", path, says);
    if (result != BD_ERR_FILE_FORMAT || strncmp(error.message, expected, strlen(expected)) != 0 ||
        strchr(error.message, '\n')) {
        fail_msg("%s: %s, '%s': not '%s'", name, bd_result_name(result), error.message, says);
    }
    bd_graph_finish(&graph);
    (void)remove(path);
}

static void test_foreign(void **state) {
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t count;
        const char *says;
    } rows[] = {
#define ROW(name, bytes, says) {name, bytes, sizeof(bytes) - 1, says}
        ROW("empty", "", "the file is empty"),
        ROW("zoo.tar.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3", "an archive, not a network; unpack it and open"),
        ROW("m.xz", "\xfd\x37zXZ\0", "an archive"),
        ROW("m.zst", "\x28\xb5\x2f\xfd\0\0", "an archive"),
        ROW("none.zip", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "an empty ZIP archive"),
        ROW("keras.h5", "\x89HDF\r\n\x1a\n\0\0\0\0", "an HDF5 file, as Keras writes (.h5); export"),
        ROW("photo.png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
        ROW("photo.jpg", "\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        ROW("photo.webp", "RIFF\4\0\0\0WEBPVP8 ", "a picture"),
        ROW("m.engine", "ftrt\0\0\0\0", "a TensorRT engine"),
        ROW("m.param", "7767517\n75 83\n", "a network of NCNN"),
        ROW("m.xml", "<?xml version=\"1.0\"?>\n<net name=\"x\" version=\"11\">", "a network of OpenVINO"),
        ROW("error.xml", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "a text in XML"),
        ROW("a.npy", "\x93NUMPY\1\0v\0", "a NumPy array"),
        ROW("program", "\x7f\x45LF\2\1\1\0", "a program"),
        ROW("pointer", "version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS"),
        ROW("page", "\xef\xbb\xbf\n<!DOCTYPE html>\n<html>", "an HTML page"),
        ROW("page", "<!doctype HTML>", "an HTML page"),
        ROW("page", "<!-- saved -->\n<html>", "an HTML page"),
        ROW("m.pbtxt", "node {\n  name: \"x\"\n}\n", "a TensorFlow graph as text"),
        ROW("checkpoint", "model_checkpoint_path: \"model.ckpt-1\"\n", "the list of a folder's"),
        ROW("text", "404: Not Found\n", "a text, not an exported network"),
        ROW("pickle", "\x80\4\x95\x0a\0\0\0\0\0\0\0}\x94.", "a Python pickle, but not of torch.save"),
        ROW("m.ckpt.index", "\0\0\2\x0a\x08\1\x10\0\x57\xfb\x80\x8b\x24\x75\x47\xdb",
            "the index of a TensorFlow check"),
        ROW("m.ckpt.data-00000-of-00001", "\1\2\3\4\5\6\7\0\0\0\0\0", "the values of a TensorFlow checkpoint"),
        ROW("m.ckpt.meta", "\x0a\x06\x12\4\x0a\2\x0a\0\x12\2\x0a\0", "a TensorFlow MetaGraph"),
        ROW("saved_model.pb", "\x08\1\x12\x0a\x0a\x07\"\5serve\x12\3\x0a\1x", "a TensorFlow SavedModel"),
        ROW("m.mlmodel", "\x08\4\x12\x0b\x0a\x09\x0a\5image\x1a\0", "a Core ML model"),
        ROW("m.mlmodel", "\x08\1\x12\x0b\x0a\x09\x0a\5image\x1a\0", "a Core ML model"),
        ROW("noise", "\1\2\3\4\5\6\7\0\0\0\0\0", "none of the forms that are read here"),
        ROW("line_feed", "\x0a", "none of the forms"),
        ROW("ones", "\xff\xff\xff\xff\xff\xff", "none of the forms"),
        ROW("layers", "{\"modelTopology\":{\"keras_version\":\"2\",\"model_config\":{}},\"weightsManifest\":[]}",
            "not a TensorFlow.js graph model: a layers model of Keras"),
#undef ROW
    };
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        check_file(rows[i].name, rows[i].bytes, rows[i].count, rows[i].says);
    }
    char tar[512] = "a/frozen_inference_graph.pb";
    memcpy(tar + 257, "ustar", 5);
    check_file("m.tar", tar, sizeof tar, "an archive");
}

/* What begins like any of those, cut anywhere, is not read past its end. */
static void test_foreign_cut(void **state) {
    (void)state;
    static const uint8_t starts[][16] = {"\x08\1\x12\x0a\x0a\x07\"\5serve", "\x0a\x06\x12\4\x0a\2\x0a",
                                         "\xef\xbb\xbf\n<!--", "RIFF\4\0\0\0WEBP",
                                         "\x08\1\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\x0a\xff"};
    for (size_t i = 0; i < BD_COUNT(starts); i++) {
        for (size_t bytes = 1; bytes <= sizeof starts[i]; bytes++) {
            uint8_t *part = malloc(bytes);
            assert_non_null(part);
            memcpy(part, starts[i], bytes);
            (void)bd_model_name_foreign(part, bytes, "x");
            (void)bd_model_name_versioned(part, bytes);
            free(part);
        }
    }
}

/* Messages are one line of UTF-8 whatever they quote; of one that is too long the cause is kept. */
static void test_messages(void **state) {
    (void)state;
    char path[3000];
    memset(path, 'd', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(bd_fail(&error, BD_ERR_FILE_READ, "%s: no such file", path), BD_ERR_FILE_READ);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_non_null(strstr(error.message, "ddd...ddd"));
    assert_string_equal(error.message + strlen(error.message) - 17, "ddd: no such file");
    for (int shift = 0; shift < 3; shift++) {
        for (size_t i = 0; i + 3 < sizeof path; i += 2) {
            memcpy(path + i, "\xc3\xb6", 2); /* cut in the middle of a letter, wherever that is */
        }
        path[2996] = '\0';
        (void)bd_fail(&error, BD_ERR_FILE_READ, "%.*s%s: no such file", shift, "abc", path);
        const char *dots = strstr(error.message, "...");
        assert_non_null(dots);
        for (const char *c = error.message + shift; *c != ':'; c += *c == '\xc3' ? 2 : 1) {
            assert_true((*c == '\xc3' && c[1] == '\xb6') || *c == '?' || *c == '.');
        }
    }
    (void)bd_fail(&error, BD_ERR_FILE_READ, "%s", "a\xff\xc3\x28\xe2\x82\n\x7f\xe2\x82\xac\xf0\x9f\x98\x80\xc0\x80");
    assert_string_equal(error.message, "a\?\?(\?\?\?\?\xe2\x82\xac\xf0\x9f\x98\x80\?\?");
}

/* ---- graphs ------------------------------------------------------------------------------------------------------ */

static const float zeros[3 * 300];
static bd_graph graph;

/* A photo of 64x64 and a convolution of `channels`, which is the output. */
static void begin(int32_t channels) {
    assert_int_equal(bd_graph_init(&graph, NULL, "f", &error), BD_OK);
    const bd_shape photo = {4, {1, 64, 64, 3}}, weights = {4, {1, 1, 3, channels}};
    graph.input = bd_graph_add(&graph, BD_OP_INPUT, "photo", NULL, 0);
    graph.nodes[graph.input].shape = photo;
    uint32_t inputs[2] = {graph.input, bd_graph_add_const(&graph, "weights", BD_F32, &weights, zeros)};
    graph.output = bd_graph_add(&graph, BD_OP_CONV, "end", inputs, 2);
    graph.nodes[graph.output].u.conv.kernel_h = graph.nodes[graph.output].u.conv.kernel_w = 1;
}

static uint32_t then(bd_op op, const int32_t *values, uint32_t count) {
    const bd_shape shape = {1, {(int32_t)count}};
    uint32_t inputs[2] = {graph.output, values ? bd_graph_add_const(&graph, "list", BD_I32, &shape, values) : 0};
    graph.output = bd_graph_add(&graph, op, "end", inputs, values ? 2 : 1);
    return graph.output;
}

static void check_refused(const char *says) {
    assert_int_equal(bd_graph_lower(&graph, 64, &error), BD_ERR_MODEL_UNSUPPORTED);
    if (!strstr(error.message, says) || strncmp(error.message, "f: node end: operation ", 23) != 0) {
        fail_msg("'%s': not '%s'", error.message, says);
    }
    bd_graph_finish(&graph);
}

static void test_no_segmentation(void **state) {
    (void)state;
    static const int32_t axes[2] = {1, 2}, larger[2] = {128, 128};
    begin(1);
    graph.nodes[then(BD_OP_CLAMP, NULL, 0)].u.clamp.high = 6.0f;
    check_refused("operation clamp makes 1 channels, not logits of 2 to 256 classes or of a single foreground");
    begin(300);
    check_refused("operation conv makes 300 channels");
    begin(10);
    then(BD_OP_MEAN, axes, 2);
    check_refused("makes one value of each class for the whole photo, as a classifier does");
    begin(3);
    then(BD_OP_RESIZE_BILINEAR, larger, 2);
    check_refused("does not resize to the network's input of (64,64)");
}

/* One class, with a sigmoid or without, becomes the second of two; the sigmoid is the tail's. */
static void test_single_class(void **state) {
    (void)state;
    static const int32_t larger[2] = {64, 64};
    for (int i = 0; i < 3; i++) {
        begin(1);
        graph.nodes[graph.output].u.conv.stride_h = graph.nodes[graph.output].u.conv.stride_w = 2;
        if (i > 0) {
            then(BD_OP_RESIZE_BILINEAR, larger, 2);
        }
        if (i > 1) {
            then(BD_OP_SIGMOID, NULL, 0);
        }
        assert_int_equal(bd_graph_lower(&graph, 64, &error), BD_OK);
        const bd_node *logits = &graph.nodes[graph.output];
        assert_int_equal(logits->op, BD_OP_CONV);
        assert_memory_equal(logits->shape.dims, ((const int32_t[]){1, 32, 32, 2}), 4 * sizeof(int32_t));
        assert_memory_equal(graph.nodes[logits->inputs[1]].data, ((const float[]){0.0f, 1.0f}), 2 * sizeof(float));
        assert_int_equal(graph.nodes[logits->inputs[0]].op, BD_OP_CONV);
        bd_graph_finish(&graph);
    }
    begin(1);
    graph.nodes[graph.output].u.conv.stride_h = graph.nodes[graph.output].u.conv.stride_w = 2;
    then(BD_OP_SIGMOID, NULL, 0);
    then(BD_OP_RESIZE_BILINEAR, larger, 2);
    check_refused("operation sigmoid before the logits' resize is not supported");
}

/* ---- graphs cut behind a node ------------------------------------------------------------------------------------ */

/* A frozen graph has no end of its own. What is left of a real one that is cut behind any of its nodes is refused, or
 * lacks nothing but nodes behind the logits: it never is another network. */
static void check_cuts(const char *path) {
    bd_content map;
    bd_shape logits = {0};
    uint32_t nodes = 0, opened = 0, refused = 0;
    if (bd_read_file(path, UINT64_MAX, NULL, &map, &error)) {
        fail_msg("%s", error.message);
    }
    for (int cut = 0; cut < 2; cut++) {
        bd_pb file = {map.data, map.data + map.bytes};
        bd_pb_field field;
        size_t bytes = map.bytes;
        while (!cut || (bd_pb_next(&file, &field) == BD_PB_FIELD && bd_pb_size(file))) {
            bd_shards shards = {0};
            bytes = cut ? (size_t)(file.at - map.data) : bytes;
            assert_int_equal(bd_graph_init(&graph, NULL, "cut.pb", &error), BD_OK);
            bd_result result = bd_model_import_graphdef(map.data, bytes, "cut.pb", &graph, &shards, &error);
            result = result ? result : bd_graph_lower(&graph, 65, &error);
            if (!result && !cut) {
                logits = graph.nodes[graph.output].shape;
                nodes = graph.count;
            }
            if (!result && (graph.count != nodes || memcmp(&graph.nodes[graph.output].shape, &logits, sizeof logits))) {
                fail_msg("%s: %zu of %zu bytes are another network", path, bytes, map.bytes);
            }
            opened += !result;
            refused += result != BD_OK;
            bd_graph_finish(&graph);
            bd_shards_finish(&shards);
            if (!cut) {
                break;
            }
        }
    }
    print_message("%s: opened %u, refused %u\n", path, opened, refused);
    assert_true(opened > 0 && refused > 100);
    bd_release_content(NULL, &map);
}

static void test_cut_graphs(void **state) {
    (void)state;
    static const char *const names[] = {"portrait_dm05/deeplab_nchw.pb", "portrait_dm05/frozen_inference_graph.pb",
                                        "portrait_dm05/frozen_quant_inference_graph.pb",
                                        "mnv2_pascal/deeplabv3_mnv2_pascal_trainval_from_tfjs.pb"};
    const char *shared = getenv("BACKDROP_SHARED_DIR");
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/data/models/%s", shared ? shared : "../shared", names[i]);
        if (access(path, R_OK)) {
            skip();
        }
        check_cuts(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign),         cmocka_unit_test(test_foreign_cut),  cmocka_unit_test(test_messages),
        cmocka_unit_test(test_no_segmentation), cmocka_unit_test(test_single_class), cmocka_unit_test(test_cut_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 * The ONNX importer on small models (tests/golden/make_onnx_samples.py) against what NumPy makes of ONNX's definitions;
 * every truncation of them; external data that must not be read. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/passes.h"
#include "model/bytes/protobuf.h"
#include "model/onnx/onnx.h"
#include "reference/reference.h"
#include "support/files.h"

static const char *source_file(const char *folder, const char *name, const char *ending) {
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    const char *source = getenv("BACKDROP_SOURCE_DIR");
    snprintf(path, 1024, "%s/%s/%s%s", source ? source : ".", folder, name, ending);
    return path;
}

static uint8_t *read_sample(const char *name, size_t *bytes) {
    return test_read_copy(source_file("tests/fuzz/corpus/onnx", name, ".onnx"), bytes);
}

static size_t live; /* allocations */

static void *allocate(void *user, size_t bytes) {
    (void)user;
    live++;
    return malloc(bytes);
}

static void *reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    live += !memory;
    return realloc(memory, bytes);
}

static void release(void *user, void *memory) {
    (void)user;
    live -= memory != NULL;
    free(memory);
}

static const bd_allocator counting = {.allocate = allocate, .reallocate = reallocate, .release = release};

typedef struct opened {
    bd_graph graph;
    bd_shards shards;
    bd_error error;
} opened;

static bd_result open_bytes(opened *o, const uint8_t *data, size_t bytes, int32_t height, int32_t width) {
    *o = (opened){0};
    live = 0;
    const char *path = source_file("tests/fuzz/shards", "model", ".onnx");
    assert_int_equal(bd_graph_init(&o->graph, &counting, path, &o->error), BD_OK);
    o->graph.open_height = height;
    o->graph.open_width = width;
    return bd_model_import_onnx(data, bytes, path, &o->graph, &o->shards, &o->error);
}

static void close_opened(opened *o) {
    bd_graph_finish(&o->graph);
    bd_shards_finish(&o->shards);
    assert_int_equal(live, 0);
}

/* ---- what is computed ------------------------------------------------------------------------------------------- */

static float *run(const bd_graph *graph, size_t *count) {
    const bd_shape *in = &graph->nodes[graph->input].shape, *out = &graph->nodes[graph->output].shape;
    size_t pixels = (size_t)in->dims[1] * (size_t)in->dims[2];
    uint8_t *photo = malloc(pixels * 4);
    *count = (size_t)bd_shape_elements(out);
    float *output = malloc(*count * sizeof *output);
    assert_non_null(photo);
    assert_non_null(output);
    for (size_t i = 0; i < pixels * 4; i++) {
        photo[i] = i % 4 == 3 ? 255 : (uint8_t)((37 * (i / 4 * 3 + i % 4) + 11) % 256);
    }
    bd_error error = {0};
    if (bd_ref_run(graph, photo, in->dims[1], in->dims[2], NULL, output, NULL, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    free(photo);
    return output;
}

/* golden: of a network of height x width, 0: as exported; open: the export leaves the size open. within: of the largest
 * value, else absolute where that is less than 1. */
static void check_near(const char *name, const char *golden, bool open, int32_t height, int32_t width, float within) {
    size_t bytes, count, expected_bytes;
    uint8_t *data = read_sample(name, &bytes);
    opened o;
    if (open_bytes(&o, data, bytes, open ? height : 0, open ? width : 0)) {
        fail_msg("%s", o.error.message);
    }
    /* Exported and lowered must be one function; of the exported graph the end is labels or upsampled, so it only has
     * to run. */
    size_t whole;
    free(run(&o.graph, &whole));
    assert_true(whole > 0);
    if (bd_graph_lower_to(&o.graph, 513, (uint32_t)height, (uint32_t)width, &o.error)) {
        fail_msg("%s: %s", name, o.error.message);
    }
    float *got = run(&o.graph, &count);
    uint8_t *npy = test_read_copy(source_file("tests/golden/onnx", golden, ".npy"), &expected_bytes);
    size_t header = 10 + npy[8] + 256u * npy[9];
    assert_int_equal(expected_bytes, header + count * sizeof(float));
    float largest = 0, scale = 0;
    for (size_t i = 0; i < count; i++) {
        float expected;
        memcpy(&expected, npy + header + i * sizeof expected, sizeof expected);
        largest = fmaxf(largest, fabsf(got[i] - expected));
        scale = fmaxf(scale, fabsf(expected));
        assert_true(isfinite(got[i]));
    }
    print_message("%s: largest error %g of %g\n", golden, (double)largest, (double)scale);
    assert_true(largest <= within * fmaxf(scale, 1));
    free(npy);
    free(got);
    close_opened(&o);
    free(data);
}

static void check_at(const char *name, const char *golden, bool open, int32_t height, int32_t width) {
    check_near(name, golden, open, height, width, 1e-5f);
}

static void check_sample(const char *name, int32_t height, int32_t width) {
    check_at(name, name, true, height, width);
}

/* Other sizes than the export's: what an export of that size would have been. */
static void test_sizes(void **state) {
    (void)state;
    check_at("network", "network_25x33", false, 25, 33);
    check_at("network", "network_12x9", false, 12, 9);
    check_at("opset8", "opset8_25x14", false, 25, 14);
    check_at("external", "external_5x11", false, 5, 11);
    check_at("qdq", "qdq_25x12", false, 25, 12);
    check_at("dynamic", "dynamic_9x5", false, 9, 5);
    check_at("fused", "fused_7x12", false, 7, 12);
}

static void test_network(void **state) {
    (void)state;
    check_sample("network", 0, 0);
}

static void test_opset8(void **state) {
    (void)state;
    check_sample("opset8", 0, 0);
}

/* One photo of an export's four; what mixes them is refused by its node. */
static void test_batch(void **state) {
    (void)state;
    check_sample("batch", 0, 0);
    size_t bytes;
    uint8_t *data = read_sample("batch_mixed", &bytes);
    opened o;
    assert_int_equal(open_bytes(&o, data, bytes, 0, 0), BD_ERR_MODEL_UNSUPPORTED);
    assert_non_null(strstr(o.error.message, "node n4: operation Reshape: "));
    assert_non_null(strstr(o.error.message, "; of its batch of 4, one is computed"));
    close_opened(&o);
    free(data);
}

static void test_torch(void **state) {
    (void)state;
    check_sample("torch", 21, 28);
}

static void test_layout(void **state) {
    (void)state;
    check_sample("layout", 0, 0);
}

static void test_quantised(void **state) {
    (void)state;
    check_sample("quantised", 0, 0);
}

/* Against floats on dequantised weights, and against onnxruntime's integers: what is rounded in between moves the
 * logits of these few layers by less than a sixteenth of the largest. */
static void test_quantised_forms(void **state) {
    (void)state;
    static const char *const names[] = {"qdq", "qoperator", "dynamic"};
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        char peer[32];
        (void)snprintf(peer, sizeof peer, "%s.peer", names[i]);
        check_sample(names[i], 0, 0);
        check_near(names[i], peer, true, 0, 0, 1.0f / 16);
    }
}

static void test_fused(void **state) {
    (void)state;
    check_sample("fused", 0, 0);
    check_near("fused", "fused.peer", true, 0, 0, 1e-5f);
}

static void test_external(void **state) {
    (void)state;
    check_sample("external", 0, 0);
}

static void test_chosen_output(void **state) {
    (void)state;
    size_t bytes;
    opened o;
    uint8_t *data = read_sample("torch", &bytes);
    assert_int_equal(open_bytes(&o, data, bytes, 21, 28), BD_OK);
    /* 'out', though 'aux' is listed first. */
    const bd_node *output = &o.graph.nodes[o.graph.output];
    assert_int_equal(output->op, BD_OP_RESIZE_BILINEAR);
    assert_int_equal(o.graph.nodes[output->inputs[0]].op, BD_OP_CONV);
    assert_int_equal(output->shape.dims[1], 21);
    assert_int_equal(output->shape.dims[2], 28);
    close_opened(&o);
    assert_int_equal(open_bytes(&o, data, bytes, 0, 0), BD_OK);
    assert_int_equal(o.graph.nodes[o.graph.input].shape.dims[1], 520);
    close_opened(&o);
    free(data);
}

/* ---- hostile input ---------------------------------------------------------------------------------------------- */

static void test_truncations(void **state) {
    (void)state;
    static const char *const names[] = {"network", "opset8",    "torch",   "layout", "quantised", "external",
                                        "qdq",     "qoperator", "dynamic", "fused",  "batch"};
    size_t refused = 0;
    for (size_t n = 0; n < BD_COUNT(names); n++) {
        size_t bytes;
        uint8_t *data = read_sample(names[n], &bytes);
        for (size_t length = 0; length < bytes; length++) {
            uint8_t *part = malloc(length ? length : 1);
            assert_non_null(part);
            memcpy(part, data, length);
            opened o;
            bd_result result = open_bytes(&o, part, length, 32, 32);
            /* The opset stands last: what ends before it is a whole model of opset 0. */
            assert_true(result == BD_ERR_FILE_CORRUPT || result == BD_ERR_FILE_FORMAT ||
                        result == BD_ERR_MODEL_UNSUPPORTED);
            assert_non_null(strstr(o.error.message, "model.onnx: "));
            refused++;
            close_opened(&o);
            free(part);
        }
        free(data);
    }
    print_message("%zu truncations refused\n", refused);
}

static uint8_t *find(uint8_t *data, size_t bytes, const char *text) {
    for (size_t i = 0; i + strlen(text) <= bytes; i++) {
        if (!memcmp(data + i, text, strlen(text))) {
            return data + i;
        }
    }
    fail_msg("'%s' is not in the sample", text);
    return NULL;
}

/* A sample with one piece of text overwritten by another of the same length. */
static void check_edited(const char *name, const char *text, const char *other, bd_result code, const char *message) {
    size_t bytes;
    uint8_t *data = read_sample(name, &bytes);
    assert_int_equal(strlen(text), strlen(other));
    memcpy(find(data, bytes, text), other, strlen(other));
    opened o;
    bd_result result = open_bytes(&o, data, bytes, 32, 32);
    if (result != code || !strstr(o.error.message, message)) {
        fail_msg("%s with %s: %s: %s", name, other, bd_result_name(result), o.error.message);
    }
    close_opened(&o);
    free(data);
}

static void test_external_paths(void **state) {
    (void)state;
    check_edited("external", "onnx/data.bin", "../../x/y.bin", BD_ERR_FILE_CORRUPT, "leaves the model's folder");
    check_edited("external", "onnx/data.bin", "/etc/passwd.x", BD_ERR_FILE_CORRUPT, "leaves the model's folder");
    check_edited("external", "onnx/data.bin", "onnx/../x.bin", BD_ERR_FILE_CORRUPT, "leaves the model's folder");
    check_edited("external", "onnx/data.bin", "onnx\\data.bin", BD_ERR_FILE_CORRUPT, "leaves the model's folder");
    check_edited("external", "onnx/data.bin", "onnx/none.bin", BD_ERR_FILE_NOT_FOUND, "onnx/none.bin");
    /* Offsets and lengths: 7 and 432 of a file of 487 bytes. */
    check_edited("external",
                 "\x12\x03"
                 "432",
                 "\x12\x03"
                 "431",
                 BD_ERR_FILE_CORRUPT, "external data of 431 bytes");
    check_edited("external",
                 "\x12\x03"
                 "439",
                 "\x12\x03"
                 "440",
                 BD_ERR_FILE_CORRUPT, "external data of 48 bytes at 440");
    check_edited("external",
                 "\x12\x03"
                 "439",
                 "\x12\x03"
                 "4x9",
                 BD_ERR_FILE_CORRUPT, "broken");
}

static void test_refusals(void **state) {
    (void)state;
    check_edited("network", "GlobalAveragePool", "GlobalAveragePoox", BD_ERR_MODEL_UNSUPPORTED,
                 "operation GlobalAveragePoox is not supported");
    check_edited("network", "align_corners", "align_cornerz", BD_ERR_MODEL_UNSUPPORTED, "coordinates");
    check_edited("network", "Conv", "Covn", BD_ERR_MODEL_UNSUPPORTED, "operation Covn");
    check_edited("qoperator", "QLinearAdd", "QLinearAdx", BD_ERR_MODEL_UNSUPPORTED,
                 "operation QLinearAdx: of domain com.microsoft is not supported");
    check_edited("qoperator", "MaxPool", "Sigmoid", BD_ERR_MODEL_UNSUPPORTED, "operation Sigmoid: of quantised values");
    check_edited("fused", "com.microsoft", "com.microsofx", BD_ERR_MODEL_UNSUPPORTED,
                 "operations of domain com.microsofx are not supported");
    check_edited("fused", "HardSigmoid", "HardSigmoix", BD_ERR_MODEL_UNSUPPORTED, "its activation HardSigmoix");
    check_edited("dynamic", "DynamicQuantizeLinear", "DynamicQuantizeLineax", BD_ERR_MODEL_UNSUPPORTED,
                 "DynamicQuantizeLineax");
    check_edited("quantised", "\x0a\x01x\x0a", "\x0a\x01z\x0a", BD_ERR_FILE_CORRUPT, "its input z is made by nothing");
}

/* A node that reads itself, by way of another. */
static void test_cycle(void **state) {
    (void)state;
    static const uint8_t model[] = "\x08\x07\x42\x02\x10\x0d\x3a\x2c"
                                   "\x0a\x0c\x0a\x01"
                                   "a\x12\x01"
                                   "b\x22\x04Relu"
                                   "\x0a\x0c\x0a\x01"
                                   "b\x12\x01"
                                   "a\x22\x04Relu"
                                   "\x5a\x09\x0a\x01x\x12\x04\x0a\x02\x08\x01"
                                   "\x62\x03\x0a\x01"
                                   "b";
    opened o;
    assert_int_equal(open_bytes(&o, model, sizeof model - 1, 8, 8), BD_ERR_FILE_CORRUPT);
    assert_non_null(strstr(o.error.message, "cycle"));
    close_opened(&o);
}

/* One tensor that many nodes enlarge: memory stays a multiple of the file's size. */
static void test_growth(void **state) {
    (void)state;
    enum { NODES = 400 };
    static uint8_t model[65536];
    size_t at = 0;
    char name[16] = "s";
    uint8_t *graph_length = model + 7;
    memcpy(model, "\x08\x07\x42\x02\x10\x0d\x3a\x80\x80\x00", 10);
    at = 10;
    /* Initializer s: 4 million, int64. */
    static const char shape[] = "\x2a\x0e\x08\x01\x10\x07\x42\x01s\x3a\x05\x80\x92\xf4\x81\x00";
    memcpy(model + at, shape, sizeof shape - 1);
    at += sizeof shape - 1;
    for (int i = 0; i < NODES; i++) {
        char node[96];
        int length = snprintf(node, sizeof node, "%c%c%s%c%cc%03d%c%cConstantOfShape", 10, (int)strlen(name), name, 18,
                              4, i, 34, 15);
        model[at++] = 10;
        model[at++] = (uint8_t)length;
        memcpy(model + at, node, (size_t)length);
        at += (size_t)length;
    }
    static const char rest[] = "\x0a\x15\x0a\x04"
                               "c000\x0a\x04"
                               "c001\x12\x01q\x22\x04"
                               "Add1"
                               "\x62\x03\x0a\x01q";
    memcpy(model + at, rest, sizeof rest - 1);
    at += sizeof rest - 1;
    size_t length = at - 10;
    graph_length[0] = (uint8_t)((length & 127) | 128);
    graph_length[1] = (uint8_t)((length >> 7 & 127) | 128);
    graph_length[2] = (uint8_t)(length >> 14);
    opened o;
    assert_int_equal(open_bytes(&o, model, at, 8, 8), BD_ERR_MODEL_UNSUPPORTED);
    print_message("%s\n", o.error.message);
    close_opened(&o);
}

/* ---- the wire --------------------------------------------------------------------------------------------------- */

static bd_pb span(const char *text, size_t bytes) {
    return (bd_pb){(const uint8_t *)text, (const uint8_t *)text + bytes};
}

static void test_wire(void **state) {
    (void)state;
    bd_pb_field field;
    static const char good[] = "\x08\x96\x01\x12\x03"
                               "abc"
                               "\x1d\x00\x00\x80\x3f\x21\x01\x02\x03\x04\x05\x06\x07\x08";
    bd_pb message = span(good, sizeof good - 1);
    assert_int_equal(bd_pb_next(&message, &field), BD_PB_FIELD);
    assert_int_equal(field.number, 1);
    assert_int_equal(field.value, 150);
    assert_int_equal(bd_pb_next(&message, &field), BD_PB_FIELD);
    assert_true(bd_pb_equals(field.bytes, "abc"));
    assert_false(bd_pb_equals(field.bytes, "abcd"));
    assert_int_equal(bd_pb_next(&message, &field), BD_PB_FIELD);
    assert_true(bd_pb_float(field.value) == 1.0f);
    assert_int_equal(bd_pb_next(&message, &field), BD_PB_FIELD);
    assert_true(field.value == 0x0807060504030201u);
    assert_int_equal(bd_pb_next(&message, &field), BD_PB_END);
    static const struct {
        const char *bytes;
        size_t count;
    } bad[] = {{"\x08", 1},
               {"\x08\x80", 2},
               {"\x12\x04"
                "abc",
                5},
               {"\x1d\x00\x00\x80", 4},
               {"\x21\x01\x02", 3},
               {"\x0b", 1},
               {"\x00\x01", 2},
               {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},
               {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}};
    for (size_t i = 0; i < BD_COUNT(bad); i++) {
        message = span(bad[i].bytes, bad[i].count);
        assert_int_equal(bd_pb_next(&message, &field), BD_PB_BROKEN);
    }
    assert_true(bd_pb_compare(span("ab", 2), span("abc", 3)) < 0);
    assert_true(bd_pb_compare(span("b", 1), span("abc", 3)) > 0);
    assert_int_equal(bd_pb_compare(span("", 0), span("", 0)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_network),     cmocka_unit_test(test_opset8),
                                       cmocka_unit_test(test_batch),       cmocka_unit_test(test_torch),
                                       cmocka_unit_test(test_layout),      cmocka_unit_test(test_quantised),
                                       cmocka_unit_test(test_external),    cmocka_unit_test(test_chosen_output),
                                       cmocka_unit_test(test_truncations), cmocka_unit_test(test_external_paths),
                                       cmocka_unit_test(test_refusals),    cmocka_unit_test(test_cycle),
                                       cmocka_unit_test(test_growth),      cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_wire),        cmocka_unit_test(test_quantised_forms),
                                       cmocka_unit_test(test_fused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

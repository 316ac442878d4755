/* SPDX-License-Identifier: MIT
 * The importer of frozen GraphDefs: how it refuses what is broken, and what it does not know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "support/graphdef.h"

static const int64_t four[1] = {4}, three[1] = {3}, pair[1] = {2};

static void test_structure(void **state) {
    (void)state;
    gd_begin_photo();
    gd_node("a", "Relu", "b");
    gd_node("b", "Relu", "a");
    gd_node("end", "Relu", "a");
    gd_bad(BD_ERR_FILE_CORRUPT, "the graph has a cycle through it");
    gd_begin_photo();
    gd_node("self", "Relu", "self");
    gd_bad(BD_ERR_FILE_CORRUPT, "the graph has no output");
    gd_begin_photo();
    gd_node("a", "Relu", "nobody");
    gd_bad(BD_ERR_FILE_CORRUPT, "node a: its input nobody is no node");
    gd_begin_photo();
    gd_node("photo", "Relu", "photo");
    gd_bad(BD_ERR_FILE_CORRUPT, "node photo: the name is used twice");
    gd_begin_photo();
    gd_node("split", "Split", "photo photo");
    gd_node("a", "Relu", "split:1");
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "node a: its input split:1 is not the first output of operation Split");
    gd_begin_photo();
    gd_node("parts", "Unpack", "photo");
    gd_integer("num", 2);
    gd_node("a", "Relu", "parts:2");
    gd_bad(BD_ERR_FILE_CORRUPT, "node a: its input parts has no output 2");
    gd_begin_photo();
    gd_node("a", "Relu", "photo photo");
    gd_bad(BD_ERR_FILE_CORRUPT, "node a: operation Relu has 2 inputs");
    gd_begin();
    gd_bad(BD_ERR_FILE_CORRUPT, "the graph has no output");
    gd_begin();
    gd_photo("photo", GD_FLOAT, 8, 8);
    gd_photo("other", GD_FLOAT, 8, 8);
    gd_node("a", "Add", "photo other");
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "a second Placeholder");
    gd_begin();
    gd_node("", "", NULL);
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "operation  is not supported");
    gd_begin();
    gd_graph_field(1, "\x0a\x01n", 3);
    gd_bad(BD_ERR_FILE_CORRUPT, "node number 0 has no name or no op");
    gd_begin();
    gd_graph_field(1, "\x0a\x02n\0\x12\x01o", 7);
    gd_bad(BD_ERR_FILE_CORRUPT, "node number 0: a name has a zero byte in it");
    gd_begin();
    gd_graph_field(1, "\x08\x02", 2);
    gd_bad(BD_ERR_FILE_CORRUPT, "broken");
    gd_begin();
    gd_graph_field(1, "\x0a\x7fn", 3);
    gd_bad(BD_ERR_FILE_CORRUPT, "node number 0: broken or cut short at byte 2 of 5");
    gd_begin();
    gd_graph_field(1, "\x0a\x01n\x12\x01o\x2a\x02\x0a\x09", 10);
    gd_bad(BD_ERR_FILE_CORRUPT, "node number 0: broken or cut short at byte 8 of 12");
}

static void test_operations(void **state) {
    (void)state;
    static const char *const missing[] = {"MirrorPad", "Switch", "Merge", "Split", "MatMul", "Conv2DBackpropInput"};
    char message[80];
    for (size_t i = 0; i < BD_COUNT(missing); i++) {
        gd_begin_photo();
        gd_node("end", missing[i], "photo");
        snprintf(message, sizeof message, "node end: operation %s is not supported", missing[i]);
        gd_bad(BD_ERR_MODEL_UNSUPPORTED, message);
    }
    gd_begin_photo();
    gd_node("end", "Unpack", "photo");
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "operation Unpack: has no or more than 16 outputs");
    gd_begin_photo();
    gd_node("end", "Cast", "photo");
    gd_type("DstT", GD_STRING);
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "operation Cast: to something other than");
    gd_begin_photo();
    gd_node("end", "AvgPool", "photo");
    gd_text("padding", "SAME");
    gd_bad(BD_ERR_FILE_CORRUPT, "attribute strides of operation AvgPool does not have 4 entries");
    const int64_t windows[5] = {1, INT64_MAX, 1, 1, 1};
    for (int packed = 0; packed < 2; packed++) {
        gd_begin_photo();
        gd_node("end", "AvgPool", "photo");
        gd_integers("strides", windows, 4, packed);
        gd_bad(BD_ERR_FILE_CORRUPT, "attribute strides of operation AvgPool is out of range");
        gd_begin_photo();
        gd_node("end", "AvgPool", "photo");
        gd_integers("strides", windows + 2, 3, packed);
        gd_bad(BD_ERR_FILE_CORRUPT, "does not have 4 entries");
        gd_begin_photo();
        gd_node("end", "AvgPool", "photo");
        gd_integers("strides", (const int64_t[]){1, 1, 1, 1, 1}, 5, packed);
        gd_bad(BD_ERR_FILE_CORRUPT, "has too many entries");
    }
    gd_begin_photo();
    gd_conv("end", "MaxPool", "photo");
    gd_text("data_format", "NCHW");
    gd_integers("ksize", (const int64_t[]){1, 1, 1, 1}, 4, true);
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "operation MaxPool: data_format is not that of its input");
    for (int type = 0; type < 3; type++) {
        const int64_t dims[4] = {type == 0 ? 2 : 1, type == 1 ? 0 : 8, 8, type == 2 ? 4 : 3};
        gd_begin();
        gd_node("photo", "Placeholder", NULL);
        gd_type("dtype", GD_FLOAT);
        gd_shape("shape", dims, 4);
        gd_node("end", "Relu", "photo");
        gd_bad(type == 1 ? BD_ERR_FILE_CORRUPT : BD_ERR_MODEL_UNSUPPORTED, "node photo: ");
    }
}

static void refuse_constant(bd_result code, const char *message) {
    gd_node("sum", "Add", "photo v");
    gd_bad(code, message);
    gd_begin_photo();
    gd_node("v", "Const", NULL);
}

static void test_tensors(void **state) {
    (void)state;
    const float values[3] = {1, 2, 3};
    gd_begin_photo();
    gd_node("v", "Const", NULL);
    refuse_constant(BD_ERR_FILE_CORRUPT, "node v: operation Const: it has no value");
    gd_raw("value", "\x42\x02\x08", 3);
    refuse_constant(BD_ERR_FILE_CORRUPT, "node v: operation Const: it has no value");
    gd_raw("value", "\x42\x02\x08\xff", 4);
    refuse_constant(BD_ERR_FILE_CORRUPT, "node v: operation Const: the tensor is broken");
    gd_content("value", GD_STRING, three, 1, values, sizeof values);
    refuse_constant(BD_ERR_MODEL_UNSUPPORTED, "a tensor of something other than");
    gd_content("value", GD_FLOAT, four, 1, values, sizeof values);
    refuse_constant(BD_ERR_FILE_CORRUPT, "12 bytes, 16 expected");
    gd_content("value", GD_FLOAT, pair, 1, values, sizeof values);
    refuse_constant(BD_ERR_FILE_CORRUPT, "12 bytes, 8 expected");
    gd_content("value", GD_FLOAT, three, 1, values, 11);
    refuse_constant(BD_ERR_FILE_CORRUPT, "11 bytes, 12 expected");
    const int64_t negative[2] = {3, -1};
    gd_content("value", GD_FLOAT, negative, 2, values, sizeof values);
    refuse_constant(BD_ERR_FILE_CORRUPT, "a dimension is not a size");
    /* 2^16 * 2^16 and 2^31 * 2^31 * 2^2 overflow 32 and 64 bits. */
    const int64_t wide[3] = {65536, 65536, 1}, wider[3] = {INT32_MAX, INT32_MAX, 4};
    gd_content("value", GD_FLOAT, wide, 3, NULL, 0);
    refuse_constant(BD_ERR_FILE_CORRUPT, "the shape is too large");
    gd_content("value", GD_FLOAT, wider, 3, values, sizeof values);
    refuse_constant(BD_ERR_FILE_CORRUPT, "the shape is too large");
    const int64_t huge[1] = {INT64_MAX};
    gd_content("value", GD_FLOAT, huge, 1, values, sizeof values);
    refuse_constant(BD_ERR_FILE_CORRUPT, "a dimension is not a size");
    const int64_t deep[7] = {1, 1, 1, 1, 1, 1, 3};
    gd_content("value", GD_FLOAT, deep, 7, values, sizeof values);
    refuse_constant(BD_ERR_MODEL_UNSUPPORTED, "more than 6 dimensions");
    gd_single("value", GD_INT32, three, 1, (uint64_t)1 << 40);
    refuse_constant(BD_ERR_FILE_CORRUPT, "a value is broken or out of its type's range");
    gd_single("value", GD_UINT8, three, 1, 256);
    refuse_constant(BD_ERR_FILE_CORRUPT, "a value is broken or out of its type's range");
    const int64_t far[1] = {INT64_MIN};
    gd_content("value", GD_INT64, (const int64_t[]){1}, 1, far, sizeof far);
    refuse_constant(BD_ERR_FILE_CORRUPT, "a value is broken or out of its type's range");
    gd_single("value", GD_FLOAT, (const int64_t[]){1 << 30}, 1, 0);
    refuse_constant(BD_ERR_FILE_CORRUPT, "far more values than the file has bytes");
}

/* Every cut is refused, but behind a whole node: what is left is then a graph again, and may be a network. */
static void test_truncated(void **state) {
    (void)state;
    gd_network();
    gd_good();
    for (size_t bytes = 0; bytes < written.count; bytes++) {
        bd_result result = gd_import_written(bytes, 0);
        bool whole = !bytes;
        for (uint32_t i = 0; i < written.node_count; i++) {
            whole = whole || bytes == written.ends[i];
        }
        if (!whole) {
            assert_int_equal(result, BD_ERR_FILE_CORRUPT);
            assert_non_null(strstr(opened.error.message, "broken or cut short at byte "));
        } else if (result) {
            assert_true(result == BD_ERR_FILE_CORRUPT || result == BD_ERR_MODEL_UNSUPPORTED);
        }
    }
}

/* What gives such a cut away are weights that nothing reads; an end that DeepLab's graphs have is believed all the
 * same. */
static void test_unread_weights(void **state) {
    (void)state;
    static const char *const ends[][2] = {{"end", "Relu"},
                                          {"end", "ResizeBilinear"},
                                          {"end", "Softmax"},
                                          {"end", "ArgMax"},
                                          {"logits/semantic/BiasAdd", "Relu"}};
    for (size_t i = 0; i < BD_COUNT(ends); i++) {
        gd_begin_photo();
        gd_int32s("size", (const int32_t[]){8, 9}, 2);
        gd_floats("left", three, 1, (const float[]){1, 2, 3});
        gd_node(ends[i][0], ends[i][1], i == 1 || i == 3 ? "photo size" : "photo");
        if (i < 2) {
            gd_bad(BD_ERR_FILE_CORRUPT, "node end: the graph ends here, but nothing reads the constant ");
        } else {
            gd_good();
        }
        gd_begin_photo();
        gd_floats("left", three, 1, (const float[]){1, 2, 3});
        gd_node("end", "Add", "photo left");
        gd_good();
    }
}

static void test_changed_bytes(void **state) {
    (void)state;
    gd_network();
    gd_good();
    for (size_t at = 0; at < written.count; at++) {
        for (unsigned change = 1; change < 256; change = change * 3 + 1) {
            written.bytes[at] = (uint8_t)(written.bytes[at] ^ change);
            if (!gd_import_written(written.count, 0)) {
                bd_error error;
                (void)!bd_graph_lower(&opened.graph, 8, &error);
            }
            written.bytes[at] = (uint8_t)(written.bytes[at] ^ change);
        }
    }
}

static void test_out_of_memory(void **state) {
    (void)state;
    gd_network();
    gd_good();
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    int64_t n = 0;
    for (; n < 1000 && result; n++) {
        gd_unload();
        opened.until_failure = n;
        result = gd_import_written(written.count, 0);
        opened.until_failure = -1;
        assert_true(!result || result == BD_ERR_OUT_OF_MEMORY);
    }
    assert_int_equal(result, BD_OK);
    assert_in_range(n, 4, 999);
}

/* What is made up of the smallest nodes, inputs or numbers takes most memory for its size. */
static void test_memory_bound(void **state) {
    (void)state;
    enum { BYTES = 1 << 21, LEAST = 1 << 18 };
    static const struct {
        const char *bytes;
        size_t count;
    } parts[] = {{"\x0a\x06\x0a\x01n\x12\x01o", 8},
                 {"\x0a\x06\x0a\x00\x12\x00\x1a\x00", 8},
                 {"\x12\x00", 2},
                 {"\x0a\x04\x0a\x00\x12\x00", 6}};
    uint8_t *file = malloc(BYTES);
    assert_non_null(file);
    for (size_t i = 0; i < BD_COUNT(parts); i++) {
        size_t used = 0;
        for (; used + parts[i].count <= BYTES; used += parts[i].count) {
            memcpy(file + used, parts[i].bytes, parts[i].count);
        }
        assert_int_not_equal(gd_import(file, used), BD_OK);
        assert_in_range(opened.most_bytes, 0, 28 * used + LEAST);
    }
    free(file);
    /* Many constants that stand for 16 MiB each. */
    gd_begin();
    gd_photo("photo", GD_FLOAT, 8, 8);
    char name[3] = "c0", inputs[3 * 32 + 8] = "photo";
    for (int i = 0; i < 32; i++) {
        name[1] = (char)('0' + i);
        gd_node(name, "Const", NULL);
        gd_single("value", GD_FLOAT, (const int64_t[]){1 << 22}, 1, 0);
        strcat(strcat(inputs, " "), name);
    }
    gd_node("end", "AddN", inputs);
    gd_bad(BD_ERR_FILE_CORRUPT, "far more values than the file has bytes");
    assert_in_range(opened.most_bytes, 0, 17 << 20);
}

int main(void) {
    opened.until_failure = -1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_structure, gd_clean_up),
        cmocka_unit_test_teardown(test_operations, gd_clean_up),
        cmocka_unit_test_teardown(test_tensors, gd_clean_up),
        cmocka_unit_test_teardown(test_truncated, gd_clean_up),
        cmocka_unit_test_teardown(test_unread_weights, gd_clean_up),
        cmocka_unit_test_teardown(test_changed_bytes, gd_clean_up),
        cmocka_unit_test_teardown(test_out_of_memory, gd_clean_up),
        cmocka_unit_test_teardown(test_memory_bound, gd_clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

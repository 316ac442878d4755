/* SPDX-License-Identifier: MIT
 * The TensorFlow.js importer: what each part of an export becomes, and the real model where it has been fetched. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/import.h"
#include "support/tfjs.h"

/* ---- graphs ----------------------------------------------------------------------------------------------------- */

static void test_chain(void **state) {
    (void)state;
    import_good(CHAIN);
    check_order();
    assert_int_equal(the.graph.count, 9);
    const bd_node *end = output_node();
    assert_int_equal(end->op, BD_OP_ARGMAX);
    assert_string_equal(end->name, "end");
    assert_int_equal(*(const int32_t *)input_of(end, 1)->data, -1);
    const bd_node *relu = input_of(end, 0);
    assert_int_equal(relu->op, BD_OP_CLAMP);
    assert_true(relu->u.clamp.low == 0 && relu->u.clamp.high == 6);
    const bd_node *sum = input_of(relu, 0);
    assert_int_equal(sum->op, BD_OP_ADD);
    const bd_node *conv = input_of(sum, 0);
    assert_int_equal(conv->op, BD_OP_CONV);
    assert_int_equal(conv->input_count, 2);
    assert_int_equal(input_of(conv, 0)->op, BD_OP_INPUT);
    assert_int_equal(input_of(conv, 1)->op, BD_OP_IDENTITY);
    assert_int_equal(conv->u.conv.kernel_h, 3);
    assert_int_equal(conv->u.conv.kernel_w, 2);
    assert_int_equal(conv->u.conv.stride_h, 2);
    assert_int_equal(conv->u.conv.stride_w, 3);
    assert_int_equal(conv->u.conv.dilation_h, 1);
    assert_int_equal(conv->u.conv.padding, BD_PADDING_SAME);
    assert_true(conv->u.conv.clamp_low == -INFINITY && conv->u.conv.clamp_high == INFINITY);
    const bd_node *input = &the.graph.nodes[the.graph.input];
    assert_int_equal(input->dtype, BD_F32);
    assert_int_equal(input->shape.rank, 4);
    assert_memory_equal(input->shape.dims, ((int32_t[4]){1, 8, 8, 3}), 4 * sizeof(int32_t));
    const bd_node *bias = node_called("bias");
    assert_ptr_equal(bias->data, the.shards.contents[0].data + 41 * sizeof(float)); /* not a copy */
    assert_int_equal(bias->shape.rank, 1);
    assert_int_equal(bias->shape.dims[0], 2);
}

static void test_operations(void **state) {
    (void)state;
    static const struct {
        const char *json;
        bd_op op;
        uint32_t inputs;
    } rows[] = {
#define ROW(op, inputs, attr, made, count) {ONE_NODE(NODE("n", op, inputs, attr)), made, count}
        ROW("Identity", "'x'", "", BD_OP_IDENTITY, 1),
        ROW("StopGradient", "'x'", "", BD_OP_IDENTITY, 1),
        ROW("CheckNumerics", "'x'", "", BD_OP_IDENTITY, 1),
        ROW("Shape", "'x'", "", BD_OP_SHAPE, 1),
        ROW("Slice", "'x','pair','pair'", "", BD_OP_SLICE, 3),
        ROW("Pack", "'x','x'", "'axis':{'i':'1'}", BD_OP_PACK, 2),
        ROW("ConcatV2", "'x','x','axis'", "", BD_OP_CONCAT, 2),
        ROW("Concat", "'axis','x','x'", "", BD_OP_CONCAT, 2),
        ROW("Reshape", "'x','pair'", "", BD_OP_RESHAPE, 2),
        ROW("ExpandDims", "'x','axis'", "", BD_OP_EXPAND_DIMS, 2),
        ROW("Pad", "'x','pair'", "", BD_OP_PAD, 2),
        ROW("PadV2", "'x','pair','zero'", "", BD_OP_PAD, 2),
        ROW("Add", "'x','one'", "", BD_OP_ADD, 2),
        ROW("AddV2", "'x','one'", "", BD_OP_ADD, 2),
        ROW("Sub", "'x','one'", "", BD_OP_SUB, 2),
        ROW("Mul", "'x','one'", "", BD_OP_MUL, 2),
        ROW("RealDiv", "'x','one'", "", BD_OP_DIV, 2),
        ROW("Div", "'x','one'", "", BD_OP_DIV, 2),
        ROW("Maximum", "'x','one'", "", BD_OP_MAXIMUM, 2),
        ROW("Minimum", "'x','one'", "", BD_OP_MINIMUM, 2),
        ROW("AddN", "'x','x','x'", "", BD_OP_ADD_N, 3),
        ROW("Relu", "'x'", "", BD_OP_CLAMP, 1),
        ROW("ClipByValue", "'x','zero','one'", "", BD_OP_CLAMP, 1),
        ROW("SpaceToBatchND", "'x','pair','pair'", "", BD_OP_SPACE_TO_BATCH, 3),
        ROW("BatchToSpaceND", "'x','pair','pair'", "", BD_OP_BATCH_TO_SPACE, 3),
        ROW("Softmax", "'x'", "", BD_OP_SOFTMAX, 1),
#undef ROW
    };
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        import_good(rows[i].json);
        check_order();
        const bd_node *node = output_node();
        assert_string_equal(node->name, "n");
        assert_int_equal(node->op, rows[i].op);
        assert_int_equal(node->input_count, rows[i].inputs);
        if (node->op == BD_OP_PACK || node->op == BD_OP_CONCAT) {
            assert_int_equal(node->u.axis, node->op == BD_OP_PACK ? 1 : -1);
        }
        if (node->op == BD_OP_CLAMP) {
            assert_true(node->u.clamp.low == 0 &&
                        node->u.clamp.high == (strstr(rows[i].json, "ClipByValue") ? 1 : INFINITY));
        }
    }
}

static void test_attributes(void **state) {
    (void)state;
    import_good(ONE_NODE(NODE("n", "StridedSlice", "'x','pair','pair','pair'",
                              "'begin_mask':{'i':'1'},'end_mask':{'i':2},'ellipsis_mask':{'i':'4'},"
                              "'new_axis_mask':{'i':'8'},'shrink_axis_mask':{'i':'16'}")));
    const bd_node *node = output_node();
    assert_int_equal(node->u.slice.begin_mask, 1);
    assert_int_equal(node->u.slice.end_mask, 2);
    assert_int_equal(node->u.slice.ellipsis_mask, 4);
    assert_int_equal(node->u.slice.new_axis_mask, 8);
    assert_int_equal(node->u.slice.shrink_axis_mask, 16);

    import_good(ONE_NODE(NODE("n", "Squeeze", "'x'", "'squeeze_dims':{'list':{'i':['0','-1']}}")));
    node = output_node();
    assert_int_equal(node->op, BD_OP_SQUEEZE);
    assert_int_equal(node->u.axes.count, 2);
    assert_int_equal(node->u.axes.values[1], -1);
    import_good(ONE_NODE(NODE("n", "Squeeze", "'x'", "'squeeze_dims':{'list':{}}")));
    assert_int_equal(output_node()->u.axes.count, 0);
    import_good(ONE_NODE(NODE("n", "Squeeze", "'x'", "'axis':{'list':{'i':[0]}}")));
    assert_int_equal(output_node()->u.axes.count, 1);

    import_good(ONE_NODE(NODE("n", "Cast", "'x'", "'DstT':{'type':'DT_INT64'}")));
    assert_int_equal(output_node()->dtype, BD_I32);
    import_good(ONE_NODE(NODE("n", "Cast", "'x'", "'DstT':{'type':4}")));
    assert_int_equal(output_node()->dtype, BD_U8);

    import_good(ONE_NODE(NODE("n", "Mean", "'x','pair'", "'keep_dims':{'b':true}")));
    assert_int_equal(output_node()->op, BD_OP_MEAN);
    import_good(ONE_NODE(NODE("n", "Mean", "'x','pair'", "")));
    node = output_node();
    assert_int_equal(node->op, BD_OP_SQUEEZE);
    assert_string_equal(node->name, "n");
    assert_int_equal(node->u.axes.count, 2);
    assert_int_equal(node->u.axes.values[1], 4);
    assert_int_equal(input_of(node, 0)->op, BD_OP_MEAN);

    import_good(ONE_NODE(NODE("n", "ResizeBilinear", "'x','pair'", "'align_corners':{'b':true}")));
    assert_true(output_node()->u.resize.align_corners && !output_node()->u.resize.half_pixel_centers);
    import_good(ONE_NODE(NODE("n", "ResizeBilinear", "'x','pair'", "'half_pixel_centers':{'b':true}")));
    assert_true(!output_node()->u.resize.align_corners && output_node()->u.resize.half_pixel_centers);
}

static void test_windows(void **state) {
    (void)state;
    import_good(ONE_NODE(
        NODE("n", "MaxPool", "'x'", WINDOW("strides") ",'padding':{'s':'VALID'},'ksize':{'list':{'i':[1,4,5,1]}}")));
    const bd_node *node = output_node();
    assert_int_equal(node->op, BD_OP_POOL_MAX);
    assert_int_equal(node->u.conv.kernel_h, 4);
    assert_int_equal(node->u.conv.kernel_w, 5);
    assert_int_equal(node->u.conv.stride_w, 3);
    assert_int_equal(node->u.conv.padding, BD_PADDING_VALID);

    import_good(ONE_NODE(NODE("n", "AvgPool", "'x'", WINDOW("strides") "," WINDOW("ksize") "," SAME)));
    assert_int_equal(output_node()->op, BD_OP_POOL_AVERAGE);

    import_good(ONE_NODE(NODE("n", "DepthwiseConv2dNative", "'x','dw'",
                              WINDOW("dilations") ",'strides':{'list':{'i':[1,1,1,1]}},'padding':{'s':'RVhQTElDSVQ='},"
                                                  "'explicit_paddings':{'list':{'i':[0,0,1,2,3,4,0,0]}}")));
    node = output_node();
    assert_int_equal(node->op, BD_OP_DEPTHWISE);
    assert_int_equal(node->u.conv.dilation_h, 2);
    assert_int_equal(node->u.conv.dilation_w, 3);
    assert_int_equal(node->u.conv.kernel_w, 2);
    assert_int_equal(node->u.conv.padding, BD_PADDING_EXPLICIT);
    assert_int_equal(node->u.conv.pad_top, 1);
    assert_int_equal(node->u.conv.pad_bottom, 2);
    assert_int_equal(node->u.conv.pad_left, 3);
    assert_int_equal(node->u.conv.pad_right, 4);
}

static void test_fused_conv(void **state) {
    (void)state;
    import_good(ONE_NODE(NODE("n", "_FusedConv2D", "'x','kernel','bias'",
                              WINDOW("strides") "," SAME ",'fused_ops':{'list':{'s':['Qmlhc0FkZA==','UmVsdTY=']}}")));
    const bd_node *clamp = output_node();
    assert_int_equal(clamp->op, BD_OP_CLAMP);
    assert_string_equal(clamp->name, "n");
    assert_true(clamp->u.clamp.low == 0 && clamp->u.clamp.high == 6);
    const bd_node *add = input_of(clamp, 0);
    assert_int_equal(add->op, BD_OP_ADD);
    assert_string_equal(input_of(add, 1)->name, "bias");
    assert_int_equal(input_of(add, 0)->op, BD_OP_CONV);
    assert_int_equal(input_of(add, 0)->u.conv.stride_w, 3);

    import_good(ONE_NODE(NODE("n", "FusedDepthwiseConv2dNative", "'x','dw','bias'",
                              WINDOW("strides") "," SAME ",'fused_ops':{'list':{'s':['BiasAdd']}}")));
    add = output_node();
    assert_int_equal(add->op, BD_OP_ADD);
    assert_string_equal(add->name, "n");
    assert_int_equal(input_of(add, 0)->op, BD_OP_DEPTHWISE);
}

static void test_batch_norm(void **state) {
    (void)state;
    import_good(ONE_NODE(NODE("n", "FusedBatchNormV3", "'x','scale','offset','mean','variance'",
                              "'is_training':{'b':false},'epsilon':{'f':0.04}")));
    const bd_node *add = output_node();
    assert_int_equal(add->op, BD_OP_ADD);
    const bd_node *mul = input_of(add, 0);
    assert_int_equal(mul->op, BD_OP_MUL);
    assert_int_equal(input_of(mul, 0)->op, BD_OP_INPUT);
    const float *multiplier = input_of(mul, 1)->data, *offset = input_of(add, 1)->data;
    for (int c = 0; c < 3; c++) { /* sqrt(variance + 0.04) is 0.5, 1, 2 */
        const float factors[3] = {2, 2, 1.5f}, offsets[3] = {10 - 8, 20 - 10, 30 - 9};
        assert_float_equal(multiplier[c], factors[c], 1e-5);
        assert_float_equal(offset[c], offsets[c], 1e-4);
    }
}

static void test_output(void **state) {
    (void)state;
    /* The signature decides, also against the end of the graph. */
    import_good("{'signature':{'outputs':{'o':{'name':'a:0'}}},'modelTopology':{'node':[" INPUT
                "," NODE("a", "Relu", "'x'", "") "," NODE("b", "Relu", "'a'", "") "]},'weightsManifest':[]}");
    assert_string_equal(output_node()->name, "a");
    assert_int_equal(the.graph.count, 2);
    import_good("{'userDefinedMetadata':{'signature':{'outputs':{'o':{'name':'a'}}}},'modelTopology':{'node':[" INPUT
                "," NODE("a", "Relu", "'x'", "") "," NODE("b", "Relu", "'a'", "") "]},'weightsManifest':[]}");
    assert_string_equal(output_node()->name, "a");
    /* Of several ends: DeepLab's name, then the operation. */
    import_good(
        MODEL(INPUT "," NODE("a", "Softmax", "'x'", "") "," NODE("SemanticPredictions", "Relu", "'x'", ""), ""));
    assert_string_equal(output_node()->name, "SemanticPredictions");
    import_good(MODEL(INPUT "," NODE("a", "Relu", "'x'", "") "," NODE("b", "Softmax", "'x'", ""), ""));
    assert_string_equal(output_node()->name, "b");
    /* A control input consumes nothing; checks and lost constants are no end. */
    import_good(MODEL(INPUT "," NODE("a", "Relu", "'x'", "") "," NODE("b", "NoOp", "'^a'", "") "," NODE(
                          "c", "Assert", "'x'", "") "," CONST("d"),
                      ""));
    assert_string_equal(output_node()->name, "a");
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

#define QUANTISED(dtype, stored)                                                                                       \
    "{'name':'v','shape':[3],'dtype':'" dtype "','quantization':{'dtype':'" stored "','scale':0.5,'min':-2}}"

static void test_quantised(void **state) {
    (void)state;
    const uint8_t bytes[3] = {0, 3, 255};
    write_file("a", bytes, sizeof bytes);
    import_good(WITH_WEIGHTS(GROUP("'a'", QUANTISED("float32", "uint8"))));
    assert_int_equal(node_called("v")->dtype, BD_F32);
    assert_memory_equal(node_called("v")->data, ((float[3]){-2, -0.5f, 125.5f}), 12);
    import_good(WITH_WEIGHTS(GROUP("'a'", QUANTISED("int32", "uint8")))); /* halves go up, as Math.round has it */
    assert_int_equal(node_called("v")->dtype, BD_I32);
    assert_memory_equal(node_called("v")->data, ((int32_t[3]){-2, 0, 126}), 12);

    /* Two bytes each, over an odd offset and the seam of two shards. */
    const uint8_t words[7] = {9, 0, 0, 3, 0, 0xff, 0xff};
    write_file("a", words, 4);
    write_file("b", words + 4, 3);
    import_good(WITH_WEIGHTS(GROUP("'a','b'", WEIGHT("u", "", "bool") "," QUANTISED("float32", "uint16"))));
    assert_memory_equal(node_called("v")->data, ((float[3]){-2, -0.5f, 32765.5f}), 12);

    const uint16_t halves[3] = {0x3c00, 0xc100, 0x7c00};
    write_file("a", halves, sizeof halves);
    import_good(
        WITH_WEIGHTS(GROUP("'a'", "{'name':'v','shape':[3],'dtype':'float32','quantization':{'dtype':'float16'}}")));
    assert_memory_equal(node_called("v")->data, ((float[3]){1, -2.5f, INFINITY}), 12);
}

static void test_placement(void **state) {
    (void)state;
    /* 1 byte, 3 floats, 3 bytes; cut after 6, and after 6 and 9 bytes: unaligned, spanning two, spanning three. */
    unsigned char bytes[16] = {7};
    const float floats[3] = {1.5f, -2, 1e-30f};
    memcpy(bytes + 1, floats, sizeof floats);
    memcpy(bytes + 13, "abc", 3);
#define LAYOUT WEIGHT("u", "", "uint8") "," WEIGHT("v", "3", "float32") "," WEIGHT("t", "3", "bool")
    write_file("a", bytes, 16);
    import_good(WITH_WEIGHTS(GROUP("'a'", LAYOUT)));
    assert_memory_equal(node_called("v")->data, floats, sizeof floats);
    assert_int_equal((uintptr_t)node_called("v")->data % 4, 0);
    write_file("a", bytes, 6);
    write_file("b", bytes + 6, 3);
    write_file("c", bytes + 9, 7);
    import_good(WITH_WEIGHTS(GROUP("'a','./b','c'", LAYOUT)));
    assert_memory_equal(node_called("v")->data, floats, sizeof floats);
    import_good(MODEL(INPUT "," CONST("t") "," NODE("n", "Add", "'x','t'", ""), GROUP("'a','b','c'", LAYOUT)));
    assert_int_equal(node_called("t")->dtype, BD_U8);
    assert_ptr_equal(node_called("t")->data, the.shards.contents[2].data + 4);
    assert_memory_equal(node_called("t")->data, "abc", 3);

    /* Strings and complex numbers take their room; two groups each begin at 0; nothing at all is a size too. */
    const unsigned char text[26] = {2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 42, 0, 0, 0, 43, 0, 0, 0};
    write_file("a", text, sizeof text);
    write_file("b", floats, sizeof floats);
    import_good(WITH_WEIGHTS(
        GROUP("'a'", WEIGHT("s", "2", "string") "," WEIGHT("z", "1", "complex64") "," WEIGHT(
                         "v", "2", "int32")) "," GROUP("'b'", WEIGHT("w", "3", "float32")) "," GROUP("", "")));
    assert_memory_equal(node_called("v")->data, ((int32_t[2]){42, 43}), 8);
    import_good(MODEL(INPUT "," CONST("v") "," NODE("n", "Add", "'x','v'", ""),
                      GROUP("'b'", WEIGHT("w", "3", "float32") "," WEIGHT("v", "4,0", "float32"))));
    assert_int_equal(bd_shape_elements(&node_called("v")->shape), 0);
    assert_non_null(node_called("v")->data);
}

static void test_shard_sizes(void **state) {
    (void)state;
    const unsigned char bytes[16] = {0};
#define THREE WITH_WEIGHTS(GROUP("'a','b','c'", WEIGHT("v", "4", "float32")))
    const struct {
        size_t a, b, c;
        const char *message;
    } rows[] = {{6, 6, 3, "shard c: truncated: 3 bytes, 4 expected"},
                {6, 5, 4, "shard b: truncated: 5 bytes, 6 expected"},
                {1, 6, 4, "shard a: truncated: 1 bytes, 6 expected"},
                {6, 6, 6, "shard c: 2 bytes more than weightsManifest lists"}};
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        write_file("a", bytes, rows[i].a);
        write_file("b", bytes, rows[i].b);
        write_file("c", bytes, rows[i].c);
        import_bad(THREE, BD_ERR_FILE_CORRUPT, rows[i].message);
    }
    write_file("c", bytes, 4);
    write_file("b", bytes, 6);
    import_good(THREE);
    remove_file("b");
    import_bad(THREE, BD_ERR_FILE_NOT_FOUND, "/b: No such file");
    write_file("b", bytes, 0);
    import_bad(THREE, BD_ERR_FILE_CORRUPT, "/b: the shard is empty");
    /* A string whose length lies. */
    write_file("a", "\xff\xff\xff\xff....", 8);
    import_bad(WITH_WEIGHTS(GROUP("'a'", WEIGHT("v", "2147483647", "string"))), BD_ERR_FILE_CORRUPT,
               "shard a: truncated: 8 bytes");
}

/* Deep as a chain can be: nothing here may recurse. */
static void test_deep_chain(void **state) {
    (void)state;
    enum { DEPTH = 20000 };
    char *json = malloc(DEPTH * 64 + 1024), *at = json;
    at += sprintf(at, "{'weightsManifest':[],'modelTopology':{'node':[%s,", INPUT);
    at += sprintf(at, "{'name':'n0','op':'Relu','input':['x']},");
    for (int i = 1; i < DEPTH; i++) {
        at += sprintf(at, "{'name':'n%d','op':'Relu','input':['n%d']},", i, i - 1);
    }
    at += sprintf(at, "%s]}}", NODE("end", "Softmax", "'n19999'", ""));
    import_good(json);
    assert_int_equal(the.graph.count, DEPTH + 2);
    check_order();
    free(json);
}

static void test_files(void **state) {
    (void)state;
    unload();
    assert_int_equal(bd_graph_init(&the.graph, &the.allocator, the.path, &the.error), BD_OK);
    the.loaded = true;
    assert_int_equal(bd_model_import(the.path, &the.graph, &the.shards, NULL, &the.error), BD_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(the.error.message, the.path));
    char json[4096];
    snprintf(json, sizeof json, "%s", CHAIN);
    for (char *c = json; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    write_file("model.json", json, strlen(json));
    assert_int_equal(bd_model_import(the.path, &the.graph, &the.shards, NULL, NULL), BD_OK);
    assert_int_equal(the.graph.count, 9);
    remove_file("model.json");
}

/* ---- the real one ----------------------------------------------------------------------------------------------- */

static void test_real_model(void **state) {
    (void)state;
    char path[4096];
    const char *given = getenv("BACKDROP_MODEL"), *source = getenv("BACKDROP_SOURCE_DIR");
    snprintf(path, sizeof path, "%s%s",
             given    ? given
             : source ? source
                      : ".",
             given ? "" : "/weights/cache/deeplabv3_mnv2_pascal/model.json");
    if (access(path, R_OK)) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    unload();
    the.error = (bd_error){0};
    assert_int_equal(bd_graph_init(&the.graph, &the.allocator, path, &the.error), BD_OK);
    the.loaded = true;
    double begin = bd_now_ms();
    bd_result result = bd_model_import(path, &the.graph, &the.shards, NULL, &the.error);
    double took = bd_now_ms() - begin;
    assert_string_equal(the.error.message, "");
    assert_int_equal(result, BD_OK);
    print_message("imported in %.1f ms\n", took);
    check_order();
    assert_string_equal(the.graph.nodes[the.graph.input].name, "ImageTensor");
    assert_int_equal(the.graph.nodes[the.graph.input].dtype, BD_U8);
    assert_memory_equal(the.graph.nodes[the.graph.input].shape.dims, ((int32_t[4]){1, -1, -1, 3}), 16);
    assert_string_equal(output_node()->name, "SemanticPredictions");
    uint32_t counts[BD_OP_COUNT] = {0};
    for (uint32_t i = 0; i < the.graph.count; i++) {
        counts[the.graph.nodes[i].op]++;
    }
    assert_int_equal(counts[BD_OP_CONV], 38);
    assert_int_equal(counts[BD_OP_DEPTHWISE], 17);
    assert_int_equal(counts[BD_OP_RESIZE_BILINEAR], 4);
    assert_int_equal(counts[BD_OP_SPACE_TO_BATCH], 10);
    /* The preprocessing's constants say whether the shards are read where they should be. */
    assert_float_equal(*(const float *)node_called("mul_1/x")->data, 2.0 / 255.0, 1e-9);
    assert_float_equal(((const float *)node_called("Reshape")->data)[2], 127.5, 0);
    assert_int_equal(*(const int32_t *)node_called("sub_1/x")->data, 513);
    assert_int_equal(((const int32_t *)node_called("strided_slice_7")->data)[1], 513);
    const bd_node *logits = node_called("logits/semantic/weights");
    assert_memory_equal(logits->shape.dims, ((int32_t[4]){1, 1, 256, 21}), 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),       cmocka_unit_test(test_operations), cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_windows),     cmocka_unit_test(test_fused_conv), cmocka_unit_test(test_batch_norm),
        cmocka_unit_test(test_output),      cmocka_unit_test(test_quantised),  cmocka_unit_test(test_placement),
        cmocka_unit_test(test_shard_sizes), cmocka_unit_test(test_deep_chain), cmocka_unit_test(test_files),
        cmocka_unit_test(test_real_model),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}

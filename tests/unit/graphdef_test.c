/* SPDX-License-Identifier: MIT
 * The importer of frozen GraphDefs: what it makes of small graphs. With --samples FOLDER the fuzzer's corpus is
 * written instead. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "reference/reference.h"
#include "support/graphdef.h"

static const int64_t four[1] = {4}, three[1] = {3}, pair[1] = {2};

/* ---- what is read ----------------------------------------------------------------------------------------------- */

static void test_network(void **state) {
    (void)state;
    gd_network();
    gd_good();
    const bd_graph *graph = &opened.graph;
    assert_string_equal(graph->nodes[graph->output].name, "labels");
    const bd_node *photo = &graph->nodes[graph->input];
    assert_string_equal(photo->name, "photo");
    assert_int_equal(photo->dtype, BD_F32);
    assert_int_equal(photo->shape.dims[2], 9);
    const bd_node *conv = gd_called("conv");
    assert_int_equal(conv->op, BD_OP_CONV);
    assert_int_equal(conv->u.conv.padding, BD_PADDING_SAME);
    assert_int_equal(conv->u.conv.kernel_h, 3);
    const bd_node *weights = gd_called("weights");
    assert_int_equal(weights->shape.rank, 4);
    assert_int_equal(weights->shape.dims[3], 4);
    assert_true(fabsf(((const float *)weights->data)[1] - (37 % 19 / 19.0f - 0.5f)) < 1e-6f);
    assert_float_equal(gd_called("relu")->u.clamp.high, 6, 0);
    bd_error error;
    assert_int_equal(bd_graph_lower(&opened.graph, 8, &error), BD_OK);
    assert_int_equal(graph->nodes[graph->output].shape.dims[3], 4);
}

/* Of four places in memory, 4-byte numbers lie aligned in one. */
static void test_alignment(void **state) {
    (void)state;
    uint32_t inside = 0;
    float first[108];
    for (size_t shift = 0; shift < 4; shift++) {
        gd_network();
        assert_int_equal(gd_import_written(written.count, shift), BD_OK);
        const bd_node *weights = gd_called("weights");
        assert_int_equal((uintptr_t)weights->data % 4, 0);
        if (!shift) {
            memcpy(first, weights->data, sizeof first);
        }
        assert_memory_equal(first, weights->data, sizeof first);
        inside +=
            opened.most_bytes > 0 && !memcmp((const char *)weights->data - 3, (const char[]){0x22, (char)0xb0, 3}, 3);
    }
    assert_int_equal(inside, 1);
}

static const bd_node *read_one(int type, const int64_t *dims, uint32_t rank, const void *bytes, size_t count,
                               uint64_t bits) {
    gd_begin_photo();
    gd_node("v", "Const", NULL);
    if (bytes) {
        gd_content("value", type, dims, rank, bytes, count);
    } else {
        gd_single("value", type, dims, rank, bits);
    }
    gd_node("sum", "Add", "photo v");
    gd_good();
    return gd_called("v");
}

static void test_constants(void **state) {
    (void)state;
    const int64_t longs[2] = {-5, 1 << 30};
    const bd_node *v = read_one(GD_INT64, pair, 1, longs, sizeof longs, 0);
    assert_int_equal(v->dtype, BD_I32);
    assert_int_equal(((const int32_t *)v->data)[0], -5);
    assert_int_equal(((const int32_t *)v->data)[1], 1 << 30);
    const uint16_t halves[2] = {0x3c00, 0xc500};
    v = read_one(GD_HALF, pair, 1, halves, sizeof halves, 0);
    assert_int_equal(v->dtype, BD_F32);
    assert_float_equal(((const float *)v->data)[1], -5, 0);
    const uint8_t flags[2] = {1, 0};
    v = read_one(GD_BOOL, pair, 1, flags, sizeof flags, 0);
    assert_int_equal(v->dtype, BD_U8);
    assert_int_equal(((const uint8_t *)v->data)[0], 1);
    v = read_one(GD_FLOAT, three, 1, NULL, 0, 0x40490fdb);
    assert_float_equal(((const float *)v->data)[2], 3.14159265f, 1e-6f);
    v = read_one(GD_INT32, NULL, 0, NULL, 0, (uint64_t)-7);
    assert_int_equal(v->shape.rank, 0);
    assert_int_equal(*(const int32_t *)v->data, -7);
    v = read_one(GD_INT64, three, 1, NULL, 0, (uint64_t)-7);
    assert_int_equal(((const int32_t *)v->data)[1], -7);
    v = read_one(GD_HALF, three, 1, NULL, 0, 0x3c00);
    assert_float_equal(((const float *)v->data)[1], 1, 0);
    v = read_one(GD_UINT8, three, 1, NULL, 0, 200);
    assert_int_equal(((const uint8_t *)v->data)[2], 200);
    v = read_one(GD_BOOL, NULL, 0, NULL, 0, 1);
    assert_int_equal(*(const uint8_t *)v->data, 1);
    /* No value at all is 0. */
    v = read_one(GD_INT32, three, 1, "", 0, 0);
    assert_int_equal(((const int32_t *)v->data)[2], 0);
    /* Packed floats: tag 5 with a length. */
    const uint8_t packed[] = {0x42, 18, 0x08, 1, 0x12, 4, 0x12, 2, 0x08, 2, 0x2a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40};
    gd_begin_photo();
    gd_node("v", "Const", NULL);
    gd_raw("value", packed, sizeof packed);
    gd_node("sum", "Add", "photo v");
    gd_good();
    assert_float_equal(((const float *)gd_called("v")->data)[0], 1, 0);
    assert_float_equal(((const float *)gd_called("v")->data)[1], 2, 0);
}

/* Unknown fields anywhere, a function library, versions, attributes of any kind. */
static void test_ignored(void **state) {
    (void)state;
    const uint8_t noise[] = {0x0a, 2, 0x08, 1, 0x7d, 1, 2, 3, 4, 0xf9, 7, 1, 2, 3, 4, 5, 6, 7, 8};
    gd_network();
    const size_t plain = written.count;
    gd_graph_field(2, noise, sizeof noise);
    gd_graph_field(4, noise, sizeof noise);
    gd_graph_field(77, "\xff\xff\xff", 3);
    gd_node("dead", "Mystery", "nobody ^nothing");
    gd_node_field(4, "/device:GPU:0", 13);
    gd_node_field(99, "\xff\xff", 2);
    gd_raw("_strange", noise, sizeof noise);
    gd_graph_field(1000, NULL, 0);
    assert_true(written.count > plain);
    gd_good();
    assert_string_equal(opened.graph.nodes[opened.graph.output].name, "labels");
}

static void end_in(const char *name) {
    gd_good();
    assert_string_equal(opened.graph.nodes[opened.graph.output].name, name);
}

static void test_outputs(void **state) {
    (void)state;
    static const char *const names[] = {"SemanticPredictions", "SemanticProbabilities", "logits/semantic/BiasAdd"};
    for (size_t first = 0; first < 3; first++) {
        gd_begin_photo();
        gd_node("other", "Relu", "photo");
        for (size_t i = 3; i-- > first;) {
            gd_node(names[i], "Relu", "photo");
        }
        end_in(names[first]);
    }
    gd_begin_photo();
    gd_node("logits/semantic/BiasAdd", "Relu", "photo");
    gd_node("a", "Relu", "logits/semantic/BiasAdd");
    gd_node("b", "Relu", "logits/semantic/BiasAdd");
    gd_node("check", "Assert", "photo ^a");
    end_in("logits/semantic/BiasAdd");
    gd_begin_photo();
    gd_node("a", "Relu", "photo");
    gd_node("b", "Relu", "photo");
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "which of these is the output is not clear: a, b");
}

static void test_ports(void **state) {
    (void)state;
    gd_begin_photo();
    gd_node("shape", "Shape", "photo");
    gd_node("parts", "Unpack", "shape");
    gd_integer("num", 4);
    gd_node("size", "Pack", "parts:1 parts:2");
    gd_node("end", "ResizeBilinear", "photo size");
    gd_good();
    bd_error error;
    assert_int_equal(bd_pass_fold(&opened.graph, &error), BD_OK);
    const bd_node *end = gd_called("end");
    assert_int_equal(end->shape.dims[1], 8);
    assert_int_equal(end->shape.dims[2], 9);
}

static void test_expanded_norm(void **state) {
    (void)state;
    static const char *const ops[] = {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"};
    const float scale[3] = {1, 2, 3}, offset[3] = {10, 20, 30}, mean[3] = {4, 5, 6},
                variance[3] = {0.21f, 0.96f, 3.96f};
    for (size_t i = 0; i < 2 * BD_COUNT(ops); i++) {
        gd_begin_photo();
        gd_floats("scale", three, 1, scale);
        gd_floats("offset", three, 1, offset);
        gd_floats("mean", three, 1, mean);
        gd_floats("variance", three, 1, variance);
        gd_node("norm", ops[i / 2], "photo scale offset mean variance");
        gd_real("epsilon", 0.04f);
        gd_flag("is_training", i % 2);
        if (i % 2) {
            gd_bad(BD_ERR_MODEL_UNSUPPORTED, ": is_training is set");
            continue;
        }
        gd_good();
        assert_float_equal(((const float *)gd_called("norm/multiplier")->data)[0], 2, 1e-5f);
        assert_float_equal(((const float *)gd_called("norm/offset")->data)[2], 30 - 6 * 1.5f, 1e-4f);
    }
}

static void test_fused_conv(void **state) {
    (void)state;
    static const char *const fused[3] = {"BiasAdd", "Relu6", "Relu"};
    const int64_t kernel[4] = {1, 1, 3, 4};
    const float weights[12] = {0}, bias[4] = {0};
    for (uint32_t count = 0; count < 4; count++) {
        gd_begin_photo();
        gd_floats("weights", kernel, 4, weights);
        gd_floats("bias", four, 1, bias);
        gd_conv("conv", "_FusedConv2D", "photo weights bias");
        gd_texts("fused_ops", fused, count);
        if (count == 1 || count == 2) {
            gd_good();
            assert_int_equal(gd_called("conv")->op, count == 1 ? BD_OP_ADD : BD_OP_CLAMP);
        } else {
            gd_bad(BD_ERR_MODEL_UNSUPPORTED, "fused_ops");
        }
    }
}

static void test_fake_quant(void **state) {
    (void)state;
    const float low = -1, high = 1.04f;
    gd_begin_photo();
    gd_floats("low", NULL, 0, &low);
    gd_floats("high", NULL, 0, &high);
    gd_node("quant", "FakeQuantWithMinMaxVars", "photo low high");
    gd_integer("num_bits", 8);
    gd_good();
    const bd_node *quant = gd_called("quant");
    assert_int_equal(quant->op, BD_OP_FAKE_QUANT);
    assert_int_equal(quant->input_count, 1);
    assert_float_equal(quant->u.quant.step, 0.008f, 1e-7f);
    assert_float_equal(quant->u.quant.low, -1, 1e-5f);
    assert_float_equal(quant->u.quant.high, 1.04f, 1e-5f);
    gd_begin_photo();
    gd_floats("low", NULL, 0, &high);
    gd_floats("high", NULL, 0, &low);
    gd_node("quant", "FakeQuantWithMinMaxVars", "photo low high");
    gd_bad(BD_ERR_MODEL_UNSUPPORTED, "node quant: operation FakeQuantWithMinMaxVars: the range");
}

static void test_default_feeds(void **state) {
    (void)state;
    const float rate = 0.5f;
    const int64_t dims[4] = {1, -1, -1, 3};
    gd_begin();
    gd_floats("one", NULL, 0, &rate);
    gd_node("photo", "PlaceholderWithDefault", "one");
    gd_type("dtype", GD_UINT8);
    gd_shape("shape", dims, 4);
    gd_node("rate", "PlaceholderWithDefault", "one");
    gd_type("dtype", GD_FLOAT);
    gd_shape("shape", NULL, 0);
    gd_node("cast", "Cast", "photo");
    gd_type("DstT", GD_FLOAT);
    gd_node("end", "Mul", "cast rate");
    gd_good();
    assert_int_equal(opened.graph.nodes[opened.graph.input].dtype, BD_U8);
    assert_int_equal(opened.graph.nodes[opened.graph.input].shape.dims[1], -1);
    assert_int_equal(gd_called("rate")->op, BD_OP_IDENTITY);
}

/* ---- channels first --------------------------------------------------------------------------------------------- */

static float *compute(size_t *count) {
    uint8_t photo[8 * 9 * 4];
    bd_error error = {0};
    for (size_t i = 0; i < sizeof photo; i++) {
        photo[i] = (uint8_t)(i * 73);
    }
    gd_good();
    if (bd_graph_lower(&opened.graph, 8, &error)) {
        fail_msg("%s", error.message);
    }
    *count = (size_t)bd_shape_elements(&opened.graph.nodes[opened.graph.output].shape);
    float *output = malloc(*count * sizeof *output);
    assert_non_null(output);
    assert_int_equal(bd_ref_run(&opened.graph, photo, 8, 9, NULL, output, NULL, NULL, &error), BD_OK);
    return output;
}

static void test_channels_first(void **state) {
    (void)state;
    size_t expected_count, count;
    gd_layouts(false, false);
    float *expected = compute(&expected_count);
    for (int photo_first = 0; photo_first < 2; photo_first++) {
        gd_layouts(true, photo_first);
        float *got = compute(&count);
        assert_int_equal(count, expected_count);
        assert_memory_equal(got, expected, count * sizeof *got);
        free(got);
    }
    free(expected);
}

static void begin_first(void) {
    gd_begin();
    gd_node("photo", "Placeholder", NULL);
    gd_type("dtype", GD_FLOAT);
    gd_shape("shape", (const int64_t[]){1, 3, 8, 9}, 4);
    gd_int32s("axis", (const int32_t[]){1}, 1);
    gd_int32s("order", (const int32_t[]){0, 3, 1, 2}, 4);
    gd_int32s("other", (const int32_t[]){0, 1, 3, 2}, 4);
    gd_floats("three", three, 1, (const float[]){1, 2, 3});
    gd_node("last", "Transpose", "photo order"); /* of (n, c, h, w): no layout at all */
}

static void test_channels_first_refused(void **state) {
    (void)state;
    static const struct {
        const char *op, *inputs, *message;
    } cases[] = {
        {"Softmax", "photo", "operation Softmax: does not take (n, c, h, w)"},
        {"Shape", "photo", "operation Shape: does not take (n, c, h, w)"},
        {"Relu", "last", "operation Transpose: turns (n, c, h, w) into something other"},
        {"Transpose", "photo other", "operation Transpose: turns (n, c, h, w) into something other"},
        {"Add", "photo three", "operation Add: beside (n, c, h, w) takes constants of one value a channel only"},
        {"BiasAdd", "photo three", "operation BiasAdd: data_format is not that of its input"},
        {"ConcatV2", "photo three axis", "operation ConcatV2: joins (n, c, h, w) and (n, h, w, c)"},
        {"ArgMax", "photo order", "operation ArgMax: of (n, c, h, w) is not over the channels"},
        {"Mean", "photo axis", "operation Mean: of (n, c, h, w) drops other axes than h and w"},
        {"Mean", "photo photo", "operation Mean: the axes are not constant ones of (n, c, h, w)"},
        {"Pad", "photo axis", "operation Pad: the paddings are not a constant over (n, c, h, w)"},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        begin_first();
        gd_node("end", cases[i].op, cases[i].inputs);
        gd_node("SemanticPredictions", "Identity", "end");
        gd_bad(BD_ERR_MODEL_UNSUPPORTED, cases[i].message);
    }
    begin_first();
    gd_node("SemanticPredictions", "ArgMax", "photo axis");
    gd_good();
    assert_int_equal(*(const int32_t *)gd_input(&opened.graph.nodes[opened.graph.output], 1)->data, 3);
}

/* JSON, also when it begins with a line feed, is left to the TensorFlow.js importer. */
static void test_recognised(void **state) {
    (void)state;
    gd_network();
    assert_true(bd_model_is_graphdef(written.bytes, written.count));
    static const char *const others[] = {"",
                                         "\n",
                                         "{}",
                                         "\n{\n\"modelTopology\": {\"node\": []}, \"weightsManifest\": []}",
                                         "\x08\x07\x12\x07pytorch",
                                         "PK\x03\x04",
                                         "\n{",
                                         "\n\x02\n"};
    for (size_t i = 0; i < BD_COUNT(others); i++) {
        assert_false(bd_model_is_graphdef((const uint8_t *)others[i], strlen(others[i])));
    }
}

/* ---- the fuzzer's corpus ---------------------------------------------------------------------------------------- */

static void save(const char *folder, const char *name) {
    char path[1024];
    gd_graph_field(4, "\x08\x1b", 2); /* versions; closes the last node */
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(written.bytes, 1, written.count, file) != written.count || fclose(file)) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
}

static int write_samples(const char *folder) {
    const float low = -1, high = 1, ones[3] = {1, 1, 1};
    const int64_t kernel[4] = {5, 5, 3, 1}, dims[4] = {1, -1, -1, 3};
    float stuffed[75] = {0};
    for (size_t i = 0; i < 75; i++) {
        size_t y = i / 15, x = i / 3 % 5;
        stuffed[i] = y % 2 || x % 2 ? 0 : (float)i / 75;
    }
    gd_network();
    save(folder, "network.pb");
    gd_begin();
    gd_node("ImageTensor", "Placeholder", NULL);
    gd_type("dtype", GD_UINT8);
    gd_shape("shape", dims, 4);
    gd_node("cast", "Cast", "ImageTensor");
    gd_type("DstT", GD_FLOAT);
    gd_floats("low", NULL, 0, &low);
    gd_floats("high", NULL, 0, &high);
    gd_floats("ones", three, 1, ones);
    gd_node("scaled", "Mul", "cast ones");
    gd_floats("kernel", kernel, 4, stuffed);
    gd_node("quant", "FakeQuantWithMinMaxVars", "kernel low high");
    gd_integer("num_bits", 8);
    gd_flag("narrow_range", true);
    gd_conv("dw", "DepthwiseConv2dNative", "scaled quant");
    gd_node("norm", "FusedBatchNormV3", "dw ones ones ones ones");
    gd_real("epsilon", 0.001f);
    gd_flag("is_training", false);
    gd_node("act", "FakeQuantWithMinMaxVars", "norm low high");
    gd_int32s("order", (const int32_t[]){0, 3, 1, 2}, 4);
    gd_node("end", "Transpose", "act order");
    save(folder, "quantised.pb");
    gd_begin();
    gd_photo("ImageTensor", GD_FLOAT, 9, 9);
    gd_node("shape", "Shape", "ImageTensor");
    gd_node("parts", "Unpack", "shape");
    gd_integer("num", 4);
    gd_node("size", "Pack", "parts:1 parts:2");
    gd_int32s("block", (const int32_t[]){2, 2}, 2);
    gd_node("edges", "Const", NULL);
    gd_content("value", GD_INT32, (const int64_t[]){2, 2}, 2, (const int32_t[]){2, 3, 2, 3}, 16);
    gd_node("crops", "Const", NULL);
    gd_content("value", GD_INT32, (const int64_t[]){2, 2}, 2, (const int32_t[]){0, 1, 0, 1}, 16);
    gd_floats("weights", (const int64_t[]){3, 3, 3, 1}, 4, stuffed);
    gd_node("batches", "SpaceToBatchND", "ImageTensor block edges");
    gd_conv("dw", "DepthwiseConv2dNative", "batches weights");
    gd_text("padding", "VALID");
    gd_node("space", "BatchToSpaceND", "dw block crops");
    gd_node("axes", "Const", NULL);
    gd_content("value", GD_INT64, pair, 1, (const int64_t[]){1, 2}, 16);
    gd_node("mean", "Mean", "space axes");
    gd_flag("keep_dims", true);
    gd_node("wide", "ResizeBilinear", "mean size");
    gd_flag("align_corners", true);
    gd_node("axis", "Const", NULL);
    gd_single("value", GD_INT32, NULL, 0, 3);
    gd_node("both", "ConcatV2", "wide space axis");
    gd_node("SemanticProbabilities", "Softmax", "both");
    gd_node("labels", "ArgMax", "both axis");
    gd_node("more", "ExpandDims", "labels axis");
    gd_node("SemanticPredictions", "ResizeNearestNeighbor", "more size");
    save(folder, "atrous.pb");
    gd_begin();
    gd_node("a", "Relu", "b");
    gd_node("b", "Relu", "a:0");
    gd_node("end", "Relu", "a ^b");
    save(folder, "cycle.pb");
    gd_layouts(true, false);
    save(folder, "channels_first.pb");
    gd_end();
    return 0;
}

int main(int count, char **arguments) {
    if (count == 3 && !strcmp(arguments[1], "--samples")) {
        return write_samples(arguments[2]);
    }
    opened.until_failure = -1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_network, gd_clean_up),
        cmocka_unit_test_teardown(test_alignment, gd_clean_up),
        cmocka_unit_test_teardown(test_constants, gd_clean_up),
        cmocka_unit_test_teardown(test_ignored, gd_clean_up),
        cmocka_unit_test_teardown(test_outputs, gd_clean_up),
        cmocka_unit_test_teardown(test_ports, gd_clean_up),
        cmocka_unit_test_teardown(test_expanded_norm, gd_clean_up),
        cmocka_unit_test_teardown(test_fused_conv, gd_clean_up),
        cmocka_unit_test_teardown(test_fake_quant, gd_clean_up),
        cmocka_unit_test_teardown(test_default_feeds, gd_clean_up),
        cmocka_unit_test_teardown(test_channels_first, gd_clean_up),
        cmocka_unit_test_teardown(test_channels_first_refused, gd_clean_up),
        cmocka_unit_test_teardown(test_recognised, gd_clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 * What the TensorFlow.js importer refuses, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/tfjs.h"

static void test_refusals(void **state) {
    (void)state;
    write_file("a", "1234", 4);
#define CORRUPT BD_ERR_FILE_CORRUPT
#define UNSUPPORTED BD_ERR_MODEL_UNSUPPORTED
#define FORMAT BD_ERR_FILE_FORMAT
#define N(op, inputs, attr) ONE_NODE(NODE("n", op, inputs, attr))
#define W(weight) WITH_WEIGHTS(GROUP("'a'", weight))
    static const struct {
        const char *json;
        bd_result code;
        const char *message;
    } rows[] = {
        {"", FORMAT, "not a TensorFlow.js graph model: no JSON object"},
        {"\x89PNG", FORMAT, "no JSON object"},
        {"{}", FORMAT, "no modelTopology.node"},
        {"{'modelTopology':{'model_config':{}},'format':'layers-model'}", FORMAT, "a layers model of Keras"},
        {"{'modelTopology':{'node':[]}}", FORMAT, "no weightsManifest"},
        {"{'modelTopology':{'node':[]},'weightsManifest':[]}", CORRUPT, "the graph has no output"},
        {"{} x", CORRUPT, "broken JSON at byte 2 of 4"},
        {"{'a':[1,}", CORRUPT, "broken JSON at byte 8 of 9"},
        {MODEL("{'op':'Relu'}", ""), CORRUPT, "node number 0 has no name or no op"},
        {MODEL("5", ""), CORRUPT, "node number 0 has no name"},
        {MODEL(INPUT "," INPUT, ""), CORRUPT, "node x: the name is used twice"},
        {MODEL(NODE("n", "Relu", "'m'", "") "," NODE("m", "Relu", "'n'", "") "," NODE("o", "Relu", "'n'", ""), ""),
         CORRUPT, "node n: the graph has a cycle through it"},
        {MODEL(NODE("n", "AddN", "'n','n'", "") "," NODE("o", "Relu", "'n'", ""), ""), CORRUPT,
         "node n: the graph has a cycle"},
        {N("Relu", "'gone'", ""), CORRUPT, "node n: its input gone is no node"},
        {N("Relu", "5", ""), CORRUPT, "node n: its input (not a string) is no node"},
        {N("Relu", "'x:y'", ""), CORRUPT, "node n: its input x:y is no node"},
        {N("Relu", "'x:1'", ""), UNSUPPORTED, "node n: its input x:1 is not the first output of operation Placeholder"},
        {N("Mystery", "'x'", ""), UNSUPPORTED, "node n: operation Mystery is not supported"},
        {N("Relu", "'x','x'", ""), CORRUPT, "node n: operation Relu has 2 inputs, 1 expected"},
        {N("Pack", "", ""), CORRUPT, "node n: operation Pack has 0 inputs, at least 1 expected"},
        {MODEL(CONST("c") "," NODE("n", "Relu", "'c'", ""), ""), CORRUPT, "node c: weightsManifest has no such weight"},
        {MODEL(CONSTS "," NODE("n", "Relu", "'one'", ""), WEIGHTS), UNSUPPORTED, "node n: no Placeholder is behind"},
        {MODEL(INPUT "," NODE("n", "Relu", "'x'", "") "," NODE("m", "Relu", "'x'", ""), ""), UNSUPPORTED,
         "which of these is the output is not clear: m, n"},
        {MODEL(INPUT "," NODE("n", "ArgMax", "'x'", "") "," NODE("m", "ArgMax", "'x'", ""), ""), UNSUPPORTED,
         "is not clear: m, n"},
        {"{'signature':{'outputs':{'o':{'name':'gone:0'}}},'modelTopology':{'node':[]},'weightsManifest':[]}", CORRUPT,
         "the signature's output gone:0 is no node"},
        /* the input */
        {MODEL(INPUT "," INPUT_AS("y", "DT_FLOAT", "") "," NODE("n", "Add", "'x','y'", ""), ""), UNSUPPORTED,
         "node y: a second Placeholder (beside x)"},
        {MODEL(INPUT_AS("x", "DT_INT32", "") "," NODE("n", "Relu", "'x'", ""), ""), UNSUPPORTED,
         "node x: operation Placeholder: the input is neither uint8 nor float32"},
        {MODEL(
             INPUT_AS("x", "DT_UINT8", "{'size':2},{'size':8},{'size':8},{'size':3}") "," NODE("n", "Relu", "'x'", ""),
             ""),
         UNSUPPORTED, "node x: operation Placeholder: the input is not (1, height, width, 3)"},
        {MODEL(INPUT_AS("x", "DT_UINT8", "{'size':1},{'size':8}") "," NODE("n", "Relu", "'x'", ""), ""), UNSUPPORTED,
         "the input is not (1, height, width, 3)"},
        {MODEL(INPUT_AS("x", "DT_UINT8", "{'size':1},{'size':0}") "," NODE("n", "Relu", "'x'", ""), ""), CORRUPT,
         "node x: attribute shape of operation Placeholder is broken"},
        /* attributes */
        {N("Conv2D", "'x','kernel'", SAME), CORRUPT, "node n: attribute strides of operation Conv2D does not have 4"},
        {N("Conv2D", "'x','kernel'", WINDOW("strides")), CORRUPT, "attribute padding of operation Conv2D is neither"},
        {N("Conv2D", "'x','kernel'", WINDOW("strides") ",'padding':{'s':'U0FNRUU='}"), CORRUPT, "padding"},
        {N("Conv2D", "'x','kernel'", WINDOW("strides") ",'padding':{'s':'U0FN'}"), CORRUPT, "padding"},
        {N("Conv2D", "'x','kernel'", "'strides':{'list':{'i':[1,0,1,1]}}," SAME), CORRUPT,
         "strides of operation Conv2D is out of range"},
        {N("Conv2D", "'x','kernel'", "'strides':{'list':{'i':['1','99999999999999999999','1','1']}}," SAME), CORRUPT,
         "out of range"},
        {N("Conv2D", "'x','kernel'", "'strides':{'list':{'i':[1,1,1,1,1]}}," SAME), CORRUPT, "too many entries"},
        {N("Conv2D", "'x','kernel'", "'strides':{'list':{'i':[1,1,1,2]}}," SAME), UNSUPPORTED,
         "over batch or channels"},
        {N("Conv2D", "'x','kernel'", WINDOW("strides") "," SAME ",'data_format':{'s':'TkNIVw=='}"), UNSUPPORTED,
         "data_format is not that of its input"},
        {N("Conv2D", "'x','bias'", WINDOW("strides") "," SAME), CORRUPT, "weights of 1 dimensions, not 4"},
        {N("Conv2D", "'x','kernel'", WINDOW("strides") ",'padding':{'s':'EXPLICIT'}"), CORRUPT, "explicit_paddings"},
        {N("_FusedConv2D", "'x','kernel','bias'",
           WINDOW("strides") "," SAME ",'fused_ops':{'list':{'s':['BiasAdd','Elu']}}"),
         UNSUPPORTED, "fused_ops is not BiasAdd"},
        {N("_FusedConv2D", "'x','kernel','bias'", WINDOW("strides") "," SAME), UNSUPPORTED, "fused_ops is not BiasAdd"},
        {N("FusedBatchNorm", "'x','scale','offset','mean','variance'", "'is_training':{'b':true}"), UNSUPPORTED,
         "is_training is set"},
        {N("FusedBatchNorm", "'x','scale','offset','mean','bias'", ""), UNSUPPORTED,
         "not constant vectors of one length"},
        {N("FusedBatchNorm", "'x','scale','offset','mean','x'", ""), UNSUPPORTED, "not constant vectors of one length"},
        {N("PadV2", "'x','pair','one'", ""), UNSUPPORTED, "pads with something other than a constant 0"},
        {N("ClipByValue", "'x','one','zero'", ""), UNSUPPORTED, "the limits are not constants"},
        {N("ConcatV2", "'x','x'", ""), UNSUPPORTED, "node n: operation ConcatV2: the axis is not a constant"},
        {N("ConcatV2", "'x','pair'", ""), UNSUPPORTED, "the axis is not a constant"},
        {N("Cast", "'x'", "'DstT':{'type':'DT_HALF'}"), UNSUPPORTED, "node n: operation Cast: to something other"},
        {N("Pack", "'x'", "'axis':{'i':'6'}"), CORRUPT, "attribute axis of operation Pack is out of range"},
        {N("StridedSlice", "'x','pair','pair','pair'", "'end_mask':{'i':'-1'}"), CORRUPT, "end_mask"},
        {N("StridedSlice", "'x','pair','pair','pair'", "'end_mask':{'i':0.5}"), CORRUPT, "end_mask"},
        /* weights */
        {W("{'shape':[1],'dtype':'int32'}"), CORRUPT, "a weight in weightsManifest has no name"},
        {W("{'name':'v','shape':[1]}"), UNSUPPORTED, "weight v: dtype (none) is not supported"},
        {W(WEIGHT("v", "1", "int64")), UNSUPPORTED, "weight v: dtype int64 is not supported"},
        {W("{'name':'v','shape':4,'dtype':'int32'}"), CORRUPT, "weight v: the shape is not a list"},
        {W(WEIGHT("v", "-1", "int32")), CORRUPT, "weight v: a dimension is not a size"},
        {W(WEIGHT("v", "65536,65536", "int32")), CORRUPT, "weight v: the shape is too large"},
        {W(WEIGHT("v", "1,1,1,1,1,1,1", "int32")), UNSUPPORTED, "weight v: strings, complex numbers and more than 6"},
        {W(WEIGHT("v", "2", "uint8") "," WEIGHT("v", "2", "uint8")), CORRUPT, "weight v: listed twice"},
        {W("{'name':'v','shape':[1],'dtype':'float32','quantization':{'dtype':'int8','scale':1,'min':0}}"), UNSUPPORTED,
         "weight v: quantised to something other"},
        {W("{'name':'v','shape':[4],'dtype':'float32','quantization':{'dtype':'uint8','scale':1}}"), CORRUPT,
         "weight v: quantised without scale and min"},
        {W("{'name':'v','shape':[4],'dtype':'float32','quantization':{'dtype':'uint8','scale':1e36,'min':0}}"), CORRUPT,
         "weight v: its scale or min is out of range"},
        {W("{'name':'v','shape':[4],'dtype':'float32','quantization':{'dtype':'uint8','scale':1,'min':-1e999}}"),
         CORRUPT, "weight v: its scale or min is out of range"},
        {W("{'name':'v','shape':[4],'dtype':'bool','quantization':{'dtype':'uint8','scale':1,'min':0}}"), UNSUPPORTED,
         "neither float32 nor int32"},
        {WITH_WEIGHTS(GROUP("", WEIGHT("v", "1", "int32"))), CORRUPT, "lists weights without paths"},
        {WITH_WEIGHTS(GROUP("7", "")), CORRUPT, "a path in weightsManifest is not a string"},
        {WITH_WEIGHTS(GROUP("'/etc/passwd'", "")), CORRUPT, "shard path \"/etc/passwd\" leaves the model's folder"},
        {WITH_WEIGHTS(GROUP("'../a'", "")), CORRUPT, "shard path \"../a\" leaves"},
        {WITH_WEIGHTS(GROUP("'b/../../a'", "")), CORRUPT, "leaves the model's folder"},
        {WITH_WEIGHTS(GROUP("'b/..'", "")), CORRUPT, "leaves the model's folder"},
        {WITH_WEIGHTS(GROUP("'..\\\\a'", "")), CORRUPT, "leaves the model's folder"},
        {WITH_WEIGHTS(GROUP("''", "")), CORRUPT, "leaves the model's folder"},
    };
    for (size_t i = 0; i < BD_COUNT(rows); i++) {
        import_bad(rows[i].json, rows[i].code, rows[i].message);
    }
    import_bad("{'modelTopology':{'node':[]},'weightsManifest':[]}", CORRUPT, "tfjs_test_");
}

static void test_too_many_shards(void **state) {
    (void)state;
    char *json = calloc(1, 16384);
    strcpy(json, "{'modelTopology':{'node':[]},'weightsManifest':[{'paths':['a'");
    for (int i = 0; i < BD_MODEL_MAX_SHARDS; i++) {
        strcat(json, ",'a'");
    }
    strcat(json, "],'weights':[]}]}");
    import_bad(json, BD_ERR_MODEL_UNSUPPORTED, "more than 1024 shards");
    free(json);
}

static void test_truncated_json(void **state) {
    (void)state;
    import_good(CHAIN);
    for (size_t bytes = 0; bytes < sizeof CHAIN - 1; bytes++) {
        bd_result result = import_bytes(CHAIN, bytes);
        assert_int_equal(result, bytes ? BD_ERR_FILE_CORRUPT : BD_ERR_FILE_FORMAT);
        assert_non_null(strstr(the.error.message, bytes ? "broken JSON at byte" : "no JSON object"));
    }
}

/* Every allocation of an import fails once: the error says so and nothing stays behind. */
static void test_out_of_memory(void **state) {
    (void)state;
    bd_result result = BD_ERR_OUT_OF_MEMORY;
    for (int n = 0; n < 1000 && result; n++) {
        unload();
        the.until_failure = n;
        result = import_text(CHAIN);
        if (result) {
            assert_int_equal(result, BD_ERR_OUT_OF_MEMORY);
        } else {
            assert_in_range(n, 5, 999);
        }
        the.until_failure = -1;
    }
    assert_int_equal(result, BD_OK);
    unload();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_too_many_shards),
        cmocka_unit_test(test_truncated_json),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}

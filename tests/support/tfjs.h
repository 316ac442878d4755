/* SPDX-License-Identifier: MIT
 * Small TensorFlow.js models as text, and one of them at a time imported from a folder of its own. */
#ifndef BD_SUPPORT_TFJS_H
#define BD_SUPPORT_TFJS_H

#include "model/tensorflow/tfjs.h"

/* JSON with ' for ". */
#define INPUT_AS(name, type, dims)                                                                                     \
    "{'name':'" name "','op':'Placeholder','attr':{'dtype':{'type':'" type "'},'shape':{'shape':{'dim':[" dims "]}}}}"
#define INPUT INPUT_AS("x", "DT_FLOAT", "{'size':'-1'},{'size':8},{'size':'8'},{'size':'3'}")
#define NODE(name, op, inputs, attr) "{'name':'" name "','op':'" op "','input':[" inputs "],'attr':{" attr "}}"
#define CONST(name) NODE(name, "Const", "", "")
#define MODEL(nodes, groups) "{'modelTopology':{'node':[" nodes "],'library':{}},'weightsManifest':[" groups "]}"
#define GROUP(paths, weights) "{'paths':[" paths "],'weights':[" weights "]}"
#define WEIGHT(name, shape, dtype) "{'name':'" name "','shape':[" shape "],'dtype':'" dtype "'}"

#define WINDOW(name) "'" name "':{'list':{'i':['1','2','3','1']}}"
#define SAME "'padding':{'s':'U0FNRQ=='}"

/* What the models of this file draw their constants from, in this order in shard "w". */
#define WEIGHTS_A WEIGHT("axis", "", "int32") "," WEIGHT("pair", "2", "int32") "," WEIGHT("zero", "", "float32")
#define WEIGHTS_B WEIGHT("one", "", "float32") "," WEIGHT("kernel", "3,2,3,2", "float32")
#define WEIGHTS_C WEIGHT("bias", "2", "float32") "," WEIGHT("dw", "3,2,3,1", "float32")
#define WEIGHTS_D WEIGHT("scale", "3", "float32") "," WEIGHT("offset", "3", "float32")
#define WEIGHTS_E WEIGHT("mean", "3", "float32") "," WEIGHT("variance", "3", "float32")
#define WEIGHTS GROUP("'w'", WEIGHTS_A "," WEIGHTS_B "," WEIGHTS_C "," WEIGHTS_D "," WEIGHTS_E)
#define CONSTS_A CONST("axis") "," CONST("pair") "," CONST("zero") "," CONST("one") "," CONST("kernel")
#define CONSTS_B CONST("bias") "," CONST("dw") "," CONST("scale") "," CONST("offset") "," CONST("mean")
#define CONSTS CONSTS_A "," CONSTS_B "," CONST("variance")
#define ONE_NODE(node) MODEL(INPUT "," CONSTS "," node, WEIGHTS)

/* Nodes backwards, a port, a control input, an unknown operation that nothing needs, dimensions as text and as numbers.
 */
#define CHAIN_END NODE("relu", "Relu6", "'sum:0','^unknown'", "") "," NODE("unknown", "Mystery", "'gone'", "")
#define CHAIN_SUM NODE("sum", "BiasAdd", "'conv','bias'", "")
#define CHAIN_CONV NODE("conv", "Conv2D", "'x','same/kernel'", WINDOW("strides") "," SAME ",'data_format':{'s':'NHWC'}")
#define CHAIN_KERNEL NODE("same/kernel", "Identity", "'kernel'", "")
#define CHAIN_OUT NODE("end", "ArgMax", "'relu','axis'", "")
#define CHAIN MODEL(CHAIN_END "," CHAIN_SUM "," CONSTS "," CHAIN_CONV "," CHAIN_KERNEL "," INPUT "," CHAIN_OUT, WEIGHTS)

/* One constant, "v", that a graph ends in. */
#define WITH_WEIGHTS(groups) MODEL(INPUT "," CONST("v") "," NODE("n", "Add", "'x','v'", ""), groups)

/* What is imported, and all that belongs to it. */
typedef struct tfjs_fixture {
    char folder[64], path[80];
    bd_allocator allocator;
    int64_t live, until_failure; /* allocations; -1: never fails */
    bool loaded;
    bd_graph graph;
    bd_shards shards;
    bd_error error;
} tfjs_fixture;
extern tfjs_fixture the;

/* Releases what is imported; every allocation must be back. */
void unload(void);
/* In the folder. */
void write_file(const char *name, const void *data, size_t bytes);
void remove_file(const char *name);
/* From a copy of exactly that size, so that reading past the end is seen. */
bd_result import_bytes(const char *text, size_t bytes);
bd_result import_text(const char *text);
/* Fails the test unless the import succeeds; unless it fails so, the message containing that. */
void import_good(const char *text);
void import_bad(const char *text, bd_result code, const char *message);
const bd_node *node_called(const char *name);
const bd_node *input_of(const bd_node *node, uint32_t input);
const bd_node *output_node(void);
/* What must hold of any graph. */
void check_order(void);
/* For the group. */
int open_folder(void **state);
int close_folder(void **state);

#endif

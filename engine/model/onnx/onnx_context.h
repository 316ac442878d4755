/* SPDX-License-Identifier: MIT
 * One ONNX model while it is imported.
 *
 * ONNX is NCHW, the graph NHWC. No transposition is ever made: a value that is computed from the photo lies in the
 * graph as NHWC, with a note of which of the graph's axes each of its ONNX axes is. Transpose, Reshape, Squeeze and the
 * like only change that note. Sizes are known as the import goes, so arithmetic on shapes is done at once, and only
 * operations on pictures are left for the graph. Source: github.com/onnx/onnx, onnx.proto and Operators.md. */
#ifndef BD_ONNX_CONTEXT_H
#define BD_ONNX_CONTEXT_H

#include "graph/graph.h"
#include "model/bytes/protobuf.h"
#include "model/bytes/shards.h"

#define BD_ONNX_MOST (1u << 18) /* nodes, and values */
#define BD_ONNX_NONE UINT32_MAX

/* TensorProto.DataType: those that are read here. */
typedef enum bd_onnx_type {
    BD_ONNX_F32 = 1,
    BD_ONNX_U8 = 2,
    BD_ONNX_I8 = 3,
    BD_ONNX_U16 = 4,
    BD_ONNX_I16 = 5,
    BD_ONNX_I32 = 6,
    BD_ONNX_I64 = 7,
    BD_ONNX_BOOL = 9,
    BD_ONNX_F16 = 10,
    BD_ONNX_F64 = 11,
    BD_ONNX_U32 = 12,
    BD_ONNX_U64 = 13,
    BD_ONNX_BF16 = 16
} bd_onnx_type;

/* A constant, in ONNX's own order. */
typedef struct bd_onnx_tensor {
    bd_onnx_type type;
    uint32_t rank;
    int64_t dims[BD_MAX_RANK];
    int64_t elements;
    const uint8_t *data; /* little-endian, aligned to nothing */
} bd_onnx_tensor;

typedef enum bd_onnx_kind { BD_ONNX_UNKNOWN, BD_ONNX_CONSTANT, BD_ONNX_ACTIVATION } bd_onnx_kind;

typedef struct bd_onnx_value {
    bd_pb name;
    bd_pb initializer; /* TensorProto; at NULL: none */
    bd_pb input;       /* ValueInfoProto of a graph's input; at NULL: none */
    uint32_t node;     /* that makes it; BD_ONNX_NONE: none does */
    uint32_t port;     /* which of that node's outputs */
    uint32_t uses;     /* by nodes, and as an output of the graph */
    uint32_t reader;   /* one of the nodes */
    bd_onnx_kind kind;
    bd_onnx_tensor tensor; /* CONSTANT */
    uint32_t packed[2];    /* weights in the graph: of CONV, of DEPTHWISE; BD_NO_NODE: not yet */
    uint32_t index;        /* ACTIVATION: in the graph */
    uint32_t rank;
    int32_t axes[BD_MAX_RANK]; /* the graph's axis of each ONNX axis; -1: of size 1, the graph has none for it */
    double step, zero; /* ACTIVATION of an integer type: the graph has step * (integer - zero). step 0: floats */
} bd_onnx_value;

typedef struct bd_onnx_node {
    bd_pb message; /* NodeProto: attributes are looked up in it */
    bd_pb name, op, domain;
    uint32_t first_input, input_count; /* in links */
    uint32_t first_output, output_count;
    uint32_t next_input; /* of the walk */
    enum { BD_ONNX_NEW, BD_ONNX_OPEN, BD_ONNX_DONE } state;
    bool folded; /* BatchNormalization that is folded into its convolution */
} bd_onnx_node;

typedef struct bd_onnx {
    const char *file;
    bd_graph *graph;
    bd_shards *shards;
    bd_pool pool;          /* for the time of the import */
    size_t budget;         /* bytes of tensors that may still be made: a hostile file may use one of them many times */
    int64_t opset;         /* of the default domain */
    bool trained_by_torch; /* PyTorch wrote it, though another tool may have written it again */
    bd_pb graph_message;
    bd_onnx_value *values; /* sorted by name */
    uint32_t value_count;
    bd_onnx_node *nodes;
    uint32_t node_count;
    uint32_t *links; /* values, BD_ONNX_NONE for an input that is left out */
    uint32_t link_count;
    uint32_t *outputs; /* values */
    uint32_t output_count;
    bd_pb *paths; /* of external data, one a shard, sorted */
    uint32_t path_count;
    int64_t batch; /* photos that the export takes at once, of which one is computed; 0: one */
    bd_error *error;
} bd_onnx;

/* What messages call a node: its name, else its output's. */
bd_pb bd_onnx_name(const bd_onnx *onnx, const bd_onnx_node *node);
/* "FILE: node NAME: operation OP: TEXT". node NULL: without the first parts. */
bd_result bd_onnx_fail(const bd_onnx *onnx, const bd_onnx_node *node, bd_result code, const char *format, ...)
    BD_PRINTF(4, 5);
/* That as BD_ERR_MODEL_UNSUPPORTED. */
bd_result bd_onnx_refuse(const bd_onnx *onnx, const bd_onnx_node *node, const char *problem);
bd_result bd_onnx_fail_memory(const bd_onnx *onnx);

#endif

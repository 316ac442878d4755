/* SPDX-License-Identifier: MIT
 * What the files of the ONNX importer share.
 *
 * ONNX is NCHW, the graph NHWC. No transposition is ever made: a value that is computed from the photo lies in the
 * graph as NHWC, and beside it stands which of the graph's axes each of its ONNX axes is. Transpose, Reshape, Squeeze
 * and the like only change that. Sizes are known as the import goes, so the arithmetic on shapes is done at once, and
 * what is left for the graph are the operations on pictures. Source: github.com/onnx/onnx, onnx.proto and Operators.md.
 */
#ifndef BD_ONNX_H
#define BD_ONNX_H

#include "model/model.h"
#include "model/bytes/protobuf.h"

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
    bool folded; /* BatchNormalization whose convolution has taken it over */
} bd_onnx_node;

typedef struct bd_onnx {
    const char *file;
    bd_graph *graph;
    bd_shards *shards;
    bd_pool pool;          /* for the time of the import */
    size_t budget;         /* bytes of tensors that may still be made: a hostile file may use one many times */
    int64_t opset;         /* of the default domain */
    bool trained_by_torch; /* PyTorch wrote it, whoever rewrote it since */
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
    bd_error *error;
} bd_onnx;

/* "FILE: node NAME: operation OP: TEXT". node NULL: without the first parts. */
bd_result bd_onnx_fail(const bd_onnx *onnx, const bd_onnx_node *node, bd_result code, const char *format, ...)
    BD_PRINTF(4, 5);
bd_result bd_onnx_fail_memory(const bd_onnx *onnx);

/* ---- the file (onnx_read.c) ---- */

/* Nodes, values, links and outputs of the ModelProto in data. */
bd_result bd_onnx_read(bd_onnx *onnx, bd_pb model);
/* The value of that name; BD_ONNX_NONE when there is none. */
uint32_t bd_onnx_find(const bd_onnx *onnx, bd_pb name);
/* Where the graph's value is a photo: fails unless it is one that the library can feed. */
bd_result bd_onnx_read_input(bd_onnx *onnx, bd_onnx_value *value);

/* ---- tensors (onnx_tensor.c) ---- */

/* Collects the external files that initializers name, and maps them. */
bd_result bd_onnx_open_external(bd_onnx *onnx);
/* A TensorProto, by reference where its bytes stand in a file as they are. node may be NULL. */
bd_result bd_onnx_read_tensor(bd_onnx *onnx, const bd_onnx_node *node, bd_pb message, bd_onnx_tensor *tensor);
/* Room for a tensor of F32 or I64 that is computed here; *data is aligned and zero. */
bd_result bd_onnx_new_tensor(bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_type type, uint32_t rank,
                             const int64_t *dims, bd_onnx_tensor *tensor, void **data);
/* Bytes in the graph's pool (else the import's), off the budget. */
bd_result bd_onnx_alloc(bd_onnx *onnx, const bd_onnx_node *node, bool in_graph, size_t bytes, void **data);
bool bd_onnx_is_float(bd_onnx_type type);
double bd_onnx_number(const bd_onnx_tensor *tensor, int64_t i);   /* of any type */
int64_t bd_onnx_integer(const bd_onnx_tensor *tensor, int64_t i); /* of the integer types, exactly */
/* Weights [M,C/group,kh,kw] as the graph's constant: HWIO for CONV, HWC1 for DEPTHWISE. scale: NULL, or a factor for
 * each of the M. */
bd_result bd_onnx_add_weights(bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_value *value, bool depthwise,
                              const float *scale, uint32_t *index);

/* ---- a node's parts (onnx_node.c) ---- */

/* The value of input k; NULL when it is left out. */
bd_onnx_value *bd_onnx_input(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t k);
bd_onnx_value *bd_onnx_output(const bd_onnx *onnx, const bd_onnx_node *node);
/* The tensor of input k; NULL when it is left out or computed from the photo. */
const bd_onnx_tensor *bd_onnx_constant(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t k);
/* Attributes. What is absent leaves *value as it is; *count is -1 then. */
bd_result bd_onnx_attr_int(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t low, int64_t high,
                           int64_t *value);
bd_result bd_onnx_attr_float(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, float *value);
bd_result bd_onnx_attr_ints(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t *values,
                            int32_t room, int32_t *count);
bd_result bd_onnx_attr_floats(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, float *values,
                              int32_t room, int32_t *count);
/* A string or a tensor; at NULL when absent. */
bd_result bd_onnx_attr_bytes(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, bd_pb *bytes);
/* Integers that are an attribute in old opsets and an input in new ones. */
bd_result bd_onnx_read_ints(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, uint32_t input,
                            int64_t *values, int32_t room, int32_t *count);
/* ONNX's size of axis i of a value that is known. */
int64_t bd_onnx_dim(const bd_onnx *onnx, const bd_onnx_value *value, uint32_t i);
uint32_t bd_onnx_rank(const bd_onnx_value *value);
bool bd_onnx_normalise_axis(int64_t *axis, uint32_t rank);

/* ---- operations ---- */

/* Appends what node does to the graph, or computes its constant; its inputs are known. */
bd_result bd_onnx_convert(bd_onnx *onnx, bd_onnx_node *node);

/* onnx_fold.c: whether the operation can be computed from constants, and that. */
bool bd_onnx_can_fold(const bd_onnx *onnx, const bd_onnx_node *node);
bd_result bd_onnx_fold(bd_onnx *onnx, const bd_onnx_node *node);
/* The shape that Reshape, Flatten, Squeeze, Unsqueeze or Expand gives input 0. */
bd_result bd_onnx_new_shape(const bd_onnx *onnx, const bd_onnx_node *node, int64_t *dims, uint32_t *rank);

/* onnx_ops.c: pieces that the other files use too. */
bd_result bd_onnx_append(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, const uint32_t *inputs,
                         uint32_t input_count, uint32_t *index);
bd_result bd_onnx_append_ints(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, const bd_shape *shape,
                              const int32_t *values, uint32_t *index);
bd_result bd_onnx_append_floats(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, const bd_shape *shape,
                                const float *values, uint32_t *index);
bd_result bd_onnx_append_scalar(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, float value,
                                uint32_t *index);
bd_result bd_onnx_append_binary(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, bd_op op, uint32_t a,
                                uint32_t b, uint32_t *index);
bd_result bd_onnx_append_clamp(bd_onnx *onnx, const bd_onnx_node *node, const char *suffix, uint32_t from, float low,
                               float high, uint32_t *index);
bd_result bd_onnx_infer(bd_onnx *onnx, uint32_t index);
/* The output becomes graph node index, with the axes of another value. */
void bd_onnx_set_like(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index, const bd_onnx_value *like);
/* Fails unless value is (n,c,h,w) there and (n,h,w,c) in the graph. */
bd_result bd_onnx_need_map(const bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *value);
void bd_onnx_set_map(bd_onnx *onnx, const bd_onnx_node *node, uint32_t index);
/* Two values under one operation, at least one of them from the photo: the output becomes the result. */
bd_result bd_onnx_join(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_value *const values[2]);
/* Values of one layout along attribute axis; fallback: the axis where it is absent. */
bd_result bd_onnx_concat(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_value *const *values, uint32_t count);
/* clamp(alpha x + beta, 0, 1). */
bd_result bd_onnx_append_hard_sigmoid(bd_onnx *onnx, const bd_onnx_node *node, uint32_t x, float alpha, float beta,
                                      uint32_t *index);
/* ONNX's normalisation of photos for networks that PyTorch trained; *index is the photo, then what is made of it. */
bd_result bd_onnx_normalise(bd_onnx *onnx, uint32_t *index);

/* onnx_quant.c: quantised networks, in float. */
bd_result bd_onnx_convert_quantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_dequantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_dynamic_quantize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_quantised_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_integer_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_quantised_binary(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_quantised_concat(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
/* QLinearAveragePool and others of one input: what the operation without QLinear does, then the output's limits. */
bd_result bd_onnx_convert_quantised_unary(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
/* (x - zero) * scale of constants, along an axis where there are several scales; zero may be NULL. */
bd_result bd_onnx_dequantize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                             const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis,
                             bd_onnx_tensor *made);
/* The integers of QuantizeLinear on constants, as I64. */
bd_result bd_onnx_quantize(bd_onnx *onnx, const bd_onnx_node *node, const bd_onnx_tensor *x,
                           const bd_onnx_tensor *scale, const bd_onnx_tensor *zero, int64_t axis, bd_onnx_tensor *made);

/* onnx_maps.c: operations with a window or a size. */
/* A convolution's parts: the values of its inputs, weights constant floats. bias may be NULL. */
bd_result bd_onnx_add_conv(bd_onnx *onnx, const bd_onnx_node *node, bd_op op, const bd_onnx_value *x,
                           bd_onnx_value *weights, const bd_onnx_tensor *bias);
bd_result bd_onnx_convert_fused_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_conv(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_batch_norm(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_pool(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_global_pool(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_resize(bd_onnx *onnx, bd_onnx_node *node, bd_op op);
bd_result bd_onnx_convert_expand(bd_onnx *onnx, bd_onnx_node *node, bd_op op);

#endif

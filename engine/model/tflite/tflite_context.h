/* SPDX-License-Identifier: MIT
 * What is known of a TensorFlow Lite model while it is imported. Field numbers and enumerations are those of
 * tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3. */
#ifndef BD_TFLITE_CONTEXT_H
#define BD_TFLITE_CONTEXT_H

#include "graph/graph.h"
#include "model/bytes/flatbuffer.h"

/* BuiltinOperator, in its order, from 0. */
#define BD_TFLITE_OPERATORS(X)                                                                                         \
    X(ADD)                                                                                                             \
    X(AVERAGE_POOL_2D)                                                                                                 \
    X(CONCATENATION)                                                                                                   \
    X(CONV_2D)                                                                                                         \
    X(DEPTHWISE_CONV_2D)                                                                                               \
    X(DEPTH_TO_SPACE)                                                                                                  \
    X(DEQUANTIZE)                                                                                                      \
    X(EMBEDDING_LOOKUP)                                                                                                \
    X(FLOOR)                                                                                                           \
    X(FULLY_CONNECTED)                                                                                                 \
    X(HASHTABLE_LOOKUP)                                                                                                \
    X(L2_NORMALIZATION)                                                                                                \
    X(L2_POOL_2D)                                                                                                      \
    X(LOCAL_RESPONSE_NORMALIZATION)                                                                                    \
    X(LOGISTIC)                                                                                                        \
    X(LSH_PROJECTION)                                                                                                  \
    X(LSTM)                                                                                                            \
    X(MAX_POOL_2D)                                                                                                     \
    X(MUL)                                                                                                             \
    X(RELU)                                                                                                            \
    X(RELU_N1_TO_1)                                                                                                    \
    X(RELU6)                                                                                                           \
    X(RESHAPE)                                                                                                         \
    X(RESIZE_BILINEAR)                                                                                                 \
    X(RNN)                                                                                                             \
    X(SOFTMAX)                                                                                                         \
    X(SPACE_TO_DEPTH)                                                                                                  \
    X(SVDF)                                                                                                            \
    X(TANH)                                                                                                            \
    X(CONCAT_EMBEDDINGS)                                                                                               \
    X(SKIP_GRAM)                                                                                                       \
    X(CALL)                                                                                                            \
    X(CUSTOM)                                                                                                          \
    X(EMBEDDING_LOOKUP_SPARSE)                                                                                         \
    X(PAD)                                                                                                             \
    X(UNIDIRECTIONAL_SEQUENCE_RNN)                                                                                     \
    X(GATHER)                                                                                                          \
    X(BATCH_TO_SPACE_ND)                                                                                               \
    X(SPACE_TO_BATCH_ND)                                                                                               \
    X(TRANSPOSE)                                                                                                       \
    X(MEAN)                                                                                                            \
    X(SUB)                                                                                                             \
    X(DIV)                                                                                                             \
    X(SQUEEZE)                                                                                                         \
    X(UNIDIRECTIONAL_SEQUENCE_LSTM)                                                                                    \
    X(STRIDED_SLICE)                                                                                                   \
    X(BIDIRECTIONAL_SEQUENCE_RNN)                                                                                      \
    X(EXP)                                                                                                             \
    X(TOPK_V2)                                                                                                         \
    X(SPLIT)                                                                                                           \
    X(LOG_SOFTMAX)                                                                                                     \
    X(DELEGATE)                                                                                                        \
    X(BIDIRECTIONAL_SEQUENCE_LSTM)                                                                                     \
    X(CAST)                                                                                                            \
    X(PRELU)                                                                                                           \
    X(MAXIMUM)                                                                                                         \
    X(ARG_MAX)                                                                                                         \
    X(MINIMUM)                                                                                                         \
    X(LESS)                                                                                                            \
    X(NEG)                                                                                                             \
    X(PADV2)                                                                                                           \
    X(GREATER)                                                                                                         \
    X(GREATER_EQUAL)                                                                                                   \
    X(LESS_EQUAL)                                                                                                      \
    X(SELECT)                                                                                                          \
    X(SLICE)                                                                                                           \
    X(SIN)                                                                                                             \
    X(TRANSPOSE_CONV)                                                                                                  \
    X(SPARSE_TO_DENSE)                                                                                                 \
    X(TILE)                                                                                                            \
    X(EXPAND_DIMS)                                                                                                     \
    X(EQUAL)                                                                                                           \
    X(NOT_EQUAL)                                                                                                       \
    X(LOG)                                                                                                             \
    X(SUM)                                                                                                             \
    X(SQRT)                                                                                                            \
    X(RSQRT)                                                                                                           \
    X(SHAPE)                                                                                                           \
    X(POW)                                                                                                             \
    X(ARG_MIN)                                                                                                         \
    X(FAKE_QUANT)                                                                                                      \
    X(REDUCE_PROD)                                                                                                     \
    X(REDUCE_MAX)                                                                                                      \
    X(PACK)                                                                                                            \
    X(LOGICAL_OR)                                                                                                      \
    X(ONE_HOT)                                                                                                         \
    X(LOGICAL_AND)                                                                                                     \
    X(LOGICAL_NOT)                                                                                                     \
    X(UNPACK)                                                                                                          \
    X(REDUCE_MIN)                                                                                                      \
    X(FLOOR_DIV)                                                                                                       \
    X(REDUCE_ANY)                                                                                                      \
    X(SQUARE)                                                                                                          \
    X(ZEROS_LIKE)                                                                                                      \
    X(FILL)                                                                                                            \
    X(FLOOR_MOD)                                                                                                       \
    X(RANGE)                                                                                                           \
    X(RESIZE_NEAREST_NEIGHBOR)                                                                                         \
    X(LEAKY_RELU)                                                                                                      \
    X(SQUARED_DIFFERENCE)                                                                                              \
    X(MIRROR_PAD)                                                                                                      \
    X(ABS)                                                                                                             \
    X(SPLIT_V)                                                                                                         \
    X(UNIQUE)                                                                                                          \
    X(CEIL)                                                                                                            \
    X(REVERSE_V2)                                                                                                      \
    X(ADD_N)                                                                                                           \
    X(GATHER_ND)                                                                                                       \
    X(COS)                                                                                                             \
    X(WHERE)                                                                                                           \
    X(RANK)                                                                                                            \
    X(ELU)                                                                                                             \
    X(REVERSE_SEQUENCE)                                                                                                \
    X(MATRIX_DIAG)                                                                                                     \
    X(QUANTIZE)                                                                                                        \
    X(MATRIX_SET_DIAG)                                                                                                 \
    X(ROUND)                                                                                                           \
    X(HARD_SWISH)                                                                                                      \
    X(IF)                                                                                                              \
    X(WHILE)                                                                                                           \
    X(NON_MAX_SUPPRESSION_V4)                                                                                          \
    X(NON_MAX_SUPPRESSION_V5)                                                                                          \
    X(SCATTER_ND)                                                                                                      \
    X(SELECT_V2)                                                                                                       \
    X(DENSIFY)                                                                                                         \
    X(SEGMENT_SUM)                                                                                                     \
    X(BATCH_MATMUL)                                                                                                    \
    X(PLACEHOLDER_FOR_GREATER_OP_CODES)                                                                                \
    X(CUMSUM)                                                                                                          \
    X(CALL_ONCE)                                                                                                       \
    X(BROADCAST_TO)                                                                                                    \
    X(RFFT2D)                                                                                                          \
    X(CONV_3D)                                                                                                         \
    X(IMAG)                                                                                                            \
    X(REAL)                                                                                                            \
    X(COMPLEX_ABS)                                                                                                     \
    X(HASHTABLE)                                                                                                       \
    X(HASHTABLE_FIND)                                                                                                  \
    X(HASHTABLE_IMPORT)                                                                                                \
    X(HASHTABLE_SIZE)                                                                                                  \
    X(REDUCE_ALL)                                                                                                      \
    X(CONV_3D_TRANSPOSE)                                                                                               \
    X(VAR_HANDLE)                                                                                                      \
    X(READ_VARIABLE)                                                                                                   \
    X(ASSIGN_VARIABLE)                                                                                                 \
    X(BROADCAST_ARGS)                                                                                                  \
    X(RANDOM_STANDARD_NORMAL)                                                                                          \
    X(BUCKETIZE)                                                                                                       \
    X(RANDOM_UNIFORM)                                                                                                  \
    X(MULTINOMIAL)                                                                                                     \
    X(GELU)                                                                                                            \
    X(DYNAMIC_UPDATE_SLICE)                                                                                            \
    X(RELU_0_TO_1)                                                                                                     \
    X(UNSORTED_SEGMENT_PROD)                                                                                           \
    X(UNSORTED_SEGMENT_MAX)                                                                                            \
    X(UNSORTED_SEGMENT_SUM)                                                                                            \
    X(ATAN2)                                                                                                           \
    X(UNSORTED_SEGMENT_MIN)

typedef enum bd_tflite_code {
#define X(name) BD_TFLITE_##name,
    BD_TFLITE_OPERATORS(X)
#undef X
        BD_TFLITE_CODES
} bd_tflite_code;

typedef enum bd_tflite_type { /* TensorType; others cannot be used here */
                              BD_TFLITE_F32 = 0,
                              BD_TFLITE_F16 = 1,
                              BD_TFLITE_I32 = 2,
                              BD_TFLITE_U8 = 3,
                              BD_TFLITE_I64 = 4,
                              BD_TFLITE_BOOL = 6,
                              BD_TFLITE_I8 = 9
} bd_tflite_type;

typedef enum bd_tflite_role { /* how the graph wants a constant laid out */
                              BD_TFLITE_PLAIN,
                              BD_TFLITE_DENSE,       /* OHWI -> HWIO */
                              BD_TFLITE_CHANNELWISE, /* 1HWC -> HWC1 */
                              BD_TFLITE_SPREAD,      /* 1HWM of one input channel -> HW1M */
                              BD_TFLITE_ROLES
} bd_tflite_role;

typedef struct bd_tflite_tensor {
    const char *name;
    int32_t type;
    bd_shape shape;      /* -1: open. As the file says: activations' are inferred anew */
    const uint8_t *data; /* of a constant, else NULL */
    size_t bytes;
    bd_fb_vector scales;      /* float; none: not quantised. real = (stored - zero point) * scale */
    bd_fb_vector zero_points; /* int64; none: 0 */
    uint32_t axis;            /* that the scales go along, where there are several */
    bool sparse, broken_quantisation, is_input;
    bool needed;                             /* the output depends on it */
    bool read_alone;                         /* by something other than an ADD, or as the output */
    bool made;                               /* by an operation, or the network's input */
    bool integers;                           /* its node holds stored - zero point, not real numbers */
    uint32_t node;                           /* in the graph, BD_NO_NODE while not there */
    uint32_t real;                           /* likewise, of a node that holds integers: the real numbers */
    uint32_t real_roles[BD_TFLITE_ROLES];    /* likewise, of a constant: real numbers */
    uint32_t integer_roles[BD_TFLITE_ROLES]; /* likewise: integers */
    uint32_t constant; /* the tensor whose constant it is (this one, or the input of a DEQUANTIZE), or BD_NO_NODE */
    float low, high;   /* what its node holds is known to lie within */
} bd_tflite_tensor;

typedef struct bd_tflite_operator {
    int32_t code;
    const char *custom; /* name of a CUSTOM operation, else NULL */
    bd_fb_table options;
    bd_fb_vector inputs, outputs; /* indices of tensors, -1: absent */
    bool needed;
} bd_tflite_operator;

typedef struct bd_tflite {
    const char *file;
    bd_fb fb;
    bd_graph *graph;
    bd_tflite_tensor *tensors;
    uint32_t tensor_count;
    bd_tflite_operator *operators;
    uint32_t operator_count;
    uint64_t copy_budget; /* bytes of constants that may still be copied */
    bool integers;        /* quantised tensors become integers where that is possible */
    char refusal[256];    /* why it is not possible; "": no reason so far */
    bd_pool pool;         /* for the time of the import */
    bd_error *error;
} bd_tflite;

typedef enum bd_tflite_activation { /* ActivationFunctionType; others are not supported */
                                    BD_TFLITE_ACTIVATION_NONE,
                                    BD_TFLITE_ACTIVATION_RELU,
                                    BD_TFLITE_ACTIVATION_RELU_N1_TO_1,
                                    BD_TFLITE_ACTIVATION_RELU6
} bd_tflite_activation;

/* One operation on its way into the graph. */
typedef struct bd_tflite_conversion {
    bd_tflite *tflite;
    const bd_tflite_operator *op;
    bd_op to;              /* the table's */
    bd_tflite_tensor *out; /* the first output */
    bool integers;         /* it computes with integers */
    float low, high;       /* the limits of what the operation makes, then of what its activation leaves */
} bd_tflite_conversion;

/* Whether a tensor of 8 bits stands for real numbers. */
bool bd_tflite_is_quantised(const bd_tflite_tensor *tensor);
/* The limits of the type of a quantised tensor of one scale, as real numbers or as integers; false: it is none. */
bool bd_tflite_range(const bd_tflite_tensor *tensor, bool integers, float *low, float *high);
/* Of a quantised tensor: 0 as stored; the scale of a channel; a real number as an integer where the scale is one. */
int32_t bd_tflite_zero(const bd_tflite_tensor *tensor);
float bd_tflite_scale(const bd_tflite_tensor *tensor, uint32_t channel);
float bd_tflite_integer(const bd_tflite_tensor *tensor, float real);

/* "FILE: node NAME: operation OP: TEXT". */
bd_result bd_tflite_fail(const bd_tflite *tflite, const bd_tflite_operator *op, bd_result code, const char *text);
bd_result bd_tflite_fail_unsupported(const bd_tflite_conversion *of, const char *text);
bd_result bd_tflite_fail_corrupt(const bd_tflite_conversion *of, const char *text);
bd_result bd_tflite_fail_memory(const bd_tflite *tflite);
/* Ends the attempt to compute with integers; the import is then done in float. */
bd_result bd_tflite_refuse(bd_tflite *tflite, const bd_tflite_operator *op, const char *text);

#endif

/* SPDX-License-Identifier: MIT
 * The network as data: a list of nodes in topological order, each with one output tensor.
 *
 * Importers append nodes with the exported graph's own operations and semantics (TensorFlow's, NHWC). Passes rewrite
 * them until only the operations that have a kernel are left. Nothing here knows of a device. Everything a graph points
 * to lives in its pool or in memory that outlives it (mapped shards). */
#ifndef BD_GRAPH_H
#define BD_GRAPH_H

#include "base/base.h"

#define BD_MAX_RANK 6
#define BD_NO_NODE UINT32_MAX

typedef enum bd_dtype { BD_F32, BD_I32, BD_U8 } bd_dtype; /* i64 of exports is narrowed to I32, bool to U8 */

typedef struct bd_shape {
    uint32_t rank;
    int32_t dims[BD_MAX_RANK]; /* >= 0 once inferred; -1 in a BD_OP_INPUT that leaves a size open */
} bd_shape;

/* "kernel" marks the operations that may be left after bd_graph_lower. Inputs in brackets are optional (BD_NO_NODE). */
#define BD_OPS(X)                                                                                                      \
    X(NONE, "removed")                                                                                                 \
    X(INPUT, "input")                 /* kernel (as the photo): (1,h,w,3) */                                           \
    X(CONST, "const")                 /* kernel: data, row-major */                                                    \
    X(IDENTITY, "identity")           /* x */                                                                          \
    X(CAST, "cast")                   /* x; to node's dtype */                                                         \
    X(SHAPE, "shape")                 /* x -> i32 [rank] */                                                            \
    X(STRIDED_SLICE, "strided_slice") /* x, begin, end, strides (i32); u.slice masks */                                \
    X(SLICE, "slice")                 /* x, begin, size (i32; -1: to the end) */                                       \
    X(PACK, "pack")                   /* n tensors stacked along a new u.axis */                                       \
    X(CONCAT, "concat")               /* kernel: n tensors along u.axis (normalised, >= 0) */                          \
    X(RESHAPE, "reshape")             /* x, shape (i32, one -1 allowed) */                                             \
    X(SQUEEZE, "squeeze")             /* x; u.axes (none: every 1) */                                                  \
    X(EXPAND_DIMS, "expand_dims")     /* x, axis (i32) */                                                              \
    X(TRANSPOSE, "transpose")         /* x, permutation (i32 [rank]): dimension d of y is permutation[d] of x */       \
    X(PAD, "pad")                     /* x, paddings (i32 [rank][2]); constant zero */                                 \
    X(ADD, "add")                     /* kernel: a, b with broadcasting; of integers: u.requantise */                  \
    X(SUB, "sub")                                                                                                      \
    X(MUL, "mul") /* kernel */                                                                                         \
    X(DIV, "div")                                                                                                      \
    X(MAXIMUM, "maximum")                                                                                              \
    X(RSQRT, "rsqrt")           /* 1 / sqrt(x) */                                                                      \
    X(FAKE_QUANT, "fake_quant") /* x to the nearest of u.quant's steps */                                              \
    X(MINIMUM, "minimum")                                                                                              \
    X(ADD_N, "add_n")                   /* n tensors of one shape */                                                   \
    X(CLAMP, "clamp")                   /* kernel: x into u.clamp (relu: 0..inf, relu6: 0..6) */                       \
    X(HARD_SIGMOID, "hard_sigmoid")     /* kernel: x -> clamp(x + 3, 0, 6) / 6 */                                      \
    X(HARD_SWISH, "hard_swish")         /* kernel: x -> x * clamp(x + 3, 0, 6) / 6 */                                  \
    X(SIGMOID, "sigmoid")               /* kernel: x -> 1 / (1 + exp(-x)) */                                           \
    X(CONV, "conv")                     /* kernel: x, weights HWIO, [bias], [residual], [scales]; u.conv */            \
    X(DEPTHWISE, "depthwise")           /* kernel: x, weights HWC1, [bias], [scales]; u.conv */                        \
    X(POOL_AVERAGE, "pool_average")     /* kernel: x; u.conv window: kernel_*; padding is not counted */               \
    X(POOL_MAX, "pool_max")             /* kernel */                                                                   \
    X(MEAN, "mean")                     /* x, axes (i32), kept as 1; over h and w: POOL_AVERAGE */                     \
    X(RESIZE_BILINEAR, "resize")        /* kernel: x, [size (i32 [2])]; u.resize */                                    \
    X(RESIZE_NEAREST, "resize_nearest") /* x, size (i32 [2]): to the size it has */                                    \
    X(SPACE_TO_BATCH, "space_to_batch") /* x, block (i32 [2]), paddings (i32 [2][2]) */                                \
    X(BATCH_TO_SPACE, "batch_to_space") /* x, block, crops */                                                          \
    X(SOFTMAX, "softmax")               /* kernel: x, along the last axis */                                           \
    X(ARGMAX, "argmax")                 /* kernel: x, [axis (i32)] -> i32 */                                           \
    X(REQUANTISE, "requantise")         /* kernel: integers x to another scale; u.requantise */                        \
    X(PREPROCESS, "preprocess")         /* kernel: the photo -> (1,h,w,3) f32; u.preprocess. Made by a pass. */

typedef enum bd_op {
#define X(name, text) BD_OP_##name,
    BD_OPS(X)
#undef X
        BD_OP_COUNT
} bd_op;

/* How integer networks run. Their tensors hold q - zero_point, their weights w - zero_point, biases the integers they
 * are, all as floats: sums of products are exact in any order while they stay below 2^24, which the importer proves. A
 * node that has a rounding ends with integers again: first x * 2^max(shift, 0) * multiplier / 2^31, halves up, then
 * that / 2^max(-shift, 0), halves up or away from zero; the result is held to limits that contain 0. */
#define BD_EXACT_WINDOW 65793 /* integers of 8 bits whose sum stays below 2^24 */
typedef enum bd_rounding { BD_ROUNDING_NONE, BD_ROUNDING_UP, BD_ROUNDING_AWAY } bd_rounding;

#define BD_SHIFT_MOST 5
typedef struct bd_scale {
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t shift;      /* -31 .. BD_SHIFT_MOST */
} bd_scale;

typedef enum bd_padding { BD_PADDING_EXPLICIT, BD_PADDING_SAME, BD_PADDING_VALID } bd_padding;

/* Window of convolutions and pools. After shape inference padding is EXPLICIT and pad_top/pad_left hold TensorFlow's
 * SAME amounts (total = max((out-1)*stride + (k-1)*dilation + 1 - in, 0), the smaller half first); what lies past the
 * bottom and right needs no number: it follows from the output's shape. */
typedef struct bd_conv_attrs {
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    bd_padding padding;
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    bool same;                   /* padding was SAME: what inference makes of it follows the input's size */
    float clamp_low, clamp_high; /* fused activation, applied last; -INFINITY..INFINITY: none */
    bool hard_swish;             /* CONV and DEPTHWISE: the fused activation is this one, and the clamp is none */
    /* CONV and DEPTHWISE: the sum is of integers and ends as bd_rounding says; scales is a constant i32 (2,channels), a
     * row of multipliers and one of shifts. There is no residual then, and no hard_swish. POOL_AVERAGE, not NONE: the
     * mean of x + zero_point is rounded to an integer, halves away from zero, and zero_point subtracted. */
    bd_rounding rounding;
    int32_t zero_point;
} bd_conv_attrs;

/* Channel c of the network's input, from the photo's channel c, or 2 - c where bgr is set. */
typedef struct bd_preprocess_attrs {
    float scale[3], offset[3]; /* y = u8 * scale + offset inside the photo */
    float outside[3];          /* y where the photo ends before the network's input does */
    bool bgr;
} bd_preprocess_attrs;

typedef struct bd_node {
    bd_op op;
    bd_dtype dtype; /* of the output */
    const char *name;
    bd_shape shape; /* of the output */
    uint32_t *inputs;
    uint32_t input_count;
    const void *data; /* CONST */
    union {
        bd_conv_attrs conv;
        struct {
            float low, high;
        } clamp;
        struct {
            bool align_corners, half_pixel_centers; /* neither: TensorFlow's legacy source = out * in/out */
            bool round; /* x + zero_point to the nearest integer, halves away from zero, - zero_point */
            int32_t zero_point;
        } resize;
        /* ADD, rounding not NONE: a * 2^20 by scales[0] plus b * 2^20 by scales[1], the sum by scales[2]; a and b are
         * within -255..255 and shifts at most 0. REQUANTISE: x by scales[0]. */
        struct {
            bd_rounding rounding;
            bd_scale scales[3];
            float low, high;
        } requantise;
        struct {
            uint32_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
        } slice;
        struct {
            int32_t count;
            int32_t values[BD_MAX_RANK]; /* may be negative: from the end */
        } axes;
        struct {
            float low, high, step; /* values are low + n * step */
        } quant;
        int32_t axis; /* of ARGMAX too, where it has no axis input */
        bd_preprocess_attrs preprocess;
    } u;
} bd_node;

/* Where the pixels of the network's input lie on its logits, by the export's last resize: input pixel x at logit */
typedef enum bd_upsampling {
    BD_UPSAMPLING_CORNERS, /* x * (logits - 1) / (input - 1); what DeepLab does, and where an export has no resize */
    BD_UPSAMPLING_CENTERS, /* (x + 0.5) * logits / input - 0.5 */
    BD_UPSAMPLING_LEGACY   /* x * logits / input */
} bd_upsampling;

/* What the export's input is fed: (photo / 255 - mean) / deviation, by the network's order of channels. */
typedef struct bd_feed {
    bd_input_source source;
    double mean[3], deviation[3];
    bool bgr;
} bd_feed;

typedef struct bd_graph {
    bd_pool pool;
    bd_node *nodes; /* an input's index is always smaller than the node's */
    uint32_t count, capacity;
    uint32_t input;           /* BD_OP_INPUT */
    uint32_t output;          /* what the export returns; after lowering: the logits (1,h,w,classes) */
    const char *file;         /* for messages */
    uint32_t default_size;    /* the side that suits the export where it leaves its input's open; 0: DeepLab's 513 */
    bd_upsampling upsampling; /* of the logits, once lowered */
    /* What an importer that computes with sizes takes for open ones; 0: default_size. Set before the import. */
    int32_t open_height, open_width;
    /* Of inputs of floats. Set before the import, with BD_INPUT_SOURCE_CALLER, where the caller says it; importers
     * suggest what they know, and bd_pass_preprocess settles the rest. */
    bd_feed feed;
    float input_step;         /* of integers: the real number that 1 stands for at the input; else 1 */
    bool in_float;            /* set before the import: quantised networks become networks of real numbers */
    bool integers;            /* the importer's: this one is of integers, see bd_rounding */
    const char *not_integers; /* why a quantised one is not, where the importer tried; else NULL */
    /* Once lowered, of integers that the export rounds again behind its last resize: logits are integers of this step,
     * and a label is the first largest of what they are there, rounded, halves away from -zero_point. 0: as floats. */
    float logits_step;
    int32_t logits_zero_point;
    uint32_t output_stride;    /* 8 or 16: what an importer takes where the export does not say; 0: its own default */
    const char *const *labels; /* names of the classes that the file has, label_count of them; NULL: none */
    uint32_t label_count;
    const char *note;      /* what of the file was of no use; NULL: nothing */
    bd_identity *identity; /* its constants are what they are for good, and may be shared; NULL: not */
} bd_graph;

extern const bd_feed bd_feed_unit, bd_feed_symmetric, bd_feed_bytes, bd_feed_imagenet; /* 0..1, -1..1, 0..255 */
/* An importer's word on the feed; a caller's goes before it. Ordered channels stay as they are. */
void bd_graph_suggest_feed(bd_graph *graph, bd_input_source source, const bd_feed *feed);

const char *bd_op_name(bd_op op);
/* Whether u.conv is the window that it slides over its input: convolutions and pools. */
bool bd_op_has_window(bd_op op);
uint32_t bd_dtype_bytes(bd_dtype dtype);
/* Elements of a shape; -1 when a dimension is open or the product exceeds 2^31-1. */
int64_t bd_shape_elements(const bd_shape *shape);
bd_shape bd_shape_make(uint32_t rank, const int32_t *dims);
bool bd_shape_equal(const bd_shape *a, const bd_shape *b);

/* A graph in the caller's memory. file is copied. */
bd_result bd_graph_init(bd_graph *graph, const bd_allocator *allocator, const char *file, bd_error *error);
void bd_graph_finish(bd_graph *graph);

/* Appends a node and returns its index; BD_NO_NODE when memory is short. name and inputs are copied. Attributes, dtype
 * and shape are the caller's to set through graph->nodes[index] (the array may move on append: hold indices, not
 * pointers). Windows start with stride and dilation 1, VALID padding and no clamp; everything else starts zero. */
uint32_t bd_graph_add(bd_graph *graph, bd_op op, const char *name, const uint32_t *inputs, uint32_t input_count);
/* A constant; data is borrowed and must outlive the graph, copy it into graph->pool otherwise. */
uint32_t bd_graph_add_const(bd_graph *graph, const char *name, bd_dtype dtype, const bd_shape *shape, const void *data);

/* "FILE: node NAME: operation OP TEXT" as BD_ERR_MODEL_UNSUPPORTED. */
bd_result bd_graph_fail(const bd_graph *graph, uint32_t index, bd_error *error, const char *format, ...)
    BD_PRINTF(4, 5);
bd_result bd_graph_fail_memory(const bd_graph *graph, bd_error *error);

/* How many inputs of the nodes that the output depends on name each node; the output counts as one more. Released with
 * bd_free by the caller; NULL when memory is short. */
uint32_t *bd_graph_count_uses(const bd_graph *graph);

/* Node index's input-th input; BD_NO_NODE when it has none there. */
uint32_t bd_graph_input(const bd_graph *graph, uint32_t index, uint32_t input);

/* The values of a constant I32 tensor of at most room elements: their number, -1 when it is no such tensor. */
int32_t bd_graph_read_i32(const bd_graph *graph, uint32_t index, int32_t *values, int32_t room);

/* The scales of a CONV or DEPTHWISE; BD_NO_NODE: it has none. */
uint32_t bd_graph_scales(const bd_graph *graph, uint32_t index);

/* A graph as text, one line a node, for logs and tests: "12 conv name (1,65,65,64) <- 9 3 4", an absent input as "-",
 * then the window: "kernel 3,3 stride 2,2 dilation 4,4 pad 1,1 clamp 0..6" without defaults, and "up", "away" or
 * "round" where a node rounds. Always terminated where room is not 0; returns the length that the whole text has. */
size_t bd_graph_print(const bd_graph *graph, char *text, size_t room);

#endif

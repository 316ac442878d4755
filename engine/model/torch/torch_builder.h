/* SPDX-License-Identifier: MIT
 * What the networks of every trainer are made of: parameters by name, convolutions with their norms, sums, resizes, the
 * photo's normalisation. */
#ifndef BD_TORCH_BUILDER_H
#define BD_TORCH_BUILDER_H

#include "model/torch/torch_state.h"

#define BD_TORCH_MAX_BLOCKS 64 /* of a stage */

typedef struct bd_torch_builder {
    const char *file;
    bd_torch_state *state;
    char prefix[BD_TORCH_MAX_NAME + 1]; /* of every parameter's name */
    bd_graph *graph;
    int64_t budget; /* elements that may still be copied: tensors may share their data */
    float norm_epsilon;
    bd_error *error;
} bd_torch_builder;

/* A tensor of the graph. */
typedef struct bd_torch_map {
    uint32_t node;
    int64_t channels;
} bd_torch_map;

typedef enum bd_torch_activation {
    BD_TORCH_LINEAR,
    BD_TORCH_RELU,
    BD_TORCH_RELU6,
    BD_TORCH_HARD_SWISH,
    BD_TORCH_HARD_SIGMOID
} bd_torch_activation;

typedef enum bd_torch_padding {
    BD_TORCH_KEEP,  /* zeros that keep the size, as many before as after */
    BD_TORCH_SAME,  /* TensorFlow's SAME */
    BD_TORCH_BORDER /* window.border zeros on every side */
} bd_torch_padding;

typedef struct bd_torch_window {
    int32_t stride, dilation;
    bool depthwise;
    bd_torch_padding padding;
    int32_t border;
} bd_torch_window;

extern const bd_torch_window bd_torch_plain; /* stride 1, dilation 1 */

/* ---- names ---- */

typedef struct bd_torch_name {
    char text[BD_TORCH_MAX_NAME + 1];
} bd_torch_name;

const char *bd_torch_print_name(bd_torch_name *to, const char *format, ...) BD_PRINTF(2, 3);

/* Valid until the end of the block. */
#define NAME(...) bd_torch_print_name(&(bd_torch_name){{0}}, __VA_ARGS__)

/* ---- parameters ---- */

/* Parameter prefix, layer, parameter in one; NULL: there is none. */
bd_torch_tensor *bd_torch_look_up(const bd_torch_builder *b, const char *layer, const char *parameter);
bd_result bd_torch_wrong_shape(const bd_torch_builder *b, const bd_torch_tensor *tensor);
/* "FILE: " and the sentence, as BD_ERR_MODEL_UNSUPPORTED. */
bd_result bd_torch_refuse(const bd_torch_builder *b, const char *sentence);
/* 8 or 16: what the caller asks for, else what the file's name says in the way of trainers ("_os16", "-d8"), else
 * usual. */
uint32_t bd_torch_output_stride(const bd_torch_builder *b, uint32_t usual);

/* ---- nodes: each appends to the graph and moves *x on ---- */

bd_result bd_torch_add(bd_torch_builder *b, bd_op op, const char *name, const uint32_t *inputs, uint32_t count,
                       uint32_t *node);
bd_result bd_torch_activate(bd_torch_builder *b, const char *layer, bd_torch_activation what, bd_torch_map *x);
/* Convolution layer.weight and what follows it: layer.bias where there is one, then batch norm `norm`; norm NULL:
 * layer.bias; norm "": nothing. */
bd_result bd_torch_convolve(bd_torch_builder *b, const char *layer, const char *norm, bd_torch_window at,
                            bd_torch_activation what, bd_torch_map *x);
/* The same of a window that some networks split into a depthwise and a pointwise convolution without anything between
 * them: layer.weight, or layer.0 and layer.1, or layer.body.0 and layer.body.1. */
bd_result bd_torch_convolve_split(bd_torch_builder *b, const char *layer, const char *norm, bd_torch_window at,
                                  bd_torch_activation what, bd_torch_map *x);
/* The last convolution, with its bias. */
bd_result bd_torch_classify(bd_torch_builder *b, const char *layer, bd_torch_map *x);
/* The mean of every channel. */
bd_result bd_torch_pool(bd_torch_builder *b, const char *layer, bd_torch_map *x);
bd_result bd_torch_pool_max(bd_torch_builder *b, const char *name, bd_torch_map *x); /* 3x3, stride 2, padding 1 */
bd_result bd_torch_sum(bd_torch_builder *b, const char *name, bd_torch_map other, bd_torch_activation what,
                       bd_torch_map *x);
bd_result bd_torch_concat(bd_torch_builder *b, const char *name, const bd_torch_map *maps, uint32_t count,
                          bd_torch_map *x);
/* Resizes x to the height and width of `like`, by pixel centres or by corners. */
bd_result bd_torch_resize_like(bd_torch_builder *b, const char *name, uint32_t like, bool corners, bd_torch_map *x);

/* The input, whose trainer feeds it so. */
bd_result bd_torch_photo(bd_torch_builder *b, const bd_feed *feed, bd_torch_map *x);

#endif

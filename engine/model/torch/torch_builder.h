/* SPDX-License-Identifier: MIT
 * What the builders of networks from state dicts share (torch_builder.c, torch_backbones.c, torch_aspp.c). A family of
 * networks is a file of its own that begins with its trainer's name; torch_networks.c tells which one a file is of. */
#ifndef BD_TORCH_BUILDER_H
#define BD_TORCH_BUILDER_H

#include "model/torch/torch.h"

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
    BD_TORCH_KEEP,  /* zeros that keep the size, as many before as behind */
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

/* Good until the end of the block. */
#define NAME(...) bd_torch_print_name(&(bd_torch_name){{0}}, __VA_ARGS__)

/* ---- parameters ---- */

/* Parameter prefix, layer, parameter in one; NULL: there is none. */
bd_torch_tensor *bd_torch_look_up(const bd_torch_builder *b, const char *layer, const char *parameter);
bd_result bd_torch_wrong_shape(const bd_torch_builder *b, const bd_torch_tensor *tensor);
/* "FILE: " and the sentence, as BD_ERR_MODEL_UNSUPPORTED. */
bd_result bd_torch_refuse(const bd_torch_builder *b, const char *sentence);
/* 8 or 16: what the caller asks for, else what the file's name says as trainers write it ("_os16", "-d8"), else usual.
 */
uint32_t bd_torch_output_stride(const bd_torch_builder *b, uint32_t usual);

/* ---- nodes: each appends to the graph and moves *x on ---- */

bd_result bd_torch_add(bd_torch_builder *b, bd_op op, const char *name, const uint32_t *inputs, uint32_t count,
                       uint32_t *node);
/* Convolution layer.weight and what follows it: batch norm `norm`; norm NULL: layer.bias; norm "": nothing. */
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

/* (photo / 255 - mean) / deviation. */
typedef struct bd_torch_normalisation {
    double mean[3], deviation[3];
} bd_torch_normalisation;

extern const bd_torch_normalisation bd_torch_imagenet, bd_torch_symmetric; /* symmetric: -1..1 */

bd_result bd_torch_photo(bd_torch_builder *b, const bd_torch_normalisation *by, bd_torch_map *x);

/* ---- parts of networks (torch_backbones.c, torch_aspp.c) ---- */

/* How strides beyond the output stride become dilations. In between, a stage's first block keeps the dilation from
 * before; where every is set it is dilated as the others. */
typedef struct bd_torch_dilation {
    uint32_t output_stride;
    bool every;
    bool multi_grid; /* ResNet: the blocks of the last stage are dilated 1, 2, 4 */
} bd_torch_dilation;

/* torchvision's names behind `folder` ("backbone."): bottlenecks or basic blocks, a stem of one convolution (conv1) or
 * of three (stem.0, 3, 6). low: what the first stage makes, where not NULL. */
bd_result bd_torch_resnet(bd_torch_builder *b, const char *folder, const bd_torch_dilation *dilation, bd_torch_map *x,
                          bd_torch_map *low);

/* An inverted residual: names of its convolutions and of their norms. widen is empty in the first block. */
typedef struct bd_torch_inverted {
    bd_torch_name widen, widen_norm, deep, deep_norm, narrow, narrow_norm;
} bd_torch_inverted;

/* MobileNetV2's 17 blocks, behind its first convolution. name: writes the names of block 1..17. padding: KEEP, SAME, or
 * BORDER, which stands for zeros around the block's input: the widening convolution sees them too. low: what block 3
 * makes. */
bd_result bd_torch_mobilenet_v2(bd_torch_builder *b, void (*name)(int block, bd_torch_inverted *names),
                                bd_torch_padding padding, const bd_torch_dilation *dilation, bd_torch_map *x,
                                bd_torch_map *low);

/* layer.convs.0 (1x1), .1 to .3 (3x3, dilated), .4 (image pooling), layer.project. */
bd_result bd_torch_aspp(bd_torch_builder *b, const char *layer, const int32_t rates[3], bd_torch_map *x);

/* ---- the families: a whole network, from photo to logits resized to the photo ---- */

typedef bd_result (*bd_torch_network)(bd_torch_builder *b, bd_torch_map *x);

bd_result bd_torch_torchvision(bd_torch_builder *b, bd_torch_map *x);
bd_result bd_torch_vainf(bd_torch_builder *b, bd_torch_map *x);
bd_result bd_torch_smp(bd_torch_builder *b, bd_torch_map *x);
bd_result bd_torch_mmseg(bd_torch_builder *b, bd_torch_map *x);
bd_result bd_torch_transformers(bd_torch_builder *b, bd_torch_map *x);

#endif

/* SPDX-License-Identifier: MIT
 * Backbones that several trainers share: ResNet (torchvision/models/resnet.py) and MobileNetV2. */
#ifndef BD_TORCH_BACKBONES_H
#define BD_TORCH_BACKBONES_H

#include "model/torch/torch_builder.h"

/* How strides beyond the output stride become dilations. In between, a stage's first block keeps the dilation from
 * before; where every is set it is dilated like the others. */
typedef struct bd_torch_dilation {
    uint32_t output_stride;
    bool every;
    bool multi_grid; /* ResNet: the blocks of the last stage are dilated 1, 2, 4 */
    bool multiplied; /* and these are multiples of the stage's dilation */
    bool late;       /* MobileNetV2: all blocks of a stage keep the dilation from before */
} bd_torch_dilation;

/* conv1, conv2 and conv3 after `block`, and downsample where there is one. */
bd_result bd_torch_bottleneck(bd_torch_builder *b, const char *block, int32_t stride, int32_t dilation,
                              bd_torch_map *x);

/* torchvision's names after `folder` ("backbone."): bottlenecks or basic blocks, a stem of one convolution (conv1) or
 * of three (stem.0, 3, 6). low: what the first stage makes, where not NULL. */
bd_result bd_torch_resnet(bd_torch_builder *b, const char *folder, const bd_torch_dilation *dilation, bd_torch_map *x,
                          bd_torch_map *low);

/* An inverted residual: names of its convolutions and of their norms. expand is empty in the first block. */
typedef struct bd_torch_inverted {
    bd_torch_name expand, expand_norm, depthwise, depthwise_norm, project, project_norm;
} bd_torch_inverted;

/* Names of block 1..17 in backbone.features.1 to .17, whose convolutions, norms and activations are numbered. */
void bd_torch_name_features(int block, bd_torch_inverted *names);

/* MobileNetV2's 17 blocks, after its first convolution. name: writes the names of block 1..17. padding: KEEP, SAME, or
 * BORDER, which stands for zeros around the block's input: the expanding convolution reads them too. low: what block 3
 * makes. */
bd_result bd_torch_mobilenet_v2(bd_torch_builder *b, void (*name)(int block, bd_torch_inverted *names),
                                bd_torch_padding padding, const bd_torch_dilation *dilation, bd_torch_map *x,
                                bd_torch_map *low);

#endif

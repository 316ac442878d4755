/* SPDX-License-Identifier: MIT
 * transformers' MobileNetV2ForSemanticSegmentation (models/mobilenet_v2/modeling_mobilenet_v2.py), which has the
 * weights of DeepLab's own mobilenetv2_dm*_voc: TensorFlow's padding and epsilon, one 1x1 branch beside image pooling.
 * Output stride 8 as in google/deeplabv3_mobilenet_v2_1.0_513's config.json; its image processor scales to -1..1. */
#ifndef BD_TORCH_TRANSFORMERS_H
#define BD_TORCH_TRANSFORMERS_H

#include "model/torch/torch_builder.h"

/* The whole network, from the photo to logits resized to the photo. */
bd_result bd_torch_transformers(bd_torch_builder *b, bd_torch_map *x);

#endif

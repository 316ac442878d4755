/* SPDX-License-Identifier: MIT
 * mmsegmentation: deeplabv3 (ASPPHead) and deeplabv3plus (DepthwiseSeparableASPPHead) on ResNet (V1c's stem of three
 * convolutions, or one) and MobileNetV2, as configs/deeplabv3* have them: d8, and d16-mg124 where the file's name says
 * so. Its mean and deviation are ImageNet's. */
#ifndef BD_TORCH_MMSEG_H
#define BD_TORCH_MMSEG_H

#include "model/torch/torch_builder.h"

/* The whole network, from the photo to logits resized to the photo. */
bd_result bd_torch_mmseg(bd_torch_builder *b, bd_torch_map *x);

#endif

/* SPDX-License-Identifier: MIT
 * jfzhang95's pytorch-deeplab-xception: DeepLabv3+ on ResNet, Xception, MobileNetV2 and DRN. */
#ifndef BD_TORCH_JFZHANG95_H
#define BD_TORCH_JFZHANG95_H

#include "model/torch/torch_builder.h"

bd_result bd_torch_jfzhang95(bd_torch_builder *b, bd_torch_map *x);

#endif

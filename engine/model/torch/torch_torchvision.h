/* SPDX-License-Identifier: MIT
 * torchvision's deeplabv3_resnet50, _resnet101 and _mobilenet_v3_large (torchvision/models/segmentation/deeplabv3.py,
 * models/mobilenetv3.py). */
#ifndef BD_TORCH_TORCHVISION_H
#define BD_TORCH_TORCHVISION_H

#include "model/torch/torch_builder.h"

/* The whole network, from the photo to logits resized to the photo. */
bd_result bd_torch_torchvision(bd_torch_builder *b, bd_torch_map *x);

#endif

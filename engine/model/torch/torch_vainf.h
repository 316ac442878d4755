/* SPDX-License-Identifier: MIT
 * github.com/VainF/DeepLabV3Plus-Pytorch: deeplabv3 and deeplabv3plus on ResNet and MobileNetV2 (network/modeling.py,
 * _deeplab.py, backbone/). Neither the output stride, 8 or 16, nor the rates that follow from it are in a state dict;
 * main.py's default is 16. */
#ifndef BD_TORCH_VAINF_H
#define BD_TORCH_VAINF_H

#include "model/torch/torch_builder.h"

/* The whole network, from the photo to logits resized to the photo. */
bd_result bd_torch_vainf(bd_torch_builder *b, bd_torch_map *x);

#endif

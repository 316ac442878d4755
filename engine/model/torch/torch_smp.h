/* SPDX-License-Identifier: MIT
 * segmentation_models.pytorch: DeepLabV3 and DeepLabV3Plus on ResNet and MobileNetV2 (decoders/deeplabv3/,
 * encoders/_base.py, make_dilated). Their defaults are output stride 8 and 16; the rates are 12, 24 and 36 in both.
 * Maps are resized by corners, and it takes sizes that its stride divides. */
#ifndef BD_TORCH_SMP_H
#define BD_TORCH_SMP_H

#include "model/torch/torch_builder.h"

/* The whole network, from the photo to logits resized to the photo. */
bd_result bd_torch_smp(bd_torch_builder *b, bd_torch_map *x);

#endif

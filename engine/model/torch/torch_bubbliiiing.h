/* SPDX-License-Identifier: MIT
 * bubbliiiing's deeplabv3-plus-pytorch: DeepLabv3+ on MobileNetV2 and Xception. */
#ifndef BD_TORCH_BUBBLIIIING_H
#define BD_TORCH_BUBBLIIIING_H

#include "model/torch/torch_builder.h"

bd_result bd_torch_bubbliiiing(bd_torch_builder *b, bd_torch_map *x);

#endif

/* SPDX-License-Identifier: MIT
 * Atrous spatial pyramid pooling (Chen et al. 2017, arXiv 1706.05587, section 3.3) under torchvision's names, which
 * other trainers use, too. */
#ifndef BD_TORCH_ASPP_H
#define BD_TORCH_ASPP_H

#include "model/torch/torch_builder.h"

/* layer.convs.0 (1x1), .1 to .3 (3x3, dilated), .4 (image pooling), layer.project. */
bd_result bd_torch_aspp(bd_torch_builder *b, const char *layer, const int32_t rates[3], bd_torch_map *x);

#endif

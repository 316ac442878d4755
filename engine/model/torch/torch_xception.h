/* SPDX-License-Identifier: MIT
 * Xception as two trainers have it, the modified one of Chen et al. 2018 (arXiv 1802.02611, section 4.3): twenty blocks of
 * three separable convolutions, then three more. */
#ifndef BD_TORCH_XCEPTION_H
#define BD_TORCH_XCEPTION_H

#include "model/torch/torch_builder.h"

typedef enum bd_torch_xception_kind {
    BD_TORCH_XCEPTION_JFZHANG95,  /* AlignedXception: low is what block 1 makes */
    BD_TORCH_XCEPTION_BUBBLIIIING /* low is what block 2 makes before its last convolution */
} bd_torch_xception_kind;

/* Parameters "backbone.conv1" to "backbone.conv5". */
bd_result bd_torch_xception(bd_torch_builder *b, bd_torch_xception_kind kind, uint32_t output_stride, bd_torch_map *x,
                            bd_torch_map *low);

#endif

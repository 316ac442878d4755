/* SPDX-License-Identifier: MIT
 * Parameters copied as float32. PyTorch has the weights of a convolution as (o, i, h, w), the graph as (h, w, i, o). */
#ifndef BD_TORCH_WEIGHTS_H
#define BD_TORCH_WEIGHTS_H

#include "model/torch/torch_state.h"

/* weights (o, i, h, w) -> to (h, w, i, o), output channel c times scale[c]; scale NULL: as they are. */
void bd_torch_copy_conv(const bd_torch_tensor *weights, const float *scale, float *to);
/* A vector of elements floats. */
void bd_torch_copy_vector(const bd_torch_tensor *tensor, float *to);

#endif

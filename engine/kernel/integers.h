/* SPDX-License-Identifier: MIT
 * What kernels of integer networks take: see shaders/include/requantise.glsl. */
#ifndef BD_KERNEL_INTEGERS_H
#define BD_KERNEL_INTEGERS_H

#include "kernel/choice.h"

typedef struct bd_scale_words {
    int32_t multiplier, addend, shift;
} bd_scale_words;

/* bits: BD_SCALE_BITS or what a kernel has in its place. */
bd_scale_words bd_scale_words_of(bd_scale scale, int32_t bits);

/* BD_ACTIVATION_* of a convolution. */
uint32_t bd_kernel_activation(const bd_conv_attrs *attrs);

/* Sets operand 3 of a convolution, its residual or else its scales, and tells whether it is a residual. */
bool bd_residual_or_scales(const bd_graph *graph, uint32_t index, bd_packing packing, bd_kernel_operands *operands);

/* BD_PACKING_SCALES. */
size_t bd_scales_packed_bytes(const bd_node *scales);
void bd_scales_pack(const bd_node *scales, int32_t *to);

#endif

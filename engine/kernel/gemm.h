/* SPDX-License-Identifier: MIT
 * Convolutions as products of tiles (push/conv_gemm.h), what follows a split one, and their packings: the families GEMM,
 * BLOCK and EXPAND. Inside of this layer. */
#ifndef BD_KERNEL_GEMM_H
#define BD_KERNEL_GEMM_H

#include "kernel/choice.h"

/* Whether a node is a convolution of 1x1 windows that keeps its map. */
bool bd_gemm_is_pointwise(const bd_graph *graph, uint32_t node);
/* The convolution that one of floats can compute inside itself, BLOCK or EXPAND: a pointwise one the depthwise before it,
 * which ends with a clamp, a depthwise 3x3 the pointwise before it, which adds no residual. This node is its only reader,
 * and all weights and biases are constants. BD_NO_NODE: there is none. */
uint32_t bd_gemm_inner(const bd_graph *graph, uint32_t node);
/* The node whose product a choice of these families computes: that of its weights. */
uint32_t bd_gemm_product(const bd_graph *graph, uint32_t node, bd_kernel_family family);
/* Groups along x of EXPAND, for tiles of `rows` pixels, `width` of them side by side. */
uint32_t bd_gemm_window_tiles(const bd_node *node, uint32_t rows, uint32_t width);
/* Depth of a tap of a product's node: input channels rounded up. */
int32_t bd_gemm_depth(const bd_graph *graph, uint32_t node);
/* Tiles of rows x columns over its pixels and channels. */
uint32_t bd_gemm_tiles(const bd_graph *graph, uint32_t node, uint32_t rows, uint32_t columns);

void bd_gemm_node(const bd_graph *graph, uint32_t node, uint32_t part, const bd_kernel_choice *choice,
                  bd_vk_dispatch *dispatch, bd_kernel_operands *operands);
size_t bd_gemm_packed_bytes(const bd_graph *graph, uint32_t node, bd_packing packing);
void bd_gemm_pack(const bd_graph *graph, uint32_t node, bd_packing packing, void *to);

#endif

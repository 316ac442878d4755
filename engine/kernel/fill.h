/* SPDX-License-Identifier: MIT
 * The one way to fill a dispatch. */
#ifndef BD_KERNEL_FILL_H
#define BD_KERNEL_FILL_H

#include "kernel/choice.h"
#include "kernels.h"

static inline uint32_t bd_ceil_div(uint32_t a, uint32_t b) {
    return (a + b - 1) / b;
}

/* Starts over, with a shader, its name, and vec4s in every texel buffer that is read. */
void bd_fill_begin(bd_vk_dispatch *dispatch, bd_shader_id shader);
void bd_fill_push(bd_vk_dispatch *dispatch, const void *push, size_t bytes);
/* Both, with the shader that serves a kernel. */
void bd_fill_kernel(bd_vk_dispatch *dispatch, const bd_vk *vk, bd_kernel kernel, const void *push, size_t push_bytes);
/* The next specialisation constant. */
void bd_fill_constant(bd_vk_dispatch *dispatch, uint32_t value);
/* The constant of 16-bit shaders that says whether a node's tensor is of 32 bits all the same. */
void bd_fill_constant_f32(bd_vk_dispatch *dispatch, const bd_graph *graph, uint32_t node);

void bd_fill_groups(bd_vk_dispatch *dispatch, uint32_t x, uint32_t y, uint32_t z);
/* BD_LINEAR_GROUP items to a group, one by one over x, then y: no dimension reaches 65536. */
void bd_fill_items(bd_vk_dispatch *dispatch, uint64_t items);
/* Groups of the grid columns x rows that bd_grid_node takes apart: along x, rows over y, then z, so that neither reaches
 * 65536. */
void bd_fill_rows(bd_vk_dispatch *dispatch, uint32_t columns, uint32_t rows);

/* What a binding reads; node BD_NO_NODE: nothing. */
void bd_fill_operand(bd_kernel_operands *operands, uint32_t binding, uint32_t node, bd_packing packing);
/* A convolution's bias, which is zeros where it has none. */
void bd_fill_bias(bd_kernel_operands *operands, uint32_t node);

#endif

/* SPDX-License-Identifier: MIT
 * The table of kernels (shaders/variants.txt) as a device sees it. */
#ifndef BD_KERNEL_TABLE_H
#define BD_KERNEL_TABLE_H

#include "kernels.h"
#include "vk/dispatch.h"

/* The shader that serves a kernel on a device; BD_SHADER_COUNT: the kernel does not exist there. */
bd_shader_id bd_kernel_shader(const bd_vk *vk, bd_kernel kernel);
bool bd_kernel_exists(const bd_vk *vk, bd_kernel kernel);
/* The column that the shader is of: the device's, or one that it falls back on. Where columns divide the work between
 * groups in other ways, this one says how. */
bd_column bd_kernel_column(const bd_vk *vk, bd_kernel kernel);
/* The shader for tensors of 16 bits in place of one; BD_SHADER_COUNT: there is none. */
bd_shader_id bd_kernel_half_shader(bd_shader_id shader);
/* Makes a dispatch over pictures of 8 bits the same over pictures of 16. Kernels that have no shader for these stay. */
void bd_kernel_deepen(bd_vk_dispatch *dispatch);

#endif

/* SPDX-License-Identifier: MIT
 * A photo's noise, and grids without it. */
#ifndef BD_KERNEL_NOISE_KERNELS_H
#define BD_KERNEL_NOISE_KERNELS_H

#include "kernels.h"
#include "push/noise.h"
#include "vk/dispatch.h"

/* The kernels of push/noise.h. */
void bd_kernel_noise_patches(const bd_vk *vk, const bd_push_noise *push, bd_vk_dispatch *dispatch);
void bd_kernel_noise_level(const bd_vk *vk, uint32_t patches, bd_vk_dispatch *dispatch);
void bd_kernel_noise_taps(const bd_vk *vk, float share, float gain, float least, const uint32_t groups[3],
                          bd_vk_dispatch *dispatch);
void bd_kernel_noise_blur(const bd_vk *vk, uint32_t w, uint32_t h, bool vertical, bd_vk_dispatch *dispatch);

#endif

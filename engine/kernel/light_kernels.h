/* SPDX-License-Identifier: MIT
 * The subject in the light of its background. */
#ifndef BD_KERNEL_LIGHT_KERNELS_H
#define BD_KERNEL_LIGHT_KERNELS_H

#include "kernels.h"
#include "push/harmonize.h"
#include "push/light.h"
#include "vk/dispatch.h"

/* The kernels of push/harmonize.h. */
void bd_kernel_statistics(const bd_vk *vk, const bd_push_harmonize *push, bool subject, bool premultiplied,
                          bd_vk_dispatch *dispatch);
void bd_kernel_statistics_sum(const bd_vk *vk, uint32_t count, bd_vk_dispatch *dispatch);
void bd_kernel_harmonize_solve(const bd_vk *vk, bool full, bd_vk_dispatch *dispatch);
/* The kernels of push/light.h. */
void bd_kernel_light_reduce(const bd_vk *vk, const bd_push_light *push, bool picture, bool tile, bool premultiplied,
                            bd_vk_dispatch *dispatch);
void bd_kernel_relight(const bd_vk *vk, const bd_push_light *push, bool harmonize, bool wrap, bd_vk_dispatch *dispatch);

#endif

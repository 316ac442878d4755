/* SPDX-License-Identifier: MIT
 * The foreground's colours by blur fusion. */
#ifndef BD_KERNEL_FUSION_KERNELS_H
#define BD_KERNEL_FUSION_KERNELS_H

#include "kernels.h"
#include "push/fusion.h"
#include "vk/dispatch.h"

/* The kernels of push/fusion.h; finish: of BD_KERNEL_FUSION_COLUMNS. */
void bd_kernel_fusion(const bd_vk *vk, bd_kernel kernel, const bd_push_fusion *push, bool finish,
                      bd_vk_dispatch *dispatch);

#endif

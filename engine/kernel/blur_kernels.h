/* SPDX-License-Identifier: MIT
 * Blurred backgrounds. */
#ifndef BD_KERNEL_BLUR_KERNELS_H
#define BD_KERNEL_BLUR_KERNELS_H

#include "kernels.h"
#include "push/weigh.h"
#include "vk/dispatch.h"

/* The kernels of push/weigh.h; vertical: of BD_KERNEL_GAUSS. */
void bd_kernel_blur(const bd_vk *vk, bd_kernel kernel, const bd_push_weigh *push, bool vertical,
                    bd_vk_dispatch *dispatch);

#endif

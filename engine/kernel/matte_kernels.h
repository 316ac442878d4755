/* SPDX-License-Identifier: MIT
 * The guided filter, planes of alpha, and the foreground's colours. */
#ifndef BD_KERNEL_MATTE_KERNELS_H
#define BD_KERNEL_MATTE_KERNELS_H

#include "kernels.h"
#include "push/foreground.h"
#include "push/guided.h"
#include "push/plane.h"
#include "push/trimap.h"
#include "vk/dispatch.h"

/* The kernels of push/guided.h, push/plane.h and push/foreground.h; flags: the specialisation constants, of which
 * a kernel takes as many as its header says. */
void bd_kernel_guided(const bd_vk *vk, bd_kernel kernel, const bd_push_guided *push, bool flag,
                      bd_vk_dispatch *dispatch);
void bd_kernel_guided_apply(const bd_vk *vk, const bd_push_guided *push, bool coarse, bool noisy,
                            bd_vk_dispatch *dispatch);
void bd_kernel_plane(const bd_vk *vk, bd_kernel kernel, const bd_push_plane *push, bool flag, bool second_flag,
                     bd_vk_dispatch *dispatch);
void bd_kernel_trimap(const bd_vk *vk, const bd_push_trimap *push, bd_vk_dispatch *dispatch);
void bd_kernel_foreground(const bd_vk *vk, bd_kernel kernel, const bd_push_foreground *push, bool flag,
                          bd_vk_dispatch *dispatch);

#endif

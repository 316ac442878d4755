/* SPDX-License-Identifier: MIT
 * Mattes of a uniform backdrop. */
#ifndef BD_KERNEL_KEY_KERNELS_H
#define BD_KERNEL_KEY_KERNELS_H

#include "kernels.h"
#include "push/key.h"
#include "vk/dispatch.h"

/* The kernels of push/key.h but the last; flag: the constant of those that have one. */
void bd_kernel_key(const bd_vk *vk, bd_kernel kernel, const bd_push_key *push, bool flag, bd_vk_dispatch *dispatch);
void bd_kernel_key_front(const bd_vk *vk, const bd_push_key *push, bool shadow, bool unmix, bool network,
                         bd_vk_dispatch *dispatch);

#endif

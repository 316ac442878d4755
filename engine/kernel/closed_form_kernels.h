/* SPDX-License-Identifier: MIT
 * The matte in closed form. */
#ifndef BD_KERNEL_CLOSED_FORM_KERNELS_H
#define BD_KERNEL_CLOSED_FORM_KERNELS_H

#include "kernels.h"
#include "push/closed_form.h"
#include "vk/dispatch.h"

/* The kernels of push/closed_form.h. tiles: how many workgroups those take that work by list, for the caller that does
 * not dispatch them indirectly; flag as above. */
void bd_kernel_closed_form(const bd_vk *vk, bd_kernel kernel, const bd_push_closed_form *push, bool flag,
                           uint32_t tiles, bd_vk_dispatch *dispatch);

#endif

/* SPDX-License-Identifier: MIT
 * The matte in closed form. */
#ifndef BD_KERNEL_CLOSED_FORM_KERNELS_H
#define BD_KERNEL_CLOSED_FORM_KERNELS_H

#include "kernels.h"
#include "push/closed_form.h"
#include "vk/dispatch.h"

/* The kernels of push/closed_form.h. flag: the specialisation constant of those that have one. tiles: workgroups of
 * those that work by list, for callers that do not dispatch them indirectly. */
void bd_kernel_closed_form(const bd_vk *vk, bd_kernel kernel, const bd_push_closed_form *push, bool flag,
                           uint32_t tiles, bd_vk_dispatch *dispatch);

/* Of both coarse grids over a grid of w x h. */
uint32_t bd_closed_coarse_nodes(uint32_t w, uint32_t h);

/* Which of a list's two counts of groups a kernel by list takes: a workgroup has several tiles. */
bool bd_closed_by_fours(bd_kernel kernel);

#endif

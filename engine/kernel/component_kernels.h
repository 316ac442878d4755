/* SPDX-License-Identifier: MIT
 * Components of a matte, and its edges moved or made soft. */
#ifndef BD_KERNEL_COMPONENT_KERNELS_H
#define BD_KERNEL_COMPONENT_KERNELS_H

#include "kernels.h"
#include "push/components.h"
#include "push/levels.h"
#include "push/plane_step.h"
#include "vk/dispatch.h"

/* stage: of BD_KERNEL_COMPONENTS_CHOOSE; of _SPREAD: fresh; else unused. */
void bd_kernel_components(const bd_vk *vk, bd_kernel kernel, const bd_push_components *push, bool background,
                          uint32_t stage, bd_vk_dispatch *dispatch);
/* kind: BD_PLANE_STEP_*. */
void bd_kernel_plane_step(const bd_vk *vk, const bd_push_plane_step *push, uint32_t kind, bd_vk_dispatch *dispatch);
void bd_kernel_levels(const bd_vk *vk, const bd_push_levels *push, bd_vk_dispatch *dispatch);

#endif

/* SPDX-License-Identifier: MIT */
#include "kernel/component_kernels.h"

#include "kernel/fill.h"

void bd_kernel_components(const bd_vk *vk, bd_kernel kernel, const bd_push_components *push, bool background,
                          uint32_t stage, bd_vk_dispatch *dispatch) {
    uint32_t columns = (uint32_t)push->grid_w, rows = (uint32_t)push->grid_h;
    switch (kernel) {
    case BD_KERNEL_COMPONENTS_START: rows = (uint32_t)((push->src_h + push->block - 1) / push->block); break;
    case BD_KERNEL_COMPONENTS_COUNT: columns = (columns + BD_COMPONENTS_STRIP - 1) / BD_COMPONENTS_STRIP; break;
    case BD_KERNEL_COMPONENTS_APPLY:
        columns = ((uint32_t)push->src_w + 3) / 4;
        rows = (uint32_t)push->src_h;
        break;
    default: break;
    }
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    bd_fill_rows(dispatch, columns, rows);
    bd_fill_constant(dispatch, background);
    if (kernel == BD_KERNEL_COMPONENTS_CHOOSE || kernel == BD_KERNEL_COMPONENTS_SPREAD) {
        bd_fill_constant(dispatch, stage);
    } else if (kernel == BD_KERNEL_COMPONENTS_APPLY) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    }
}

void bd_kernel_plane_step(const bd_vk *vk, const bd_push_plane_step *push, uint32_t kind, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_PLANE_STEP, push, sizeof *push);
    bd_fill_rows(dispatch, ((uint32_t)push->w + 3) / 4, (uint32_t)push->rows);
    bd_fill_constant(dispatch, kind);
}

void bd_kernel_levels(const bd_vk *vk, const bd_push_levels *push, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_PLANE_LEVELS, push, sizeof *push);
    bd_fill_rows(dispatch, ((uint32_t)push->w + 3) / 4, (uint32_t)push->h);
}

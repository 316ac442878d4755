/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/kernel.h"

static void begin(const bd_vk *vk, bd_kernel kernel, const void *push, size_t push_bytes, uint32_t columns,
                  uint32_t rows, bd_vk_dispatch *dispatch) {
    *dispatch = (bd_vk_dispatch){.shader = bd_kernel_shader(vk, kernel), .push_bytes = (uint32_t)push_bytes};
    dispatch->name = bd_shaders[dispatch->shader].name;
    memcpy(dispatch->push, push, push_bytes);
    dispatch->groups[0] = (columns + BD_LINEAR_GROUP - 1) / BD_LINEAR_GROUP;
    dispatch->groups[2] = (rows + 32767) / 32768;
    dispatch->groups[1] = (rows + dispatch->groups[2] - 1) / dispatch->groups[2];
}

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
    begin(vk, kernel, push, sizeof *push, columns, rows, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = background;
    if (kernel == BD_KERNEL_COMPONENTS_CHOOSE || kernel == BD_KERNEL_COMPONENTS_SPREAD) {
        dispatch->specialisations[dispatch->specialisation_count++] = stage;
    } else if (kernel == BD_KERNEL_COMPONENTS_START) {
        dispatch->bindings[0].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    } else if (kernel == BD_KERNEL_COMPONENTS_APPLY) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    }
}

void bd_kernel_plane_step(const bd_vk *vk, const bd_push_plane_step *push, uint32_t kind, bd_vk_dispatch *dispatch) {
    begin(vk, BD_KERNEL_PLANE_STEP, push, sizeof *push, ((uint32_t)push->w + 3) / 4, (uint32_t)push->rows, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = kind;
    dispatch->bindings[0].format = VK_FORMAT_R32G32B32A32_SFLOAT;
}

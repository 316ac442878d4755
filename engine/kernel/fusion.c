/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/kernel.h"

void bd_kernel_fusion(const bd_vk *vk, bd_kernel kernel, const bd_push_fusion *push, bool finish,
                      bd_vk_dispatch *dispatch) {
    *dispatch = (bd_vk_dispatch){.shader = bd_kernel_shader(vk, kernel), .push_bytes = sizeof *push};
    dispatch->name = bd_shaders[dispatch->shader].name;
    memcpy(dispatch->push, push, sizeof *push);
    dispatch->bindings[0].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    if (kernel == BD_KERNEL_FUSION_SPREAD || kernel == BD_KERNEL_FUSION_COLUMNS) {
        dispatch->bindings[1].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    }
    uint32_t columns = (uint32_t)push->dst_w, rows = (uint32_t)push->dst_h;
    if (kernel == BD_KERNEL_FUSION_ROWS) {
        columns = (columns + BD_FUSION_RUN - 1) / BD_FUSION_RUN;
    } else if (kernel == BD_KERNEL_FUSION_COLUMNS) {
        rows = (rows + BD_FUSION_RUN - 1) / BD_FUSION_RUN;
        dispatch->specialisations[dispatch->specialisation_count++] = finish;
    }
    dispatch->groups[0] = (columns + BD_LINEAR_GROUP - 1) / BD_LINEAR_GROUP;
    dispatch->groups[2] = (rows + 32767) / 32768;
    dispatch->groups[1] = (rows + dispatch->groups[2] - 1) / dispatch->groups[2];
}

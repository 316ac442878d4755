/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/kernel.h"

void bd_kernel_blur(const bd_vk *vk, bd_kernel kernel, const bd_push_weigh *push, bool vertical,
                    bd_vk_dispatch *dispatch) {
    *dispatch = (bd_vk_dispatch){.shader = bd_kernel_shader(vk, kernel), .push_bytes = sizeof *push};
    dispatch->name = bd_shaders[dispatch->shader].name;
    memcpy(dispatch->push, push, sizeof *push);
    dispatch->bindings[0].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    uint32_t columns = (uint32_t)push->dst_w, rows = (uint32_t)push->dst_h;
    if (kernel == BD_KERNEL_GAUSS) {
        uint32_t *along = vertical ? &rows : &columns;
        *along = (*along + BD_GAUSS_RUN - 1) / BD_GAUSS_RUN;
        dispatch->specialisations[dispatch->specialisation_count++] = vertical;
    } else if (kernel == BD_KERNEL_WEIGH) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
        dispatch->bindings[1].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    } else {
        dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    }
    dispatch->groups[0] = (columns + BD_LINEAR_GROUP - 1) / BD_LINEAR_GROUP;
    dispatch->groups[2] = (rows + 32767) / 32768;
    dispatch->groups[1] = (rows + dispatch->groups[2] - 1) / dispatch->groups[2];
}

/* SPDX-License-Identifier: MIT */
#include "kernel/table.h"

bd_shader_id bd_kernel_shader(const bd_vk *vk, bd_kernel kernel) {
    return bd_kernel_cells[kernel][vk->column].shader;
}

bool bd_kernel_exists(const bd_vk *vk, bd_kernel kernel) {
    return bd_kernel_shader(vk, kernel) != BD_SHADER_COUNT;
}

bd_column bd_kernel_column(const bd_vk *vk, bd_kernel kernel) {
    return bd_kernel_cells[kernel][vk->column].from;
}

bd_shader_id bd_kernel_half_shader(bd_shader_id shader) {
    return bd_kernel_twins[shader].half;
}

void bd_kernel_deepen(bd_vk_dispatch *dispatch) {
    bd_shader_id deep = bd_kernel_twins[dispatch->shader].deep;
    if (deep != BD_SHADER_COUNT) {
        dispatch->shader = deep;
        dispatch->name = bd_shaders[deep].name;
    }
    for (uint32_t b = 0; b < BD_COUNT(dispatch->bindings); b++) {
        if (dispatch->bindings[b].format == VK_FORMAT_R32_UINT) {
            dispatch->bindings[b].format = VK_FORMAT_R32G32_UINT;
        }
    }
}

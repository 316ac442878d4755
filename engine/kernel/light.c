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

static void set_formats(bd_vk_dispatch *dispatch, VkFormat first, VkFormat second) {
    dispatch->bindings[0].format = first;
    dispatch->bindings[1].format = second;
}

void bd_kernel_statistics(const bd_vk *vk, const bd_push_harmonize *push, bool subject, bool premultiplied,
                          bd_vk_dispatch *dispatch) {
    begin(vk, BD_KERNEL_STATISTICS, push, sizeof *push, (uint32_t)push->dst_w, (uint32_t)push->dst_h, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = subject;
    dispatch->specialisations[dispatch->specialisation_count++] = premultiplied;
    set_formats(dispatch, VK_FORMAT_R32_UINT, VK_FORMAT_R32G32B32A32_SFLOAT);
}

void bd_kernel_statistics_sum(const bd_vk *vk, uint32_t count, bd_vk_dispatch *dispatch) {
    const bd_push_harmonize push = {.count = (int32_t)count};
    begin(vk, BD_KERNEL_STATISTICS_SUM, &push, sizeof push, 1, 1, dispatch);
    dispatch->bindings[0].format = VK_FORMAT_R32G32B32A32_SFLOAT;
}

void bd_kernel_harmonize_solve(const bd_vk *vk, bool full, bd_vk_dispatch *dispatch) {
    const bd_push_harmonize push = {.count = BD_STATISTICS_SUMS};
    begin(vk, BD_KERNEL_HARMONIZE_SOLVE, &push, sizeof push, 1, 1, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = full;
    set_formats(dispatch, VK_FORMAT_R32G32B32A32_SFLOAT, VK_FORMAT_R32G32B32A32_SFLOAT);
}

void bd_kernel_light_reduce(const bd_vk *vk, const bd_push_light *push, bool picture, bool tile, bool premultiplied,
                            bd_vk_dispatch *dispatch) {
    begin(vk, BD_KERNEL_LIGHT_REDUCE, push, sizeof *push, (uint32_t)push->dst_w, (uint32_t)push->dst_h, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = picture;
    dispatch->specialisations[dispatch->specialisation_count++] = tile;
    dispatch->specialisations[dispatch->specialisation_count++] = premultiplied;
    set_formats(dispatch, VK_FORMAT_R32_UINT, VK_FORMAT_R32G32B32A32_SFLOAT);
}

void bd_kernel_relight(const bd_vk *vk, const bd_push_light *push, bool harmonize, bool wrap,
                       bd_vk_dispatch *dispatch) {
    begin(vk, BD_KERNEL_RELIGHT, push, sizeof *push, (uint32_t)push->dst_w, (uint32_t)push->dst_h, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = harmonize;
    dispatch->specialisations[dispatch->specialisation_count++] = wrap;
    set_formats(dispatch, VK_FORMAT_R32G32B32A32_SFLOAT, VK_FORMAT_R32_UINT);
    dispatch->bindings[2].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    dispatch->bindings[3].format = VK_FORMAT_R32G32B32A32_SFLOAT;
}

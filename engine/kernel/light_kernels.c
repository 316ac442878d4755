/* SPDX-License-Identifier: MIT */
#include "kernel/light_kernels.h"

#include "kernel/fill.h"

void bd_kernel_statistics(const bd_vk *vk, const bd_push_harmonize *push, bool subject, bool premultiplied,
                          bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_STATISTICS, push, sizeof *push);
    bd_fill_rows(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h);
    bd_fill_constant(dispatch, subject);
    bd_fill_constant(dispatch, premultiplied);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_statistics_sum(const bd_vk *vk, uint32_t count, bd_vk_dispatch *dispatch) {
    const bd_push_harmonize push = {.count = (int32_t)count};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_STATISTICS_SUM, &push, sizeof push);
    bd_fill_rows(dispatch, 1, 1);
}

void bd_kernel_harmonize_solve(const bd_vk *vk, bool full, bd_vk_dispatch *dispatch) {
    const bd_push_harmonize push = {.count = BD_STATISTICS_SUMS};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_HARMONIZE_SOLVE, &push, sizeof push);
    bd_fill_rows(dispatch, 1, 1);
    bd_fill_constant(dispatch, full);
}

void bd_kernel_light_reduce(const bd_vk *vk, const bd_push_light *push, bool picture, bool tile, bool premultiplied,
                            bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_LIGHT_REDUCE, push, sizeof *push);
    bd_fill_rows(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h);
    bd_fill_constant(dispatch, picture);
    bd_fill_constant(dispatch, tile);
    bd_fill_constant(dispatch, premultiplied);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_relight(const bd_vk *vk, const bd_push_light *push, bool harmonize, bool wrap,
                       bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_RELIGHT, push, sizeof *push);
    bd_fill_rows(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h);
    bd_fill_constant(dispatch, harmonize);
    bd_fill_constant(dispatch, wrap);
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
}

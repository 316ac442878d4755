/* SPDX-License-Identifier: MIT */
#include "kernel/noise_kernels.h"

#include "kernel/fill.h"

void bd_kernel_noise_patches(const bd_vk *vk, const bd_push_noise *push, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_NOISE_PATCHES, push, sizeof *push);
    bd_fill_groups(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h, 1);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_noise_level(const bd_vk *vk, uint32_t patches, bd_vk_dispatch *dispatch) {
    const bd_push_noise push = {.count = (int32_t)patches};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_NOISE_LEVEL, &push, sizeof push);
    bd_fill_rows(dispatch, 1, 1);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_noise_taps(const bd_vk *vk, float share, float gain, float least, const uint32_t groups[3],
                          bd_vk_dispatch *dispatch) {
    const bd_push_noise push = {.wide = (int32_t)groups[0],
                                .high = (int32_t)groups[1],
                                .deep = (int32_t)groups[2],
                                .share = share,
                                .gain = gain,
                                .least = least};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_NOISE_TAPS, &push, sizeof push);
    bd_fill_rows(dispatch, 1, 1);
}

void bd_kernel_noise_blur(const bd_vk *vk, uint32_t w, uint32_t h, bool vertical, bd_vk_dispatch *dispatch) {
    const bd_push_noise push = {.dst_w = (int32_t)w, .dst_h = (int32_t)h};
    bd_fill_kernel(dispatch, vk, BD_KERNEL_NOISE_BLUR, &push, sizeof push);
    bd_fill_rows(dispatch, w, h);
    bd_fill_constant(dispatch, vertical);
}

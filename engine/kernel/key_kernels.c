/* SPDX-License-Identifier: MIT */
#include "kernel/key_kernels.h"

#include "kernel/fill.h"

void bd_kernel_key(const bd_vk *vk, bd_kernel kernel, const bd_push_key *push, bool flag, bd_vk_dispatch *dispatch) {
    bool fours = kernel == BD_KERNEL_KEY_MATTE || kernel == BD_KERNEL_KEY_GATE;
    uint32_t columns = (uint32_t)push->dst_w;
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    if (kernel == BD_KERNEL_KEY_CHOOSE) {
        bd_fill_rows(dispatch, 1, 1);
    } else {
        bd_fill_rows(dispatch, fours ? (columns + 3) / 4 : columns, (uint32_t)push->dst_h);
    }
    if (kernel == BD_KERNEL_KEY_CHOOSE || kernel == BD_KERNEL_KEY_REDUCE || kernel == BD_KERNEL_KEY_MATTE) {
        bd_fill_constant(dispatch, flag);
    }
    if (kernel == BD_KERNEL_KEY_COUNT || kernel == BD_KERNEL_KEY_CHOOSE || kernel == BD_KERNEL_KEY_REDUCE) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    } else if (kernel == BD_KERNEL_KEY_MATTE) {
        dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    }
}

void bd_kernel_key_front(const bd_vk *vk, const bd_push_key *push, bool shadow, bool unmix, bool network,
                         bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_KEY_FRONT, push, sizeof *push);
    bd_fill_rows(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h);
    bd_fill_constant(dispatch, shadow);
    bd_fill_constant(dispatch, unmix);
    bd_fill_constant(dispatch, network);
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
}

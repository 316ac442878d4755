/* SPDX-License-Identifier: MIT */
#include "kernel/matte_kernels.h"

#include "kernel/fill.h"

void bd_kernel_guided(const bd_vk *vk, bd_kernel kernel, const bd_push_guided *push, bool flag,
                      bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    bd_fill_rows(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h);
    if (kernel == BD_KERNEL_BOX_ROWS || kernel == BD_KERNEL_BOX_COLUMNS) {
        bd_fill_constant(dispatch, flag);
    }
    if (kernel == BD_KERNEL_GUIDED_REDUCE) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    }
}

void bd_kernel_guided_apply(const bd_vk *vk, const bd_push_guided *push, bool coarse, bool noisy,
                            bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_GUIDED_APPLY, push, sizeof *push);
    bd_fill_rows(dispatch, ((uint32_t)push->dst_w + 3) / 4, (uint32_t)push->dst_h);
    bd_fill_constant(dispatch, coarse);
    bd_fill_constant(dispatch, noisy);
    dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_plane(const bd_vk *vk, bd_kernel kernel, const bd_push_plane *push, bool flag, bool second_flag,
                     bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    bd_fill_rows(dispatch, ((uint32_t)push->dst_w + 3) / 4, (uint32_t)push->dst_h);
    bd_fill_constant(dispatch, flag);
    if (kernel == BD_KERNEL_PLANE_SAMPLE) {
        bd_fill_constant(dispatch, second_flag);
    }
}

void bd_kernel_trimap(const bd_vk *vk, const bd_push_trimap *push, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, BD_KERNEL_TRIMAP_PIN, push, sizeof *push);
    bd_fill_rows(dispatch, ((uint32_t)push->dst_w + 3) / 4, (uint32_t)push->dst_h);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_foreground(const bd_vk *vk, bd_kernel kernel, const bd_push_foreground *push, bool flag,
                          bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    bd_fill_rows(dispatch, (uint32_t)push->dst_w, (uint32_t)push->dst_h);
    if (kernel == BD_KERNEL_FOREGROUND_STEP) {
        bd_fill_constant(dispatch, flag);
    } else if (kernel == BD_KERNEL_FOREGROUND_PICK) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    } else if (kernel == BD_KERNEL_FOREGROUND_APPLY) {
        dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    }
}

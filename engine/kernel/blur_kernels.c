/* SPDX-License-Identifier: MIT */
#include "kernel/blur_kernels.h"

#include "kernel/fill.h"

void bd_kernel_blur(const bd_vk *vk, bd_kernel kernel, const bd_push_weigh *push, bool vertical,
                    bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    uint32_t columns = (uint32_t)push->dst_w, rows = (uint32_t)push->dst_h;
    if (kernel == BD_KERNEL_GAUSS) {
        uint32_t *along = vertical ? &rows : &columns;
        *along = (*along + BD_GAUSS_RUN - 1) / BD_GAUSS_RUN;
        bd_fill_constant(dispatch, vertical);
    } else if (kernel == BD_KERNEL_WEIGH) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    } else {
        dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    }
    bd_fill_rows(dispatch, columns, rows);
}

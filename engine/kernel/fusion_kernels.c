/* SPDX-License-Identifier: MIT */
#include "kernel/fusion_kernels.h"

#include "kernel/fill.h"

void bd_kernel_fusion(const bd_vk *vk, bd_kernel kernel, const bd_push_fusion *push, bool finish,
                      bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    uint32_t columns = (uint32_t)push->dst_w, rows = (uint32_t)push->dst_h;
    if (kernel == BD_KERNEL_FUSION_ROWS) {
        columns = (columns + BD_FUSION_RUN - 1) / BD_FUSION_RUN;
    } else if (kernel == BD_KERNEL_FUSION_COLUMNS) {
        rows = (rows + BD_FUSION_RUN - 1) / BD_FUSION_RUN;
        bd_fill_constant(dispatch, finish);
    }
    bd_fill_rows(dispatch, columns, rows);
}

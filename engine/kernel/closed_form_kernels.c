/* SPDX-License-Identifier: MIT */
#include "kernel/closed_form_kernels.h"

#include "kernel/fill.h"

static bool takes_flag(bd_kernel kernel) {
    switch (kernel) {
    case BD_KERNEL_CLOSED_TARGET:
    case BD_KERNEL_TILE_ROWS:
    case BD_KERNEL_TILE_LIST:
    case BD_KERNEL_CLOSED_PRODUCT:
    case BD_KERNEL_CLOSED_STEP:
    case BD_KERNEL_CLOSED_UPDATE: return true;
    default: return false;
    }
}

static VkFormat format_of(bd_kernel kernel, uint32_t binding) {
    bool words = false;
    switch (kernel) {
    case BD_KERNEL_COLOUR_BLUR:
    case BD_KERNEL_TILE_ROWS:
    case BD_KERNEL_TILE_LIST: words = true; break;
    case BD_KERNEL_CLOSED_START:
    case BD_KERNEL_CLOSED_LINES:
    case BD_KERNEL_CLOSED_PRODUCT:
    case BD_KERNEL_CLOSED_SUM:
    case BD_KERNEL_CLOSED_UPDATE: words = binding == BD_BIND_RESIDUAL; break;
    case BD_KERNEL_CLOSED_FINISH: words = binding == BD_BIND_BIAS; break;
    default: break;
    }
    return words ? VK_FORMAT_R32_UINT : VK_FORMAT_R32G32B32A32_SFLOAT;
}

/* Items that a kernel takes along x, and rows. */
static void extent(bd_kernel kernel, const bd_push_closed_form *push, uint32_t *columns, uint32_t *rows) {
    *rows = 1;
    switch (kernel) {
    case BD_KERNEL_COLOUR_BLUR: *columns = BD_BINS * BD_BINS * BD_BINS; return;
    case BD_KERNEL_CLOSED_SUM: *columns = BD_SUMS; return;
    case BD_KERNEL_CLOSED_STEP: *columns = BD_LINEAR_GROUP; return;
    case BD_KERNEL_TILE_ROWS:
    case BD_KERNEL_TILE_LIST: *columns = (uint32_t)push->dst_h; return;
    case BD_KERNEL_TILE_FLAGS:
        *columns = ((uint32_t)push->dst_w + BD_TILE - 1) / BD_TILE;
        *rows = ((uint32_t)push->dst_h + BD_TILE - 1) / BD_TILE;
        return;
    case BD_KERNEL_CLOSED_PRIOR:
        *columns = ((uint32_t)push->dst_w + 3) / 4;
        *rows = (uint32_t)push->dst_h;
        return;
    default: *columns = (uint32_t)push->dst_w; *rows = (uint32_t)push->dst_h;
    }
}

void bd_kernel_closed_form(const bd_vk *vk, bd_kernel kernel, const bd_push_closed_form *push, bool flag,
                           uint32_t tiles, bd_vk_dispatch *dispatch) {
    bd_fill_kernel(dispatch, vk, kernel, push, sizeof *push);
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        dispatch->bindings[b].format = format_of(kernel, b);
    }
    if (takes_flag(kernel)) {
        bd_fill_constant(dispatch, flag);
    }
    bool by_list = kernel == BD_KERNEL_CLOSED_START || kernel == BD_KERNEL_CLOSED_LINES ||
                   kernel == BD_KERNEL_CLOSED_PRODUCT || kernel == BD_KERNEL_CLOSED_UPDATE;
    uint32_t columns = tiles * BD_LINEAR_GROUP;
    uint32_t rows = 1;
    if (!by_list) {
        extent(kernel, push, &columns, &rows);
    }
    bd_fill_rows(dispatch, columns, rows);
}

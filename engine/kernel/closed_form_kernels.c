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

/* How a kernel is divided: over a grid, or by the list of tiles. */
typedef enum division { OVER_GRID, BY_TILE, BY_FOURS } division;

static division division_of(bd_kernel kernel) {
    switch (kernel) {
    case BD_KERNEL_CLOSED_WINDOWS:
    case BD_KERNEL_CLOSED_MATRIX:
    case BD_KERNEL_CLOSED_BLOCKS:
    case BD_KERNEL_CLOSED_RESTRICT:
    case BD_KERNEL_CLOSED_FINISH: return BY_TILE;
    case BD_KERNEL_CLOSED_PRODUCT:
    case BD_KERNEL_CLOSED_UPDATE:
    case BD_KERNEL_CLOSED_PROLONG: return BY_FOURS;
    default: return OVER_GRID;
    }
}

static VkFormat format_of(bd_kernel kernel, uint32_t binding) {
    bool words = binding == BD_BIND_RESIDUAL;
    switch (kernel) {
    case BD_KERNEL_COLOUR_BLUR:
    case BD_KERNEL_TILE_ROWS:
    case BD_KERNEL_TILE_LIST: words = true; break;
    case BD_KERNEL_CLOSED_WINDOWS: words |= binding == BD_BIND_BIAS; break;
    case BD_KERNEL_CLOSED_BLOCKS: words |= binding == BD_BIND_SRC; break;
    default: break;
    }
    return words ? VK_FORMAT_R32_UINT : VK_FORMAT_R32G32B32A32_SFLOAT;
}

static uint32_t tiles_along(int32_t nodes) {
    return ((uint32_t)nodes + BD_TILE - 1) / BD_TILE;
}

uint32_t bd_closed_coarse_nodes(uint32_t w, uint32_t h) {
    uint32_t x = tiles_along((int32_t)w), y = tiles_along((int32_t)h);
    return (x + 1) * (y + 1) + ((x + BD_SPREAD - 1) / BD_SPREAD + 1) * ((y + BD_SPREAD - 1) / BD_SPREAD + 1);
}

/* Items that a kernel takes along x, and rows. */
static void extent(bd_kernel kernel, const bd_push_closed_form *push, uint32_t *columns, uint32_t *rows) {
    *rows = 1;
    switch (kernel) {
    case BD_KERNEL_COLOUR_BLUR: *columns = BD_BINS * BD_BINS * BD_BINS; return;
    case BD_KERNEL_CLOSED_STEP: *columns = BD_LINEAR_GROUP; return;
    case BD_KERNEL_CLOSED_INVERT:
    case BD_KERNEL_CLOSED_COARSE:
        *columns = bd_closed_coarse_nodes((uint32_t)push->dst_w, (uint32_t)push->dst_h);
        return;
    case BD_KERNEL_TILE_ROWS:
    case BD_KERNEL_TILE_LIST: *columns = (uint32_t)push->dst_h; return;
    case BD_KERNEL_TILE_FLAGS:
        *columns = tiles_along(push->dst_w);
        *rows = tiles_along(push->dst_h);
        return;
    case BD_KERNEL_CLOSED_START:
        *columns = tiles_along(push->dst_w) * (BD_TILE / 4);
        *rows = tiles_along(push->dst_h) * BD_TILE;
        return;
    case BD_KERNEL_CLOSED_PRIOR:
        *columns = ((uint32_t)push->dst_w + 3) / 4;
        *rows = (uint32_t)push->dst_h;
        return;
    default: *columns = (uint32_t)push->dst_w; *rows = (uint32_t)push->dst_h;
    }
}

bool bd_closed_by_fours(bd_kernel kernel) {
    return division_of(kernel) == BY_FOURS;
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
    uint32_t columns, rows = 1;
    switch (division_of(kernel)) {
    case BY_TILE: columns = tiles * BD_LINEAR_GROUP; break;
    case BY_FOURS: columns = (tiles + BD_TILES_A_GROUP - 1) / BD_TILES_A_GROUP * BD_LINEAR_GROUP; break;
    default: extent(kernel, push, &columns, &rows);
    }
    bd_fill_rows(dispatch, columns, rows);
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/blur.h"

/* A Gaussian is smooth: it is taken on nodes that are means of block x block pixels, at least two to its deviation,
 * and interpolated between. Photos come in bands of rows, whose grids, with what the Gaussian reaches of their
 * neighbours, stay small. */
enum { MOST_BLOCK = 32, MOST_NODES = 1 << 22, ALIGN_ROWS = 64 };

typedef struct blur_plan {
    bd_slot photo, mask, blurred;
    bd_slot nodes[2]; /* of a band, taken in turns */
    uint32_t block, radius;
    float falloff;
    uint32_t band; /* rows of the photo */
} blur_plan;
BD_PLAN_OF_WORDS(blur_plan, 9);

/* Nodes of a band: from row `first`, whose pixels begin at a multiple of 64 rows, to `last`. */
typedef struct part {
    uint32_t w, first, last;
} part;

static VkDeviceSize node_bytes(const part *of) {
    return (VkDeviceSize)of->w * (of->last - of->first) * 16;
}

static void record_weigh(bd_recorder *to, const blur_plan *p, const part *of) {
    const bd_size photo = bd_recorder_size(to, p->photo);
    uint32_t begin = of->first * p->block, end = BD_MIN(of->last * p->block, photo.h);
    for (bd_band band = bd_bands(to, (bd_size){photo.w, end - begin}, 1); band.rows; bd_band_next(&band)) {
        const bd_push_weigh push = {.src_w = (int32_t)photo.w,
                                    .src_h = (int32_t)band.rows,
                                    .dst_w = (int32_t)of->w,
                                    .dst_h = (int32_t)((band.rows + p->block - 1) / p->block),
                                    .first = (int32_t)(band.first / p->block),
                                    .block = (int32_t)p->block};
        bd_vk_dispatch dispatch;
        bd_kernel_blur(to->vk, BD_KERNEL_WEIGH, &push, false, &dispatch);
        bd_match_depth(to, &dispatch, p->photo);
        bd_bind_rows(to, &dispatch, 0, p->photo, begin + band.first, band.rows);
        bd_bind_rows(to, &dispatch, 1, p->mask, begin + band.first, band.rows);
        bd_bind_bytes(to, &dispatch, BD_BIND_DST, p->nodes[0], 0, node_bytes(of));
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void record_gauss(bd_recorder *to, const blur_plan *p, const part *of, bool vertical) {
    const bd_push_weigh push = {.dst_w = (int32_t)of->w,
                                .dst_h = (int32_t)(of->last - of->first),
                                .radius = (int32_t)p->radius,
                                .falloff = p->falloff};
    bd_vk_dispatch dispatch;
    bd_kernel_blur(to->vk, BD_KERNEL_GAUSS, &push, vertical, &dispatch);
    bd_bind_bytes(to, &dispatch, 0, p->nodes[vertical], 0, node_bytes(of));
    bd_bind_bytes(to, &dispatch, BD_BIND_DST, p->nodes[!vertical], 0, node_bytes(of));
    bd_recorder_dispatch(to, &dispatch);
}

static void record_unweigh(bd_recorder *to, const blur_plan *p, const part *of, uint32_t y, uint32_t rows) {
    float scale = 1.0f / (float)p->block, bias = 0.5f * scale - 0.5f;
    const bd_push_weigh push = {.src_w = (int32_t)of->w,
                                .src_h = (int32_t)(of->last - of->first),
                                .dst_w = (int32_t)bd_recorder_size(to, p->photo).w,
                                .dst_h = (int32_t)rows,
                                .scale = scale,
                                .bias_x = bias,
                                .bias_y = bias + ((float)y - (float)(of->first * p->block)) * scale};
    bd_vk_dispatch dispatch;
    bd_kernel_blur(to->vk, BD_KERNEL_UNWEIGH, &push, false, &dispatch);
    bd_match_depth(to, &dispatch, p->photo);
    bd_bind_bytes(to, &dispatch, 0, p->nodes[0], 0, node_bytes(of));
    bd_bind_rows(to, &dispatch, 1, p->photo, y, rows);
    bd_bind_rows(to, &dispatch, BD_BIND_DST, p->blurred, y, rows);
    bd_recorder_dispatch(to, &dispatch);
}

static uint32_t in_blocks(uint32_t pixels, uint32_t block) {
    return (pixels + block - 1) / block;
}

static void record_blur(bd_recorder *to, const void *plan) {
    const blur_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo);
    uint32_t around = p->radius + 1, step = ALIGN_ROWS / p->block, grid_h = in_blocks(photo.h, p->block);
    for (uint32_t y = 0; y < photo.h; y += p->band) {
        uint32_t rows = BD_MIN(p->band, photo.h - y);
        const part of = {.w = in_blocks(photo.w, p->block),
                         .first = y / p->block > around ? (y / p->block - around) / step * step : 0,
                         .last = BD_MIN(in_blocks(y + rows, p->block) + around, grid_h)};
        record_weigh(to, p, &of);
        record_gauss(to, p, &of, false);
        record_gauss(to, p, &of, true);
        record_unweigh(to, p, &of, y, rows);
    }
}

bd_slot bd_blur_add(bd_recipe *recipe, bd_slot photo, bd_slot mask, float sigma) {
    const bd_size size = bd_recipe_size(recipe, photo);
    blur_plan plan = {.photo = photo, .mask = mask, .block = 1};
    while (plan.block < MOST_BLOCK && 4.0f * (float)plan.block <= sigma) {
        plan.block *= 2;
    }
    const bd_size grid = {in_blocks(size.w, plan.block), in_blocks(size.h, plan.block)};
    /* Means and interpolation blur, too: by (block^2 - 1) / 12 and twice that. */
    float block = (float)plan.block, nodes = sqrtf(sigma * sigma - (block * block - 1.0f) * 0.25f) / block;
    plan.radius = BD_MAX((uint32_t)(3.5f * nodes + 0.5f), 1u);
    plan.falloff = -0.5f / (BD_MAX(nodes, 0.1f) * BD_MAX(nodes, 0.1f) * logf(2.0f));
    plan.radius = BD_MIN(plan.radius, BD_MAX(grid.w, grid.h));
    uint32_t around = 2 * (plan.radius + 1), step = ALIGN_ROWS / plan.block;
    uint32_t rows = MOST_NODES / grid.w > around + step ? (MOST_NODES / grid.w - around) / step * step : step;
    plan.band = BD_MIN(bd_band_rows(&recipe->vk->limits, recipe->deep, recipe->band_bytes, size, 1), rows * plan.block);
    const bd_size most = {grid.w, BD_MIN(plan.band / plan.block + around + step, grid.h)};
    plan.nodes[0] = bd_recipe_slot(recipe, "weighed nodes", BD_SLOT_GRID, most);
    plan.nodes[1] = bd_recipe_slot(recipe, "blurred nodes", BD_SLOT_GRID, most);
    plan.blurred = bd_recipe_slot(recipe, "blurred photo", bd_recipe_kind(recipe, photo), size);
    bd_recipe_pass(recipe, record_blur, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_reads(recipe, mask);
    bd_recipe_writes(recipe, plan.nodes[0]);
    bd_recipe_writes(recipe, plan.nodes[1]);
    bd_recipe_writes(recipe, plan.blurred);
    bd_recipe_stamp(recipe, "blur");
    return plan.blurred;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/light_grid.h"
#include "photo/light_wrap.h"

enum { MOST_NODES = 1024 };

typedef struct light_plan {
    bd_slot pixels, mask, picture, light;
    uint32_t block;
    int32_t offset_x, offset_y;
    uint32_t tile, premultiplied, fill, fill_low;
} light_plan;
BD_PLAN_OF_WORDS(light_plan, 11);

static void record_light(bd_recorder *to, const void *plan) {
    const light_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->mask), grid = bd_recorder_size(to, p->light);
    const bd_size picture = bd_recorder_size(to, p->picture);
    const bd_size widest = {BD_MAX(photo.w, picture.w), photo.h};
    bool around = p->picture && !p->tile; /* as in photo/composite.c */
    for (bd_band band = around ? bd_bands_apart(to, widest) : bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        int32_t behind = p->offset_y + (int32_t)band.first;
        bd_rows seen = around ? bd_rows_behind(picture.h, behind, band.rows) : (bd_rows){0, picture.h};
        const bd_push_light push = {.src_w = (int32_t)photo.w,
                                    .src_h = (int32_t)band.rows,
                                    .dst_w = (int32_t)grid.w,
                                    .dst_h = (int32_t)bd_light_nodes((bd_size){photo.w, band.rows}, p->block).h,
                                    .first = (int32_t)(band.first / p->block),
                                    .block = (int32_t)p->block,
                                    .bg_w = (int32_t)picture.w,
                                    .bg_h = (int32_t)seen.count,
                                    .offset_x = p->offset_x,
                                    .offset_y = behind - (int32_t)seen.first,
                                    .fill = p->fill,
                                    .fill_low = p->fill_low};
        bd_vk_dispatch dispatch;
        bd_kernel_light_reduce(to->vk, &push, p->picture != BD_NO_SLOT, p->tile, p->premultiplied, &dispatch);
        bd_match_depth(to, &dispatch, p->pixels);
        if (p->picture) {
            bd_bind_rows(to, &dispatch, 0, p->picture, seen.first, seen.count);
        } else {
            bd_bind_rows(to, &dispatch, 0, p->pixels, 0, 1);
        }
        bd_bind_rows(to, &dispatch, 1, p->mask, band.first, band.rows);
        bd_bind(to, &dispatch, BD_BIND_DST, p->light);
        bd_recorder_dispatch(to, &dispatch);
    }
}

/* ---- the blur ---------------------------------------------------------------------------------------------------- */

typedef struct boxes_plan {
    bd_slot light, rows;
    uint32_t radius;
} boxes_plan;
BD_PLAN_OF_WORDS(boxes_plan, 3);

/* Twice along both axes. */
static void record_boxes(bd_recorder *to, const void *plan) {
    const boxes_plan *p = plan;
    const bd_size grid = bd_recorder_size(to, p->light);
    const bd_push_guided push = {.dst_w = (int32_t)grid.w, .dst_h = (int32_t)grid.h, .radius = (int32_t)p->radius};
    for (int i = 0; i < 4; i++) {
        bd_slot from = i % 2 ? p->rows : p->light;
        bd_vk_dispatch dispatch;
        bd_kernel_guided(to->vk, i % 2 ? BD_KERNEL_BOX_COLUMNS : BD_KERNEL_BOX_ROWS, &push, false, &dispatch);
        bd_bind(to, &dispatch, 0, from);
        if (i % 2) {
            bd_bind(to, &dispatch, 1, from);
        }
        bd_bind(to, &dispatch, BD_BIND_DST, i % 2 ? p->light : p->rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

/* Two box filters of radius r on nodes b apart spread light as a Gaussian of deviation b sqrt(((2 r + 1)^2 - 1) / 6)
 * does. */
static void add_boxes(bd_recipe *recipe, bd_light light, float sigma) {
    float nodes = sigma / (float)light.block;
    const boxes_plan plan = {
        .light = light.grid,
        .rows = bd_recipe_slot(recipe, "light, rows", BD_SLOT_GRID, bd_recipe_size(recipe, light.grid)),
        .radius = BD_MAX((uint32_t)((sqrtf(6.0f * nodes * nodes + 1.0f) - 1.0f) * 0.5f + 0.5f), 1u)};
    bd_recipe_pass(recipe, record_boxes, &plan, sizeof plan);
    bd_recipe_reads(recipe, plan.light);
    bd_recipe_writes(recipe, plan.rows);
    bd_recipe_writes(recipe, plan.light);
}

bd_light bd_light_wrap_add(bd_recipe *recipe, float sigma, bd_slot pixels, bd_slot mask,
                           const bd_backdrop *background) {
    if (!(sigma > 0.0f)) {
        return (bd_light){BD_NO_SLOT, 1};
    }
    const bd_size photo = bd_recipe_size(recipe, mask);
    bd_light light = {.block = bd_light_spacing(photo, MOST_NODES, sigma * 0.5f)};
    light.grid = bd_recipe_slot(recipe, "light", BD_SLOT_GRID, bd_light_nodes(photo, light.block));
    const light_plan plan = {.pixels = pixels,
                             .mask = mask,
                             .picture = background->picture,
                             .light = light.grid,
                             .block = light.block,
                             .offset_x = background->offset_x,
                             .offset_y = background->offset_y,
                             .tile = background->tile,
                             .premultiplied = background->premultiplied,
                             .fill = background->fill,
                             .fill_low = background->fill_low};
    bd_recipe_pass(recipe, record_light, &plan, sizeof plan);
    bd_recipe_reads(recipe, pixels);
    bd_recipe_reads(recipe, mask);
    bd_recipe_reads(recipe, plan.picture);
    bd_recipe_writes(recipe, light.grid);
    add_boxes(recipe, light, sigma);
    bd_recipe_stamp(recipe, "light wrap");
    return light;
}

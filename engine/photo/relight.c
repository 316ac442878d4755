/* SPDX-License-Identifier: MIT */
#include "photo/relight.h"

typedef struct relight_plan {
    bd_slot front, mask, map, light, relit;
    uint32_t block;
} relight_plan;
BD_PLAN_OF_WORDS(relight_plan, 6);

/* What is not read is bound all the same. */
static void bind_or_any(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot, bd_slot any) {
    if (slot) {
        bd_bind(to, dispatch, binding, slot);
    } else {
        bd_bind_bytes(to, dispatch, binding, any, 0, 16);
    }
}

static void record_relight(bd_recorder *to, const void *plan) {
    const relight_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->front), grid = bd_recorder_size(to, p->light);
    float scale = p->light ? 1.0f / (float)p->block : 0.0f, bias = 0.5f * scale - 0.5f;
    for (bd_band band = bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        const bd_push_light push = {.src_w = (int32_t)grid.w,
                                    .src_h = (int32_t)grid.h,
                                    .dst_w = (int32_t)photo.w,
                                    .dst_h = (int32_t)band.rows,
                                    .first = (int32_t)band.first,
                                    .scale_x = scale,
                                    .bias_x = bias,
                                    .scale_y = scale,
                                    .bias_y = bias};
        bd_vk_dispatch dispatch;
        bd_kernel_relight(to->vk, &push, p->map != BD_NO_SLOT, p->light != BD_NO_SLOT, &dispatch);
        bd_match_depth(to, &dispatch, p->front);
        bind_or_any(to, &dispatch, 0, p->light, p->mask);
        bd_bind_rows(to, &dispatch, 1, p->front, band.first, band.rows);
        bd_bind_rows(to, &dispatch, 2, p->mask, band.first, band.rows);
        bind_or_any(to, &dispatch, 3, p->map, p->mask);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->relit, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_relight_add(bd_recipe *recipe, bd_slot front, bd_slot mask, bd_slot map, bd_light light) {
    if (!map && !light.grid) {
        return front;
    }
    const relight_plan plan = {
        .front = front,
        .mask = mask,
        .map = map,
        .light = light.grid,
        .relit = bd_recipe_slot(recipe, "relit", bd_recipe_kind(recipe, front), bd_recipe_size(recipe, front)),
        .block = light.block};
    bd_recipe_pass(recipe, record_relight, &plan, sizeof plan);
    bd_recipe_reads(recipe, front);
    bd_recipe_reads(recipe, mask);
    bd_recipe_reads(recipe, map);
    bd_recipe_reads(recipe, light.grid);
    bd_recipe_writes(recipe, plan.relit);
    bd_recipe_stamp(recipe, "relight");
    return plan.relit;
}

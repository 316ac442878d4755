/* SPDX-License-Identifier: MIT */
#include "photo/levels.h"

bd_result bd_levels_check(const bd_matte_params *params, bd_error *error) {
    float low = params->level_low, high = params->level_high;
    if (!(low >= 0.0f && low <= 1.0f && high >= 0.0f && high <= 1.0f && low <= high)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "levels go from 0 to 1, the lower one first");
    }
    return BD_OK;
}

typedef struct levels_plan {
    bd_slot plane;
    float low, high;
} levels_plan;
BD_PLAN_OF_WORDS(levels_plan, 3);

static void record_levels(bd_recorder *to, const void *plan) {
    const levels_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->plane);
    for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        const bd_push_levels push = {.w = (int32_t)size.w, .h = (int32_t)band.rows, .low = p->low, .high = p->high};
        bd_vk_dispatch dispatch;
        bd_kernel_levels(to->vk, &push, &dispatch);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->plane, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

void bd_levels_add(bd_recipe *recipe, const bd_matte_params *params, bd_slot plane) {
    const levels_plan plan = {plane, params->level_low, params->level_high};
    bool whole = plan.low <= 0.0f && plan.high >= 1.0f;
    if (plan.high <= 0.0f || whole) {
        return;
    }
    bd_recipe_pass(recipe, record_levels, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plane);
    bd_recipe_stamp(recipe, "matte: levels");
}

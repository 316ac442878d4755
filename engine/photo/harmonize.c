/* SPDX-License-Identifier: MIT */
#include "photo/harmonize.h"
#include "photo/light_grid.h"

enum { SAMPLES = 512, SUMS_VECTORS = BD_STATISTICS_SUMS * 2, MAP_VECTORS = 3 };

/* ---- sums over a picture ----------------------------------------------------------------------------------------- */

typedef struct statistics_plan {
    bd_slot picture, mask, items, sums;
    uint32_t spacing; /* pixels between samples */
    uint32_t subject, premultiplied;
} statistics_plan;
BD_PLAN_OF_WORDS(statistics_plan, 7);

static uint32_t row_groups(uint32_t rows) {
    return (rows + BD_STATISTICS_ROWS - 1) / BD_STATISTICS_ROWS;
}

static void record_statistics(bd_recorder *to, const void *plan) {
    const statistics_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->picture);
    uint32_t columns = bd_light_nodes(size, p->spacing).w, first = 0;
    bd_vk_dispatch dispatch;
    for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        uint32_t rows = bd_light_nodes((bd_size){size.w, band.rows}, p->spacing).h, groups = row_groups(rows);
        const bd_push_harmonize push = {.src_w = (int32_t)size.w,
                                        .src_h = (int32_t)band.rows,
                                        .dst_w = (int32_t)columns,
                                        .dst_h = (int32_t)groups,
                                        .first = (int32_t)first,
                                        .block = (int32_t)p->spacing,
                                        .count = (int32_t)rows};
        first += groups;
        bd_kernel_statistics(to->vk, &push, p->subject, p->premultiplied, &dispatch);
        bd_match_depth(to, &dispatch, p->picture);
        bd_bind_rows(to, &dispatch, 0, p->picture, band.first, band.rows);
        if (p->subject) {
            bd_bind_rows(to, &dispatch, 1, p->mask, band.first, band.rows);
        } else {
            bd_bind_bytes(to, &dispatch, 1, p->mask, 0, 16); /* not read */
        }
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->items, 0, first);
        bd_recorder_dispatch(to, &dispatch);
    }
    bd_kernel_statistics_sum(to->vk, first * columns, &dispatch);
    bd_bind_rows(to, &dispatch, 0, p->items, 0, first);
    bd_bind(to, &dispatch, BD_BIND_DST, p->sums);
    bd_recorder_dispatch(to, &dispatch);
}

static bd_slot add_statistics(bd_recipe *recipe, bd_slot picture, bd_slot mask, bool subject, bool premultiplied) {
    const bd_size size = bd_recipe_size(recipe, picture);
    statistics_plan plan = {.picture = picture,
                            .mask = mask,
                            .spacing = bd_light_spacing(size, SAMPLES, 0.0f),
                            .subject = subject,
                            .premultiplied = premultiplied};
    const bd_size samples = bd_light_nodes(size, plan.spacing);
    /* Bands end with items of their own: one more row of them each. */
    uint32_t bands = size.h / bd_band_rows(&recipe->vk->limits, recipe->deep, recipe->band_bytes, size, 1) + 1;
    plan.items =
        bd_recipe_slot(recipe, "statistics", BD_SLOT_PAIRS, (bd_size){samples.w, row_groups(samples.h) + bands});
    plan.sums = bd_recipe_slot(recipe, "sums of statistics", BD_SLOT_GRID, (bd_size){SUMS_VECTORS, 1});
    bd_recipe_pass(recipe, record_statistics, &plan, sizeof plan);
    bd_recipe_reads(recipe, picture);
    bd_recipe_reads(recipe, mask);
    bd_recipe_writes(recipe, plan.items);
    bd_recipe_writes(recipe, plan.sums);
    return plan.sums;
}

/* ---- the map ----------------------------------------------------------------------------------------------------- */

typedef struct solve_plan {
    bd_slot subject, background, map;
    uint32_t full;
} solve_plan;
BD_PLAN_OF_WORDS(solve_plan, 4);

static void record_solve(bd_recorder *to, const void *plan) {
    const solve_plan *p = plan;
    bd_vk_dispatch dispatch;
    bd_kernel_harmonize_solve(to->vk, p->full, &dispatch);
    bd_bind(to, &dispatch, 0, p->subject);
    bd_bind(to, &dispatch, 1, p->background);
    bd_bind(to, &dispatch, BD_BIND_DST, p->map);
    bd_recorder_dispatch(to, &dispatch);
}

bd_slot bd_harmonize_add(bd_recipe *recipe, bd_harmonize how, bd_slot front, bd_slot mask,
                         const bd_backdrop *background) {
    if (how == BD_HARMONIZE_OFF) {
        return BD_NO_SLOT;
    }
    bd_slot subject = add_statistics(recipe, front, mask, true, false);
    bd_slot behind = add_statistics(recipe, background->picture, mask, false, background->premultiplied);
    const solve_plan plan = {.subject = subject,
                             .background = behind,
                             .map = bd_recipe_slot(recipe, "map of colours", BD_SLOT_GRID, (bd_size){MAP_VECTORS, 1}),
                             .full = how == BD_HARMONIZE_FULL};
    bd_recipe_pass(recipe, record_solve, &plan, sizeof plan);
    bd_recipe_reads(recipe, plan.subject);
    bd_recipe_reads(recipe, plan.background);
    bd_recipe_writes(recipe, plan.map);
    bd_recipe_stamp(recipe, "harmonize");
    return plan.map;
}

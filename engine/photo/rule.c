/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/rule.h"

#define MOST_BIAS 20.0f

bd_result bd_rule_check(const bd_matte_params *params, bd_error *error) {
    if ((unsigned)params->rule > BD_RULE_OFF) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such rule: %d", (int)params->rule);
    }
    if (!(fabsf(params->bias) <= MOST_BIAS)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a bias is %.0f to %.0f", -(double)MOST_BIAS, (double)MOST_BIAS);
    }
    return BD_OK;
}

bd_size bd_rule_grid(const bd_looks *looks, bd_size photo, uint32_t nodes) {
    const int32_t *logits = looks->network.logits_shape.dims;
    uint32_t longest = BD_MAX(photo.w, photo.h), shortest = BD_MIN(photo.w, photo.h);
    uint32_t along = nodes ? nodes : (uint32_t)BD_MAX(logits[1], logits[2]);
    along = BD_MIN(along, (uint32_t)BD_RULE_MOST_SIDE);
    uint32_t across = longest > 1 ? (uint32_t)lround((double)(along - 1) * (shortest - 1) / (longest - 1)) + 1 : along;
    return photo.w >= photo.h ? (bd_size){along, across} : (bd_size){across, along};
}

/* ---- log-odds ---------------------------------------------------------------------------------------------------- */

typedef struct odds_plan {
    bd_slot logits, grid;
    uint32_t network; /* given */
    bd_odds_of of;
    bd_axis_map x, y;
} odds_plan;
BD_PLAN_OF_WORDS(odds_plan, 18);

static void record_odds(bd_recorder *to, const void *plan) {
    const odds_plan *p = plan;
    const bd_network *network = to->given[p->network];
    const bd_size size = bd_recorder_size(to, p->grid);
    bd_vk_dispatch dispatch;
    bd_kernel_odds(to->vk, &network->logits_shape, &p->of, size.w, size.h, p->x, p->y, &dispatch);
    bd_bind(to, &dispatch, 0, p->logits);
    bd_bind(to, &dispatch, BD_BIND_DST, p->grid);
    bd_recorder_dispatch(to, &dispatch);
}

/* Nodes on the middles of the corner pixels, where a map of the photo's size has its pixels. */
static bd_axis_map on_nodes(bd_axis_map pixels, uint32_t photo, uint32_t nodes) {
    pixels.scale *= nodes > 1 ? (float)(photo - 1) / (float)(nodes - 1) : 0.0f;
    return pixels;
}

bd_slot bd_odds_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, const bd_odds_of *of, bd_size photo,
                    bd_size resized, bd_size grid) {
    const odds_plan plan = {.logits = logits,
                            .grid = bd_recipe_slot(recipe, "log-odds", BD_SLOT_GRID, grid),
                            .network = bd_recipe_give(recipe, &looks->network),
                            .of = *of,
                            .x = on_nodes(bd_looks_pixel_map(looks, 2, resized.w, photo.w), photo.w, grid.w),
                            .y = on_nodes(bd_looks_pixel_map(looks, 1, resized.h, photo.h), photo.h, grid.h)};
    bd_recipe_pass(recipe, record_odds, &plan, sizeof plan);
    bd_recipe_reads(recipe, logits);
    bd_recipe_writes(recipe, plan.grid);
    return plan.grid;
}

/* ---- the rule ---------------------------------------------------------------------------------------------------- */

typedef struct rule_plan {
    bd_slot odds, words, plane;
    uint32_t locates;
    bd_push_rule push;
} rule_plan;
BD_PLAN_OF_WORDS(rule_plan, 4 + sizeof(bd_push_rule) / 4);

static void record_rule(bd_recorder *to, const void *plan) {
    const rule_plan *p = plan;
    bd_vk_dispatch dispatch;
    bd_kernel_rule(to->vk, &p->push, p->locates, &dispatch);
    bd_bind(to, &dispatch, 0, p->odds);
    bd_bind(to, &dispatch, BD_BIND_DST, p->words);
    bd_recorder_dispatch(to, &dispatch);
}

bd_slot bd_rule_add(bd_recipe *recipe, bd_slot odds, bool locates) {
    const bd_size grid = bd_recipe_size(recipe, odds);
    const rule_plan plan = {.odds = odds,
                            .words = bd_recipe_slot(recipe, "bodies", BD_SLOT_BYTES,
                                                    (bd_size){sizeof(uint32_t), BD_RULE_WORDS(grid.w * grid.h)}),
                            .locates = locates,
                            .push = {.w = (int32_t)grid.w, .h = (int32_t)grid.h}};
    bd_recipe_pass(recipe, record_rule, &plan, sizeof plan);
    bd_recipe_reads(recipe, odds);
    bd_recipe_writes(recipe, plan.words);
    return plan.words;
}

static void record_apply(bd_recorder *to, const void *plan) {
    const rule_plan *p = plan;
    bd_vk_dispatch dispatch;
    bd_kernel_rule_apply(to->vk, &p->push, &dispatch);
    bd_bind(to, &dispatch, 0, p->words);
    bd_bind(to, &dispatch, BD_BIND_DST, p->plane);
    bd_recorder_dispatch(to, &dispatch);
}

bd_slot bd_rule_apply_add(bd_recipe *recipe, bd_slot words, bd_size grid, float bias) {
    const rule_plan plan = {.words = words,
                            .plane = bd_recipe_slot(recipe, "bodies' probabilities", BD_SLOT_PLANE, grid),
                            .push = {.w = (int32_t)grid.w, .h = (int32_t)grid.h, .bias = bias}};
    bd_recipe_pass(recipe, record_apply, &plan, sizeof plan);
    bd_recipe_reads(recipe, words);
    bd_recipe_writes(recipe, plan.plane);
    return plan.plane;
}

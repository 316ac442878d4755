/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/rule.h"

#define MOST_BIAS 20.0f

bd_result bd_rule_check(const bd_matte_params *params, bd_error *error) {
    if ((unsigned)params->rule > BD_RULE_OFF) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such rule: %d", (int)params->rule);
    }
    if (params->looks > 2) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a network looks once or twice, not %u times", params->looks);
    }
    if (!(fabsf(params->bias) <= MOST_BIAS)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a bias is %.0f to %.0f", -(double)MOST_BIAS, (double)MOST_BIAS);
    }
    return BD_OK;
}

uint32_t bd_rule_looks(const bd_looks *looks) {
    return looks->flip ? 1 : looks->count;
}

bd_size bd_rule_grid(const bd_looks *looks, uint32_t count, bd_size photo) {
    uint32_t nodes = 0;
    for (uint32_t look = 0; look < count; look++) {
        const int32_t *logits = bd_looks_network(looks, look)->logits_shape.dims;
        nodes = BD_MAX(nodes, (uint32_t)BD_MAX(logits[1], logits[2]));
    }
    return bd_rule_grid_of(photo, nodes);
}

bd_size bd_rule_grid_of(bd_size photo, uint32_t nodes) {
    uint32_t longest = BD_MAX(photo.w, photo.h), shortest = BD_MIN(photo.w, photo.h);
    uint32_t along = BD_MIN(nodes, (uint32_t)BD_RULE_MOST_SIDE);
    uint32_t across = longest > 1 ? (uint32_t)lround((double)(along - 1) * (shortest - 1) / (longest - 1)) + 1 : along;
    return photo.w >= photo.h ? (bd_size){along, across} : (bd_size){across, along};
}

/* ---- log-odds ---------------------------------------------------------------------------------------------------- */

typedef struct odds_plan {
    bd_slot logits, before, grid;
    uint32_t network; /* given */
    uint32_t look, looks;
    bd_odds_of of;
    bd_axis_map x, y;
} odds_plan;
BD_PLAN_OF_WORDS(odds_plan, 21);

static void record_odds(bd_recorder *to, const void *plan) {
    const odds_plan *p = plan;
    const bd_network *network = to->given[p->network];
    const bd_size size = bd_recorder_size(to, p->grid);
    bd_vk_dispatch dispatch;
    bd_kernel_odds(to->vk, &network->logits_shape, &p->of, size.w, size.h, p->x, p->y, p->look, p->looks, &dispatch);
    bd_bind(to, &dispatch, 0, p->logits);
    bd_bind(to, &dispatch, 3, p->before ? p->before : p->logits);
    bd_bind(to, &dispatch, BD_BIND_DST, p->grid);
    bd_recorder_dispatch(to, &dispatch);
}

/* Nodes on the middles of the corner pixels, where a map of the photo's size has its pixels. */
bd_axis_map bd_rule_map(const bd_network *network, int axis, bd_size photo, bd_size grid) {
    bd_size resized;
    bd_looks_photo_size(network, photo.w, photo.h, &resized.w, &resized.h);
    uint32_t pixels = axis == 2 ? photo.w : photo.h, nodes = axis == 2 ? grid.w : grid.h;
    bd_axis_map map = bd_looks_pixel_map(network, axis, axis == 2 ? resized.w : resized.h, pixels);
    map.scale *= nodes > 1 ? (float)(pixels - 1) / (float)(nodes - 1) : 0.0f;
    return map;
}

bd_slot bd_odds_add(bd_recipe *recipe, const bd_looks *looks, bd_slot logits, const bd_odds_of *of, bd_size photo,
                    bd_size grid, uint32_t count) {
    bd_slot before = BD_NO_SLOT;
    for (uint32_t look = 0; look < count; look++) {
        const bd_network *network = bd_looks_network(looks, look);
        const odds_plan plan = {.logits = looks->flip ? logits
                                                      : bd_recipe_outside(recipe, "logits of a look", &network->logits),
                                .before = before,
                                .grid = bd_recipe_slot(recipe, "log-odds", BD_SLOT_GRID, grid),
                                .network = bd_recipe_give(recipe, network),
                                .look = look,
                                .looks = count,
                                .of = *of,
                                .x = bd_rule_map(network, 2, photo, grid),
                                .y = bd_rule_map(network, 1, photo, grid)};
        bd_recipe_pass(recipe, record_odds, &plan, sizeof plan);
        bd_recipe_reads(recipe, plan.logits);
        bd_recipe_reads(recipe, before);
        bd_recipe_writes(recipe, plan.grid);
        before = plan.grid;
    }
    return before;
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

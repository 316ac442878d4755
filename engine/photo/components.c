/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "photo/components.h"
#include "photo/trimap.h"

/* Of portraits with masks, parts below 10 % of the largest one are nearly always not meant: IoU .912 at 1 %, .915 at
 * 10 %. Beyond that people who stand apart would go. Without the rule, which joins what belongs together, less is dropped.
 * Apart at one half, a person's own pieces often hang together at 0.4, other people still do not. */
#define ISLAND_SHARE 0.1f
#define PLAIN_ISLAND_SHARE 0.01f
#define PART_LEVEL 0.4f
#define HOLE_LEVEL 0.5f
#define SEEN_LEVEL 0.02f                     /* of a finished matte: below it nothing is seen */
enum { MOST_NODES = 1024, SPECK_NODES = 5 }; /* of fewer nodes refining leaves nothing */

bd_result bd_components_check(const bd_matte_params *params, bd_size photo, bd_error *error) {
    if ((unsigned)params->keep > BD_KEEP_POINT) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such choice of parts: %d", (int)params->keep);
    }
    if (params->keep == BD_KEEP_POINT && (params->keep_x >= photo.w || params->keep_y >= photo.h)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the point %u,%u lies outside the photo of %ux%u",
                       params->keep_x, params->keep_y, photo.w, photo.h);
    }
    if (!(params->island_share <= 1.0f)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the share of islands must be at most 1");
    }
    return BD_OK;
}

typedef struct components_plan {
    bd_slot plane, state, found;
    uint32_t drops, fills;
    uint32_t keep, point; /* of push/components.h */
    float share;
} components_plan;
BD_PLAN_OF_WORDS(components_plan, 8);

/* One of the two runs: over the foreground, or over the background for its holes. */
typedef struct run {
    const components_plan *plan;
    bool background;
    bd_push_components push;
} run;

static uint32_t values_per_node(bd_size size) {
    return (BD_MAX(size.w, size.h) + MOST_NODES - 1) / MOST_NODES;
}

static bd_size grid_of(bd_size size) {
    uint32_t block = values_per_node(size);
    return (bd_size){(size.w + block - 1) / block, (size.h + block - 1) / block};
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

static void record_state(bd_recorder *to, const run *r, bd_kernel kernel, uint32_t stage) {
    bd_vk_dispatch dispatch;
    bd_kernel_components(to->vk, kernel, &r->push, r->background, stage, &dispatch);
    bd_bind(to, &dispatch, BD_BIND_DST, r->plan->state);
    bd_recorder_dispatch(to, &dispatch);
}

/* Start or apply: in bands of the plane that the device can bind. */
static void record_bands(bd_recorder *to, const run *r, bd_kernel kernel) {
    uint32_t block = (uint32_t)r->push.block;
    bool start = kernel == BD_KERNEL_COMPONENTS_START;
    for (bd_band band = bd_bands(to, bd_recorder_size(to, r->plan->plane), block); band.rows; bd_band_next(&band)) {
        bd_push_components push = r->push;
        push.src_w = (int32_t)bd_recorder_size(to, r->plan->plane).w;
        push.src_h = (int32_t)band.rows;
        push.first = (int32_t)(band.first / block);
        bd_vk_dispatch dispatch;
        bd_kernel_components(to->vk, kernel, &push, r->background, 0, &dispatch);
        bd_bind_rows(to, &dispatch, start ? 0 : BD_BIND_DST, r->plan->plane, band.first, band.rows);
        bd_bind(to, &dispatch, start ? BD_BIND_DST : 0, r->plan->state);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void record_choice(bd_recorder *to, const run *r) {
    if (r->push.keep == BD_COMPONENTS_SHARE || r->push.keep == BD_COMPONENTS_LARGEST) {
        record_state(to, r, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_RANK);
    }
    if (r->push.keep == BD_COMPONENTS_LARGEST) {
        record_state(to, r, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_ELECT);
    }
    record_state(to, r, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_JUDGE);
}

/* Leaves in push.to the part that holds the answer. */
static void record_spread(bd_recorder *to, run *r) {
    int32_t longest = BD_MAX(r->push.grid_w, r->push.grid_h), step = 1;
    while (2 * step < longest) {
        step *= 2;
    }
    for (bool fresh = true; step > 0; step /= 2, fresh = false) {
        r->push.step = step;
        r->push.from = r->push.to;
        r->push.to = 1 - r->push.from;
        record_state(to, r, BD_KERNEL_COMPONENTS_SPREAD, fresh);
    }
    r->push.from = r->push.to;
}

static void record_areas(bd_recorder *to, const run *r) {
    record_bands(to, r, BD_KERNEL_COMPONENTS_START);
    record_state(to, r, BD_KERNEL_COMPONENTS_JOIN, 0);
    record_state(to, r, BD_KERNEL_COMPONENTS_COUNT, 0);
    record_choice(to, r);
}

static void record_run(bd_recorder *to, run *r) {
    record_areas(to, r);
    record_spread(to, r);
    record_bands(to, r, BD_KERNEL_COMPONENTS_APPLY);
}

static void record_components(bd_recorder *to, const void *plan) {
    const components_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->plane), grid = grid_of(size);
    run r = {.plan = p,
             .push = {.grid_w = (int32_t)grid.w,
                      .grid_h = (int32_t)grid.h,
                      .block = (int32_t)values_per_node(size),
                      .keep = (int32_t)p->keep,
                      .point = (int32_t)p->point,
                      .level = PART_LEVEL,
                      .share = p->share}};
    if (p->drops) {
        record_run(to, &r);
    }
    if (!p->drops && !p->fills) {
        r.push.level = SEEN_LEVEL;
        record_areas(to, &r);
    }
    if (p->fills) {
        r.background = true;
        r.push.keep = BD_COMPONENTS_EDGE;
        r.push.level = HOLE_LEVEL;
        record_run(to, &r);
    }
    if (p->found) {
        bd_vk_binding word = to->slots[p->state];
        word.offset += BD_COMPONENTS_FOUND * sizeof(uint32_t);
        word.bytes = sizeof(uint32_t);
        bd_recorder_copy(to, &word, &to->slots[p->found]);
    }
}

/* ---- planning ---------------------------------------------------------------------------------------------------- */

static float island_share(const bd_matte_params *params) {
    float share = params->island_share;
    if (share < 0.0f || share > 0.0f) {
        return fmaxf(share, 0.0f);
    }
    return params->coarse ? 0.0f : params->rule == BD_RULE_ON ? ISLAND_SHARE : PLAIN_ISLAND_SHARE;
}

/* Index of the plane's value that is nearest to a pixel of the photo. */
static uint32_t value_at(uint32_t pixel, uint32_t photo, uint32_t size, uint32_t block) {
    return block ? pixel / block : (uint32_t)(((uint64_t)2 * pixel + 1) * size / ((uint64_t)2 * photo));
}

static bd_slot add_state(bd_recipe *recipe, bd_slot plane) {
    const bd_size grid = grid_of(bd_recipe_size(recipe, plane));
    return bd_recipe_slot(recipe, "components", BD_SLOT_BYTES,
                          (bd_size){sizeof(uint32_t), BD_COMPONENTS_WORDS(grid.w * grid.h)});
}

static bd_slot add_found(bd_recipe *recipe) {
    return bd_recipe_slot(recipe, "found", BD_SLOT_BYTES, (bd_size){sizeof(uint32_t), 1});
}

bd_slot bd_components_add(bd_recipe *recipe, const bd_matte_params *params, bd_size photo, bd_slot plane,
                          uint32_t block) {
    static const uint32_t ways[] = {[BD_KEEP_ALL] = BD_COMPONENTS_SHARE,
                                    [BD_KEEP_LARGEST] = BD_COMPONENTS_LARGEST,
                                    [BD_KEEP_POINT] = BD_COMPONENTS_AT};
    components_plan plan = {.plane = plane,
                            .drops = params->keep != BD_KEEP_ALL || island_share(params) > 0.0f,
                            .fills = params->fill_holes,
                            .keep = ways[params->keep],
                            .share = island_share(params)};
    if (!plan.drops && !plan.fills) {
        return BD_NO_SLOT;
    }
    plan.state = add_state(recipe, plane);
    if (params->keep == BD_KEEP_POINT) {
        const bd_size size = bd_recipe_size(recipe, plane), grid = grid_of(size);
        uint32_t x = value_at(params->keep_x, photo.w, size.w, block) / values_per_node(size);
        uint32_t y = value_at(params->keep_y, photo.h, size.h, block) / values_per_node(size);
        plan.point = y * grid.w + x;
    }
    if (plan.drops) {
        plan.found = add_found(recipe);
    }
    bd_recipe_pass(recipe, record_components, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plane);
    bd_recipe_writes(recipe, plan.state);
    bd_recipe_writes(recipe, plan.found);
    bd_recipe_stamp(recipe, "matte: parts");
    return plan.found;
}

bd_slot bd_components_look_add(bd_recipe *recipe, bd_slot plane) {
    const components_plan plan = {
        .plane = plane, .state = add_state(recipe, plane), .found = add_found(recipe), .keep = BD_COMPONENTS_SHARE};
    bd_recipe_pass(recipe, record_components, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plan.state);
    bd_recipe_writes(recipe, plan.found);
    bd_recipe_stamp(recipe, "matte: parts");
    return plan.found;
}

bd_result bd_components_take_found(const bd_matte_params *params, bd_size photo, const void *found, bool *empty,
                                   bd_error *error) {
    const bool at_point = params->keep == BD_KEEP_POINT && !bd_trimap_alone(params); /* which has no such parts */
    uint32_t word;
    memcpy(&word, found, sizeof word);
    const bd_size grid = grid_of(photo);
    *empty = word < (at_point ? 1 : BD_MIN((uint32_t)SPECK_NODES, grid.w * grid.h));
    return word || !at_point
               ? BD_OK
               : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no foreground at %u,%u", params->keep_x, params->keep_y);
}

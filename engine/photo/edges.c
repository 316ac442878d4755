/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/edges.h"

#define MOST_PX 1000.0f

bd_result bd_edges_check(const bd_matte_params *params, bd_error *error) {
    if (!(fabsf(params->grow_px) <= MOST_PX)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a matte grows or shrinks by at most %.0f pixels",
                       (double)MOST_PX);
    }
    if (!(params->feather_px >= 0.0f && params->feather_px <= MOST_PX)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a feather has 0 to %.0f pixels", (double)MOST_PX);
    }
    return BD_OK;
}

typedef struct edges_plan {
    bd_slot planes[2]; /* taken in turns, the first to begin with */
    float grow_px, feather_px;
} edges_plan;
BD_PLAN_OF_WORDS(edges_plan, 4);

/* Walks through the steps: with a recorder they are recorded, without one only counted. */
typedef struct walk {
    bd_recorder *to;
    const edges_plan *plan;
    uint32_t steps;
} walk;

typedef struct way {
    int32_t x, y;
} way;

/* In bands, whose source reaches a step further. */
static void record_step(walk *w, way direction, uint32_t step, uint32_t kind, float amount) {
    bd_slot src = w->plan->planes[w->steps % 2], dst = w->plan->planes[(w->steps + 1) % 2];
    w->steps++;
    if (!w->to) {
        return;
    }
    const bd_size size = bd_recorder_size(w->to, src);
    uint32_t reach = direction.y ? step : 0;
    for (bd_band band = bd_bands(w->to, size, 1); band.rows; bd_band_next(&band)) {
        uint32_t from = band.first > reach ? (band.first - reach) / 64 * 64 : 0;
        uint32_t end = BD_MIN(band.first + band.rows + reach, size.h);
        const bd_push_plane_step push = {.w = (int32_t)size.w,
                                         .h = (int32_t)size.h,
                                         .first = (int32_t)band.first,
                                         .rows = (int32_t)band.rows,
                                         .src_first = (int32_t)from,
                                         .dir_x = direction.x,
                                         .dir_y = direction.y,
                                         .step = (int32_t)step,
                                         .amount = amount};
        bd_vk_dispatch dispatch;
        bd_kernel_plane_step(w->to->vk, &push, kind, &dispatch);
        bd_bind_rows(w->to, &dispatch, 0, src, from, end - from);
        bd_bind_rows(w->to, &dispatch, BD_BIND_DST, dst, band.first, band.rows);
        bd_recorder_dispatch(w->to, &dispatch);
    }
}

/* The extreme of all within `radius` steps along a line: whole steps by windows that grow threefold, what is left by
 * going so far from one window to the next larger one. */
static void walk_line(walk *w, way direction, float radius, uint32_t kind) {
    uint32_t whole = (uint32_t)radius, reached = 0;
    while (reached < whole) {
        uint32_t step = BD_MIN(2 * reached + 1, whole - reached);
        record_step(w, direction, step, kind, 1.0f);
        reached += step;
    }
    record_step(w, direction, 1, kind, radius - (float)whole);
}

/* Lines along both axes and both diagonals add up to an octagon. Its support is 1 + sqrt(2) sides along them and
 * 1 / cos(pi / 8) times that between them: the sides are chosen to be off by as much on either side. */
static void walk_growth(walk *w, float grow_px) {
    static const way ways[] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    const float side = fabsf(grow_px) / 2.512f, root2 = 1.41421356f;
    uint32_t kind = grow_px > 0.0f ? BD_PLANE_STEP_MAX : BD_PLANE_STEP_MIN;
    for (size_t i = 0; i < BD_COUNT(ways); i++) {
        walk_line(w, ways[i], i < 2 ? side : side / root2, kind);
    }
}

/* Steps 1, 2, 4, ... with weights 1/4, 1/2, 1/4 make triangles; the weights of the last step make up the variance that
 * is wanted. A normal distribution has 5 to 95 % within 3.29 of its deviations. */
static void walk_feather(walk *w, way direction, float feather_px) {
    const float sigma = feather_px / 3.29f;
    float missing = sigma * sigma;
    for (uint32_t step = 1;; step *= 2) {
        float square = (float)step * (float)step;
        float amount = fminf(missing / square, 0.5f);
        record_step(w, direction, step, BD_PLANE_STEP_MEAN, amount);
        missing -= amount * square;
        if (amount < 0.5f) {
            break;
        }
    }
}

static uint32_t walk_edges(bd_recorder *to, const edges_plan *plan) {
    walk w = {.to = to, .plan = plan};
    if (plan->grow_px < 0.0f || plan->grow_px > 0.0f) {
        walk_growth(&w, plan->grow_px);
    }
    if (plan->feather_px > 0.0f) {
        walk_feather(&w, (way){1, 0}, plan->feather_px);
        walk_feather(&w, (way){0, 1}, plan->feather_px);
    }
    return w.steps;
}

static void record_edges(bd_recorder *to, const void *plan) {
    (void)walk_edges(to, plan);
}

bd_slot bd_edges_add(bd_recipe *recipe, const bd_matte_params *params, bd_slot plane) {
    edges_plan plan = {.grow_px = params->grow_px, .feather_px = params->feather_px};
    uint32_t steps = walk_edges(NULL, &plan);
    if (!steps) {
        return plane;
    }
    plan.planes[0] = plane;
    plan.planes[1] = bd_recipe_slot(recipe, "edges", BD_SLOT_PLANE, bd_recipe_size(recipe, plane));
    bd_recipe_pass(recipe, record_edges, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plane);
    bd_recipe_writes(recipe, plan.planes[1]);
    bd_recipe_stamp(recipe, "matte: edges");
    return plan.planes[steps % 2];
}

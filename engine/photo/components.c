/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "api/session.h"
#include "photo/recorder.h"
#include "photo/components.h"

/* In the photos that were looked at, stray islands have up to 0.3 % of the largest part's area, the smallest person
 * that one would miss 6 %. Apart at one half, a person's own pieces often hang together at 0.4, other people still do
 * not. */
#define ISLAND_SHARE 0.01f
#define PART_LEVEL 0.4f
#define HOLE_LEVEL 0.5f
#define MOST_PX 1000.0f
enum { MOST_NODES = 1024 };

bd_result bd_shape_check(const bd_matte_params *params, bd_matte_size photo, bd_error *error) {
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
    if (!(fabsf(params->grow_px) <= MOST_PX)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a matte grows or shrinks by at most %.0f pixels",
                       (double)MOST_PX);
    }
    if (!(params->feather_px >= 0.0f && params->feather_px <= MOST_PX)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a feather has 0 to %.0f pixels", (double)MOST_PX);
    }
    return BD_OK;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static float island_share(const bd_matte_plan *plan) {
    float share = plan->params.island_share;
    return share < 0.0f ? 0.0f : share > 0.0f ? share : plan->coarse ? 0.0f : ISLAND_SHARE;
}

static bool drops_parts(const bd_matte_plan *plan) {
    return plan->params.keep != BD_KEEP_ALL || island_share(plan) > 0.0f;
}

static bool moves_edges(const bd_matte_params *params) {
    return params->grow_px < 0.0f || params->grow_px > 0.0f || params->feather_px > 0.0f;
}

static uint32_t values_per_node(bd_matte_size size) {
    return (BD_MAX(size.w, size.h) + MOST_NODES - 1) / MOST_NODES;
}

static uint32_t node_count(bd_matte_size size) {
    uint32_t block = values_per_node(size);
    return ((size.w + block - 1) / block) * ((size.h + block - 1) / block);
}

static VkDeviceSize state_bytes(bd_matte_size size) {
    return (VkDeviceSize)BD_COMPONENTS_WORDS(node_count(size)) * sizeof(uint32_t);
}

bd_result bd_shape_reserve(bd_session *session, const bd_matte_plan *plan, bd_matte_size coarse, bd_error *error) {
    bd_result result = BD_OK;
    if (drops_parts(plan) || plan->params.fill_holes) {
        result = bd_frame_reserve(session, bd_held(session, BD_MATTE_COMPONENTS), state_bytes(coarse), error);
    }
    if (!result && moves_edges(&plan->params)) {
        result = bd_frame_reserve(session, bd_held(session, BD_MATTE_EDGES), bd_plane_bytes(plan->photo), error);
    }
    return result;
}

typedef struct parts {
    const bd_vk_buffer *plane;
    bd_matte_size size;
    bool background;
    bd_push_components push;
} parts;

static bd_result record_state(bd_session *session, const parts *p, bd_kernel kernel, uint32_t stage, bd_error *error) {
    bd_vk_dispatch dispatch;
    bd_kernel_components(session->vk, kernel, &p->push, p->background, stage, &dispatch);
    dispatch.bindings[4].buffer = bd_held(session, BD_MATTE_COMPONENTS);
    dispatch.bindings[4].bytes = state_bytes(p->size);
    return bd_run(session, &dispatch, error);
}

/* Start or apply: in bands of the plane that the device can bind. */
static bd_result record_bands(bd_session *session, const parts *p, bd_kernel kernel, bd_error *error) {
    uint32_t block = (uint32_t)p->push.block, band = bd_band(session, p->size.w, p->size.h, block);
    const bd_vk_binding state = {bd_held(session, BD_MATTE_COMPONENTS), 0, state_bytes(p->size), VK_FORMAT_R32_UINT};
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < p->size.h && !result; y += band) {
        bd_matte_size part = {p->size.w, BD_MIN(band, p->size.h - y)};
        const bd_vk_binding plane = {p->plane, bd_plane_bytes((bd_matte_size){p->size.w, y}), bd_plane_bytes(part),
                                     VK_FORMAT_R32G32B32A32_SFLOAT};
        bd_push_components push = p->push;
        push.src_w = (int32_t)part.w;
        push.src_h = (int32_t)part.h;
        push.first = (int32_t)(y / block);
        bd_vk_dispatch dispatch;
        bd_kernel_components(session->vk, kernel, &push, p->background, 0, &dispatch);
        bool start = kernel == BD_KERNEL_COMPONENTS_START;
        dispatch.bindings[0] = start ? plane : state;
        dispatch.bindings[4] = start ? state : plane;
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

static bd_result record_choice(bd_session *session, const parts *p, bd_error *error) {
    bd_result result = BD_OK;
    if (p->push.keep == BD_COMPONENTS_SHARE || p->push.keep == BD_COMPONENTS_LARGEST) {
        result = record_state(session, p, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_RANK, error);
    }
    if (!result && p->push.keep == BD_COMPONENTS_LARGEST) {
        result = record_state(session, p, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_ELECT, error);
    }
    return result ? result : record_state(session, p, BD_KERNEL_COMPONENTS_CHOOSE, BD_COMPONENTS_JUDGE, error);
}

/* Leaves in push.to the part that holds the answer. */
static bd_result record_spread(bd_session *session, parts *p, bd_error *error) {
    int32_t longest = BD_MAX(p->push.grid_w, p->push.grid_h), step = 1;
    while (2 * step < longest) {
        step *= 2;
    }
    bd_result result = BD_OK;
    for (bool fresh = true; step > 0 && !result; step /= 2, fresh = false) {
        p->push.step = step;
        p->push.from = p->push.to;
        p->push.to = 1 - p->push.from;
        result = record_state(session, p, BD_KERNEL_COMPONENTS_SPREAD, fresh, error);
    }
    p->push.from = p->push.to;
    return result;
}

static bd_result record_parts(bd_session *session, parts *p, bd_error *error) {
    bd_result result = record_bands(session, p, BD_KERNEL_COMPONENTS_START, error);
    if (!result) {
        result = record_state(session, p, BD_KERNEL_COMPONENTS_JOIN, 0, error);
    }
    if (!result) {
        result = record_state(session, p, BD_KERNEL_COMPONENTS_COUNT, 0, error);
    }
    if (!result) {
        result = record_choice(session, p, error);
    }
    if (!result) {
        result = record_spread(session, p, error);
    }
    return result ? result : record_bands(session, p, BD_KERNEL_COMPONENTS_APPLY, error);
}

/* Of the plane's value that the photo's pixel is nearest to. */
static uint32_t value_at(uint32_t pixel, uint32_t photo, uint32_t size, uint32_t block) {
    return block ? pixel / block : (uint32_t)(((uint64_t)2 * pixel + 1) * size / ((uint64_t)2 * photo));
}

bd_result bd_shape_record_parts(bd_session *session, const bd_matte_plan *plan, const bd_vk_buffer *plane,
                                bd_matte_size size, uint32_t block, bd_error *error) {
    const bd_matte_params *params = &plan->params;
    uint32_t values = values_per_node(size);
    uint32_t grid_w = (size.w + values - 1) / values, grid_h = (size.h + values - 1) / values;
    parts p = {.plane = plane,
               .size = size,
               .push = {.grid_w = (int32_t)grid_w,
                        .grid_h = (int32_t)grid_h,
                        .block = (int32_t)values,
                        .level = PART_LEVEL,
                        .share = island_share(plan)}};
    bd_result result = BD_OK;
    if (drops_parts(plan)) {
        static const int32_t ways[] = {[BD_KEEP_ALL] = BD_COMPONENTS_SHARE,
                                       [BD_KEEP_LARGEST] = BD_COMPONENTS_LARGEST,
                                       [BD_KEEP_POINT] = BD_COMPONENTS_AT};
        uint32_t x = value_at(params->keep_x, plan->photo.w, size.w, block) / values;
        uint32_t y = value_at(params->keep_y, plan->photo.h, size.h, block) / values;
        p.push.keep = ways[params->keep];
        p.push.point = params->keep == BD_KEEP_POINT ? (int32_t)(y * grid_w + x) : 0;
        result = record_parts(session, &p, error);
    }
    if (!result && params->fill_holes) {
        p.background = true;
        p.push.keep = BD_COMPONENTS_EDGE;
        p.push.level = HOLE_LEVEL;
        result = record_parts(session, &p, error);
    }
    if (drops_parts(plan) || params->fill_holes) {
        bd_vk_commands_stamp(&session->after, "matte: parts");
    }
    return result;
}

VkDeviceSize bd_shape_result_bytes(const bd_matte_params *params, VkDeviceSize bytes) {
    return params->keep == BD_KEEP_POINT ? (bytes + 3) / 4 * 4 + sizeof(uint32_t) : bytes;
}

void bd_shape_record_found(bd_session *session, const bd_matte_params *params, VkDeviceSize bytes) {
    if (params->keep == BD_KEEP_POINT) {
        bd_vk_commands_copy(&session->after, bd_held(session, BD_MATTE_COMPONENTS),
                            BD_COMPONENTS_FOUND * sizeof(uint32_t), &session->result, (bytes + 3) / 4 * 4,
                            sizeof(uint32_t));
    }
}

bd_result bd_shape_check_found(const bd_matte_params *params, const void *result, VkDeviceSize bytes, bd_error *error) {
    uint32_t found = 1;
    if (params->keep == BD_KEEP_POINT) {
        memcpy(&found, (const char *)result + (bytes + 3) / 4 * 4, sizeof found);
    }
    return found ? BD_OK
                 : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no foreground at %u,%u", params->keep_x, params->keep_y);
}

/* ---- edges ------------------------------------------------------------------------------------------------------- */

typedef struct way {
    int32_t x, y;
} way;

/* From session->mask to BD_MATTE_EDGES, which then change places; in bands, whose source reaches a step further. */
static bd_result record_step(bd_session *session, bd_matte_size size, way direction, uint32_t step, uint32_t kind,
                             float amount, bd_error *error) {
    uint32_t band = bd_band(session, size.w, size.h, 1), reach = direction.y ? step : 0;
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < size.h && !result; y += band) {
        bd_matte_size part = {size.w, BD_MIN(band, size.h - y)};
        uint32_t from = y > reach ? (y - reach) / 64 * 64 : 0, to = BD_MIN(y + part.h + reach, size.h);
        const bd_push_plane_step push = {.w = (int32_t)size.w,
                                         .h = (int32_t)size.h,
                                         .first = (int32_t)y,
                                         .rows = (int32_t)part.h,
                                         .src_first = (int32_t)from,
                                         .dir_x = direction.x,
                                         .dir_y = direction.y,
                                         .step = (int32_t)step,
                                         .amount = amount};
        bd_vk_dispatch dispatch;
        bd_kernel_plane_step(session->vk, &push, kind, &dispatch);
        dispatch.bindings[0].buffer = &session->mask;
        dispatch.bindings[0].offset = bd_plane_bytes((bd_matte_size){size.w, from});
        dispatch.bindings[0].bytes = bd_plane_bytes((bd_matte_size){size.w, to - from});
        dispatch.bindings[4].buffer = bd_held(session, BD_MATTE_EDGES);
        dispatch.bindings[4].offset = bd_plane_bytes((bd_matte_size){size.w, y});
        dispatch.bindings[4].bytes = bd_plane_bytes(part);
        result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    }
    bd_vk_commands_barrier(&session->after);
    bd_vk_buffer written = *bd_held(session, BD_MATTE_EDGES);
    *bd_held(session, BD_MATTE_EDGES) = session->mask;
    session->mask = written;
    return result;
}

/* The extreme of all within `radius` steps along a line: whole steps by windows that grow threefold, what is left by
 * going so far from one window to the next larger one. */
static bd_result record_line(bd_session *session, bd_matte_size size, way direction, float radius, uint32_t kind,
                             bd_error *error) {
    uint32_t whole = (uint32_t)radius, reached = 0;
    bd_result result = BD_OK;
    while (reached < whole && !result) {
        uint32_t step = BD_MIN(2 * reached + 1, whole - reached);
        result = record_step(session, size, direction, step, kind, 1.0f, error);
        reached += step;
    }
    return result ? result : record_step(session, size, direction, 1, kind, radius - (float)whole, error);
}

/* Segments along both axes and both diagonals add up to an octagon. Its support is 1 + sqrt(2) sides along them and
 * 1 / cos(pi / 8) times that between them: the sides are chosen to be off by as much on either side. */
static bd_result record_growth(bd_session *session, bd_matte_size size, float grow_px, bd_error *error) {
    static const way ways[] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    const float side = fabsf(grow_px) / 2.512f, root2 = 1.41421356f;
    uint32_t kind = grow_px > 0.0f ? BD_PLANE_STEP_MAX : BD_PLANE_STEP_MIN;
    bd_result result = BD_OK;
    for (size_t i = 0; i < BD_COUNT(ways) && !result; i++) {
        result = record_line(session, size, ways[i], i < 2 ? side : side / root2, kind, error);
    }
    return result;
}

/* Steps 1, 2, 4, ... with weights 1/4, 1/2, 1/4 make triangles; the weights of the last step make up the variance that
 * is wanted. A normal distribution has 5 to 95 % within 3.29 of its deviations. */
static bd_result record_feather(bd_session *session, bd_matte_size size, way direction, float feather_px,
                                bd_error *error) {
    const float sigma = feather_px / 3.29f;
    float missing = sigma * sigma;
    bd_result result = BD_OK;
    for (uint32_t step = 1; !result; step *= 2) {
        float square = (float)step * (float)step;
        float amount = fminf(missing / square, 0.5f);
        result = record_step(session, size, direction, step, BD_PLANE_STEP_MEAN, amount, error);
        missing -= amount * square;
        if (amount < 0.5f) {
            break;
        }
    }
    return result;
}

bd_result bd_shape_record_edges(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    const bd_matte_params *params = &plan->params;
    bd_result result = BD_OK;
    if (params->grow_px < 0.0f || params->grow_px > 0.0f) {
        result = record_growth(session, plan->photo, params->grow_px, error);
    }
    if (!result && params->feather_px > 0.0f) {
        result = record_feather(session, plan->photo, (way){1, 0}, params->feather_px, error);
        result = result ? result : record_feather(session, plan->photo, (way){0, 1}, params->feather_px, error);
    }
    if (moves_edges(params)) {
        bd_vk_commands_stamp(&session->after, "matte: edges");
    }
    return result;
}

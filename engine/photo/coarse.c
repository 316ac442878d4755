/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/coarse.h"

#define RAMP_CELLS 1.3f

/* ---- how fine it is ---------------------------------------------------------------------------------------------- */

/* The width of the map's ramps from 0 to 1, in its own pixels: a straight ramp of width T adds up to 1 under its slope
 * and to 1 / T under the slope's square. Sharp edges weigh more than the soft ones of hair. */
static float ramp_width(const bd_matte_params *p) {
    double slopes = 0.0, squares = 0.0;
    for (uint32_t y = 0; y + 1 < p->coarse_height; y++) {
        const float *row = p->coarse + (size_t)y * p->coarse_width;
        for (uint32_t x = 0; x + 1 < p->coarse_width; x++) {
            double right = (double)row[x + 1] - (double)row[x];
            double below = (double)row[x + p->coarse_width] - (double)row[x];
            double square = right * right + below * below;
            slopes += sqrt(square);
            squares += square;
        }
    }
    return squares > 0.0 && slopes <= 2.0 * p->coarse_width * p->coarse_height ? (float)(slopes / squares) : 1.0f;
}

/* A map finer than any network's may be an enlarged coarse one: then the width of its ramps tells. Interpolated between
 * nodes probabilities ramp over two cells, logits over one: the levels before the first pass make them alike. */
void bd_coarse_cell(const bd_matte_params *params, bd_size photo, float *cell_px, float *start_level) {
    float pitch = fmaxf((float)photo.w / (float)BD_MAX(params->coarse_width - 1, 1u),
                        (float)photo.h / (float)BD_MAX(params->coarse_height - 1, 1u));
    float longest = (float)BD_MAX(photo.w, photo.h), width = ramp_width(params) * pitch;
    bool enlarged = pitch < longest / 200.0f;
    *cell_px = enlarged ? fminf(fmaxf(RAMP_CELLS * width, pitch), longest / 32.0f) : pitch;
    *start_level = enlarged ? 0.0f : BD_COARSE_LEVEL;
}

float bd_coarse_network_cell(const bd_network *network, bd_size photo, bd_size resized) {
    const int32_t *input = network->preprocess.shape.dims;
    const int32_t *logits = network->logits_shape.dims;
    float step = (float)(input[2] - 1) / (float)BD_MAX(logits[2] - 1, 1);
    return step * (float)BD_MAX(photo.w, photo.h) / (float)BD_MAX(resized.w, resized.h);
}

/* ---- planes ------------------------------------------------------------------------------------------------------ */

typedef struct sample_plan {
    bd_slot src, dst;
    bd_axes at;
    uint32_t nearest, threshold;
} sample_plan;
BD_PLAN_OF_WORDS(sample_plan, 8);

static void record_sample(bd_recorder *to, const void *plan) {
    const sample_plan *p = plan;
    const bd_size src = bd_recorder_size(to, p->src), size = bd_recorder_size(to, p->dst);
    for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        const bd_push_plane push = {.src_w = (int32_t)src.w,
                                    .src_h = (int32_t)src.h,
                                    .dst_w = (int32_t)size.w,
                                    .dst_h = (int32_t)band.rows,
                                    .first = (int32_t)band.first,
                                    .scale_x = p->at.scale_x,
                                    .bias_x = p->at.bias_x,
                                    .scale_y = p->at.scale_y,
                                    .bias_y = p->at.bias_y};
        bd_vk_dispatch dispatch;
        bd_kernel_plane(to->vk, BD_KERNEL_PLANE_SAMPLE, &push, p->nearest, p->threshold, &dispatch);
        bd_bind(to, &dispatch, 0, p->src);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->dst, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static bd_slot add_sample(bd_recipe *recipe, const char *name, bd_slot plane, bd_size size, bd_axes at, bool nearest,
                          bool threshold) {
    const sample_plan plan = {.src = plane,
                              .dst = bd_recipe_slot(recipe, name, BD_SLOT_PLANE, size),
                              .at = at,
                              .nearest = nearest,
                              .threshold = threshold};
    bd_recipe_pass(recipe, record_sample, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plan.dst);
    return plan.dst;
}

bd_slot bd_plane_sample_add(bd_recipe *recipe, const char *name, bd_slot plane, bd_size size, bd_axes at,
                            bool nearest) {
    return add_sample(recipe, name, plane, size, at, nearest, false);
}

typedef struct zero_plan {
    bd_slot plane;
} zero_plan;
BD_PLAN_OF_WORDS(zero_plan, 1);

static void record_zero(bd_recorder *to, const void *plan) {
    const zero_plan *p = plan;
    bd_recorder_fill(to, p->plane, to->slots[p->plane].bytes, 0);
}

bd_slot bd_plane_zero_add(bd_recipe *recipe, const char *name, bd_size size) {
    const zero_plan plan = {bd_recipe_slot(recipe, name, BD_SLOT_PLANE, size)};
    bd_recipe_pass(recipe, record_zero, &plan, sizeof plan);
    bd_recipe_writes(recipe, plan.plane);
    return plan.plane;
}

typedef struct copy_plan {
    bd_slot from, to;
} copy_plan;
BD_PLAN_OF_WORDS(copy_plan, 2);

static void record_copy(bd_recorder *to, const void *plan) {
    const copy_plan *p = plan;
    bd_recorder_copy(to, &to->slots[p->from], &to->slots[p->to]);
}

bd_slot bd_plane_copy_add(bd_recipe *recipe, const char *name, bd_slot plane) {
    const copy_plan plan = {plane, bd_recipe_slot(recipe, name, BD_SLOT_PLANE, bd_recipe_size(recipe, plane))};
    bd_recipe_pass(recipe, record_copy, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plan.to);
    return plan.to;
}

/* Nodes of blocks of photo pixels, seen on a map whose corners' middles are the photo's. */
static bd_axes on_map(bd_size map, bd_size photo, float block_x, float block_y) {
    float kx = photo.w > 1 ? (float)(map.w - 1) / (float)(photo.w - 1) : 0.0f;
    float ky = photo.h > 1 ? (float)(map.h - 1) / (float)(photo.h - 1) : 0.0f;
    return (bd_axes){block_x * kx, (0.5f * block_x - 0.5f) * kx, block_y * ky, (0.5f * block_y - 0.5f) * ky};
}

typedef struct mask_plan {
    bd_slot logits, plane;
    uint32_t network; /* given */
    bd_class_set classes;
    bd_axis_map x, y;
    uint32_t threshold;
} mask_plan;
BD_PLAN_OF_WORDS(mask_plan, 18);

static void record_mask(bd_recorder *to, const void *plan) {
    const mask_plan *p = plan;
    const bd_network *network = to->given[p->network];
    const bd_size size = bd_recorder_size(to, p->plane);
    bd_vk_dispatch dispatch;
    bd_kernel_mask(to->vk, &network->logits_shape, &p->classes, p->threshold, size.w, size.h, p->x, p->y, &dispatch);
    bd_bind(to, &dispatch, 0, p->logits);
    bd_bind(to, &dispatch, BD_BIND_DST, p->plane);
    bd_recorder_dispatch(to, &dispatch);
}

bd_slot bd_coarse_add(bd_recipe *recipe, const bd_coarse *from, bd_size size, float block_x, float block_y,
                      bool threshold) {
    if (from->map) {
        const bd_size map = bd_recipe_size(recipe, from->map);
        return add_sample(recipe, "coarse mask", from->map, size, on_map(map, from->photo, block_x, block_y), false,
                          threshold);
    }
    const mask_plan plan = {
        .logits = from->logits,
        .plane = bd_recipe_slot(recipe, "coarse mask", BD_SLOT_PLANE, size),
        .network = bd_recipe_give(recipe, &from->looks->network),
        .classes = from->classes,
        .x = bd_looks_pixel_map(&from->looks->network, 2, from->resized.w, (double)from->photo.w / block_x),
        .y = bd_looks_pixel_map(&from->looks->network, 1, from->resized.h, (double)from->photo.h / block_y),
        .threshold = threshold};
    bd_recipe_pass(recipe, record_mask, &plan, sizeof plan);
    bd_recipe_reads(recipe, plan.logits);
    bd_recipe_writes(recipe, plan.plane);
    return plan.plane;
}

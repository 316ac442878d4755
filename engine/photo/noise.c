/* SPDX-License-Identifier: MIT */
#include "photo/noise.h"

/* Patches, at least 16 pixels apart by a power of two: those begin with bands of rows wherever these end. */
enum { LEAST_SPACING = 16, MOST_PATCHES = 1024 };

/* ---- how much there is ------------------------------------------------------------------------------------------- */

typedef struct measure_plan {
    bd_slot photo, medians, noise;
    uint32_t spacing;
} measure_plan;
BD_PLAN_OF_WORDS(measure_plan, 4);

static uint32_t patches_along(uint32_t pixels, uint32_t spacing) {
    uint32_t needed = BD_NOISE_SIDE + 2;
    return pixels < needed ? 0 : (pixels - needed) / spacing + 1;
}

static void record_measure(bd_recorder *to, const void *plan) {
    const measure_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo);
    uint32_t columns = patches_along(photo.w, p->spacing), first = 0;
    bd_vk_dispatch dispatch;
    for (bd_band band = bd_bands(to, photo, p->spacing); band.rows; bd_band_next(&band)) {
        uint32_t rows = patches_along(band.rows, p->spacing);
        if (!rows || !columns) {
            break;
        }
        const bd_push_noise push = {.src_w = (int32_t)photo.w,
                                    .src_h = (int32_t)band.rows,
                                    .dst_w = (int32_t)columns,
                                    .dst_h = (int32_t)rows,
                                    .block = (int32_t)p->spacing,
                                    .first = (int32_t)first};
        first += rows;
        bd_kernel_noise_patches(to->vk, &push, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->photo, band.first, band.rows);
        bd_bind(to, &dispatch, BD_BIND_DST, p->medians);
        bd_recorder_dispatch(to, &dispatch);
    }
    bd_kernel_noise_level(to->vk, first * columns, &dispatch);
    bd_bind(to, &dispatch, 0, p->medians);
    bd_bind(to, &dispatch, BD_BIND_DST, p->noise);
    bd_recorder_dispatch(to, &dispatch);
}

bd_slot bd_noise_add(bd_recipe *recipe, bd_slot photo) {
    const bd_size size = bd_recipe_size(recipe, photo);
    uint32_t spacing = LEAST_SPACING;
    while ((uint64_t)patches_along(size.w, spacing) * patches_along(size.h, spacing) > MOST_PATCHES) {
        spacing *= 2;
    }
    const bd_size patches = {patches_along(size.w, spacing), patches_along(size.h, spacing)};
    const bd_size words = {BD_MAX(patches.w, 1u) * sizeof(uint32_t), BD_MAX(patches.h, 1u)};
    const measure_plan plan = {.photo = photo,
                               .medians = bd_recipe_slot(recipe, "medians of patches", BD_SLOT_BYTES, words),
                               .noise = bd_recipe_slot(recipe, "noise", BD_SLOT_GRID, (bd_size){1, 1}),
                               .spacing = spacing};
    bd_recipe_pass(recipe, record_measure, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_writes(recipe, plan.medians);
    bd_recipe_writes(recipe, plan.noise);
    bd_recipe_stamp(recipe, "matte: noise");
    return plan.noise;
}

/* ---- without it -------------------------------------------------------------------------------------------------- */

typedef struct blur_plan {
    bd_slot noise, taps;
    bd_slot colours, rows;
    float share, gain, least;
} blur_plan;
BD_PLAN_OF_WORDS(blur_plan, 7);

static void record_direction(bd_recorder *to, const blur_plan *p, bd_vk_dispatch *dispatch, bool vertical) {
    bd_bind(to, dispatch, 0, vertical ? p->rows : p->colours);
    bd_bind(to, dispatch, 1, p->taps);
    bd_bind(to, dispatch, BD_BIND_DST, vertical ? p->colours : p->rows);
    dispatch->indirect = dispatch->bindings[1].buffer;
    dispatch->indirect_offset = dispatch->bindings[1].offset + BD_NOISE_GROUPS_AT;
    bd_recorder_dispatch(to, dispatch);
}

/* Where nothing is to be blurred the groups are 0, and the colours stay. */
static void record_blur(bd_recorder *to, const void *plan) {
    const blur_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->colours);
    bd_vk_dispatch rows, columns, taps;
    bd_kernel_noise_blur(to->vk, size.w, size.h, false, &rows);
    bd_kernel_noise_blur(to->vk, size.w, size.h, true, &columns);
    bd_kernel_noise_taps(to->vk, p->share, p->gain, p->least, rows.groups, &taps);
    bd_bind(to, &taps, 0, p->noise);
    bd_bind(to, &taps, BD_BIND_DST, p->taps);
    bd_recorder_dispatch(to, &taps);
    bd_recorder_barrier_indirect(to);
    record_direction(to, p, &rows, false);
    record_direction(to, p, &columns, true);
}

void bd_noise_blur_add(bd_recipe *recipe, bd_slot noise, bd_slot colours, float share, float gain, float least) {
    if (!noise) {
        return;
    }
    const blur_plan plan = {.noise = noise,
                            .taps = bd_recipe_slot(recipe, "taps", BD_SLOT_GRID, (bd_size){BD_NOISE_TAPS_VECTORS, 1}),
                            .colours = colours,
                            .rows =
                                bd_recipe_slot(recipe, "colours, rows", BD_SLOT_GRID, bd_recipe_size(recipe, colours)),
                            .share = share,
                            .gain = gain,
                            .least = least};
    bd_recipe_pass(recipe, record_blur, &plan, sizeof plan);
    bd_recipe_reads(recipe, noise);
    bd_recipe_reads(recipe, colours);
    bd_recipe_writes(recipe, plan.taps);
    bd_recipe_writes(recipe, plan.rows);
    bd_recipe_writes(recipe, colours);
}

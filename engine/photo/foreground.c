/* SPDX-License-Identifier: MIT */
#include "photo/foreground.h"
#include "photo/fusion.h"

enum { MOST_LEVELS = 24, MOST_LEVEL_NODES = 1 << 20 };

/* Halves of the photo, from the first that has a megapixel at most to a single pixel. */
typedef struct pyramid {
    uint32_t first, count;
    bd_size sizes[MOST_LEVELS];
    VkDeviceSize offsets[MOST_LEVELS], bytes;
} pyramid;

static VkDeviceSize grid_bytes(bd_size size) {
    return (VkDeviceSize)size.w * size.h * 16;
}

static pyramid pyramid_of(bd_size photo, bool one_level) {
    pyramid p = {.count = 0};
    for (uint32_t shift = 0; p.count < MOST_LEVELS; shift++) {
        const bd_size size = {(photo.w + (1u << shift) - 1) >> shift, (photo.h + (1u << shift) - 1) >> shift};
        if ((uint64_t)size.w * size.h > MOST_LEVEL_NODES) {
            p.first = shift + 1;
            continue;
        }
        p.sizes[p.count] = size;
        p.offsets[p.count++] = p.bytes;
        p.bytes += bd_slot_align(grid_bytes(size));
        if (one_level || (size.w == 1 && size.h == 1)) {
            break;
        }
    }
    return p;
}

/* ---- the pyramid ------------------------------------------------------------------------------------------------- */

typedef struct pyramid_plan {
    bd_slot photo, mask, levels;
    uint32_t one_level;
} pyramid_plan;
BD_PLAN_OF_WORDS(pyramid_plan, 4);

static void record_pyramid(bd_recorder *to, const void *plan) {
    const pyramid_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo);
    const pyramid levels = pyramid_of(photo, p->one_level);
    uint32_t shift = levels.first;
    bd_vk_dispatch dispatch;
    for (bd_band band = bd_bands(to, photo, 1u << shift); band.rows; bd_band_next(&band)) {
        const bd_push_foreground push = {.src_w = (int32_t)photo.w,
                                         .src_h = (int32_t)band.rows,
                                         .dst_w = (int32_t)levels.sizes[0].w,
                                         .dst_h = (int32_t)((band.rows + (1u << shift) - 1) >> shift),
                                         .first = (int32_t)(band.first >> shift),
                                         .shift = (int32_t)shift};
        bd_kernel_foreground(to->vk, BD_KERNEL_FOREGROUND_PICK, &push, false, &dispatch);
        bd_match_depth(to, &dispatch, p->photo);
        bd_bind_rows(to, &dispatch, 0, p->photo, band.first, band.rows);
        bd_bind_rows(to, &dispatch, 1, p->mask, band.first, band.rows);
        bd_bind_bytes(to, &dispatch, BD_BIND_DST, p->levels, 0, grid_bytes(levels.sizes[0]));
        bd_recorder_dispatch(to, &dispatch);
    }
    for (uint32_t l = 1; l < levels.count; l++) {
        const bd_push_foreground push = {.src_w = (int32_t)levels.sizes[l - 1].w,
                                         .src_h = (int32_t)levels.sizes[l - 1].h,
                                         .dst_w = (int32_t)levels.sizes[l].w,
                                         .dst_h = (int32_t)levels.sizes[l].h};
        bd_kernel_foreground(to->vk, BD_KERNEL_FOREGROUND_HALF, &push, false, &dispatch);
        bd_bind_bytes(to, &dispatch, 0, p->levels, levels.offsets[l - 1], grid_bytes(levels.sizes[l - 1]));
        bd_bind_bytes(to, &dispatch, BD_BIND_DST, p->levels, levels.offsets[l], grid_bytes(levels.sizes[l]));
        bd_recorder_dispatch(to, &dispatch);
    }
}

static bd_slot add_pyramid(bd_recipe *recipe, bd_slot photo, bd_slot mask, bool one_level, const pyramid *levels) {
    const bd_size size = {BD_SLOT_ALIGN, (uint32_t)(levels->bytes / BD_SLOT_ALIGN)};
    const pyramid_plan plan = {photo, mask, bd_recipe_slot(recipe, "foreground levels", BD_SLOT_BYTES, size),
                               one_level};
    bd_recipe_pass(recipe, record_pyramid, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_reads(recipe, mask);
    bd_recipe_writes(recipe, plan.levels);
    return plan.levels;
}

/* ---- from the coarsest level to the finest ----------------------------------------------------------------------- */

typedef struct steps_plan {
    bd_slot levels, pairs[2];
    bd_size photo;
} steps_plan;
BD_PLAN_OF_WORDS(steps_plan, 5);

static uint32_t steps_on(bd_size size) {
    enum { SMALL = 32, STEPS_SMALL = 10, STEPS = 6 };
    return BD_MAX(size.w, size.h) <= SMALL ? STEPS_SMALL : STEPS;
}

static void record_steps(bd_recorder *to, const void *plan) {
    const steps_plan *p = plan;
    const pyramid levels = pyramid_of(p->photo, false);
    bd_size from = levels.sizes[levels.count - 1];
    uint32_t done = 0;
    for (uint32_t l = levels.count; l-- > 0;) {
        bd_size size = levels.sizes[l];
        for (uint32_t i = 0; i < steps_on(size); i++, done++) {
            const bd_push_foreground push = {.src_w = (int32_t)from.w,
                                             .src_h = (int32_t)from.h,
                                             .dst_w = (int32_t)size.w,
                                             .dst_h = (int32_t)size.h,
                                             .shift = done && i == 0};
            bd_vk_dispatch dispatch;
            bd_kernel_foreground(to->vk, BD_KERNEL_FOREGROUND_STEP, &push, done == 0, &dispatch);
            bd_bind_bytes(to, &dispatch, 0, p->pairs[done % 2], 0, 2 * grid_bytes(from));
            bd_bind_bytes(to, &dispatch, 1, p->levels, levels.offsets[l], grid_bytes(size));
            bd_bind_bytes(to, &dispatch, BD_BIND_DST, p->pairs[(done + 1) % 2], 0, 2 * grid_bytes(size));
            bd_recorder_dispatch(to, &dispatch);
            from = size;
        }
    }
}

static bd_slot add_steps(bd_recipe *recipe, bd_slot levels, bd_size photo, const pyramid *of) {
    const steps_plan plan = {.levels = levels,
                             .pairs = {bd_recipe_slot(recipe, "pairs", BD_SLOT_PAIRS, of->sizes[0]),
                                       bd_recipe_slot(recipe, "next pairs", BD_SLOT_PAIRS, of->sizes[0])},
                             .photo = photo};
    uint32_t steps = 0;
    for (uint32_t l = 0; l < of->count; l++) {
        steps += steps_on(of->sizes[l]);
    }
    bd_recipe_pass(recipe, record_steps, &plan, sizeof plan);
    bd_recipe_reads(recipe, levels);
    bd_recipe_writes(recipe, plan.pairs[0]);
    bd_recipe_writes(recipe, plan.pairs[1]);
    return plan.pairs[steps % 2];
}

/* ---- back to the photo ------------------------------------------------------------------------------------------- */

typedef struct apply_plan {
    bd_slot pairs, photo, mask, front;
    uint32_t shift;
} apply_plan;
BD_PLAN_OF_WORDS(apply_plan, 5);

static void record_apply(bd_recorder *to, const void *plan) {
    const apply_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo), size = bd_recorder_size(to, p->pairs);
    for (bd_band band = bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        const bd_push_foreground push = {.src_w = (int32_t)size.w,
                                         .src_h = (int32_t)size.h,
                                         .dst_w = (int32_t)photo.w,
                                         .dst_h = (int32_t)band.rows,
                                         .first = (int32_t)band.first,
                                         .shift = (int32_t)p->shift};
        bd_vk_dispatch dispatch;
        bd_kernel_foreground(to->vk, BD_KERNEL_FOREGROUND_APPLY, &push, false, &dispatch);
        bd_match_depth(to, &dispatch, p->photo);
        bd_bind(to, &dispatch, 0, p->pairs);
        bd_bind_rows(to, &dispatch, 1, p->photo, band.first, band.rows);
        bd_bind_rows(to, &dispatch, 2, p->mask, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->front, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_foreground_add(bd_recipe *recipe, bd_foreground way, bd_slot photo, bd_slot mask) {
    if (way == BD_FOREGROUND_OFF) {
        return photo;
    }
    const bd_size size = bd_recipe_size(recipe, photo);
    bool fused = way == BD_FOREGROUND_BLUR;
    const pyramid of = pyramid_of(size, fused);
    bd_slot levels = add_pyramid(recipe, photo, mask, fused, &of);
    bd_slot pairs = fused ? bd_fusion_add(recipe, levels, of.sizes[0]) : add_steps(recipe, levels, size, &of);
    const apply_plan plan = {.pairs = pairs,
                             .photo = photo,
                             .mask = mask,
                             .front = bd_recipe_slot(recipe, "foreground", bd_recipe_kind(recipe, photo), size),
                             .shift = of.first};
    bd_recipe_pass(recipe, record_apply, &plan, sizeof plan);
    bd_recipe_reads(recipe, pairs);
    bd_recipe_reads(recipe, photo);
    bd_recipe_reads(recipe, mask);
    bd_recipe_writes(recipe, plan.front);
    bd_recipe_stamp(recipe, "foreground");
    return plan.front;
}

/* SPDX-License-Identifier: MIT */
#include "photo/guided.h"

/* Where the coarse mask is in doubt over more than an edge's width, levels would turn a guess into a decision: there
 * they fade out. */
#define DOUBT_KNEE 0.3f
#define DOUBT_SLOPE 3.0f

bd_guide bd_guide_of(bd_size photo, uint32_t block) {
    return (bd_guide){{(photo.w + block - 1) / block, (photo.h + block - 1) / block}, block};
}

/* ---- one dispatch over a grid ------------------------------------------------------------------------------------ */

typedef struct grid_plan {
    bd_slot src, second, dst;
    uint32_t kernel, flag;
    bd_push_guided push;
} grid_plan;
BD_PLAN_OF_WORDS(grid_plan, 5 + sizeof(bd_push_guided) / 4);

static void record_grid(bd_recorder *to, const void *plan) {
    const grid_plan *p = plan;
    bd_vk_dispatch dispatch;
    bd_kernel_guided(to->vk, (bd_kernel)p->kernel, &p->push, p->flag, &dispatch);
    bd_bind(to, &dispatch, 0, p->src);
    if (p->second) {
        bd_bind(to, &dispatch, 1, p->second);
    }
    bd_bind(to, &dispatch, BD_BIND_DST, p->dst);
    bd_recorder_dispatch(to, &dispatch);
}

static bd_slot add_grid(bd_recipe *recipe, const char *name, bd_kernel kernel, bool flag, const bd_push_guided *push,
                        bd_slot src, bd_slot second, bd_size size) {
    const grid_plan plan = {.src = src,
                            .second = second,
                            .dst = bd_recipe_slot(recipe, name, BD_SLOT_GRID, size),
                            .kernel = kernel,
                            .flag = flag,
                            .push = *push};
    bd_recipe_pass(recipe, record_grid, &plan, sizeof plan);
    bd_recipe_reads(recipe, src);
    bd_recipe_reads(recipe, second);
    bd_recipe_writes(recipe, plan.dst);
    return plan.dst;
}

/* Pixel or node i of a row of blocks `from` pixels wide, seen on nodes `to` pixels wide. */
static void set_axes(bd_push_guided *push, uint32_t from, uint32_t to) {
    float scale = (float)from / (float)to, bias = 0.5f * scale - 0.5f;
    push->scale_x = push->scale_y = scale;
    push->bias_x = push->bias_y = bias;
}

/* ---- the photo on a grid, and back ------------------------------------------------------------------------------- */

typedef struct reduce_plan {
    bd_slot photo, grid;
    uint32_t block;
} reduce_plan;
BD_PLAN_OF_WORDS(reduce_plan, 3);

static void record_reduce(bd_recorder *to, const void *plan) {
    const reduce_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo), size = bd_recorder_size(to, p->grid);
    for (bd_band band = bd_bands_of_blocks(to, photo, p->block); band.rows; bd_band_next(&band)) {
        uint32_t first = band.first / p->block, rows = (band.rows + p->block - 1) / p->block;
        const bd_rows bound = bd_rows_from(band.first, band.first + band.rows);
        const bd_push_guided push = {.src_w = (int32_t)photo.w,
                                     .src_h = (int32_t)band.rows,
                                     .dst_w = (int32_t)size.w,
                                     .dst_h = (int32_t)rows,
                                     .block = (int32_t)p->block,
                                     .first = (int32_t)first,
                                     .above = (int32_t)(band.first - bound.first)};
        bd_vk_dispatch dispatch;
        bd_kernel_guided(to->vk, BD_KERNEL_GUIDED_REDUCE, &push, false, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->photo, bound.first, bound.count);
        bd_bind(to, &dispatch, BD_BIND_DST, p->grid);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_guided_reduce_add(bd_recipe *recipe, bd_slot photo, const bd_guide *on) {
    const reduce_plan plan = {
        .photo = photo, .grid = bd_recipe_slot(recipe, "colours", BD_SLOT_GRID, on->size), .block = on->block};
    bd_recipe_pass(recipe, record_reduce, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_writes(recipe, plan.grid);
    return plan.grid;
}

typedef struct apply_plan {
    bd_slot photo, grid, plane;
    bd_slot noise, taps; /* BD_NO_SLOT: the photo's colours as they are */
    uint32_t block;
} apply_plan;
BD_PLAN_OF_WORDS(apply_plan, 6);

/* A band of the photo; above and below: rows around it that are read. */
static void fill_apply(bd_recorder *to, const apply_plan *p, bd_band band, bool noisy, bd_vk_dispatch *dispatch) {
    const bd_size photo = bd_recorder_size(to, p->photo), size = bd_recorder_size(to, p->grid);
    uint32_t above = noisy ? BD_MIN(band.first, BD_BAND_AROUND) : 0;
    uint32_t below = noisy ? BD_MIN(photo.h - band.first - band.rows, BD_BAND_AROUND) : 0;
    bd_push_guided push = {.src_w = (int32_t)size.w,
                           .src_h = (int32_t)size.h,
                           .dst_w = (int32_t)photo.w,
                           .dst_h = (int32_t)band.rows,
                           .first = (int32_t)band.first,
                           .src_rows = (int32_t)(above + band.rows + below),
                           .above = (int32_t)above};
    set_axes(&push, 1, p->block);
    bd_kernel_guided_apply(to->vk, &push, p->block >= 4, noisy, dispatch);
    bd_bind(to, dispatch, 0, p->grid);
    bd_bind_rows(to, dispatch, 1, p->photo, band.first - above, above + band.rows + below);
    bd_bind(to, dispatch, 2, noisy ? p->taps : p->grid); /* the latter is not read there */
    bd_bind_rows(to, dispatch, BD_BIND_DST, p->plane, band.first, band.rows);
}

/* Both kinds are recorded, and the groups of one of them are 0: those that the first band takes. */
static void record_either(bd_recorder *to, const apply_plan *p) {
    bd_band band = bd_bands_apart(to, bd_recorder_size(to, p->photo));
    bd_vk_dispatch dispatch, taps;
    fill_apply(to, p, band, true, &dispatch);
    bd_kernel_noise_taps(to->vk, 1.0f, 1.0f, 0.0f, dispatch.groups, &taps);
    bd_bind(to, &taps, 0, p->noise);
    bd_bind(to, &taps, BD_BIND_DST, p->taps);
    bd_recorder_dispatch(to, &taps);
    const VkDeviceSize groups_at = taps.bindings[BD_BIND_DST].offset;
    bd_recorder_barrier_indirect(to);
    for (; band.rows; bd_band_next(&band)) {
        for (int noisy = 0; noisy < 2; noisy++) {
            fill_apply(to, p, band, noisy, &dispatch);
            dispatch.indirect = taps.bindings[BD_BIND_DST].buffer;
            dispatch.indirect_offset = groups_at + (noisy ? BD_NOISE_GROUPS_AT : BD_NOISE_CLEAN_GROUPS_AT);
            bd_recorder_dispatch(to, &dispatch);
        }
    }
}

static void record_apply(bd_recorder *to, const void *plan) {
    const apply_plan *p = plan;
    if (p->noise) {
        record_either(to, p);
        return;
    }
    for (bd_band band = bd_bands(to, bd_recorder_size(to, p->photo), 1); band.rows; bd_band_next(&band)) {
        bd_vk_dispatch dispatch;
        fill_apply(to, p, band, false, &dispatch);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_guided_apply_add(bd_recipe *recipe, bd_slot lines, const bd_guide *on, bd_slot photo, bd_slot noise) {
    apply_plan plan = {.photo = photo,
                       .grid = lines,
                       .plane = bd_recipe_slot(recipe, "matte", BD_SLOT_PLANE, bd_recipe_size(recipe, photo)),
                       .noise = noise,
                       .block = on->block};
    if (noise) {
        plan.taps = bd_recipe_slot(recipe, "taps", BD_SLOT_GRID, (bd_size){BD_NOISE_TAPS_VECTORS, 1});
    }
    bd_recipe_pass(recipe, record_apply, &plan, sizeof plan);
    bd_recipe_reads(recipe, lines);
    bd_recipe_reads(recipe, photo);
    bd_recipe_reads(recipe, noise);
    if (noise) {
        bd_recipe_writes(recipe, plan.taps);
    }
    bd_recipe_writes(recipe, plan.plane);
    return plan.plane;
}

/* ---- filters ----------------------------------------------------------------------------------------------------- */

bd_guided_start bd_guided_start_add(bd_recipe *recipe, bd_slot colours, bd_slot plane, uint32_t radius, float level) {
    const bd_size size = bd_recipe_size(recipe, colours);
    const bd_push_guided push = {
        .dst_w = (int32_t)size.w, .dst_h = (int32_t)size.h, .radius = (int32_t)radius, .level = level};
    bd_slot values = add_grid(recipe, "values", BD_KERNEL_GUIDED_START, false, &push, colours, plane, size);
    bd_slot rows = add_grid(recipe, "doubt, rows", BD_KERNEL_BOX_ROWS, true, &push, values, BD_NO_SLOT, size);
    bd_slot doubt = add_grid(recipe, "doubt", BD_KERNEL_BOX_COLUMNS, false, &push, rows, values, size);
    return (bd_guided_start){values, doubt};
}

bd_slot bd_guided_filter_add(bd_recipe *recipe, bd_slot values, const bd_guided_filter *filter) {
    const bd_size size = filter->on.size, four = {size.w, 4 * size.h};
    bd_push_guided push = {.src_w = (int32_t)filter->doubt_on.size.w,
                           .src_h = (int32_t)filter->doubt_on.size.h,
                           .dst_w = (int32_t)size.w,
                           .dst_h = (int32_t)size.h,
                           .radius = (int32_t)filter->radius,
                           .eps = filter->eps,
                           .level = filter->level,
                           .knee = DOUBT_KNEE,
                           .slope = DOUBT_SLOPE};
    set_axes(&push, filter->on.block, filter->doubt_on.block);
    bd_slot sums = add_grid(recipe, "sums", BD_KERNEL_GUIDED_ROWS, false, &push, values, BD_NO_SLOT, four);
    bd_slot solved = add_grid(recipe, "lines", BD_KERNEL_GUIDED_SOLVE, false, &push, sums, BD_NO_SLOT, size);
    bd_slot rows = add_grid(recipe, "lines, rows", BD_KERNEL_BOX_ROWS, false, &push, solved, BD_NO_SLOT, size);
    return add_grid(recipe, "mean lines", BD_KERNEL_BOX_COLUMNS, true, &push, rows, filter->doubt, size);
}

bd_slot bd_guided_join_add(bd_recipe *recipe, bd_slot lines, const bd_guide *lines_on, bd_slot colours,
                           const bd_guide *on) {
    bd_push_guided push = {.src_w = (int32_t)lines_on->size.w,
                           .src_h = (int32_t)lines_on->size.h,
                           .dst_w = (int32_t)on->size.w,
                           .dst_h = (int32_t)on->size.h};
    set_axes(&push, on->block, lines_on->block);
    return add_grid(recipe, "values", BD_KERNEL_GUIDED_JOIN, false, &push, lines, colours, on->size);
}

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

typedef struct photo_plan {
    bd_slot photo, grid, plane; /* plane: of apply */
    uint32_t block;
} photo_plan;
BD_PLAN_OF_WORDS(photo_plan, 4);

static void record_reduce(bd_recorder *to, const void *plan) {
    const photo_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo), size = bd_recorder_size(to, p->grid);
    for (bd_band band = bd_bands(to, photo, p->block); band.rows; bd_band_next(&band)) {
        uint32_t first = band.first / p->block, rows = (band.rows + p->block - 1) / p->block;
        const bd_push_guided push = {.src_w = (int32_t)photo.w,
                                     .src_h = (int32_t)band.rows,
                                     .dst_w = (int32_t)size.w,
                                     .dst_h = (int32_t)rows,
                                     .block = (int32_t)p->block,
                                     .first = (int32_t)first};
        bd_vk_dispatch dispatch;
        bd_kernel_guided(to->vk, BD_KERNEL_GUIDED_REDUCE, &push, false, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->photo, band.first, band.rows);
        bd_bind(to, &dispatch, BD_BIND_DST, p->grid);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_guided_reduce_add(bd_recipe *recipe, bd_slot photo, const bd_guide *on) {
    const photo_plan plan = {
        .photo = photo, .grid = bd_recipe_slot(recipe, "colours", BD_SLOT_GRID, on->size), .block = on->block};
    bd_recipe_pass(recipe, record_reduce, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_writes(recipe, plan.grid);
    return plan.grid;
}

static void record_apply(bd_recorder *to, const void *plan) {
    const photo_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo), size = bd_recorder_size(to, p->grid);
    for (bd_band band = bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        bd_push_guided push = {.src_w = (int32_t)size.w,
                               .src_h = (int32_t)size.h,
                               .dst_w = (int32_t)photo.w,
                               .dst_h = (int32_t)band.rows,
                               .first = (int32_t)band.first};
        set_axes(&push, 1, p->block);
        bd_vk_dispatch dispatch;
        bd_kernel_guided(to->vk, BD_KERNEL_GUIDED_APPLY, &push, p->block >= 4, &dispatch);
        bd_bind(to, &dispatch, 0, p->grid);
        bd_bind_rows(to, &dispatch, 1, p->photo, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->plane, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_guided_apply_add(bd_recipe *recipe, bd_slot lines, const bd_guide *on, bd_slot photo) {
    const photo_plan plan = {.photo = photo,
                             .grid = lines,
                             .plane = bd_recipe_slot(recipe, "matte", BD_SLOT_PLANE, bd_recipe_size(recipe, photo)),
                             .block = on->block};
    bd_recipe_pass(recipe, record_apply, &plan, sizeof plan);
    bd_recipe_reads(recipe, lines);
    bd_recipe_reads(recipe, photo);
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

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/crop.h"
#include "photo/rule.h"

static bd_size input_of(const bd_looks *looks) {
    const int32_t *input = looks->network.preprocess.shape.dims;
    return (bd_size){(uint32_t)input[2], (uint32_t)input[1]};
}

/* The byte of a picture that becomes what the network is given beyond a photo. */
static uint32_t outside_of(const bd_looks *looks) {
    const bd_node *node = &looks->network.preprocess;
    uint32_t pixel = 0xff000000u;
    for (uint32_t c = 0; c < 3; c++) {
        float scale = node->u.preprocess.scale[c], value = node->u.preprocess.outside[c] - node->u.preprocess.offset[c];
        float byte = fabsf(scale) > 0.0f ? value / scale : 0.0f;
        pixel |= (uint32_t)lroundf(fminf(fmaxf(byte, 0.0f), 255.0f)) << 8 * c;
    }
    return pixel;
}

bd_crop bd_crop_of(const bd_recipe *recipe, const bd_looks *looks, bd_slot photo, bd_slot words, bd_size grid) {
    const bd_size size = bd_recipe_size(recipe, photo), net = input_of(looks);
    const bd_axis_map along = bd_rule_map(&looks->network, size.w >= size.h ? 2 : 1, size, grid);
    return (bd_crop){.photo = photo,
                     .words = words,
                     .push = {.photo_w = (int32_t)size.w,
                              .photo_h = (int32_t)size.h,
                              .nodes_w = (int32_t)grid.w,
                              .nodes_h = (int32_t)grid.h,
                              .net_w = (int32_t)net.w,
                              .net_h = (int32_t)net.h,
                              .outside = outside_of(looks),
                              .cell = along.scale}};
}

bool bd_crop_fits(const bd_looks *looks, bd_size photo) {
    enum { PIXEL_BYTES = 4, LEAST_RANGE = 1 << 27 };
    return (uint64_t)input_of(looks).w * photo.h <= LEAST_RANGE / PIXEL_BYTES;
}

static void bind_box(bd_recorder *to, bd_vk_dispatch *dispatch, bd_slot words) {
    bd_bind_bytes(to, dispatch, 1, words, 0, BD_BOX_WORDS * sizeof(uint32_t));
}

/* ---- the picture ------------------------------------------------------------------------------------------------- */

typedef struct crop_plan {
    bd_slot photo, words, columns, picture;
    bd_push_crop push;
} crop_plan;
BD_PLAN_OF_WORDS(crop_plan, 4 + sizeof(bd_push_crop) / 4);

static void record_columns(bd_recorder *to, const crop_plan *p) {
    for (bd_band band = bd_bands(to, bd_recorder_size(to, p->photo), 1); band.rows; bd_band_next(&band)) {
        bd_push_crop push = p->push;
        push.src_h = (int32_t)band.rows;
        push.first = (int32_t)band.first;
        bd_vk_dispatch dispatch;
        bd_kernel_crop(to->vk, BD_KERNEL_CROP_ROWS, &push, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->photo, band.first, band.rows);
        bind_box(to, &dispatch, p->words);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->columns, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void record_crop(bd_recorder *to, const void *plan) {
    const crop_plan *p = plan;
    record_columns(to, p);
    bd_vk_dispatch dispatch;
    bd_kernel_crop(to->vk, BD_KERNEL_CROP_COLUMNS, &p->push, &dispatch);
    bd_bind(to, &dispatch, 0, p->columns);
    bind_box(to, &dispatch, p->words);
    bd_bind(to, &dispatch, BD_BIND_DST, p->picture);
    bd_recorder_dispatch(to, &dispatch);
}

bd_slot bd_crop_add(bd_recipe *recipe, const bd_looks *looks, const bd_crop *crop) {
    const bd_size net = input_of(looks), photo = bd_recipe_size(recipe, crop->photo);
    const crop_plan plan = {.photo = crop->photo,
                            .words = crop->words,
                            .columns =
                                bd_recipe_slot(recipe, "crop's columns", BD_SLOT_PICTURE, (bd_size){net.w, photo.h}),
                            .picture = bd_recipe_slot(recipe, "crop", BD_SLOT_PICTURE, net),
                            .push = crop->push};
    bd_recipe_pass(recipe, record_crop, &plan, sizeof plan);
    bd_recipe_reads(recipe, crop->photo);
    bd_recipe_reads(recipe, crop->words);
    bd_recipe_writes(recipe, plan.columns);
    bd_recipe_writes(recipe, plan.picture);
    return plan.picture;
}

/* ---- what both say ----------------------------------------------------------------------------------------------- */

typedef struct merge_plan {
    bd_slot odds, logits, words, merged;
    uint32_t network; /* given */
    uint32_t kernel, alone;
    bd_odds_of of;
    bd_push_crop_merge push;
} merge_plan;
BD_PLAN_OF_WORDS(merge_plan, 7 + sizeof(bd_odds_of) / 4 + sizeof(bd_push_crop_merge) / 4);

static void record_merge(bd_recorder *to, const void *plan) {
    const merge_plan *p = plan;
    const bd_network *network = to->given[p->network];
    bd_vk_dispatch dispatch;
    if (p->kernel == BD_KERNEL_LARGER_MERGE) {
        bd_kernel_larger_merge(to->vk, &network->logits_shape, &p->of, &p->push, p->alone, &dispatch);
    } else {
        bd_kernel_crop_merge(to->vk, &network->logits_shape, &p->of, &p->push, &dispatch);
    }
    bd_bind(to, &dispatch, 0, p->logits);
    bind_box(to, &dispatch, p->words);
    bd_bind(to, &dispatch, 2, p->odds);
    bd_bind(to, &dispatch, BD_BIND_DST, p->merged);
    bd_recorder_dispatch(to, &dispatch);
}

static bd_push_crop_merge push_of(const bd_crop *crop, bd_size size, bd_axis_map x, bd_axis_map y, float weight) {
    return (bd_push_crop_merge){.out_w = (int32_t)size.w,
                                .out_h = (int32_t)size.h,
                                .photo_w = crop->push.photo_w,
                                .photo_h = crop->push.photo_h,
                                .nodes_w = crop->push.nodes_w,
                                .nodes_h = crop->push.nodes_h,
                                .net_w = crop->push.net_w,
                                .net_h = crop->push.net_h,
                                .scale_x = x.scale,
                                .bias_x = x.bias,
                                .max_x = x.max,
                                .scale_y = y.scale,
                                .bias_y = y.bias,
                                .max_y = y.max,
                                .weight = weight,
                                .cell = crop->push.cell};
}

static bd_slot add_merge(bd_recipe *recipe, const merge_plan *plan) {
    bd_recipe_pass(recipe, record_merge, plan, sizeof *plan);
    bd_recipe_reads(recipe, plan->odds);
    bd_recipe_reads(recipe, plan->logits);
    bd_recipe_reads(recipe, plan->words);
    bd_recipe_writes(recipe, plan->merged);
    return plan->merged;
}

bd_slot bd_crop_merge_add(bd_recipe *recipe, const bd_looks *looks, const bd_crop *crop, const bd_odds_of *of,
                          bd_slot odds, bd_slot logits, float weight, bd_size size) {
    const bd_axis_map x = bd_looks_input_map(&looks->network, 2), y = bd_looks_input_map(&looks->network, 1);
    const merge_plan plan = {.odds = odds,
                             .logits = logits,
                             .words = crop->words,
                             .merged = bd_recipe_slot(recipe, "log-odds of both looks", BD_SLOT_GRID, size),
                             .network = bd_recipe_give(recipe, &looks->network),
                             .kernel = BD_KERNEL_CROP_MERGE,
                             .of = *of,
                             .push = push_of(crop, size, x, y, weight)};
    return add_merge(recipe, &plan);
}

/* ---- larger looks ------------------------------------------------------------------------------------------------ */

bool bd_larger_looks_are_gated(const bd_looks *looks, const bd_matte_params *params) {
    bool larger = looks->size_count > 0 && !looks->flip && params->mode == BD_MATTE_BEST && params->rule == BD_RULE_ON;
    larger = larger && !(looks->closer && params->looks == 1);
    const int32_t *first = looks->network.preprocess.shape.dims;
    for (uint32_t i = 0; i < looks->size_count; i++) {
        const int32_t *size = looks->sizes[i].preprocess.shape.dims;
        larger = larger && size[1] > first[1] && size[2] > first[2];
    }
    return larger;
}

bd_slot bd_larger_merge_add(bd_recipe *recipe, const bd_network *network, const bd_crop *crop, const bd_odds_of *of,
                            bd_slot odds, bd_slot logits, float weight, bool alone) {
    const bd_size photo = bd_recipe_size(recipe, crop->photo), size = bd_recipe_size(recipe, odds);
    const bd_axis_map x = bd_rule_map(network, 2, photo, size), y = bd_rule_map(network, 1, photo, size);
    const merge_plan plan = {.odds = odds,
                             .logits = logits,
                             .words = crop->words,
                             .merged = bd_recipe_slot(recipe, "log-odds of looks", BD_SLOT_GRID, size),
                             .network = bd_recipe_give(recipe, network),
                             .kernel = BD_KERNEL_LARGER_MERGE,
                             .alone = alone,
                             .of = *of,
                             .push = push_of(crop, size, x, y, weight)};
    return add_merge(recipe, &plan);
}

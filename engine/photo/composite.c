/* SPDX-License-Identifier: MIT */
#include "photo/composite.h"

typedef struct composite_plan {
    bd_slot mask, front, picture, result;
    int32_t offset_x, offset_y;
    uint32_t tile, premultiplied, of_photo, transparent, linear, keep_hidden;
    uint32_t fill, fill_low;
} composite_plan;
BD_PLAN_OF_WORDS(composite_plan, 14);

/* In bands of rows that the device can bind; the mask has the photo's size. */
static void record_composite(bd_recorder *to, const void *plan) {
    const composite_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->front), picture = bd_recorder_size(to, p->picture);
    const bd_size widest = {BD_MAX(size.w, picture.w), size.h};
    bool around = p->picture && !p->tile; /* rows that are not the band's, so that bindings begin where they may */
    for (bd_band band = around ? bd_bands_apart(to, widest) : bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        int32_t behind = p->offset_y + (int32_t)band.first;
        bd_rows seen = around ? bd_rows_behind(picture.h, behind, band.rows) : (bd_rows){0, picture.h};
        bd_composite composite = {.mask_w = size.w,
                                  .mask_h = band.rows,
                                  .photo_w = size.w,
                                  .photo_h = band.rows,
                                  .background_w = picture.w,
                                  .background_h = seen.count,
                                  .offset_x = p->offset_x,
                                  .offset_y = behind - (int32_t)seen.first,
                                  .tile = p->tile,
                                  .premultiplied = p->premultiplied,
                                  .of_photo = p->of_photo,
                                  .transparent = p->transparent,
                                  .keep_hidden = p->keep_hidden,
                                  .linear = p->linear};
        for (int c = 0; c < 4; c++) {
            composite.fill[c] = (uint8_t)(p->fill >> 8 * c);
            composite.fill_low[c] = (uint8_t)(p->fill_low >> 8 * c);
        }
        bd_vk_dispatch dispatch;
        bd_kernel_composite(to->vk, &composite, &dispatch);
        bd_match_depth(to, &dispatch, p->front);
        bd_bind_rows(to, &dispatch, 0, p->mask, band.first, band.rows);
        bd_bind_rows(to, &dispatch, 1, p->front, band.first, band.rows);
        if (p->picture) {
            bd_bind_rows(to, &dispatch, 2, p->picture, seen.first, seen.count);
        } else {
            bd_bind_rows(to, &dispatch, 2, p->front, 0, band.rows); /* not read */
        }
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->result, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_composite_add(bd_recipe *recipe, bd_slot mask, bd_slot front, const bd_backdrop *background,
                         bd_blending blending) {
    const composite_plan plan = {
        .mask = mask,
        .front = front,
        .picture = background->picture,
        .result = bd_recipe_slot(recipe, "composite", bd_recipe_kind(recipe, front), bd_recipe_size(recipe, front)),
        .offset_x = background->offset_x,
        .offset_y = background->offset_y,
        .tile = background->tile,
        .premultiplied = background->premultiplied,
        .of_photo = background->of_photo,
        .transparent = blending.transparent,
        .linear = blending.linear,
        .keep_hidden = blending.keep_hidden,
        .fill = background->fill,
        .fill_low = background->fill_low};
    bd_recipe_pass(recipe, record_composite, &plan, sizeof plan);
    bd_recipe_reads(recipe, mask);
    bd_recipe_reads(recipe, front);
    bd_recipe_reads(recipe, plan.picture);
    bd_recipe_writes(recipe, plan.result);
    bd_recipe_stamp(recipe, "composite");
    return plan.result;
}

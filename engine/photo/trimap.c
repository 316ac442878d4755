/* SPDX-License-Identifier: MIT */
#include "photo/trimap.h"

#include "image/rows.h"

bool bd_trimap_alone(const bd_matte_params *params) {
    return params->trimap && !params->coarse;
}

bd_result bd_trimap_check(const bd_matte_params *params, bd_size photo, bd_error *error) {
    const bd_image *trimap = params->trimap;
    if (!trimap) {
        return BD_OK;
    }
    if (bd_image_check(trimap, "trimap", NULL) || trimap->format != BD_FORMAT_GRAY8) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a trimap has one byte per pixel");
    }
    if (trimap->width != photo.w || trimap->height != photo.h) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "a trimap of %ux%u for a photo of %ux%u: the sizes must be equal", trimap->width, trimap->height,
                       photo.w, photo.h);
    }
    if (params->mode != BD_MATTE_REFINE && params->mode != BD_MATTE_BEST) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a hard or soft matte takes no trimap");
    }
    if (params->keep != BD_KEEP_ALL || params->island_share > 0.0f || params->fill_holes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a trimap says itself which parts are foreground");
    }
    return BD_OK;
}

typedef struct pin_plan {
    bd_slot trimap, plane;
    uint32_t block;
    float low;
} pin_plan;
BD_PLAN_OF_WORDS(pin_plan, 4);

static void record_pin(bd_recorder *to, const void *plan) {
    const pin_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->trimap), size = bd_recorder_size(to, p->plane);
    /* Rows of the plane begin where bindings may, too: 16 of them. */
    for (bd_band band = bd_bands(to, photo, 16 * p->block); band.rows; bd_band_next(&band)) {
        uint32_t first = band.first / p->block, rows = (band.rows + p->block - 1) / p->block;
        const bd_push_trimap push = {.src_w = (int32_t)photo.w,
                                     .src_h = (int32_t)band.rows,
                                     .dst_w = (int32_t)size.w,
                                     .dst_h = (int32_t)rows,
                                     .block = (int32_t)p->block,
                                     .low = p->low};
        bd_vk_dispatch dispatch;
        bd_kernel_trimap(to->vk, &push, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->trimap, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->plane, first, rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

void bd_trimap_pin_add(bd_recipe *recipe, bd_slot trimap, bd_slot plane, uint32_t block, float low) {
    const pin_plan plan = {.trimap = trimap, .plane = plane, .block = block, .low = low};
    bd_recipe_pass(recipe, record_pin, &plan, sizeof plan);
    bd_recipe_reads(recipe, trimap);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plane);
}

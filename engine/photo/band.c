/* SPDX-License-Identifier: MIT */
#include "photo/band.h"

typedef struct band_plan {
    bd_slot src, dst;
    uint32_t kernel;
    bd_push_band push;
} band_plan;
BD_PLAN_OF_WORDS(band_plan, 3 + sizeof(bd_push_band) / 4);

static void record_band(bd_recorder *to, const void *plan) {
    const band_plan *p = plan;
    bd_vk_dispatch dispatch;
    bd_kernel_band(to->vk, (bd_kernel)p->kernel, &p->push, &dispatch);
    bd_bind(to, &dispatch, 0, p->src);
    bd_bind(to, &dispatch, BD_BIND_DST, p->dst);
    bd_recorder_dispatch(to, &dispatch);
}

static void add(bd_recipe *recipe, bd_kernel kernel, bd_slot src, bd_slot dst, bd_push_band push) {
    const bd_size from = bd_recipe_size(recipe, src), size = bd_recipe_size(recipe, dst);
    band_plan plan = {.src = src, .dst = dst, .kernel = kernel, .push = push};
    plan.push.src_w = (int32_t)from.w;
    plan.push.src_h = (int32_t)from.h;
    plan.push.dst_w = (int32_t)size.w;
    plan.push.dst_h = (int32_t)size.h;
    bd_recipe_pass(recipe, record_band, &plan, sizeof plan);
    bd_recipe_reads(recipe, src);
    if (kernel != BD_KERNEL_BAND_FIND) {
        bd_recipe_reads(recipe, dst);
    }
    bd_recipe_writes(recipe, dst);
}

bd_slot bd_band_add(bd_recipe *recipe, bd_slot mask, float inner, float outer) {
    bd_slot band = bd_recipe_slot(recipe, "band", BD_SLOT_PLANE, bd_recipe_size(recipe, mask));
    add(recipe, BD_KERNEL_BAND_FIND, mask, band, (bd_push_band){.inner = inner, .outer = outer});
    return band;
}

static bd_push_band push_at(bd_axes at, float low) {
    return (bd_push_band){
        .scale_x = at.scale_x, .bias_x = at.bias_x, .scale_y = at.scale_y, .bias_y = at.bias_y, .low = low};
}

void bd_band_lines_add(bd_recipe *recipe, bd_slot band, bd_slot lines, bd_axes at) {
    add(recipe, BD_KERNEL_BAND_LINES, band, lines, push_at(at, 0.0f));
}

void bd_band_plane_add(bd_recipe *recipe, bd_slot band, bd_slot plane, bd_axes at, float low) {
    add(recipe, BD_KERNEL_BAND_PLANE, band, plane, push_at(at, low));
}

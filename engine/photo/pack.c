/* SPDX-License-Identifier: MIT */
#include "photo/pack.h"

typedef struct pack_plan {
    bd_slot plane, packed;
    uint32_t deep;
} pack_plan;
BD_PLAN_OF_WORDS(pack_plan, 3);

static void record_pack(bd_recorder *to, const void *plan) {
    const pack_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->plane);
    for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) {
        const bd_push_plane push = {.dst_w = (int32_t)size.w, .dst_h = (int32_t)band.rows};
        bd_vk_dispatch dispatch;
        bd_kernel_plane(to->vk, BD_KERNEL_PLANE_PACK, &push, p->deep, false, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->plane, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->packed, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_pack_add(bd_recipe *recipe, bd_slot plane, bool deep) {
    const bd_size size = bd_recipe_size(recipe, plane);
    const bd_size bytes = {(size.w + 3) / 4 * 4 * (deep ? 2 : 1), size.h};
    const pack_plan plan = {plane, bd_recipe_slot(recipe, "packed matte", BD_SLOT_BYTES, bytes), deep};
    bd_recipe_pass(recipe, record_pack, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_writes(recipe, plan.packed);
    return plan.packed;
}

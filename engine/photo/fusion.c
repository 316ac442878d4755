/* SPDX-License-Identifier: MIT */
#include "photo/fusion.h"

/* Windows of 40 and 5 nodes of the pyramid's finest level, which has a megapixel at most: on larger photos windows grow
 * with them. (The paper's are 90 and 6 wide on such photos. On portraits narrower ones came nearer to the true colours:
 * 2.2 off instead of 2.5, but wide soft edges need the reach.) The first pass runs on blocks of nodes. */
enum { BLOCK = 8, RADIUS_WIDE = 2, RADIUS_FINE = 2 };

typedef struct fusion_plan {
    bd_slot colours, src, dst;
    bd_size src_size, size; /* src_size: reduce's in nodes, spread's in blocks */
    uint32_t kernel, radius, finish;
} fusion_plan;
BD_PLAN_OF_WORDS(fusion_plan, 10);

static VkDeviceSize grid_bytes(bd_size size) {
    return (VkDeviceSize)size.w * size.h * 16;
}

static void record_fusion(bd_recorder *to, const void *plan) {
    const fusion_plan *p = plan;
    const float scale = 1.0f / BLOCK;
    const bd_push_fusion push = {.src_w = (int32_t)p->src_size.w,
                                 .src_h = (int32_t)p->src_size.h,
                                 .dst_w = (int32_t)p->size.w,
                                 .dst_h = (int32_t)p->size.h,
                                 .block = BLOCK,
                                 .radius = (int32_t)p->radius,
                                 .scale = scale,
                                 .bias = 0.5f * scale - 0.5f};
    bd_vk_dispatch dispatch;
    bd_kernel_fusion(to->vk, (bd_kernel)p->kernel, &push, p->finish, &dispatch);
    if (p->src) {
        bd_bind(to, &dispatch, 0, p->src);
        if (p->colours) { /* on blocks they are not read, but bound all the same */
            bd_bind_bytes(to, &dispatch, 1, p->colours, 0, grid_bytes(p->size));
        }
    } else {
        bd_bind_bytes(to, &dispatch, 0, p->colours, 0, grid_bytes(p->src_size));
    }
    bd_bind(to, &dispatch, BD_BIND_DST, p->dst);
    bd_recorder_dispatch(to, &dispatch);
}

static bd_slot add(bd_recipe *recipe, bd_kernel kernel, bd_slot colours, bd_slot src, bd_size src_size, bd_size size,
                   uint32_t radius, bool finish) {
    const fusion_plan plan = {.colours = colours,
                              .src = src,
                              .dst = bd_recipe_slot(recipe, "pairs", BD_SLOT_PAIRS, size),
                              .src_size = src_size,
                              .size = size,
                              .kernel = kernel,
                              .radius = radius,
                              .finish = finish};
    bd_recipe_pass(recipe, record_fusion, &plan, sizeof plan);
    bd_recipe_reads(recipe, colours);
    bd_recipe_reads(recipe, src);
    bd_recipe_writes(recipe, plan.dst);
    return plan.dst;
}

bd_slot bd_fusion_add(bd_recipe *recipe, bd_slot colours, bd_size size) {
    const bd_size blocks = {(size.w + BLOCK - 1) / BLOCK, (size.h + BLOCK - 1) / BLOCK};
    bd_slot pairs = add(recipe, BD_KERNEL_FUSION_REDUCE, colours, BD_NO_SLOT, size, blocks, 0, false);
    pairs = add(recipe, BD_KERNEL_FUSION_ROWS, BD_NO_SLOT, pairs, blocks, blocks, RADIUS_WIDE, false);
    pairs = add(recipe, BD_KERNEL_FUSION_COLUMNS, colours, pairs, blocks, blocks, RADIUS_WIDE, false);
    pairs = add(recipe, BD_KERNEL_FUSION_SPREAD, colours, pairs, blocks, size, 0, false);
    pairs = add(recipe, BD_KERNEL_FUSION_ROWS, BD_NO_SLOT, pairs, size, size, RADIUS_FINE, false);
    return add(recipe, BD_KERNEL_FUSION_COLUMNS, colours, pairs, size, size, RADIUS_FINE, true);
}

/* SPDX-License-Identifier: MIT */
#include "photo/matte_plan.h"
#include "photo/recorder.h"
#include "api/session.h"

/* Windows of 40 and 5 nodes of the pyramid's finest level, which has a megapixel at most: on larger photos windows grow
 * with them. (The paper's are 90 and 6 wide on such photos. On portraits narrower ones came nearer to the true colours:
 * 2.2 off instead of 2.5, but wide soft edges need the reach.) The first pass runs on blocks of nodes. */
enum { BLOCK = 8, RADIUS_WIDE = 2, RADIUS_FINE = 2 };

typedef struct step {
    bd_kernel kernel;
    bd_matte_buffer src, dst;
    bd_matte_size src_size, size; /* src_size: reduce's in level nodes, spread's in blocks */
    uint32_t radius;
    bool finish;
} step;

static VkDeviceSize pairs_bytes(bd_matte_size size) {
    return (VkDeviceSize)size.w * size.h * 32;
}

static bd_result record_step(bd_session *session, const step *s, bd_error *error) {
    float scale = 1.0f / BLOCK;
    bool reduce = s->kernel == BD_KERNEL_FUSION_REDUCE;
    const bd_push_fusion push = {.src_w = (int32_t)s->src_size.w,
                                 .src_h = (int32_t)s->src_size.h,
                                 .dst_w = (int32_t)s->size.w,
                                 .dst_h = (int32_t)s->size.h,
                                 .block = BLOCK,
                                 .radius = (int32_t)s->radius,
                                 .scale = scale,
                                 .bias = 0.5f * scale - 0.5f};
    bd_vk_dispatch dispatch;
    bd_kernel_fusion(session->vk, s->kernel, &push, s->finish, &dispatch);
    bd_bind(&dispatch, 0, &session->matte[s->src], 0, reduce ? pairs_bytes(s->src_size) / 2 : pairs_bytes(s->src_size));
    if (s->kernel == BD_KERNEL_FUSION_SPREAD || s->kernel == BD_KERNEL_FUSION_COLUMNS) {
        bd_bind(&dispatch, 1, &session->matte[BD_MATTE_LEVELS], 0, pairs_bytes(s->size) / 2);
    }
    bd_bind(&dispatch, 4, &session->matte[s->dst], 0, pairs_bytes(s->size));
    bd_result result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    bd_vk_commands_barrier(&session->after);
    return result;
}

bd_result bd_fusion_record(bd_session *session, const bd_matte_plan *plan, bd_matte_buffer *pairs, bd_error *error) {
    const bd_matte_buffer a = BD_MATTE_PAIRS_A, b = BD_MATTE_PAIRS_B;
    const bd_matte_size fine = plan->levels[0], wide = {(fine.w + BLOCK - 1) / BLOCK, (fine.h + BLOCK - 1) / BLOCK};
    const step steps[] = {
        {.kernel = BD_KERNEL_FUSION_REDUCE, .src = BD_MATTE_LEVELS, .dst = a, .src_size = fine, .size = wide},
        {BD_KERNEL_FUSION_ROWS, a, b, wide, wide, RADIUS_WIDE, false},
        {BD_KERNEL_FUSION_COLUMNS, b, a, wide, wide, RADIUS_WIDE, false},
        {.kernel = BD_KERNEL_FUSION_SPREAD, .src = a, .dst = b, .src_size = wide, .size = fine},
        {BD_KERNEL_FUSION_ROWS, b, a, fine, fine, RADIUS_FINE, false},
        {BD_KERNEL_FUSION_COLUMNS, a, b, fine, fine, RADIUS_FINE, true},
    };
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < BD_COUNT(steps) && !result; i++) {
        result = record_step(session, &steps[i], error);
    }
    *pairs = b;
    return result;
}

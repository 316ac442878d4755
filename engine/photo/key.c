/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "photo/key.h"

/* Found by trial on people and on alphamatting.com's photos before green, blue, white and grey. */
#define TOLERANCE 0.025f
#define SOFTNESS 0.06f
/* Of the border, that a grey key and a colourful one have: photos without a backdrop have more of the former. */
#define LEAST_SHARE 0.6f
#define LEAST_COLOURFUL 0.45f
/* Nodes, to the longest side; deviations of the Gaussians in them. */
enum { NODES = 240, SAMPLES = 512, BORDER_SHARE = 40 };
#define NARROW 1.0f
#define WIDE 3.0f

bd_result bd_key_check(const bd_matte_params *params, bd_error *error) {
    if ((unsigned)params->key > BD_KEY_AUTO || (unsigned)params->key_shadow > BD_KEY_SHADOW_KEEP) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such key, or no such way with its shadows: %d, %d",
                       (int)params->key, (int)params->key_shadow);
    }
    if (!params->key) {
        return params->key_with_network
                   ? bd_fail(error, BD_ERR_INVALID_ARGUMENT, "without a key nothing goes with the network")
                   : BD_OK;
    }
    if (params->coarse || params->trimap) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a key takes the place of probabilities and trimaps");
    }
    if (!(params->key_tolerance >= 0.0f && params->key_tolerance <= 1.0f) ||
        !(params->key_softness >= 0.0f && params->key_softness <= 1.0f) || !(params->key_spill <= 1.0f)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a key's tolerance, softness and spill lie in 0..1");
    }
    return BD_OK;
}

/* ---- the key ----------------------------------------------------------------------------------------------------- */

typedef struct choose_plan {
    bd_slot photo, counts, key;
    uint32_t given, color;
} choose_plan;
BD_PLAN_OF_WORDS(choose_plan, 5);

static void record_count(bd_recorder *to, const choose_plan *p) {
    const bd_size photo = bd_recorder_size(to, p->photo);
    uint32_t spacing = (BD_MAX(photo.w, photo.h) + SAMPLES - 1) / SAMPLES;
    bd_recorder_fill(to, p->counts, to->slots[p->counts].bytes, 0);
    for (bd_band band = bd_bands(to, photo, spacing); band.rows; bd_band_next(&band)) {
        const bd_push_key push = {.src_w = (int32_t)photo.w,
                                  .src_h = (int32_t)band.rows,
                                  .dst_w = (int32_t)((photo.w + spacing - 1) / spacing),
                                  .dst_h = (int32_t)((band.rows + spacing - 1) / spacing),
                                  .first = (int32_t)band.first,
                                  .rows = (int32_t)photo.h,
                                  .block = (int32_t)spacing,
                                  .radius = (int32_t)BD_MAX(BD_MIN(photo.w, photo.h) / BORDER_SHARE, 1u)};
        bd_vk_dispatch dispatch;
        bd_kernel_key(to->vk, BD_KERNEL_KEY_COUNT, &push, false, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->photo, band.first, band.rows);
        bd_bind(to, &dispatch, BD_BIND_DST, p->counts);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void record_choose(bd_recorder *to, const void *plan) {
    const choose_plan *p = plan;
    const bd_push_key push = {.color = p->color};
    bd_vk_dispatch dispatch;
    if (!p->given) {
        record_count(to, p);
    }
    bd_kernel_key(to->vk, BD_KERNEL_KEY_CHOOSE, &push, p->given, &dispatch);
    if (p->given) {
        bd_bind_bytes(to, &dispatch, 0, p->photo, 0, 4); /* not read */
    } else {
        bd_bind(to, &dispatch, 0, p->counts);
    }
    bd_bind(to, &dispatch, BD_BIND_DST, p->key);
    bd_recorder_dispatch(to, &dispatch);
}

static bd_slot add_choose(bd_recipe *recipe, const bd_matte_params *params, bd_slot photo) {
    choose_plan plan = {.photo = photo,
                        .given = params->key == BD_KEY_COLOR,
                        .key = bd_recipe_slot(recipe, "key", BD_SLOT_GRID, (bd_size){BD_KEY_VECTORS, 1})};
    if (plan.given) {
        const uint8_t *rgb = params->key_color;
        plan.color = rgb[0] | (uint32_t)rgb[1] << 8 | (uint32_t)rgb[2] << 16 | 0xff000000u;
    } else {
        plan.counts = bd_recipe_slot(recipe, "colours of the border", BD_SLOT_BYTES,
                                     (bd_size){4 * sizeof(uint32_t), BD_KEY_BINS});
    }
    bd_recipe_pass(recipe, record_choose, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_writes(recipe, plan.counts);
    bd_recipe_writes(recipe, plan.key);
    return plan.key;
}

bd_result bd_key_take(const bd_matte_params *params, const float *vectors, bd_key_color *color, bd_error *error) {
    *color = (bd_key_color){.found = params->key == BD_KEY_AUTO, .share = vectors[3]};
    for (int c = 0; c < 3; c++) {
        float light = vectors[c];
        float srgb = light <= 0.0031308f ? light * 12.92f : 1.055f * powf(light, 1.0f / 2.4f) - 0.055f;
        color->rgb[c] = (uint8_t)(fminf(fmaxf(srgb, 0.0f), 1.0f) * 255.0f + 0.5f);
    }
    float least = LEAST_SHARE + (LEAST_COLOURFUL - LEAST_SHARE) * vectors[7];
    if (color->found && !(color->share >= least)) {
        return bd_fail(
            error, BD_ERR_INVALID_ARGUMENT,
            "no uniform background: only %.0f %% of the border has one colour (#%02x%02x%02x); give its colour",
            (double)(100.0f * color->share), color->rgb[0], color->rgb[1], color->rgb[2]);
    }
    return BD_OK;
}

/* ---- what is around ---------------------------------------------------------------------------------------------- */

typedef struct pairs_plan {
    bd_slot photo, key, backs, fronts, wide, room, pairs;
    bd_size nodes;
    uint32_t block;
    float tolerance;
} pairs_plan;
BD_PLAN_OF_WORDS(pairs_plan, 11);

static void record_reduce(bd_recorder *to, const pairs_plan *p, bool front, bd_slot grid) {
    const bd_size photo = bd_recorder_size(to, p->photo);
    for (bd_band band = bd_bands(to, photo, p->block); band.rows; bd_band_next(&band)) {
        const bd_push_key push = {.src_w = (int32_t)photo.w,
                                  .src_h = (int32_t)band.rows,
                                  .dst_w = (int32_t)p->nodes.w,
                                  .dst_h = (int32_t)((band.rows + p->block - 1) / p->block),
                                  .first = (int32_t)(band.first / p->block),
                                  .block = (int32_t)p->block,
                                  .tolerance = p->tolerance};
        bd_vk_dispatch dispatch;
        bd_kernel_key(to->vk, BD_KERNEL_KEY_REDUCE, &push, front, &dispatch);
        bd_bind_rows(to, &dispatch, 0, p->photo, band.first, band.rows);
        bd_bind(to, &dispatch, 1, p->key);
        bd_bind(to, &dispatch, BD_BIND_DST, grid);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static uint32_t radius_of(float sigma) {
    return (uint32_t)(3.5f * sigma + 0.5f);
}

static float falloff_of(float sigma) {
    return -0.5f / (sigma * sigma * logf(2.0f));
}

/* What the two sums of a Gaussian add up to. */
static float gain_of(float sigma) {
    float sum = 1.0f;
    for (uint32_t i = 1; i <= radius_of(sigma); i++) {
        sum += 2.0f * exp2f(falloff_of(sigma) * (float)(i * i));
    }
    return 1.0f / (sum * sum);
}

static void record_gauss(bd_recorder *to, const pairs_plan *p, float sigma, bd_slot from, bd_slot dst) {
    for (int vertical = 0; vertical < 2; vertical++) {
        const bd_push_weigh push = {.dst_w = (int32_t)p->nodes.w,
                                    .dst_h = (int32_t)p->nodes.h,
                                    .radius = (int32_t)radius_of(sigma),
                                    .falloff = falloff_of(sigma)};
        bd_vk_dispatch dispatch;
        bd_kernel_blur(to->vk, BD_KERNEL_GAUSS, &push, vertical, &dispatch);
        bd_bind(to, &dispatch, 0, vertical ? p->room : from);
        bd_bind(to, &dispatch, BD_BIND_DST, vertical ? dst : p->room);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void record_pairs(bd_recorder *to, const void *plan) {
    const pairs_plan *p = plan;
    record_reduce(to, p, false, p->backs);
    record_gauss(to, p, WIDE, p->backs, p->backs);
    record_reduce(to, p, true, p->fronts);
    record_gauss(to, p, NARROW, p->fronts, p->fronts);
    record_gauss(to, p, sqrtf(WIDE * WIDE - NARROW * NARROW), p->fronts, p->wide);
    const bd_push_key push = {.dst_w = (int32_t)p->nodes.w,
                              .dst_h = (int32_t)p->nodes.h,
                              .gain_back = gain_of(WIDE),
                              .gain_front = gain_of(NARROW)};
    bd_vk_dispatch dispatch;
    bd_kernel_key(to->vk, BD_KERNEL_KEY_PAIR, &push, false, &dispatch);
    bd_bind(to, &dispatch, 0, p->backs);
    bd_bind(to, &dispatch, 1, p->fronts);
    bd_bind(to, &dispatch, 2, p->wide);
    bd_bind(to, &dispatch, 3, p->key);
    bd_bind(to, &dispatch, BD_BIND_DST, p->pairs);
    bd_recorder_dispatch(to, &dispatch);
}

static float tolerance_of(const bd_matte_params *params) {
    return params->key_tolerance > 0.0f ? params->key_tolerance : TOLERANCE;
}

static void add_pairs(bd_recipe *recipe, const bd_matte_params *params, bd_slot photo, bd_keyed *by) {
    const bd_size size = bd_recipe_size(recipe, photo);
    by->block = BD_MAX((BD_MAX(size.w, size.h) + NODES / 2) / NODES, 1u);
    by->nodes = (bd_size){(size.w + by->block - 1) / by->block, (size.h + by->block - 1) / by->block};
    const bd_size vectors = {2 * by->nodes.w * by->nodes.h + BD_KEY_VECTORS, 1};
    const pairs_plan plan = {.photo = photo,
                             .key = by->key,
                             .backs = bd_recipe_slot(recipe, "backdrop", BD_SLOT_GRID, by->nodes),
                             .fronts = bd_recipe_slot(recipe, "subject", BD_SLOT_GRID, by->nodes),
                             .wide = bd_recipe_slot(recipe, "subject around", BD_SLOT_GRID, by->nodes),
                             .room = bd_recipe_slot(recipe, "rows of nodes", BD_SLOT_GRID, by->nodes),
                             .pairs = bd_recipe_slot(recipe, "pairs", BD_SLOT_GRID, vectors),
                             .nodes = by->nodes,
                             .block = by->block,
                             .tolerance = tolerance_of(params)};
    bd_recipe_pass(recipe, record_pairs, &plan, sizeof plan);
    bd_recipe_reads(recipe, photo);
    bd_recipe_reads(recipe, by->key);
    bd_recipe_writes(recipe, plan.backs);
    bd_recipe_writes(recipe, plan.fronts);
    bd_recipe_writes(recipe, plan.wide);
    bd_recipe_writes(recipe, plan.room);
    bd_recipe_writes(recipe, plan.pairs);
    by->pairs = plan.pairs;
}

/* ---- the matte --------------------------------------------------------------------------------------------------- */

/* Pixels seen on nodes. */
static bd_push_key push_of(bd_size nodes, uint32_t block, bd_size photo, const bd_band *band) {
    float scale = 1.0f / (float)block;
    return (bd_push_key){.src_w = (int32_t)nodes.w,
                         .src_h = (int32_t)nodes.h,
                         .dst_w = (int32_t)photo.w,
                         .dst_h = (int32_t)band->rows,
                         .first = (int32_t)band->first,
                         .scale = scale,
                         .bias = 0.5f * scale - 0.5f};
}

typedef struct matte_plan {
    bd_slot pairs, photo, plane;
    bd_size nodes;
    uint32_t block, shadow;
    float tolerance, softness;
} matte_plan;
BD_PLAN_OF_WORDS(matte_plan, 9);

static void record_matte(bd_recorder *to, const void *plan) {
    const matte_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo);
    for (bd_band band = bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        bd_push_key push = push_of(p->nodes, p->block, photo, &band);
        push.tolerance = p->tolerance;
        push.softness = p->softness;
        bd_vk_dispatch dispatch;
        bd_kernel_key(to->vk, BD_KERNEL_KEY_MATTE, &push, p->shadow, &dispatch);
        bd_bind(to, &dispatch, 0, p->pairs);
        bd_bind_rows(to, &dispatch, 1, p->photo, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->plane, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_keyed bd_key_add(bd_recipe *recipe, const bd_matte_params *params, bd_slot photo) {
    bd_keyed by = {.key = add_choose(recipe, params, photo)};
    add_pairs(recipe, params, photo, &by);
    bd_recipe_stamp(recipe, "matte: key");
    const matte_plan plan = {.pairs = by.pairs,
                             .photo = photo,
                             .plane = bd_recipe_slot(recipe, "matte", BD_SLOT_PLANE, bd_recipe_size(recipe, photo)),
                             .nodes = by.nodes,
                             .block = by.block,
                             .shadow = params->key_shadow == BD_KEY_SHADOW_KEEP,
                             .tolerance = tolerance_of(params),
                             .softness = params->key_softness > 0.0f ? params->key_softness : SOFTNESS};
    bd_recipe_pass(recipe, record_matte, &plan, sizeof plan);
    bd_recipe_reads(recipe, by.pairs);
    bd_recipe_reads(recipe, photo);
    bd_recipe_writes(recipe, plan.plane);
    bd_recipe_stamp(recipe, "matte: apply");
    by.plane = plan.plane;
    return by;
}

/* ---- with the network -------------------------------------------------------------------------------------------- */

typedef struct gate_plan {
    bd_slot plane, reach, keyed;
    uint32_t block, radius;
} gate_plan;
BD_PLAN_OF_WORDS(gate_plan, 5);

static void record_gate(bd_recorder *to, const void *plan) {
    const gate_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->keyed), nodes = bd_recorder_size(to, p->reach);
    const bd_push_key near = {.dst_w = (int32_t)nodes.w, .dst_h = (int32_t)nodes.h, .radius = (int32_t)p->radius};
    bd_vk_dispatch dispatch;
    bd_kernel_key(to->vk, BD_KERNEL_KEY_REACH, &near, false, &dispatch);
    bd_bind(to, &dispatch, 0, p->plane);
    bd_bind(to, &dispatch, BD_BIND_DST, p->reach);
    bd_recorder_dispatch(to, &dispatch);
    for (bd_band band = bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        const bd_push_key push = push_of(nodes, p->block, photo, &band);
        bd_kernel_key(to->vk, BD_KERNEL_KEY_GATE, &push, false, &dispatch);
        bd_bind(to, &dispatch, 0, p->reach);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->keyed, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

void bd_key_gate_add(bd_recipe *recipe, bd_slot plane, uint32_t block, uint32_t radius, bd_slot keyed) {
    const gate_plan plan = {.plane = plane,
                            .reach =
                                bd_recipe_slot(recipe, "network nearby", BD_SLOT_GRID, bd_recipe_size(recipe, plane)),
                            .keyed = keyed,
                            .block = block,
                            .radius = radius};
    bd_recipe_pass(recipe, record_gate, &plan, sizeof plan);
    bd_recipe_reads(recipe, plane);
    bd_recipe_reads(recipe, keyed);
    bd_recipe_writes(recipe, plan.reach);
    bd_recipe_writes(recipe, keyed);
    bd_recipe_stamp(recipe, "matte: agree");
}

/* ---- the subject's colours --------------------------------------------------------------------------------------- */

typedef struct front_plan {
    bd_slot pairs, photo, keyed, mask, front;
    bd_size nodes;
    uint32_t block, shadow, unmix, network;
    float spill;
} front_plan;
BD_PLAN_OF_WORDS(front_plan, 12);

static void record_front(bd_recorder *to, const void *plan) {
    const front_plan *p = plan;
    const bd_size photo = bd_recorder_size(to, p->photo);
    for (bd_band band = bd_bands(to, photo, 1); band.rows; bd_band_next(&band)) {
        bd_push_key push = push_of(p->nodes, p->block, photo, &band);
        push.spill = p->spill;
        bd_vk_dispatch dispatch;
        bd_kernel_key_front(to->vk, &push, p->shadow, p->unmix, p->network, &dispatch);
        bd_match_depth(to, &dispatch, p->photo);
        bd_bind(to, &dispatch, 0, p->pairs);
        bd_bind_rows(to, &dispatch, 1, p->photo, band.first, band.rows);
        bd_bind_rows(to, &dispatch, 2, p->keyed, band.first, band.rows);
        bd_bind_rows(to, &dispatch, 3, p->mask, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->front, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

bd_slot bd_key_front_add(bd_recipe *recipe, const bd_matte_params *params, bool unmix, const bd_keyed *by,
                         bd_slot photo, bd_slot mask) {
    float spill = params->key_spill < 0.0f ? 0.0f : params->key_spill > 0.0f ? params->key_spill : 1.0f;
    if (!unmix && !(spill > 0.0f)) {
        return photo;
    }
    const front_plan plan = {
        .pairs = by->pairs,
        .photo = photo,
        .keyed = by->plane,
        .mask = mask,
        .front = bd_recipe_slot(recipe, "foreground", bd_recipe_kind(recipe, photo), bd_recipe_size(recipe, photo)),
        .nodes = by->nodes,
        .block = by->block,
        .shadow = params->key_shadow == BD_KEY_SHADOW_KEEP,
        .unmix = unmix,
        .network = params->key_with_network,
        .spill = spill};
    bd_recipe_pass(recipe, record_front, &plan, sizeof plan);
    bd_recipe_reads(recipe, by->pairs);
    bd_recipe_reads(recipe, photo);
    bd_recipe_reads(recipe, by->plane);
    bd_recipe_reads(recipe, mask);
    bd_recipe_writes(recipe, plan.front);
    bd_recipe_stamp(recipe, "foreground");
    return plan.front;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "light.h"
#include "record.h"

enum { SAMPLES = 512, MOST_STEP = 64 };

/* ---- plan -------------------------------------------------------------------------------------------------------- */

/* A power of two of at most 64: bands, which begin at multiples of 64 rows, begin with a node. */
static uint32_t step_for(uint32_t longest, uint32_t most_nodes, float wanted) {
    uint32_t step = 1;
    while (step < MOST_STEP && ((longest + step - 1) / step > most_nodes || 2.0f * (float)step <= wanted)) {
        step *= 2;
    }
    return step;
}

static bd_matte_size in_steps(bd_matte_size size, uint32_t step) {
    return (bd_matte_size){(size.w + step - 1) / step, (size.h + step - 1) / step};
}

static uint32_t items(bd_matte_size samples) {
    return samples.w * ((samples.h + BD_STATISTICS_ROWS - 1) / BD_STATISTICS_ROWS);
}

enum { ITEM_BYTES = 32, SUMS_BYTES = BD_STATISTICS_SUMS * ITEM_BYTES, MAP_BYTES = 48 };

/* Bands end with items of their own: one more row of them each. */
static VkDeviceSize items_bytes(const bd_session *session, bd_matte_size size, uint32_t step) {
    bd_matte_size samples = in_steps(size, step);
    uint32_t band = bd_band(session, size.w, size.h, 1);
    return ((VkDeviceSize)items(samples) + (VkDeviceSize)samples.w * (size.h / band + 1)) * ITEM_BYTES;
}

/* Two box filters of radius r on nodes b apart spread light as a Gaussian of deviation b sqrt(((2 r + 1)^2 - 1) / 6)
 * does. */
static void plan_wrap(float sigma, bd_light_plan *plan) {
    uint32_t longest = BD_MAX(plan->photo.w, plan->photo.h);
    plan->block = step_for(longest, BD_MATTE_GRID, sigma * 0.5f);
    plan->grid = in_steps(plan->photo, plan->block);
    float nodes = sigma / (float)plan->block;
    plan->radius = BD_MAX((uint32_t)((sqrtf(6.0f * nodes * nodes + 1.0f) - 1.0f) * 0.5f + 0.5f), 1u);
}

bd_result bd_light_plan_init(bd_session *session, const bd_replace_params *params, bd_matte_size photo,
                             const bd_background_plan *background, bd_light_plan *plan, bd_error *error) {
    *plan = (bd_light_plan){.harmonize = params->harmonize, .wrap = params->light_wrap_px > 0.0f, .photo = photo};
    bd_result result = BD_OK;
    if (!bd_light_wanted(plan)) {
        return result;
    }
    if (plan->harmonize != BD_HARMONIZE_OFF) {
        const bd_matte_size sizes[2] = {photo, {background->width, background->height}};
        for (int i = 0; i < 2; i++) {
            plan->steps[i] = step_for(BD_MAX(sizes[i].w, sizes[i].h), SAMPLES, 0.0f);
            plan->samples[i] = in_steps(sizes[i], plan->steps[i]);
        }
        VkDeviceSize bytes =
            BD_MAX(items_bytes(session, sizes[0], plan->steps[0]), items_bytes(session, sizes[1], plan->steps[1]));
        result = bd_frame_reserve(session, &session->matte[BD_MATTE_STATISTICS], bytes, error);
        if (!result) {
            result = bd_frame_reserve(session, &session->matte[BD_MATTE_MAP], 2 * SUMS_BYTES + MAP_BYTES, error);
        }
    }
    if (!result && plan->wrap) {
        plan_wrap(params->light_wrap_px, plan);
        VkDeviceSize bytes = (VkDeviceSize)plan->grid.w * plan->grid.h * 16;
        result = bd_frame_reserve(session, &session->matte[BD_MATTE_LIGHT], bytes, error);
        if (!result) {
            result = bd_frame_reserve(session, &session->matte[BD_MATTE_LIGHT_ROWS], bytes, error);
        }
    }
    return result ? result
                  : bd_frame_reserve(session, &session->matte[BD_MATTE_RELIT],
                                     bd_pixels_bytes(session, photo.w, photo.h), error);
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

/* Sums of the subject (which 0) or of the background (1) into their part of BD_MATTE_MAP. */
static bd_result record_statistics(bd_session *session, const bd_light_plan *plan, int which,
                                   const bd_vk_buffer *picture, bd_matte_size size, bool premultiplied,
                                   bd_error *error) {
    uint32_t band = bd_band(session, size.w, size.h, 1), step = plan->steps[which], first = 0;
    bd_result result = BD_OK;
    bd_vk_dispatch dispatch;
    for (uint32_t y = 0; y < size.h && !result; y += band) {
        bd_matte_size part = {size.w, BD_MIN(band, size.h - y)};
        uint32_t rows = in_steps(part, step).h, segments = (rows + BD_STATISTICS_ROWS - 1) / BD_STATISTICS_ROWS;
        const bd_push_harmonize push = {.src_w = (int32_t)part.w,
                                        .src_h = (int32_t)part.h,
                                        .dst_w = (int32_t)plan->samples[which].w,
                                        .dst_h = (int32_t)segments,
                                        .first = (int32_t)first,
                                        .block = (int32_t)step,
                                        .count = (int32_t)rows};
        first += segments;
        VkDeviceSize bytes = (VkDeviceSize)first * plan->samples[which].w * ITEM_BYTES;
        bd_kernel_statistics(session->vk, &push, which == 0, premultiplied, &dispatch);
        bd_deepen(session, &dispatch);
        bd_bind(&dispatch, 0, picture, bd_pixels_bytes(session, size.w, y), bd_pixels_bytes(session, part.w, part.h));
        bd_bind(&dispatch, 1, &session->mask, which ? 0 : bd_plane_bytes((bd_matte_size){size.w, y}),
                bd_plane_bytes(which ? (bd_matte_size){1, 1} : part));
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_STATISTICS), 0, bytes);
        result = bd_run(session, &dispatch, error);
    }
    if (!result) {
        uint32_t count = first * plan->samples[which].w;
        bd_kernel_statistics_sum(session->vk, count, &dispatch);
        bd_bind(&dispatch, 0, bd_held(session, BD_MATTE_STATISTICS), 0, (VkDeviceSize)count * ITEM_BYTES);
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_MAP), (VkDeviceSize)which * SUMS_BYTES, SUMS_BYTES);
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

static bd_result record_map(bd_session *session, const bd_light_plan *plan, const bd_background_plan *background,
                            const bd_vk_buffer *front, bd_error *error) {
    const bd_matte_size size = {background->width, background->height};
    bd_result result = record_statistics(session, plan, 0, front, plan->photo, false, error);
    if (!result) {
        result = record_statistics(session, plan, 1, background->buffer, size, background->premultiplied, error);
    }
    if (!result) {
        bd_vk_dispatch dispatch;
        bd_kernel_harmonize_solve(session->vk, plan->harmonize == BD_HARMONIZE_FULL, &dispatch);
        bd_bind(&dispatch, 0, bd_held(session, BD_MATTE_MAP), 0, SUMS_BYTES);
        bd_bind(&dispatch, 1, bd_held(session, BD_MATTE_MAP), SUMS_BYTES, SUMS_BYTES);
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_MAP), (VkDeviceSize)2 * SUMS_BYTES, MAP_BYTES);
        result = bd_run(session, &dispatch, error);
    }
    bd_vk_commands_stamp(&session->after, "harmonize");
    return result;
}

/* Twice along both axes; ends in BD_MATTE_LIGHT. */
static bd_result record_boxes(bd_session *session, const bd_light_plan *plan, bd_error *error) {
    const bd_push_guided push = {
        .dst_w = (int32_t)plan->grid.w, .dst_h = (int32_t)plan->grid.h, .radius = (int32_t)plan->radius};
    VkDeviceSize bytes = (VkDeviceSize)plan->grid.w * plan->grid.h * 16;
    bd_result result = BD_OK;
    for (int i = 0; i < 4 && !result; i++) {
        bd_vk_dispatch dispatch;
        bd_kernel_guided(session->vk, i % 2 ? BD_KERNEL_BOX_COLUMNS : BD_KERNEL_BOX_ROWS, &push, false, &dispatch);
        const bd_vk_buffer *from = bd_held(session, i % 2 ? BD_MATTE_LIGHT_ROWS : BD_MATTE_LIGHT);
        bd_bind(&dispatch, 0, from, 0, bytes);
        if (i % 2) {
            bd_bind(&dispatch, 1, from, 0, bytes);
        }
        bd_bind(&dispatch, 4, bd_held(session, i % 2 ? BD_MATTE_LIGHT : BD_MATTE_LIGHT_ROWS), 0, bytes);
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

static bd_result record_light(bd_session *session, const bd_light_plan *plan, const bd_background_plan *background,
                              bd_error *error) {
    uint32_t w = plan->photo.w, band = bd_band(session, w, plan->photo.h, 1);
    bool picture = background->buffer != NULL;
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        bd_matte_size part = {w, BD_MIN(band, plan->photo.h - y)};
        const bd_push_light push = {.src_w = (int32_t)part.w,
                                    .src_h = (int32_t)part.h,
                                    .dst_w = (int32_t)plan->grid.w,
                                    .dst_h = (int32_t)in_steps(part, plan->block).h,
                                    .first = (int32_t)(y / plan->block),
                                    .block = (int32_t)plan->block,
                                    .bg_w = (int32_t)background->width,
                                    .bg_h = (int32_t)background->height,
                                    .offset_x = background->offset_x,
                                    .offset_y = background->offset_y + (int32_t)y,
                                    .fill = bd_kernel_color_word(background->fill),
                                    .fill_low = bd_kernel_color_word(background->fill_low)};
        bd_vk_dispatch dispatch;
        bd_kernel_light_reduce(session->vk, &push, picture, background->tile, background->premultiplied, &dispatch);
        bd_deepen(session, &dispatch);
        bd_bind(&dispatch, 0, picture ? background->buffer : bd_session_pixels(session), 0,
                picture ? bd_pixels_bytes(session, background->width, background->height)
                        : bd_pixels_bytes(session, w, 1));
        bd_bind(&dispatch, 1, &session->mask, bd_plane_bytes((bd_matte_size){w, y}), bd_plane_bytes(part));
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_LIGHT), 0, (VkDeviceSize)plan->grid.w * plan->grid.h * 16);
        result = bd_run(session, &dispatch, error);
    }
    result = result ? result : record_boxes(session, plan, error);
    bd_vk_commands_stamp(&session->after, "light wrap");
    return result;
}

static bd_result record_relight(bd_session *session, const bd_light_plan *plan, const bd_vk_buffer *front,
                                bd_error *error) {
    uint32_t w = plan->photo.w, band = bd_band(session, w, plan->photo.h, 1);
    bool map = plan->harmonize != BD_HARMONIZE_OFF;
    float scale = plan->wrap ? 1.0f / (float)plan->block : 0.0f, bias = 0.5f * scale - 0.5f;
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        bd_matte_size part = {w, BD_MIN(band, plan->photo.h - y)};
        const bd_push_light push = {.src_w = (int32_t)plan->grid.w,
                                    .src_h = (int32_t)plan->grid.h,
                                    .dst_w = (int32_t)part.w,
                                    .dst_h = (int32_t)part.h,
                                    .first = (int32_t)y,
                                    .scale_x = scale,
                                    .bias_x = bias,
                                    .scale_y = scale,
                                    .bias_y = bias};
        VkDeviceSize at = bd_pixels_bytes(session, w, y), bytes = bd_pixels_bytes(session, part.w, part.h);
        bd_vk_dispatch dispatch;
        bd_kernel_relight(session->vk, &push, map, plan->wrap, &dispatch);
        bd_deepen(session, &dispatch);
        /* What is not read is bound all the same. */
        bd_bind(&dispatch, 0, plan->wrap ? bd_held(session, BD_MATTE_LIGHT) : &session->mask, 0,
                plan->wrap ? (VkDeviceSize)plan->grid.w * plan->grid.h * 16 : 16);
        bd_bind(&dispatch, 1, front, at, bytes);
        bd_bind(&dispatch, 2, &session->mask, bd_plane_bytes((bd_matte_size){w, y}), bd_plane_bytes(part));
        bd_bind(&dispatch, 3, map ? bd_held(session, BD_MATTE_MAP) : &session->mask,
                map ? (VkDeviceSize)2 * SUMS_BYTES : 0, map ? MAP_BYTES : 16);
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_RELIT), at, bytes);
        result = bd_run(session, &dispatch, error);
    }
    bd_vk_commands_stamp(&session->after, "relight");
    return result;
}

bd_result bd_light_record(bd_session *session, const bd_light_plan *plan, const bd_background_plan *background,
                          const bd_vk_buffer *front, bd_error *error) {
    bd_result result = BD_OK;
    if (plan->harmonize != BD_HARMONIZE_OFF) {
        result = record_map(session, plan, background, front, error);
    }
    if (!result && plan->wrap) {
        result = record_light(session, plan, background, error);
    }
    return result ? result : record_relight(session, plan, front, error);
}

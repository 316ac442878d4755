/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "photo/background.h"
#include "photo/recorder.h"

/* A Gaussian is smooth: it is taken on nodes that are means of block x block pixels, at least two to its deviation,
 * and interpolated between. Photos come in bands of rows, whose grids, with what the Gaussian reaches of their
 * neighbours, stay small. */
enum { MOST_BLOCK = 32, MOST_NODES = 1 << 22, ALIGN_ROWS = 64 };

typedef struct blur {
    bd_matte_size photo, grid;
    uint32_t block, radius;
    float falloff;
    uint32_t band; /* rows of the photo */
    uint32_t most; /* rows of nodes that a band needs */
} blur;

static blur plan_blur(const bd_session *session, bd_matte_size photo, float sigma) {
    blur b = {.photo = photo, .block = 1};
    while (b.block < MOST_BLOCK && 4.0f * (float)b.block <= sigma) {
        b.block *= 2;
    }
    b.grid = (bd_matte_size){(photo.w + b.block - 1) / b.block, (photo.h + b.block - 1) / b.block};
    /* Means and interpolation blur, too: by (block^2 - 1) / 12 and twice that. */
    float block = (float)b.block, nodes = sqrtf(sigma * sigma - (block * block - 1.0f) * 0.25f) / block;
    b.radius = BD_MAX((uint32_t)(3.5f * nodes + 0.5f), 1u);
    b.falloff = -0.5f / (BD_MAX(nodes, 0.1f) * BD_MAX(nodes, 0.1f) * logf(2.0f));
    b.radius = BD_MIN(b.radius, BD_MAX(b.grid.w, b.grid.h));
    uint32_t around = 2 * (b.radius + 1), step = ALIGN_ROWS / b.block;
    uint32_t rows = MOST_NODES / b.grid.w > around + step ? (MOST_NODES / b.grid.w - around) / step * step : step;
    b.band = BD_MIN(bd_band(session, photo.w, photo.h, 1), rows * b.block);
    b.most = BD_MIN(b.band / b.block + around + step, b.grid.h);
    return b;
}

static VkDeviceSize grid_bytes(const blur *b, uint32_t rows) {
    return (VkDeviceSize)b->grid.w * rows * 16;
}

bd_result bd_blur_reserve(bd_session *session, bd_matte_size photo, float sigma, bd_error *error) {
    blur b = plan_blur(session, photo, sigma);
    bd_result result =
        bd_frame_reserve(session, bd_held(session, BD_MATTE_OWN), bd_pixels_bytes(session, photo.w, photo.h), error);
    if (!result) {
        result = bd_frame_reserve(session, bd_held(session, BD_MATTE_BLUR_A), grid_bytes(&b, b.most), error);
    }
    return result ? result
                  : bd_frame_reserve(session, bd_held(session, BD_MATTE_BLUR_B), grid_bytes(&b, b.most), error);
}

/* Nodes from row `first`, whose pixels begin at a multiple of 64 rows, to `last`. */
static bd_result record_weigh(bd_session *session, const blur *b, uint32_t first, uint32_t last, bd_error *error) {
    uint32_t w = b->photo.w, end = BD_MIN(last * b->block, b->photo.h);
    uint32_t band = bd_band(session, w, b->photo.h, 1);
    bd_result result = BD_OK;
    for (uint32_t y = first * b->block; y < end && !result; y += band) {
        bd_matte_size part = {w, BD_MIN(band, end - y)};
        const bd_push_weigh push = {.src_w = (int32_t)w,
                                    .src_h = (int32_t)part.h,
                                    .dst_w = (int32_t)b->grid.w,
                                    .dst_h = (int32_t)((part.h + b->block - 1) / b->block),
                                    .first = (int32_t)(y / b->block - first),
                                    .block = (int32_t)b->block};
        bd_vk_dispatch dispatch;
        bd_kernel_blur(session->vk, BD_KERNEL_WEIGH, &push, false, &dispatch);
        bd_deepen(session, &dispatch);
        bd_bind(&dispatch, 0, bd_session_pixels(session), bd_pixels_bytes(session, w, y),
                bd_pixels_bytes(session, w, part.h));
        bd_bind(&dispatch, 1, &session->mask, bd_plane_bytes((bd_matte_size){w, y}), bd_plane_bytes(part));
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_BLUR_A), 0, grid_bytes(b, last - first));
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

static bd_result record_gauss(bd_session *session, const blur *b, uint32_t rows, bool vertical, bd_error *error) {
    const bd_push_weigh push = {
        .dst_w = (int32_t)b->grid.w, .dst_h = (int32_t)rows, .radius = (int32_t)b->radius, .falloff = b->falloff};
    bd_vk_dispatch dispatch;
    bd_kernel_blur(session->vk, BD_KERNEL_GAUSS, &push, vertical, &dispatch);
    bd_bind(&dispatch, 0, bd_held(session, vertical ? BD_MATTE_BLUR_B : BD_MATTE_BLUR_A), 0, grid_bytes(b, rows));
    bd_bind(&dispatch, 4, bd_held(session, vertical ? BD_MATTE_BLUR_A : BD_MATTE_BLUR_B), 0, grid_bytes(b, rows));
    return bd_run(session, &dispatch, error);
}

static bd_result record_unweigh(bd_session *session, const blur *b, uint32_t y, uint32_t rows, uint32_t first,
                                uint32_t last, bd_error *error) {
    uint32_t w = b->photo.w;
    float scale = 1.0f / (float)b->block, bias = 0.5f * scale - 0.5f;
    const bd_push_weigh push = {.src_w = (int32_t)b->grid.w,
                                .src_h = (int32_t)(last - first),
                                .dst_w = (int32_t)w,
                                .dst_h = (int32_t)rows,
                                .scale = scale,
                                .bias_x = bias,
                                .bias_y = bias + ((float)y - (float)(first * b->block)) * scale};
    bd_vk_dispatch dispatch;
    bd_kernel_blur(session->vk, BD_KERNEL_UNWEIGH, &push, false, &dispatch);
    bd_deepen(session, &dispatch);
    bd_bind(&dispatch, 0, bd_held(session, BD_MATTE_BLUR_A), 0, grid_bytes(b, last - first));
    bd_bind(&dispatch, 1, bd_session_pixels(session), bd_pixels_bytes(session, w, y),
            bd_pixels_bytes(session, w, rows));
    bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_OWN), bd_pixels_bytes(session, w, y),
            bd_pixels_bytes(session, w, rows));
    return bd_run(session, &dispatch, error);
}

bd_result bd_blur_record(bd_session *session, bd_matte_size photo, float sigma, bd_error *error) {
    blur b = plan_blur(session, photo, sigma);
    uint32_t around = b.radius + 1, step = ALIGN_ROWS / b.block;
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < photo.h && !result; y += b.band) {
        uint32_t rows = BD_MIN(b.band, photo.h - y);
        uint32_t first = y / b.block > around ? (y / b.block - around) / step * step : 0;
        uint32_t last = BD_MIN((y + rows + b.block - 1) / b.block + around, b.grid.h);
        result = record_weigh(session, &b, first, last, error);
        if (!result) {
            result = record_gauss(session, &b, last - first, false, error);
        }
        if (!result) {
            result = record_gauss(session, &b, last - first, true, error);
        }
        if (!result) {
            result = record_unweigh(session, &b, y, rows, first, last, error);
        }
    }
    bd_vk_commands_stamp(&session->after, "blur");
    return result;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "photo/background.h"

/* A Gaussian is smooth: it is sampled every sigma / 2 pixels and interpolated between, at a cost that does not grow
 * with sigma. Past the edges there is nothing: what lies inside weighs more. */
static bd_result plan_gaussian(bd_session *session, float sigma, const bd_vk_buffer *src, bd_vk_buffer *small,
                               bd_vk_buffer *dst, uint32_t width, uint32_t height, bd_error *error) {
    float step = BD_MAX(1.0f, sigma * 0.5f);
    uint32_t w = (uint32_t)ceilf((float)width / step);
    uint32_t h = (uint32_t)ceilf((float)height / step);
    const float whole[4] = {0, 0, (float)width, (float)height};
    const float nodes[4] = {0, 0, (float)w, (float)h};
    bd_result result = bd_frame_reserve(session, small, bd_pixels_bytes(session, w, h), error);
    if (!result) {
        result = bd_frame_reserve(session, dst, bd_pixels_bytes(session, width, height), error);
    }
    if (!result) {
        result = bd_frame_plan_resample(session, "blur", BD_RESAMPLE_GAUSSIAN, sigma, src, width, height, whole, small,
                                        w, h, error);
    }
    return result ? result
                  : bd_frame_plan_resample(session, "enlarge blur", BD_RESAMPLE_TRIANGLE, 0, small, w, h, nodes, dst,
                                           width, height, error);
}

/* Tiles that are to be blurred are laid out first, so that the blur knows no seams. */
static void lay_out(const bd_image *photo, bd_fit_plan *fit) {
    const int32_t offsets[2] = {fit->offset_x, fit->offset_y};
    const uint32_t sizes[2] = {fit->width, fit->height};
    for (int axis = 0; axis < 2; axis++) {
        int64_t first = offsets[axis] % (int64_t)sizes[axis];
        fit->box[axis] = (float)(first < 0 ? first + sizes[axis] : first);
    }
    fit->width = photo->width;
    fit->height = photo->height;
    fit->offset_x = 0;
    fit->offset_y = 0;
    fit->wrap = false;
}

/* alpha: the picture's may not be opaque, and counts. */
static bd_result plan_picture(bd_session *session, const bd_image *picture, const bd_image *photo, bd_fit_plan fit,
                              float sigma, bool alpha, bd_background_plan *plan, bd_error *error) {
    bd_resample_filter filter = BD_RESAMPLE_LANCZOS;
    if (fit.wrap && sigma > 0.0f) {
        lay_out(photo, &fit);
        filter = BD_RESAMPLE_REPEAT;
    }
    plan->width = fit.width;
    plan->height = fit.height;
    plan->offset_x = fit.offset_x;
    plan->offset_y = fit.offset_y;
    plan->tile = fit.wrap;
    bd_vk_buffer *own = &session->background, *other = &session->fitted;
    bd_frame_add_picture(session, own, picture->width, picture->height, session->deep);
    bd_result result = bd_frame_reserve(session, own, bd_pixels_bytes(session, picture->width, picture->height), error);
    bool same = fit.width == picture->width && fit.height == picture->height && fit.box[0] == 0.0f &&
                fit.box[1] == 0.0f && fit.box[2] == (float)picture->width && fit.box[3] == (float)picture->height;
    plan->premultiplied = alpha && (!same || sigma > 0.0f);
    session->pictures[session->picture_count - 1].premultiply = plan->premultiplied;
    if (!result && !same) {
        result = bd_frame_reserve(session, other, bd_pixels_bytes(session, fit.width, fit.height), error);
        if (!result) {
            result = bd_frame_plan_resample(session, "fit background", filter, 0, own, picture->width, picture->height,
                                            fit.box, other, fit.width, fit.height, error);
        }
        own = &session->fitted;
        other = &session->background;
    }
    plan->buffer = own;
    return result || !(sigma > 0.0f) ? result
                                     : plan_gaussian(session, sigma, own, other, own, fit.width, fit.height, error);
}

bd_result bd_background_plan_init(bd_session *session, const bd_image *photo, const bd_image *background, uint32_t w,
                                  uint32_t h, const bd_replace_params *params, bd_background_plan *plan,
                                  bd_error *error) {
    *plan = (bd_background_plan){.buffer = NULL};
    memcpy(plan->fill, params->color, sizeof plan->fill);
    if (params->background == BD_BACKGROUND_BLUR) {
        plan->buffer = &session->matte[BD_MATTE_OWN];
        plan->width = photo->width;
        plan->height = photo->height;
        plan->own = true;
        return bd_blur_reserve(session, (bd_matte_size){photo->width, photo->height}, params->blur_sigma_px, error);
    }
    if (params->background != BD_BACKGROUND_PICTURE) {
        return BD_OK;
    }
    bd_fit_plan fit;
    if (params->classic) {
        const int32_t *input = session->network.preprocess.shape.dims;
        uint32_t bg_w;
        uint32_t bg_h;
        bd_fit_within(background->width, background->height, (uint32_t)input[2], (uint32_t)input[1], &bg_w, &bg_h);
        fit = bd_fit_classic(bg_w, bg_h, w, h);
        const float box[4] = {0, 0, (float)background->width, (float)background->height};
        memcpy(fit.box, box, sizeof box);
        fit.width = bg_w;
        fit.height = bg_h;
    } else {
        fit = bd_fit_background(params->fit, params->placed ? params->place : NULL, background->width,
                                background->height, photo->width, photo->height);
    }
    return plan_picture(session, background, photo, fit, params->classic ? 0.0f : params->blur_sigma_px,
                        background->has_alpha && !params->classic, plan, error);
}

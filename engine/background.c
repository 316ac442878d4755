/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "background.h"

static bd_result plan_picture(bd_session *session, const bd_image *picture, const bd_fit_plan *fit,
                              bd_background_plan *plan, bd_error *error) {
    plan->width = fit->width;
    plan->height = fit->height;
    plan->offset_x = fit->offset_x;
    plan->offset_y = fit->offset_y;
    plan->tile = fit->wrap;
    plan->buffer = &session->background;
    bd_frame_add_picture(session, &session->background, picture->width, picture->height);
    VkDeviceSize bytes = bd_picture_bytes(picture->width, picture->height);
    bd_result result = bd_frame_reserve(session, &session->background, bytes, error);
    bool same = fit->width == picture->width && fit->height == picture->height && fit->box[0] == 0.0f &&
                fit->box[1] == 0.0f && fit->box[2] == (float)picture->width && fit->box[3] == (float)picture->height;
    if (result || same) {
        return result;
    }
    plan->buffer = &session->fitted;
    result = bd_frame_reserve(session, &session->fitted, bd_picture_bytes(fit->width, fit->height), error);
    if (!result) {
        result = bd_frame_plan_resample(session, "fit background", BD_RESAMPLE_LANCZOS, 0, &session->background,
                                        picture->width, picture->height, fit->box, &session->fitted, fit->width,
                                        fit->height, error);
    }
    return result;
}

/* A Gaussian is smooth: it is sampled every sigma / 2 pixels and interpolated between, at a cost that does not grow
 * with sigma. */
static bd_result plan_blur(bd_session *session, const bd_image *photo, float sigma, bd_background_plan *plan,
                           bd_error *error) {
    float step = BD_MAX(1.0f, sigma * 0.5f);
    uint32_t w = (uint32_t)ceilf((float)photo->width / step);
    uint32_t h = (uint32_t)ceilf((float)photo->height / step);
    const float whole[4] = {0, 0, (float)photo->width, (float)photo->height};
    const float small[4] = {0, 0, (float)w, (float)h};
    bd_result result = bd_frame_reserve(session, &session->background, bd_picture_bytes(w, h), error);
    if (!result) {
        result = bd_frame_reserve(session, &session->fitted, bd_picture_bytes(photo->width, photo->height), error);
    }
    bd_vk_buffer *weighted = &session->matte[BD_MATTE_WEIGHTED];
    if (!result) {
        result = bd_frame_reserve(session, weighted, bd_picture_bytes(photo->width, photo->height), error);
    }
    if (!result) {
        result = bd_frame_plan_resample(session, "blur", BD_RESAMPLE_GAUSSIAN, sigma, weighted, photo->width,
                                        photo->height, whole, &session->background, w, h, error);
    }
    if (!result) {
        result = bd_frame_plan_resample(session, "enlarge blur", BD_RESAMPLE_TRIANGLE, 0, &session->background, w, h,
                                        small, &session->fitted, photo->width, photo->height, error);
    }
    *plan = (bd_background_plan){.buffer = weighted, .width = photo->width, .height = photo->height};
    return result;
}

bd_result bd_background_plan_init(bd_session *session, const bd_image *photo, const bd_image *background, uint32_t w,
                                  uint32_t h, const bd_replace_params *params, bd_background_plan *plan,
                                  bd_error *error) {
    *plan = (bd_background_plan){0};
    if (params->background == BD_BACKGROUND_BLUR) {
        return plan_blur(session, photo, params->blur_sigma_px, plan, error);
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
        fit = bd_fit_background(params->fit, background->width, background->height, photo->width, photo->height);
    }
    return plan_picture(session, background, &fit, plan, error);
}

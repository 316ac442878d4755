/* SPDX-License-Identifier: MIT
 * Replaces the background of a photo. */
#include <string.h>

#include "background.h"
#include "image/image.h"
#include "light.h"
#include "record.h"
#include "shape.h"

static bd_result record_mask(bd_session *session, const bd_replace_params *params, uint32_t w, uint32_t h,
                             bd_error *error) {
    bd_axis_map x = bd_session_axis_map(session, 2, w, w);
    bd_axis_map y = bd_session_axis_map(session, 1, h, h);
    bd_vk_dispatch dispatch;
    bd_kernel_mask(session->vk, &session->network.logits_shape, &params->classes, params->classic, w, h, x, y,
                   &dispatch);
    dispatch.bindings[0] = bd_session_logits(session);
    dispatch.bindings[4].buffer = &session->mask;
    dispatch.bindings[4].bytes = (VkDeviceSize)(w + 3) / 4 * 16 * h;
    bd_result result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    bd_vk_commands_barrier(&session->after);
    bd_vk_commands_stamp(&session->after, "mask");
    return result;
}

/* In bands of rows that the device can bind; the mask has the photo's size. */
static bd_result record_composite(bd_session *session, const bd_replace_params *params, const bd_vk_buffer *photo,
                                  bd_matte_size size, const bd_background_plan *plan, bd_error *error) {
    uint32_t band = bd_band(session, size.w, size.h, 1);
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < size.h && !result; y += band) {
        const bd_matte_size part = {size.w, BD_MIN(band, size.h - y)};
        bd_composite composite = {.mask_w = part.w,
                                  .mask_h = part.h,
                                  .photo_w = part.w,
                                  .photo_h = part.h,
                                  .background_w = plan->buffer ? plan->width : 0,
                                  .background_h = plan->buffer ? plan->height : 0,
                                  .offset_x = plan->offset_x,
                                  .offset_y = plan->offset_y + (int32_t)y,
                                  .tile = plan->tile,
                                  .premultiplied = plan->premultiplied,
                                  .of_photo = plan->own,
                                  .transparent = params->background == BD_BACKGROUND_TRANSPARENT,
                                  .linear = !params->classic && params->blend == BD_BLEND_LINEAR};
        memcpy(composite.fill, plan->fill, sizeof composite.fill);
        memcpy(composite.fill_low, plan->fill_low, sizeof composite.fill_low);
        VkDeviceSize at = bd_pixels_bytes(session, size.w, y);
        VkDeviceSize bytes = bd_pixels_bytes(session, part.w, part.h);
        bd_vk_dispatch dispatch;
        bd_kernel_composite(session->vk, &composite, &dispatch);
        if (session->deep) {
            bd_kernel_deepen(&dispatch);
        }
        dispatch.bindings[0].buffer = &session->mask;
        dispatch.bindings[0].offset = bd_plane_bytes((bd_matte_size){size.w, y});
        dispatch.bindings[0].bytes = bd_plane_bytes(part);
        dispatch.bindings[1].buffer = photo;
        dispatch.bindings[1].offset = at;
        dispatch.bindings[1].bytes = bytes;
        dispatch.bindings[2].buffer = plan->buffer ? plan->buffer : photo;
        dispatch.bindings[2].bytes = plan->buffer ? bd_pixels_bytes(session, plan->width, plan->height) : bytes;
        dispatch.bindings[4].buffer = &session->result;
        dispatch.bindings[4].offset = at;
        dispatch.bindings[4].bytes = bytes;
        result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    }
    bd_vk_commands_stamp(&session->after, "composite");
    return result;
}

/* ---- the call -----------------------------------------------------------------------------------------------------
 */

static bool is_share(float value) {
    return value >= 0.0f && value <= 1.0f;
}

static bd_result check_settings(const bd_session *session, bd_replace_params *params, bd_error *error) {
    bool own = params->background == BD_BACKGROUND_BLUR;
    bool picture = params->background == BD_BACKGROUND_PICTURE && !params->classic;
    if ((own || (picture && params->blur_sigma_px != 0.0f)) &&
        !(params->blur_sigma_px > 0 && params->blur_sigma_px <= 10000)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the blur's sigma must lie in 0..10000 pixels");
    }
    if (params->classic && own) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the classic way knows no blur");
    }
    if ((unsigned)params->foreground > BD_FOREGROUND_OFF) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such way to find the subject's colours: %d",
                       (int)params->foreground);
    }
    if (picture && params->placed && !(is_share(params->place[0]) && is_share(params->place[1]))) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a background's place must lie in 0..1");
    }
    bool wrap = params->light_wrap_px != 0.0f && !params->classic;
    bool harmonize = params->harmonize != BD_HARMONIZE_OFF && !params->classic;
    if ((unsigned)params->harmonize > BD_HARMONIZE_FULL || (harmonize && !picture)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "colours are harmonized with a background picture, mean or full");
    }
    if (wrap && (!(params->light_wrap_px > 0 && params->light_wrap_px <= 1000) ||
                 !(picture || params->background == BD_BACKGROUND_COLOR))) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "light wraps around by 0..1000 pixels, from a background picture or colour");
    }
    uint32_t any = 0;
    for (uint32_t i = 0; i < BD_COUNT(params->classes.words); i++) {
        any |= params->classes.words[i];
    }
    if (!any) {
        params->classes.words[session->person / 32] = 1u << session->person % 32;
    }
    return BD_OK;
}

static bd_result check_replace(const bd_session *session, const bd_image *photo, const bd_image *background,
                               bd_replace_params *params, bd_error *error) {
    bd_result result = bd_session_check_picture(photo, "photo", error);
    if (!result && params->background == BD_BACKGROUND_PICTURE) {
        result = bd_session_check_picture(background, "background", error);
    }
    return result ? result : check_settings(session, params, error);
}

static void result_size(const bd_session *session, const bd_image *photo, bool classic, uint32_t *w, uint32_t *h) {
    *w = photo->width;
    *h = photo->height;
    if (classic) {
        bd_session_photo_size(session, photo, w, h);
    }
}

/* All but the first `done` resamplings. */
static bd_result record_resamples(bd_session *session, uint32_t done, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = done; i < session->resample_count && !result; i++) {
        result = bd_frame_record_resample(session, &session->after, &session->resamples[i], error);
    }
    return result;
}

/* The photo, or with its own colours under the matte. */
static bd_result record_replacement(bd_session *session, const bd_replace_params *params, const bd_matte_plan *matte,
                                    uint32_t w, uint32_t h, const bd_background_plan *plan, const bd_light_plan *light,
                                    bd_error *error) {
    if (params->classic) {
        bd_result result = record_mask(session, params, w, h, error);
        return result ? result
                      : record_composite(session, params, &session->resized, (bd_matte_size){w, h}, plan, error);
    }
    const bd_vk_buffer *front = bd_session_pixels(session);
    bd_result result = bd_matte_record(session, matte, error);
    if (!result && params->background == BD_BACKGROUND_BLUR) {
        result = bd_blur_record(session, matte->photo, params->blur_sigma_px, error);
    }
    if (!result && matte->level_count) {
        result = bd_matte_record_foreground(session, matte, error);
        front = &session->matte[BD_MATTE_FOREGROUND];
    }
    if (!result && bd_light_wanted(light)) {
        result = bd_light_record(session, light, plan, front, error);
        front = &session->matte[BD_MATTE_RELIT];
    }
    return result ? result : record_composite(session, params, front, matte->photo, plan, error);
}

/* A matte's parameters, part of a frame's key: nothing of theirs that is borrowed may be looked at later. */
static void keep_matte(bd_matte_params *kept, const bd_replace_params *params) {
    bd_copy_params(kept, params->matte, sizeof *kept);
    kept->struct_size = sizeof *kept;
    uint32_t any = 0;
    for (uint32_t i = 0; i < BD_COUNT(kept->classes.words); i++) {
        any |= kept->classes.words[i];
    }
    if (!any) {
        kept->classes = params->classes;
    }
}

static bd_result plan_matte(bd_session *session, const bd_frame_key *key, bd_matte_size resized, bd_matte_plan *plan,
                            bd_error *error) {
    const bd_matte_size size = {key->photo_w, key->photo_h};
    bd_result result = bd_matte_plan_init(session, &key->matte, size, resized, key->replace.foreground, plan, error);
    return result ? result : bd_matte_reserve(session, plan, error);
}

static bd_result record_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                                const bd_frame_key *key, bd_matte_plan *matte, bd_error *error) {
    const bd_replace_params *params = &key->replace;
    bool network = params->classic || bd_matte_needs_network(&key->matte);
    uint32_t w = 0;
    uint32_t h = 0;
    uint32_t out_w = 0;
    uint32_t out_h = 0;
    bd_background_plan plan = {0};
    bd_light_plan light = {.harmonize = BD_HARMONIZE_OFF};
    result_size(session, photo, params->classic, &out_w, &out_h);
    bd_result result = bd_frame_begin(session, key->deep, error);
    if (!result) {
        result = bd_session_plan_input(session, photo, network, &w, &h, error);
    }
    if (!result) {
        result = bd_background_plan_init(session, photo, background, w, h, params, &plan, error);
        memcpy(plan.fill_low, key->color_low, sizeof plan.fill_low);
    }
    if (!result) {
        result = params->classic
                     ? bd_frame_reserve(session, &session->mask, bd_plane_bytes((bd_matte_size){w, h}), error)
                     : plan_matte(session, key, (bd_matte_size){w, h}, matte, error);
    }
    if (!result && !params->classic) {
        result = bd_light_plan_init(session, params, matte->photo, &plan, &light, error);
    }
    VkDeviceSize bytes = bd_pixels_bytes(session, out_w, out_h), reported = bytes;
    if (!params->classic) {
        reported = bd_shape_result_bytes(&key->matte, bytes);
    }
    if (!result && network) {
        reported = bd_seen_plan(session, w, h, reported);
    }
    if (!result) {
        result = bd_frame_reserve(session, &session->result, reported, error);
    }
    if (!result) {
        bd_matte_add_pictures(session, matte);
        result = bd_frame_record_uploads(session, error);
    }
    if (!result && key->deep) {
        result = bd_frame_record_narrow(session, photo->width, photo->height, error);
    }
    if (!result && network) {
        result = bd_session_record_photo(session, photo, w, h, error);
    }
    if (!result) {
        result = record_resamples(session, network ? 1 + session->size_count : 0, error);
    }
    if (!result && network) {
        result = bd_seen_record(session, w, h, error);
    }
    if (!result) {
        result = record_replacement(session, params, matte, w, h, &plan, &light, error);
    }
    if (!result && !params->classic) {
        bd_shape_record_found(session, &key->matte, bytes);
    }
    return result ? result : bd_frame_end(session, key, reported, error);
}

/* The colour becomes the photo's here, the background on its way to the device; *color NULL: it need not. */
static bd_result plan_colors(const bd_session *session, const bd_image *photo, const bd_image *background,
                             bd_frame_key *key, bd_color **color, bd_error *error) {
    const bd_image srgb = {.format = BD_FORMAT_RGBA8};
    bd_replace_params *params = &key->replace;
    *color = NULL;
    memcpy(key->color_low, params->color, sizeof key->color_low); /* 257 times as much */
    if (params->classic) {
        return BD_OK;
    }
    bool picture = params->background == BD_BACKGROUND_PICTURE;
    bd_color *fill = NULL;
    bd_result result = BD_OK;
    if (params->background == BD_BACKGROUND_COLOR || (picture && params->fit == BD_FIT_CONTAIN)) {
        result = bd_color_create(session->allocator, &srgb, photo, key->deep, &fill, error);
    }
    if (fill && key->deep) {
        uint16_t values[4];
        bd_color_pixels(fill, params->color, values, 1);
        for (int c = 0; c < 4; c++) {
            params->color[c] = (uint8_t)(values[c] >> 8);
            key->color_low[c] = (uint8_t)values[c];
        }
    } else if (fill) {
        bd_color_pixels(fill, params->color, params->color, 1);
    }
    bd_color_destroy(fill);
    return !result && picture ? bd_color_create(session->allocator, background, photo, key->deep, color, error)
                              : result;
}

static bool same_bytes(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
    return a_bytes == b_bytes && (!a_bytes || !memcmp(a, b, a_bytes));
}

/* The result's numbers are the photo's, and mean the same; the photo may be gone by then. */
static bd_result keep_profile(bd_session *session, const bd_image *photo, bool classic, bd_error *error) {
    size_t bytes = classic || !photo->profile ? 0 : photo->profile_bytes;
    if (same_bytes(session->profile, session->profile_bytes, photo->profile, bytes)) {
        return BD_OK;
    }
    bd_free(session->allocator, session->profile);
    session->profile = bytes ? bd_alloc(session->allocator, bytes) : NULL;
    session->profile_bytes = session->profile ? bytes : 0;
    if (bytes && !session->profile) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for a colour profile");
    }
    if (bytes) {
        memcpy(session->profile, photo->profile, bytes);
    }
    return BD_OK;
}

static bd_result give_profile(const bd_session *session, bd_image *result, bd_error *error) {
    if (same_bytes(session->profile, session->profile_bytes, result->profile, result->profile_bytes)) {
        return BD_OK;
    }
    return bd_image_set_profile(result, session->profile, session->profile_bytes, error);
}

/* An image of an earlier call is filled again when it fits. */
static bd_result make_result(const bd_session *session, const bd_frame_key *key, uint32_t w, uint32_t h,
                             bd_image *result, bd_error *error) {
    bd_format format = key->deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8;
    bool reuse = key->replace.reuse_result;
    if (reuse && result->owner && result->pixels && result->format == format && result->width == w &&
        result->height == h) {
        return BD_OK;
    }
    if (reuse) {
        bd_image_finish(result);
    }
    return bd_image_create(session->allocator, "result", w, h, format, result, error);
}

/* Records what is new about a call, and submits it. */
static bd_result start(bd_session *session, const bd_image *photo, const bd_image *background,
                       const bd_replace_params *params, bd_error *error) {
    bd_frame_key key;
    memset(&key, 0, sizeof key);
    bd_copy_params(&key.replace, params, sizeof key.replace);
    bd_result code = check_replace(session, photo, background, &key.replace, error);
    if (code) {
        return code;
    }
    bool picture = key.replace.background == BD_BACKGROUND_PICTURE;
    key.deep = !key.replace.classic &&
               (photo->format == BD_FORMAT_RGBA16 || (picture && background->format == BD_FORMAT_RGBA16));
    bd_color *color;
    code = plan_colors(session, photo, background, &key, &color, error);
    if (code) {
        return code;
    }
    keep_matte(&key.matte, &key.replace);
    key.replace.matte = NULL;
    if (key.replace.classic || bd_matte_needs_network(&key.matte)) {
        code = bd_session_need_network(session, error);
    }
    key.call = BD_FRAME_REPLACE;
    key.photo_w = photo->width;
    key.photo_h = photo->height;
    key.background_w = picture ? background->width : 0;
    key.background_h = picture ? background->height : 0;
    key.background_alpha = picture && background->has_alpha;
    bd_session_report(session, "replace");
    bd_matte_plan matte = {.level_count = 0};
    /* Probabilities and trimaps that a call brings are planned with it. */
    if (!code && (key.matte.coarse || key.matte.trimap || !bd_frame_is_recorded(session, &key))) {
        code = record_replace(session, photo, background, &key, &matte, error);
    }
    if (!code) {
        code = keep_profile(session, photo, key.replace.classic, error);
    }
    if (!code) {
        bd_image more[BD_MATTE_PICTURES];
        bd_matte_pictures(&matte, more);
        bd_frame_picture pictures[BD_FRAME_MAX_PICTURES] = {{.image = photo}};
        uint32_t count = 1;
        if (picture) {
            pictures[count++] = (bd_frame_picture){background, color};
        }
        for (uint32_t i = 0; i < BD_MATTE_PICTURES; i++) {
            pictures[count++].image = &more[i];
        }
        code = bd_frame_submit(session, pictures, error);
    }
    bd_color_destroy(color);
    bd_matte_plan_finish(session, &matte);
    return code;
}

/* Waits for what was started. */
static bd_result finish(bd_session *session, bd_image *result, bd_error *error) {
    const bd_frame_key *key = &session->recorded;
    const bd_image photo = {.width = key->photo_w, .height = key->photo_h};
    const void *pixels = NULL;
    bd_result code = bd_frame_wait(session, &pixels, error);
    uint32_t w = 0;
    uint32_t h = 0;
    if (!code) {
        result_size(session, &photo, key->replace.classic, &w, &h);
        bd_seen_take(session, pixels);
    }
    if (!code && !key->replace.classic) {
        code = bd_shape_check_found(&key->matte, pixels, bd_pixels_bytes(session, w, h), error);
    }
    if (!code) {
        code = make_result(session, key, w, h, result, error);
    }
    if (!code) {
        code = give_profile(session, result, error);
        if (code) {
            bd_image_finish(result);
        }
    }
    if (!code) {
        memcpy(result->pixels, pixels, bd_pixels_bytes(session, w, h));
        bd_image_find_alpha(result);
    }
    return code;
}

bd_result bd_session_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                             const bd_replace_params *params, bd_image *result, bd_error *error) {
    bd_replace_params own;
    bd_copy_params(&own, params, sizeof own);
    if (!own.reuse_result) {
        *result = (bd_image){0};
    }
    bd_result code = bd_session_check_idle(session, error);
    if (!code) {
        code = start(session, photo, background, &own, error);
    }
    return code ? code : finish(session, result, error);
}

bd_result bd_session_replace_begin(bd_session *session, const bd_image *photo, const bd_image *background,
                                   const bd_replace_params *params, bd_error *error) {
    bool swap = session->in_flight > 0;
    if (session->in_flight == BD_SESSION_MOST_IN_FLIGHT) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d photos have been begun and not been ended",
                       BD_SESSION_MOST_IN_FLIGHT);
    }
    if (swap) {
        bd_frame_swap(session);
    }
    bd_result code = bd_frame_make(session, error);
    if (!code) {
        code = start(session, photo, background, params, error);
    }
    if (!code) {
        session->in_flight++;
    } else if (swap) {
        bd_frame_swap(session);
    }
    return code;
}

bd_result bd_session_replace_end(bd_session *session, bd_image *result, bd_error *error) {
    if (!session->in_flight) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no photo has been begun");
    }
    bool swap = session->in_flight > 1; /* the older one comes first */
    if (swap) {
        bd_frame_swap(session);
    }
    if (!session->recorded.replace.reuse_result) {
        *result = (bd_image){0};
    }
    bd_result code = finish(session, result, error);
    if (swap) {
        bd_frame_swap(session);
    }
    session->in_flight--;
    return code;
}

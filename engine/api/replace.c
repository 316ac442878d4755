/* SPDX-License-Identifier: MIT
 * Replaces the background of a photo. */
#include <string.h>

#include "api/replace.h"

#include "api/check.h"
#include "photo/blur.h"
#include "photo/coarse.h"
#include "photo/composite.h"
#include "photo/foreground.h"
#include "photo/harmonize.h"
#include "photo/labels.h"
#include "photo/look.h"
#include "photo/matting.h"
#include "photo/pack.h"
#include "photo/relight.h"
#include "photo/resample.h"

typedef bd_replace_request request;

/* ---- the recipes ------------------------------------------------------------------------------------------------- */

static bd_backdrop_picture plan_picture(const bd_session *session, const request *ask) {
    const bd_replace_params *params = &ask->params;
    const bd_size photo = {ask->photo->width, ask->photo->height};
    bd_backdrop_picture picture = {.size = {ask->background->width, ask->background->height}};
    if (params->classic) {
        const bd_network *network = &session->looks.network;
        bd_size small, resized;
        bd_looks_photo_size(network, picture.size.w, picture.size.h, &small.w, &small.h);
        bd_looks_photo_size(network, photo.w, photo.h, &resized.w, &resized.h);
        picture.fit = bd_fit_classic(small.w, small.h, resized.w, resized.h);
        const float whole[4] = {0, 0, (float)picture.size.w, (float)picture.size.h};
        memcpy(picture.fit.box, whole, sizeof whole);
        picture.fit.width = small.w;
        picture.fit.height = small.h;
        return picture;
    }
    picture.alpha = !bd_image_is_opaque(ask->background);
    picture.blur_sigma_px = params->blur_sigma_px;
    picture.fit = bd_fit_background(params->fit, params->placed ? params->place : NULL, picture.size.w, picture.size.h,
                                    photo.w, photo.h);
    return picture;
}

static bd_fitted_for fitted_for(const request *ask) {
    const bd_replace_params *params = &ask->params;
    bd_fitted_for to = {.fit = params->fit};
    to.photo = (bd_size){ask->photo->width, ask->photo->height};
    to.classic = params->classic;
    to.deep = ask->deep;
    to.placed = params->placed;
    to.place[0] = params->placed ? params->place[0] : 0.0f;
    to.place[1] = params->placed ? params->place[1] : 0.0f;
    to.blur_sigma_px = params->blur_sigma_px;
    to.profile = ask->photo->profile ? bd_hash(BD_HASH_BEGIN, ask->photo->profile, ask->photo->profile_bytes) : 0;
    return to;
}

static bool is_fitted_for(const bd_fitted_for *a, const bd_fitted_for *b) {
    return a->photo.w == b->photo.w && a->photo.h == b->photo.h && a->fit == b->fit && a->placed == b->placed &&
           a->classic == b->classic && a->deep == b->deep && a->place[0] == b->place[0] && a->place[1] == b->place[1] &&
           a->blur_sigma_px == b->blur_sigma_px && a->profile == b->profile;
}

/* The session's own, which is fitted once for photos that are alike. */
static bool add_fitted(bd_recipe *r, const bd_session *session, request *ask, bd_backdrop *back) {
    const bd_fitted *fitted = &session->fitted;
    if (!ask->of_session) {
        return false;
    }
    ask->fitted.made_for = fitted_for(ask);
    if (!session->is_fitted || !is_fitted_for(&ask->fitted.made_for, &fitted->made_for)) {
        return false;
    }
    *back = fitted->backdrop;
    back->fill = ask->fill;
    back->fill_low = ask->fill_low;
    back->picture = bd_recipe_kept(r, "kept background", fitted->kind, fitted->size, &session->frames.kept, true);
    return true;
}

static bd_backdrop add_background(bd_recipe *r, const bd_session *session, request *ask, bd_size photo) {
    bd_backdrop back = {.fill = ask->fill, .fill_low = ask->fill_low};
    if (!ask->background || add_fitted(r, session, ask, &back)) {
        return back;
    }
    bd_backdrop_picture picture = plan_picture(session, ask);
    if (ask->images && !ask->of_session) {
        picture.given = bd_source_add(r, ask->images, BD_IMAGE_BACKGROUND, bd_recipe_picture(r),
                                      bd_background_premultiplies(&picture));
    }
    bd_background_add(r, &picture, photo, &back);
    if (ask->of_session) {
        ask->fits = true;
        ask->fitted.size = bd_recipe_size(r, back.picture);
        ask->fitted.kind = bd_recipe_kind(r, back.picture);
        bd_background_keep(r, &back, &session->frames.kept);
        ask->fitted.backdrop = back;
    }
    return back;
}

/* The tutorial's: everything at the size that the network sees, a hard mask. */
static bd_results draft_classic(bd_session *session, request *ask, bd_error *error) {
    bd_results to = {.has_seen = true};
    bd_recipe *r = bd_session_begin_draft(session, false, error);
    const bd_size size = {ask->photo->width, ask->photo->height};
    bd_slot photo = bd_recipe_upload(r, "photo", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, size);
    bd_slot small = bd_look_resize(r, &session->looks.network, photo);
    const bd_size resized = bd_recipe_size(r, small);
    bd_slot logits = bd_look_add(r, &session->looks, photo, small, false);
    const bd_backdrop back = add_background(r, session, ask, resized);
    to.seen = bd_recipe_return(r, bd_seen_add(r, &session->looks, logits, resized));
    const bd_coarse coarse = {.logits = logits,
                              .looks = &session->looks,
                              .classes = ask->params.classes,
                              .photo = resized,
                              .resized = resized};
    bd_slot mask = bd_coarse_add(r, &coarse, resized, 1.0f, 1.0f, true);
    bd_recipe_stamp(r, "mask");
    const bd_blending blending = {.transparent = ask->params.background == BD_BACKGROUND_TRANSPARENT,
                                  .keep_hidden = true};
    to.image = bd_recipe_return(r, bd_composite_add(r, mask, small, &back, blending));
    return to;
}

/* A key knows what lies behind: the subject's colours follow from that. */
static bd_slot add_front(bd_recipe *r, const request *ask, bd_slot photo, const bd_matte *mask) {
    bd_foreground way = ask->params.foreground;
    return mask->keyed.key
               ? bd_key_front_add(r, &ask->matte, way != BD_FOREGROUND_OFF, &mask->keyed, photo, mask->plane)
               : bd_foreground_add(r, way, photo, mask->plane);
}

static void add_sinks(bd_recipe *r, bd_exchange *images, bd_slot result, bd_slot matte) {
    bd_sink_add(r, images, BD_IMAGE_RESULT, result);
    if (images->images[BD_IMAGE_MATTE].given) {
        bd_sink_add(r, images, BD_IMAGE_MATTE, bd_pack_add(r, matte, images->wide_matte));
    }
}

static bd_results draft_replace(bd_session *session, request *ask, bd_error *error) {
    bd_results to = {0};
    const bd_replace_params *params = &ask->params;
    bd_recipe *r = bd_session_begin_draft(session, ask->deep, error);
    const bd_size size = {ask->photo->width, ask->photo->height};
    bd_matte_input input = {.params = &ask->matte,
                            .looks = &session->looks,
                            .person = session->person,
                            .background = session->background,
                            .second_look = ask->second_look,
                            .closed_form_steps = session->closed_form_steps};
    bd_slot photo = ask->images ? bd_source_add(r, ask->images, BD_IMAGE_PHOTO, bd_recipe_picture(r), false)
                                : bd_recipe_upload(r, "photo", BD_UPLOAD_PICTURE, bd_recipe_picture(r), size);
    bd_matte_upload(r, &ask->matte, &input);
    input.photo = bd_narrow_add(r, photo);
    if (bd_matte_needs_network(&ask->matte)) {
        to.has_seen = true;
        to.seen = bd_recipe_return(r, bd_matte_look_add(r, &input));
    }
    const bd_matte mask = bd_matte_add(r, &input);
    bd_backdrop back = add_background(r, session, ask, size);
    if (params->background == BD_BACKGROUND_BLUR) {
        back.picture = bd_blur_add(r, photo, mask.plane, params->blur_sigma_px);
        back.of_photo = true;
    }
    bd_slot front = add_front(r, ask, photo, &mask);
    bd_slot map = bd_harmonize_add(r, params->harmonize, front, mask.plane, &back);
    const bd_light light = bd_light_wrap_add(r, params->light_wrap_px, photo, mask.plane, &back);
    front = bd_relight_add(r, front, mask.plane, map, light);
    const bd_blending blending = {.transparent = params->background == BD_BACKGROUND_TRANSPARENT,
                                  .keep_hidden = params->keep_hidden,
                                  .linear = params->blend == BD_BLEND_LINEAR};
    bd_slot result = bd_composite_add(r, mask.plane, front, &back, blending);
    if (ask->images) {
        add_sinks(r, ask->images, result, mask.plane);
    } else {
        to.image = bd_recipe_return(r, result);
    }
    bd_session_return_matte(r, &mask, &ask->matte, &to);
    to.has_alpha = params->want_alpha;
    to.alpha = to.has_alpha ? bd_recipe_return(r, bd_pack_add(r, mask.plane, ask->matte.wide)) : 0;
    return to;
}

/* ---- colours and profiles ---------------------------------------------------------------------------------------- */

/* Converts the fill colour to the photo's profile now; ask->color converts the background while it is uploaded, NULL
 * where that is not needed. */
static bd_result plan_colors(const bd_session *session, request *ask, bd_error *error) {
    const bd_image srgb = {.format = BD_FORMAT_RGBA8};
    const bd_replace_params *params = &ask->params;
    uint8_t high[4], low[4]; /* 257 times as much, in 16 bits */
    memcpy(high, params->color, sizeof high);
    memcpy(low, params->color, sizeof low);
    bd_color *fill = NULL;
    bd_result result = BD_OK;
    bool shows = params->background == BD_BACKGROUND_COLOR || (ask->background && params->fit == BD_FIT_CONTAIN);
    if (shows && !params->classic) {
        result = bd_color_create(session->allocator, &srgb, ask->photo, ask->deep, &fill, error);
    }
    if (fill && ask->deep) {
        uint16_t values[4];
        bd_color_pixels(fill, params->color, values, 1);
        for (int c = 0; c < 4; c++) {
            high[c] = (uint8_t)(values[c] >> 8);
            low[c] = (uint8_t)values[c];
        }
    } else if (fill) {
        bd_color_pixels(fill, params->color, high, 1);
    }
    bd_color_destroy(fill);
    ask->fill = bd_kernel_color_word(high);
    ask->fill_low = bd_kernel_color_word(low);
    if (!result && ask->background && !params->classic) {
        result = bd_color_create(session->allocator, ask->background, ask->photo, ask->deep, &ask->color, error);
    }
    return result;
}

static bool same_bytes(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
    return a_bytes == b_bytes && (!a_bytes || !memcmp(a, b, a_bytes));
}

/* Which of the two profiles it is that cannot be used. */
static bd_result blame_profile(const request *ask, bd_result result, bd_error *error) {
    bd_result named = ask->photo->profile ? bd_image_check_profile(ask->photo, "the photo", error) : BD_OK;
    if (!named && ask->background && ask->background->profile) {
        named = bd_image_check_profile(ask->background, "the background", error);
    }
    return named ? named : result;
}

/* Copies the photo's profile, which is the result's; the photo may be gone by then. */
static bd_result keep_profile(const bd_session *session, bd_flight *flight, const bd_image *photo, bool classic,
                              bd_error *error) {
    size_t bytes = classic || !photo->profile ? 0 : photo->profile_bytes;
    if (same_bytes(flight->profile, flight->profile_bytes, photo->profile, bytes)) {
        return BD_OK;
    }
    bd_result result = bytes ? bd_image_check_profile(photo, "the photo", error) : BD_OK;
    if (result) {
        return result;
    }
    bd_free(session->allocator, flight->profile);
    flight->profile = bytes ? bd_alloc(session->allocator, bytes) : NULL;
    flight->profile_bytes = flight->profile ? bytes : 0;
    if (bytes && !flight->profile) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory for a colour profile");
    }
    if (bytes) {
        memcpy(flight->profile, photo->profile, bytes);
    }
    return BD_OK;
}

static bd_result give_profile(const bd_flight *flight, bd_image *result, bd_error *error) {
    if (same_bytes(flight->profile, flight->profile_bytes, result->profile, result->profile_bytes)) {
        return BD_OK;
    }
    return bd_image_set_profile(result, flight->profile, flight->profile_bytes, error);
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static bd_result check_request(bd_session *session, request *ask, bd_error *error) {
    const bd_size size = {ask->photo->width, ask->photo->height};
    bd_result result = BD_PARAMS_READ(&ask->matte, ask->params.matte, bd_matte_params, error);
    bool classic = ask->params.classic;
    bd_session_choose_classes(session, &ask->params.classes);
    if (bd_class_set_is_empty(&ask->matte.classes)) {
        ask->matte.classes = ask->params.classes;
    }
    if (!result && (classic || bd_matte_needs_network(&ask->matte))) {
        const bd_class_set *classes = classic ? &ask->params.classes : &ask->matte.classes;
        result = bd_session_need_network(session, classes, error);
    }
    if (!result && !classic) {
        result = bd_matte_check(&ask->matte, size, session->looks.count > 0, error);
    }
    return result || classic ? result : bd_session_open_look(session, &ask->matte, &ask->second_look, error);
}

static bd_slot_shape fitted_shape(const request *ask) {
    return (bd_slot_shape){.kind = ask->fitted.kind, .w = ask->fitted.size.w, .h = ask->fitted.size.h};
}

static bd_result submit_draft(bd_session *session, const request *ask, uint32_t number, bd_error *error) {
    bd_frame *frame = session->frames.ring[number];
    bd_flight *flight = &session->flights[number];
    const bd_slot_shape fitted = fitted_shape(ask);
    bd_result result = BD_OK;
    if (ask->fits) {
        session->is_fitted = false;
        result = bd_frames_reserve_kept(&session->frames, frame, bd_slot_bytes(&fitted), error);
    }
    if (!result) {
        result = bd_frame_prepare(&session->frames, frame, &session->draft, error);
    }
    if (!result) {
        result = keep_profile(session, flight, ask->photo, ask->params.classic, error);
    }
    if (result) {
        return result;
    }
    /* In the order of the recipe's uploads. */
    bd_source sources[BD_MOST_UPLOADS] = {{.image = ask->photo, .opaque = ask->params.ignore_alpha}};
    uint32_t count = ask->images ? 0 : 1;
    count += ask->params.classic ? 0 : bd_matte_sources(&ask->matte, sources + count);
    if (ask->background && (!ask->images || ask->of_session)) {
        sources[count] = (bd_source){.image = ask->background, .color = ask->color};
    }
    bd_frame_upload(frame, sources);
    flight->cancels = atomic_load(&session->cancels);
    return ask->alone ? bd_session_run_frame(session, frame, error)
                      : bd_frame_submit(&session->frames, frame, ask->images, NULL, error);
}

/* Checks what is asked for, and writes it down as the session's draft. */
static bd_result draft(bd_session *session, bd_replace_request *ask, bd_results *at, bd_error *error) {
    bool classic = ask->params.classic;
    ask->deep = !classic && (ask->photo->format == BD_FORMAT_RGBA16 ||
                             (ask->background && ask->background->format == BD_FORMAT_RGBA16));
    bd_result code = plan_colors(session, ask, error);
    code = code ? blame_profile(ask, code, error) : check_request(session, ask, error);
    if (!code) {
        *at = (classic ? draft_classic : draft_replace)(session, ask, error);
        code = session->draft.result;
    }
    return code;
}

bd_result bd_replace_start(bd_session *session, bd_replace_request *ask, uint32_t number, bd_error *error) {
    bd_flight *flight = &session->flights[number];
    bd_result code = draft(session, ask, &flight->results, error);
    if (!code) {
        code = bd_session_begin_stage(session, "replace", error);
    }
    if (!code) {
        flight->photo = (bd_size){ask->photo->width, ask->photo->height};
        flight->swapped = ask->photo->format == BD_FORMAT_BGRA8 || ask->photo->format == BD_FORMAT_BGRX8;
        flight->of_images = ask->images != NULL;
        flight->matte = ask->matte;
        code = submit_draft(session, ask, number, error);
    }
    if (!code && ask->fits) {
        session->fitted = ask->fitted;
        session->is_fitted = true;
    }
    bd_color_destroy(ask->color);
    return code;
}

const bd_image *bd_replace_background(const bd_session *session, const bd_image *background, bd_replace_request *ask) {
    ask->of_session = !background && ask->params.background == BD_BACKGROUND_PICTURE && session->kept_background.pixels;
    return ask->of_session ? &session->kept_background : background;
}

bd_result bd_session_set_background(bd_session *session, const bd_image *background, bd_error *error) {
    bd_image copy = {0};
    bd_result code = background ? bd_check_picture(background, "background", error) : BD_OK;
    if (!code && background) {
        const bool deep = background->format == BD_FORMAT_RGBA16, opaque = bd_image_is_opaque(background);
        code = bd_image_create(session->allocator, "background", background->width, background->height,
                               deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8, &copy, error);
        for (uint32_t y = 0; y < background->height && !code; y++) {
            bd_row_load(background, y, opaque, deep, copy.pixels + (ptrdiff_t)y * copy.stride_bytes);
        }
        copy.has_alpha = !opaque;
        if (!code && background->profile) {
            code = bd_image_check_profile(background, "the background", error);
        }
        if (!code && background->profile) {
            code = bd_image_set_profile(&copy, background->profile, background->profile_bytes, error);
        }
    }
    if (code) {
        bd_image_finish(&copy);
        return code;
    }
    bd_image_finish(&session->kept_background);
    session->kept_background = copy;
    session->is_fitted = false;
    return BD_OK;
}

/* A request for pictures in the host's memory. */
static bd_result make_request(const bd_session *session, const bd_image *photo, const bd_image *background,
                              const bd_replace_params *params, bd_replace_request *ask, bd_error *error) {
    *ask = (bd_replace_request){.photo = photo};
    bd_result code = BD_PARAMS_READ(&ask->params, params, bd_replace_params, error);
    background = bd_replace_background(session, background, ask);
    if (!code) {
        code = bd_check_replace(photo, background, &ask->params, error);
    }
    ask->background = ask->params.background == BD_BACKGROUND_PICTURE ? background : NULL;
    return code;
}

static bd_result start(bd_session *session, const bd_image *photo, const bd_image *background,
                       const bd_replace_params *params, uint32_t number, bool alone, bd_error *error) {
    bd_replace_request ask;
    bd_result code = make_request(session, photo, background, params, &ask, error);
    ask.alone = alone;
    return code ? code : bd_replace_start(session, &ask, number, error);
}

/* Images without pixels count as if they had some. */
static bd_image with_pixels(const bd_image *image, uint16_t *pixel) {
    bd_image whole = image ? *image : (bd_image){0};
    whole.pixels = (uint8_t *)pixel;
    whole.stride_bytes = (ptrdiff_t)whole.width * 8;
    return whole;
}

bd_result bd_session_estimate(bd_session *session, const bd_image *photo, const bd_image *background,
                              const bd_replace_params *params, bd_memory_estimate *estimate, bd_error *error) {
    uint16_t pixel[4];
    const bd_image of[2] = {with_pixels(photo, pixel), with_pixels(background, pixel)};
    bd_replace_request ask;
    bd_results at;
    bd_frame_bytes bytes;
    bd_result code = bd_info_check(estimate, "bd_memory_estimate", error);
    if (!code) {
        code = bd_session_check_idle(session, error);
    }
    if (!code) {
        code = make_request(session, &of[0], background ? &of[1] : NULL, params, &ask, error);
    }
    if (!code) {
        code = draft(session, &ask, &at, error);
        bd_color_destroy(ask.color);
    }
    if (!code) {
        code = bd_frames_estimate(&session->frames, &session->draft, &bytes, error);
    }
    if (code) {
        return code;
    }
    const uint32_t frames = session->frames.count;
    const bd_slot_shape fitted = fitted_shape(&ask);
    const VkDeviceSize kept = BD_MAX(session->frames.kept.bytes, ask.fits ? bd_slot_bytes(&fitted) : 0);
    const bd_slot_shape *result = &session->draft.shapes[session->draft.returns[at.image]];
    const bd_memory_estimate all = {.network_bytes = bd_looks_bytes(&session->looks),
                                    .photo_bytes = kept + bytes.shared + bytes.each,
                                    .in_flight_bytes = kept + bytes.shared + bytes.each * frames,
                                    .staging_bytes = bytes.staged * frames,
                                    .host_bytes =
                                        (sizeof(bd_frame) + sizeof(bd_recording)) * frames + bd_slot_bytes(result)};
    bd_info_give(estimate, &all, sizeof all);
    return BD_OK;
}

/* Waits for what was started. */
static bd_result finish(bd_session *session, uint32_t number, bd_image *result, bd_error *error) {
    bd_frame *frame = session->frames.ring[number];
    const bd_flight *flight = &session->flights[number];
    bd_result code = bd_frame_wait(&session->frames, frame, error);
    if (!code && flight->cancels != atomic_load(&session->cancels)) {
        code = bd_fail(error, BD_ERR_CANCELLED, "stopped by the caller");
    }
    if (code) {
        session->is_fitted = false; /* whether it was is not known */
        return code;
    }
    const bd_results *at = &flight->results;
    bd_session_keep_last(session, frame, at, flight->photo, flight->matte.wide);
    bd_session_take_seen(session, frame, at->has_seen ? &at->seen : NULL);
    code = bd_session_take_matte(session, frame, at, &flight->matte, error);
    const bd_slot_shape shape = bd_frame_result_shape(frame, at->image);
    bool deep = shape.kind == BD_SLOT_PICTURE16;
    if (!code) {
        bd_format format = deep ? BD_FORMAT_RGBA16 : flight->swapped ? BD_FORMAT_BGRA8 : BD_FORMAT_RGBA8;
        code = bd_image_make_room(session->allocator, "result", shape.w, shape.h, format, result, error);
    }
    if (!code && result->owner) {
        code = give_profile(flight, result, error);
        if (code) {
            bd_image_finish(result);
        }
    }
    if (!code) {
        bd_rows_store(bd_frame_result(frame, at->image), deep, result);
        bd_image_find_alpha(result);
    }
    return code;
}

bd_result bd_session_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                             const bd_replace_params *params, bd_image *result, bd_error *error) {
    uint32_t number = 0;
    bd_result code = bd_session_check_idle(session, error);
    if (!code) {
        code = bd_frames_next(&session->frames, &number, error);
    }
    if (!code && photo && result->pixels && !result->owner) {
        code = bd_image_check_room("result", photo->width, photo->height, BD_FORMAT_RGBA8, result, error);
    }
    if (!code) {
        code = start(session, photo, background, params, number, true, error);
    }
    return code ? code : finish(session, number, result, error);
}

bd_result bd_session_replace_begin(bd_session *session, const bd_image *photo, const bd_image *background,
                                   const bd_replace_params *params, bd_error *error) {
    uint32_t number = 0;
    bd_result code = bd_session_next_frame(session, &number, error);
    if (!code) {
        code = start(session, photo, background, params, number, false, error);
    }
    if (!code) {
        bd_frames_begun(&session->frames);
    }
    return code;
}

bd_result bd_session_replace_end(bd_session *session, bd_image *result, bd_error *error) {
    bd_session_retire_images(session);
    if (!session->frames.in_flight) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no photo has been begun");
    }
    uint32_t oldest = session->frames.oldest;
    bd_result code = finish(session, oldest, result, error);
    bd_frames_ended(&session->frames);
    return code;
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "image/image.h"
#include "session.h"

/* ---- life -------------------------------------------------------------------------------------------------------- */

bool bd_session_can_half(const bd_engine *engine, const bd_model *model) {
    return engine->vk.half && bd_kernel_has_fp16(&engine->vk) && bd_plan_can_be_half(&model->graph);
}

/* AUTO: what was measured; without that, software devices convert halves one by one, so nothing is gained there. */
static bd_precision choose_precision(const bd_engine *engine, const bd_model *model, bd_precision wanted) {
    if (wanted != BD_PRECISION_AUTO) {
        return wanted;
    }
    bool half = engine->vk.info.kind != BD_DEVICE_SOFTWARE;
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bd_tuning_network_signature(&model->graph, signature);
    const bd_tuning_entry *measured = bd_tuning_find(&engine->tuning, signature);
    if (measured) {
        half = !strcmp(measured->name, "fp16");
    }
    return half && bd_session_can_half(engine, model) ? BD_PRECISION_FP16 : BD_PRECISION_FP32;
}

bd_result bd_session_make(bd_engine *engine, const bd_model *model, const bd_network_params *params,
                          const bd_allocator *allocator, bd_session **session, bd_error *error) {
    *session = NULL;
    bd_session *made = bd_alloc_zero(allocator, sizeof *made);
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    made->allocator = bd_keep_allocator(&made->hooks, allocator);
    made->vk = &engine->vk;
    made->person = 15;
    for (uint32_t c = model->class_count; model->class_names && c-- > 0;) {
        made->person = strcmp(model->class_names[c], "person") ? made->person : c;
    }
    bd_result result = bd_network_init(&made->network, made->vk, model, params, error);
    if (!result) {
        result = bd_vk_commands_init(made->vk, &made->before, BD_FRAME_MAX_TIMINGS / 2, error);
    }
    if (!result) {
        result = bd_vk_commands_init(made->vk, &made->after, BD_FRAME_MAX_TIMINGS / 2, error);
    }
    if (result) {
        bd_session_destroy(made);
        return result;
    }
    *session = made;
    return BD_OK;
}

bd_result bd_session_create(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                            bd_session **session, bd_error *error) {
    *session = NULL;
    bd_session_params own;
    bd_copy_params(&own, params, sizeof own);
    const bd_allocator *allocator = own.allocator ? own.allocator : engine->allocator;
    bd_kernel_choice *choices = bd_alloc_array(allocator, model->graph.count, sizeof *choices);
    if (!choices) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    const bd_network_params network = {.precision = choose_precision(engine, model, own.precision), .choices = choices};
    bd_tuning_choose(&engine->tuning, &engine->vk, &model->graph, network.precision, choices);
    bd_result result = bd_session_make(engine, model, &network, allocator, session, error);
    bd_free(allocator, choices);
    if (!result) {
        (*session)->progress = own.progress;
        (*session)->progress_user = own.progress_user;
    }
    return result;
}

void bd_session_destroy(bd_session *session) {
    if (!session) {
        return;
    }
    bd_frame_forget(session);
    bd_vk_commands_finish(&session->before);
    bd_vk_commands_finish(&session->after);
    bd_vk_buffer *buffers[] = {&session->staging,    &session->tables,  &session->photo,  &session->resized,
                               &session->background, &session->rows,    &session->fitted, &session->mask,
                               &session->result,     &session->download};
    for (uint32_t i = 0; i < BD_COUNT(buffers); i++) {
        bd_vk_buffer_finish(session->vk, buffers[i]);
    }
    bd_network_finish(&session->network);
    bd_allocator hooks = session->hooks;
    bd_free(session->allocator ? &hooks : NULL, session);
}

void bd_session_get_info(const bd_session *session, bd_session_info *info) {
    *info =
        (bd_session_info){.precision = session->network.precision, .dispatches = session->network.dispatch_count + 1};
    memcpy(info->kernel_set, session->vk->info.kernel_set, sizeof info->kernel_set);
}

uint32_t bd_session_timings(const bd_session *session, bd_timing *timings, uint32_t room) {
    memcpy(timings, session->timings, BD_MIN(room, session->timing_count) * sizeof *timings);
    return session->timing_count;
}

static void report(const bd_session *session, const char *stage) {
    if (session->progress) {
        session->progress(session->progress_user, stage);
    }
}

/* ---- parts of a call --------------------------------------------------------------------------------------------- */

static bd_result check_picture(const bd_image *image, const char *what, bd_error *error) {
    enum { LONGEST_SIDE = 1 << 20 };
    if (!image || !image->pixels || image->format != BD_FORMAT_RGBA8 || !image->width || !image->height ||
        image->width > LONGEST_SIDE || image->height > LONGEST_SIDE || image->stride_bytes < (size_t)image->width * 4) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is not an RGBA8 picture", what);
    }
    return BD_OK;
}

static VkDeviceSize picture_bytes(uint32_t w, uint32_t h) {
    return (VkDeviceSize)w * h * 4;
}

/* Of the photo at the network's side. */
static void photo_size(const bd_session *session, const bd_image *photo, uint32_t *w, uint32_t *h) {
    const int32_t *input = session->network.preprocess.shape.dims;
    bd_fit_resized(photo->width, photo->height, (uint32_t)BD_MIN(input[1], input[2]), w, h);
}

/* Room for the photo, and a plan of its resampling to the network's side. */
static bd_result plan_photo(bd_session *session, const bd_image *photo, uint32_t *w, uint32_t *h, bd_error *error) {
    photo_size(session, photo, w, h);
    bd_frame_add_picture(session, &session->photo, photo->width, photo->height);
    const float box[4] = {0, 0, (float)photo->width, (float)photo->height};
    bd_result result = bd_frame_reserve(session, &session->photo, picture_bytes(photo->width, photo->height), error);
    if (!result) {
        result = bd_frame_reserve(session, &session->resized, picture_bytes(*w, *h), error);
    }
    if (!result) {
        result = bd_frame_plan_resample(session, "resize photo", BD_RESAMPLE_LANCZOS, 0, &session->photo, photo->width,
                                        photo->height, box, &session->resized, *w, *h, error);
    }
    return result;
}

static bd_result record_photo(bd_session *session, uint32_t w, uint32_t h, bd_error *error) {
    bd_result result = bd_frame_record_resample(session, &session->before, &session->resamples[0], error);
    if (!result) {
        result = bd_frame_record_preprocess(session, &session->resized, w, h, error);
    }
    return result;
}

/* Pixels of a map of `size` pixels over the resized photo of `resized` pixels, on the logits: maps and pictures share
 * the outer edges of their pixels, the network's input lies on its logits as the export's last resize says. What is
 * read ends with the photo's last pixel. */
static bd_axis_map axis_map(bd_upsampling upsampling, int32_t logits, int32_t input, uint32_t resized, uint32_t size) {
    double step = (double)logits / (double)input;
    double origin = upsampling == BD_UPSAMPLING_CENTERS ? 0.5 * step - 0.5 : 0.0; /* of the input's pixel 0 */
    if (upsampling == BD_UPSAMPLING_CORNERS) {
        step = input > 1 ? (double)(logits - 1) / (double)(input - 1) : 0.0;
    }
    double zoom = (double)resized / (double)size;
    double last = BD_MIN(step * (double)(resized - 1) + origin, (double)(logits - 1));
    return (bd_axis_map){.scale = (float)(step * zoom),
                         .bias = (float)(step * (0.5 * zoom - 0.5) + origin),
                         .max = (float)BD_MAX(last, 0.0)};
}

static void axis_maps(const bd_session *session, uint32_t resized_w, uint32_t resized_h, uint32_t w, uint32_t h,
                      bd_axis_map *x, bd_axis_map *y) {
    const int32_t *logits = session->network.logits_shape.dims;
    const int32_t *input = session->network.preprocess.shape.dims;
    bd_upsampling upsampling = session->network.upsampling;
    *x = axis_map(upsampling, logits[2], input[2], resized_w, w);
    *y = axis_map(upsampling, logits[1], input[1], resized_h, h);
}

/* ---- segment ----------------------------------------------------------------------------------------------------- */

static bd_result take_labels(bd_session *session, const uint8_t *rows, uint32_t w, uint32_t h, bd_segmentation *result,
                             bd_error *error) {
    bd_result code = bd_image_create(session->allocator, "labels", w, h, BD_FORMAT_GRAY8, &result->labels, error);
    if (code) {
        return code;
    }
    size_t pitch = (size_t)(w + 3) / 4 * 4;
    for (uint32_t y = 0; y < h; y++) {
        uint8_t *to = result->labels.pixels + y * result->labels.stride_bytes;
        memcpy(to, rows + y * pitch, w);
        for (uint32_t x = 0; x < w; x++) {
            result->pixels_of_class[to[x]]++;
        }
    }
    return BD_OK;
}

static bd_result take_logits(bd_session *session, bd_segmentation *result, bd_error *error) {
    const int32_t *d = session->network.logits_shape.dims;
    size_t elements = (size_t)d[1] * (size_t)d[2] * (size_t)d[3];
    /* In front of the values lies the allocator that bd_segmentation_finish needs. */
    bd_allocator *memory = bd_alloc(session->allocator, sizeof *memory + elements * sizeof(float));
    if (!memory) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    *memory = session->allocator ? *session->allocator : (bd_allocator){0};
    result->owner = memory;
    result->logits = (float *)(void *)(memory + 1);
    return bd_network_read_logits(&session->network, result->logits, error);
}

static void map_size(const bd_session *session, const bd_image *photo, bd_map_size wanted, uint32_t *w, uint32_t *h) {
    *w = photo->width;
    *h = photo->height;
    if (wanted == BD_MAP_RESIZED) {
        photo_size(session, photo, w, h);
    }
}

static bd_result record_segment(bd_session *session, const bd_image *photo, const bd_frame_key *key, bd_error *error) {
    uint32_t w = 0;
    uint32_t h = 0;
    uint32_t map_w = 0;
    uint32_t map_h = 0;
    map_size(session, photo, key->segment.map_size, &map_w, &map_h);
    VkDeviceSize bytes = (VkDeviceSize)(map_w + 3) / 4 * 4 * map_h;
    bd_result result = bd_frame_begin(session, error);
    if (!result) {
        result = plan_photo(session, photo, &w, &h, error);
    }
    if (!result) {
        result = bd_frame_reserve(session, &session->result, bytes, error);
    }
    if (!result) {
        result = bd_frame_record_uploads(session, error);
    }
    if (!result) {
        result = record_photo(session, w, h, error);
    }
    if (!result) {
        bd_axis_map x;
        bd_axis_map y;
        bd_vk_dispatch dispatch;
        axis_maps(session, w, h, map_w, map_h, &x, &y);
        bd_kernel_labels(session->vk, &session->network.logits_shape, map_w, map_h, x, y, &dispatch);
        dispatch.bindings[0] = session->network.logits;
        dispatch.bindings[4].buffer = &session->result;
        dispatch.bindings[4].bytes = bytes;
        result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
        bd_vk_commands_stamp(&session->after, "labels");
    }
    return result ? result : bd_frame_end(session, key, bytes, error);
}

bd_result bd_session_segment(bd_session *session, const bd_image *photo, const bd_segment_params *params,
                             bd_segmentation *result, bd_error *error) {
    *result = (bd_segmentation){0};
    bd_frame_key key;
    memset(&key, 0, sizeof key);
    bd_copy_params(&key.segment, params, sizeof key.segment);
    bd_result code = check_picture(photo, "photo", error);
    if (code) {
        return code;
    }
    key.call = BD_FRAME_SEGMENT;
    key.photo_w = photo->width;
    key.photo_h = photo->height;
    report(session, "segment");
    if (memcmp(&key, &session->recorded, sizeof key) != 0) {
        code = record_segment(session, photo, &key, error);
    }
    const void *labels = NULL;
    if (!code) {
        code = bd_frame_run(session, &photo, &labels, error);
    }
    if (!code) {
        uint32_t map_w = 0;
        uint32_t map_h = 0;
        map_size(session, photo, key.segment.map_size, &map_w, &map_h);
        code = take_labels(session, labels, map_w, map_h, result, error);
    }
    result->class_count = (uint32_t)session->network.logits_shape.dims[3];
    result->logits_width = (uint32_t)session->network.logits_shape.dims[2];
    result->logits_height = (uint32_t)session->network.logits_shape.dims[1];
    if (!code && key.segment.want_logits) {
        code = take_logits(session, result, error);
    }
    if (code) {
        bd_segmentation_finish(result);
    }
    return code;
}

void bd_segmentation_finish(bd_segmentation *result) {
    if (!result) {
        return;
    }
    bd_image_finish(&result->labels);
    if (result->owner) {
        /* The block holds its own allocator: copy that before it goes. */
        bd_allocator *memory = (bd_allocator *)(void *)result->logits - 1;
        bd_allocator allocator = *memory;
        bd_free(allocator.release ? &allocator : NULL, memory);
    }
    *result = (bd_segmentation){0};
}

/* ---- replace ----------------------------------------------------------------------------------------------------- */

/* How the background comes to lie under the picture that is composited. */
typedef struct background_plan {
    const bd_vk_buffer *buffer; /* NULL: a colour, or transparency */
    uint32_t width, height;
    int32_t offset_x, offset_y;
    bool tile;
} background_plan;

static bd_result plan_picture(bd_session *session, const bd_image *picture, const bd_fit_plan *fit,
                              background_plan *plan, bd_error *error) {
    plan->width = fit->width;
    plan->height = fit->height;
    plan->offset_x = fit->offset_x;
    plan->offset_y = fit->offset_y;
    plan->tile = fit->wrap;
    plan->buffer = &session->background;
    bd_frame_add_picture(session, &session->background, picture->width, picture->height);
    VkDeviceSize bytes = picture_bytes(picture->width, picture->height);
    bd_result result = bd_frame_reserve(session, &session->background, bytes, error);
    bool same = fit->width == picture->width && fit->height == picture->height && fit->box[0] == 0.0f &&
                fit->box[1] == 0.0f && fit->box[2] == (float)picture->width && fit->box[3] == (float)picture->height;
    if (result || same) {
        return result;
    }
    plan->buffer = &session->fitted;
    result = bd_frame_reserve(session, &session->fitted, picture_bytes(fit->width, fit->height), error);
    if (!result) {
        result = bd_frame_plan_resample(session, "fit background", BD_RESAMPLE_LANCZOS, 0, &session->background,
                                        picture->width, picture->height, fit->box, &session->fitted, fit->width,
                                        fit->height, error);
    }
    return result;
}

/* A Gaussian is smooth: it is sampled every sigma / 2 pixels and interpolated between, at a cost that does not grow
 * with sigma. */
static bd_result plan_blur(bd_session *session, const bd_image *photo, float sigma, background_plan *plan,
                           bd_error *error) {
    float step = BD_MAX(1.0f, sigma * 0.5f);
    uint32_t w = (uint32_t)ceilf((float)photo->width / step);
    uint32_t h = (uint32_t)ceilf((float)photo->height / step);
    const float whole[4] = {0, 0, (float)photo->width, (float)photo->height};
    const float small[4] = {0, 0, (float)w, (float)h};
    bd_result result = bd_frame_reserve(session, &session->background, picture_bytes(w, h), error);
    if (!result) {
        result = bd_frame_reserve(session, &session->fitted, picture_bytes(photo->width, photo->height), error);
    }
    if (!result) {
        result = bd_frame_plan_resample(session, "blur", BD_RESAMPLE_GAUSSIAN, sigma, &session->photo, photo->width,
                                        photo->height, whole, &session->background, w, h, error);
    }
    if (!result) {
        result = bd_frame_plan_resample(session, "enlarge blur", BD_RESAMPLE_TRIANGLE, 0, &session->background, w, h,
                                        small, &session->fitted, photo->width, photo->height, error);
    }
    *plan = (background_plan){.buffer = &session->fitted, .width = photo->width, .height = photo->height};
    return result;
}

static bd_result plan_background(bd_session *session, const bd_image *photo, const bd_image *background, uint32_t w,
                                 uint32_t h, const bd_replace_params *params, background_plan *plan, bd_error *error) {
    *plan = (background_plan){0};
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
        bd_fit_resized(background->width, background->height, (uint32_t)BD_MIN(input[1], input[2]), &bg_w, &bg_h);
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

static bd_result record_mask(bd_session *session, const bd_replace_params *params, uint32_t w, uint32_t h,
                             bd_error *error) {
    bd_axis_map x;
    bd_axis_map y;
    bd_vk_dispatch dispatch;
    axis_maps(session, w, h, w, h, &x, &y);
    bd_kernel_mask(session->vk, &session->network.logits_shape, &params->classes, params->classic, w, h, x, y,
                   &dispatch);
    dispatch.bindings[0] = session->network.logits;
    dispatch.bindings[4].buffer = &session->mask;
    dispatch.bindings[4].bytes = (VkDeviceSize)(w + 3) / 4 * 16 * h;
    bd_result result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    bd_vk_commands_barrier(&session->after);
    bd_vk_commands_stamp(&session->after, "mask");
    return result;
}

static bd_result record_composite(bd_session *session, const bd_replace_params *params, const bd_vk_buffer *photo,
                                  uint32_t photo_w, uint32_t photo_h, uint32_t mask_w, uint32_t mask_h,
                                  const background_plan *plan, bd_error *error) {
    bd_composite composite = {.mask_w = mask_w,
                              .mask_h = mask_h,
                              .photo_w = photo_w,
                              .photo_h = photo_h,
                              .background_w = plan->buffer ? plan->width : 0,
                              .background_h = plan->buffer ? plan->height : 0,
                              .offset_x = plan->offset_x,
                              .offset_y = plan->offset_y,
                              .tile = plan->tile,
                              .transparent = params->background == BD_BACKGROUND_TRANSPARENT};
    memcpy(composite.fill, params->color, sizeof composite.fill);
    VkDeviceSize bytes = picture_bytes(photo_w, photo_h);
    bd_vk_dispatch dispatch;
    bd_kernel_composite(session->vk, &composite, &dispatch);
    dispatch.bindings[0].buffer = &session->mask;
    dispatch.bindings[0].bytes = (VkDeviceSize)(mask_w + 3) / 4 * 16 * mask_h;
    dispatch.bindings[1].buffer = photo;
    dispatch.bindings[1].bytes = bytes;
    dispatch.bindings[2].buffer = plan->buffer ? plan->buffer : photo;
    dispatch.bindings[2].bytes = plan->buffer ? picture_bytes(plan->width, plan->height) : bytes;
    dispatch.bindings[4].buffer = &session->result;
    dispatch.bindings[4].bytes = bytes;
    bd_result result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    bd_vk_commands_stamp(&session->after, "composite");
    return result;
}

static bd_result check_replace(const bd_session *session, const bd_image *photo, const bd_image *background,
                               bd_replace_params *params, bd_error *error) {
    bd_result result = check_picture(photo, "photo", error);
    if (!result && params->background == BD_BACKGROUND_PICTURE) {
        result = check_picture(background, "background", error);
    }
    if (!result && params->background == BD_BACKGROUND_BLUR &&
        !(params->blur_sigma_px > 0 && params->blur_sigma_px <= 10000)) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the blur's sigma must lie in 0..10000 pixels");
    }
    if (!result && params->classic && params->background == BD_BACKGROUND_BLUR) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the classic way knows no blur");
    }
    uint32_t any = 0;
    for (uint32_t i = 0; i < BD_COUNT(params->classes.words); i++) {
        any |= params->classes.words[i];
    }
    if (!any) {
        params->classes.words[session->person / 32] = 1u << session->person % 32;
    }
    return result;
}

static void result_size(const bd_session *session, const bd_image *photo, bool classic, uint32_t *w, uint32_t *h) {
    *w = photo->width;
    *h = photo->height;
    if (classic) {
        photo_size(session, photo, w, h);
    }
}

static bd_result record_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                                const bd_frame_key *key, bd_error *error) {
    const bd_replace_params *params = &key->replace;
    uint32_t w = 0;
    uint32_t h = 0;
    uint32_t out_w = 0;
    uint32_t out_h = 0;
    background_plan plan = {0};
    result_size(session, photo, params->classic, &out_w, &out_h);
    bd_result result = bd_frame_begin(session, error);
    if (!result) {
        result = plan_photo(session, photo, &w, &h, error);
    }
    if (!result) {
        result = plan_background(session, photo, background, w, h, params, &plan, error);
    }
    if (!result) {
        result = bd_frame_reserve(session, &session->mask, (VkDeviceSize)(w + 3) / 4 * 16 * h, error);
    }
    if (!result) {
        result = bd_frame_reserve(session, &session->result, picture_bytes(out_w, out_h), error);
    }
    if (!result) {
        result = bd_frame_record_uploads(session, error);
    }
    if (!result) {
        result = record_photo(session, w, h, error);
    }
    for (uint32_t i = 1; i < session->resample_count && !result; i++) {
        result = bd_frame_record_resample(session, &session->after, &session->resamples[i], error);
    }
    if (!result) {
        result = record_mask(session, params, w, h, error);
    }
    if (!result) {
        const bd_vk_buffer *base = params->classic ? &session->resized : &session->photo;
        result = record_composite(session, params, base, out_w, out_h, w, h, &plan, error);
    }
    return result ? result : bd_frame_end(session, key, picture_bytes(out_w, out_h), error);
}

/* An image of an earlier call is filled again when it fits. */
static bd_result make_result(const bd_session *session, bool reuse, uint32_t w, uint32_t h, bd_image *result,
                             bd_error *error) {
    if (reuse && result->owner && result->pixels && result->format == BD_FORMAT_RGBA8 && result->width == w &&
        result->height == h) {
        return BD_OK;
    }
    if (reuse) {
        bd_image_finish(result);
    }
    return bd_image_create(session->allocator, "result", w, h, BD_FORMAT_RGBA8, result, error);
}

bd_result bd_session_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                             const bd_replace_params *params, bd_image *result, bd_error *error) {
    bd_frame_key key;
    memset(&key, 0, sizeof key);
    bd_copy_params(&key.replace, params, sizeof key.replace);
    bool reuse = key.replace.reuse_result;
    if (!reuse) {
        *result = (bd_image){0};
    }
    bd_result code = check_replace(session, photo, background, &key.replace, error);
    if (code) {
        return code;
    }
    bool picture = key.replace.background == BD_BACKGROUND_PICTURE;
    key.call = BD_FRAME_REPLACE;
    key.photo_w = photo->width;
    key.photo_h = photo->height;
    key.background_w = picture ? background->width : 0;
    key.background_h = picture ? background->height : 0;
    report(session, "replace");
    if (memcmp(&key, &session->recorded, sizeof key) != 0) {
        code = record_replace(session, photo, background, &key, error);
    }
    const void *pixels = NULL;
    if (!code) {
        const bd_image *const pictures[] = {photo, background};
        code = bd_frame_run(session, pictures, &pixels, error);
    }
    if (!code) {
        uint32_t w = 0;
        uint32_t h = 0;
        result_size(session, photo, key.replace.classic, &w, &h);
        code = make_result(session, reuse, w, h, result, error);
    }
    if (!code) {
        memcpy(result->pixels, pixels, session->result_bytes);
        bd_image_find_alpha(result);
    }
    return code;
}

/* ---- benchmarks -------------------------------------------------------------------------------------------------- */

static bd_result set_input(bd_session *session, const uint8_t *input, bd_error *error) {
    const int32_t *d = session->network.preprocess.shape.dims;
    uint32_t w = (uint32_t)d[2];
    uint32_t h = (uint32_t)d[1];
    size_t pixels = (size_t)w * h;
    uint8_t *rgba = bd_alloc(session->allocator, pixels * 4);
    if (!rgba) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t p = 0; p < pixels; p++) {
        memcpy(rgba + p * 4, input + p * 3, 3);
        rgba[p * 4 + 3] = 255;
    }
    const bd_image picture = {.width = w, .height = h, .stride_bytes = (size_t)w * 4, .pixels = rgba};
    bd_result result = bd_frame_begin(session, error);
    if (!result) {
        result = bd_frame_reserve(session, &session->resized, pixels * 4, error);
    }
    if (!result) {
        bd_frame_add_picture(session, &session->resized, w, h);
        result = bd_frame_record_uploads(session, error);
    }
    if (!result) {
        result = bd_frame_record_preprocess(session, &session->resized, w, h, error);
    }
    if (!result) {
        result = bd_vk_commands_end(&session->before, error);
    }
    if (!result) {
        bd_frame_bring(session, &session->pictures[0], &picture);
    }
    session->input_recorded = !result;
    bd_free(session->allocator, rgba);
    return result;
}

static bd_result take_node_timings(bd_session *session, bd_node_timing *nodes, uint32_t *count, bd_error *error) {
    bd_network *network = &session->network;
    uint32_t room = *count;
    *count = network->step_count;
    double *ms = bd_alloc_array(session->allocator, network->timed.timer_count + 1, sizeof *ms);
    if (!ms) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    bd_result result = bd_vk_commands_times(&network->timed, ms, error);
    for (uint32_t i = 0; i < BD_MIN(room, network->step_count) && !result; i++) {
        const bd_network_step *step = &network->steps[i];
        nodes[i] = (bd_node_timing){.device_ms = ms[i], .multiply_adds = step->multiply_adds, .bytes = step->bytes};
        strncpy(nodes[i].node, step->node, sizeof nodes[i].node - 1);
        strncpy(nodes[i].kernel, step->kernel, sizeof nodes[i].kernel - 1);
        for (uint32_t d = 0; d < 4; d++) {
            nodes[i].shape[d] = d < step->shape.rank ? (uint32_t)step->shape.dims[d] : 1;
        }
    }
    bd_free(session->allocator, ms);
    return result;
}

bd_result bd_session_run_network(bd_session *session, const uint8_t *input, float *logits, double *total_ms,
                                 bd_node_timing *nodes, uint32_t *count, bd_error *error) {
    bd_result result = BD_OK;
    if (input) {
        result = set_input(session, input, error);
    } else if (!session->input_recorded) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no input was given to the network yet");
    }
    /* The input's memory is reused inside the network, so every run needs it anew. */
    if (!result) {
        const bd_vk_commands *prepare[] = {&session->before};
        result = bd_vk_submit(session->vk, prepare, 1, error);
    }
    if (!result && nodes) {
        result = bd_network_time_steps(&session->network, error);
    }
    const bd_vk_commands *list[] = {nodes ? &session->network.timed : &session->network.commands};
    double start = bd_now_ms();
    if (!result) {
        result = bd_vk_submit(session->vk, list, 1, error);
    }
    if (total_ms) {
        *total_ms = bd_now_ms() - start;
    }
    session->timing_count = 0;
    if (!result && nodes) {
        result = take_node_timings(session, nodes, count, error);
    } else if (!result && session->network.commands.timer_count == 1) {
        session->timings[0] = (bd_timing){.name = "network", .device = true};
        result = bd_vk_commands_times(&session->network.commands, &session->timings[0].ms, error);
        session->timing_count = !result;
    }
    if (!result && logits) {
        result = bd_network_read_logits(&session->network, logits, error);
    }
    return result;
}

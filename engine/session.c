/* SPDX-License-Identifier: MIT
 * A session's life, and what all its calls begin with. */
#include <string.h>

#include "image/image.h"
#include "probe.h"
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
    for (uint32_t c = model ? model->class_count : 0; c && model->class_names && c-- > 0;) {
        made->person = strcmp(model->class_names[c], "person") ? made->person : c;
    }
    made->has_network = model != NULL;
    bd_result result = model ? bd_network_init(&made->network, made->vk, model, params, error) : BD_OK;
    if (!result) {
        result = bd_frame_make(made, error);
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
    if (!model) {
        bd_result made = bd_session_make(engine, NULL, NULL, allocator, session, error);
        if (!made) {
            (*session)->progress = own.progress;
            (*session)->progress_user = own.progress_user;
        }
        return made;
    }
    bd_kernel_choice *choices = bd_alloc_array(allocator, model->graph.count, sizeof *choices);
    if (!choices) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    if (model->graph.not_integers) {
        bd_vk_log(&engine->vk, BD_LOG_INFO, "%s runs in float: %s", model->graph.file, model->graph.not_integers);
    }
    const bd_network_params network = {.precision = choose_precision(engine, model, own.precision), .choices = choices};
    bool matrix = bd_precision_is_half(network.precision) && engine->vk.matrix_count;
    bd_result result = matrix ? bd_probe_matrix(&engine->tuning, &engine->vk, &model->graph, error) : BD_OK;
    if (!result && own.many && engine->vk.column == BD_COLUMN_WIDE8 && engine->tuning.path) {
        /* What they gain, or lose, is the driver's; finding out takes seconds, so only where the answer is kept. */
        result = bd_tuning_settle(&engine->tuning, &engine->vk, &model->graph, network.precision, BD_KERNEL_FAMILY_FLAT,
                                  error);
    }
    if (!result) {
        bd_tuning_choose(&engine->tuning, &engine->vk, &model->graph, network.precision, own.many, choices);
        if (matrix) {
            bd_probe_choose(&engine->tuning, &engine->vk, &model->graph, network.precision, false, choices);
        }
        result = bd_session_make(engine, model, &network, allocator, session, error);
    }
    bd_free(allocator, choices);
    if (!result) {
        result = bd_votes_init(*session, engine, &own, error);
        if (result) {
            bd_session_destroy(*session);
            *session = NULL;
        }
    }
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
    if (session->in_flight) {
        (void)session->vk->api.vkDeviceWaitIdle(session->vk->device);
    }
    bd_frame_finish(session);
    bd_frame_swap(session);
    bd_frame_finish(session);
    bd_vk_buffer *buffers[] = {&session->resized, &session->rows, &session->fitted, &session->mask};
    for (uint32_t i = 0; i < BD_COUNT(buffers); i++) {
        bd_vk_buffer_finish(session->vk, buffers[i]);
    }
    for (uint32_t i = 0; i < BD_MATTE_BUFFERS; i++) {
        bd_vk_buffer_finish(session->vk, &session->matte[i]);
    }
    bd_votes_finish(session);
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

void bd_session_report(const bd_session *session, const char *stage) {
    if (session->progress) {
        session->progress(session->progress_user, stage);
    }
}

/* ---- parts of a call --------------------------------------------------------------------------------------------- */

bd_result bd_session_check_idle(const bd_session *session, bd_error *error) {
    return session->in_flight ? bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a photo that was begun has not been ended")
                              : BD_OK;
}

bd_result bd_session_check_picture(const bd_image *image, const char *what, bd_error *error) {
    enum { LONGEST_SIDE = 1 << 20 };
    bool picture = image && image->pixels && bd_format_is_rgba(image->format) && image->width && image->height &&
                   image->width <= LONGEST_SIDE && image->height <= LONGEST_SIDE &&
                   image->stride_bytes >= image->width * bd_format_bytes(image->format);
    if (picture && image->format == BD_FORMAT_RGBA16 && (image->stride_bytes | (uintptr_t)image->pixels) & 1) {
        picture = false;
    }
    return picture ? BD_OK : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is no RGBA8 or RGBA16 picture", what);
}

/* Of the photo at the network's side. */
void bd_session_photo_size(const bd_session *session, const bd_image *photo, uint32_t *w, uint32_t *h) {
    const int32_t *input = session->network.preprocess.shape.dims;
    bd_fit_within(photo->width, photo->height, (uint32_t)input[2], (uint32_t)input[1], w, h);
}

/* A plan of the photo's resampling to the network's side. */
static bd_result plan_photo(bd_session *session, const bd_image *photo, uint32_t *w, uint32_t *h, bd_error *error) {
    bd_session_photo_size(session, photo, w, h);
    const float box[4] = {0, 0, (float)photo->width, (float)photo->height};
    bd_result result = bd_frame_reserve(session, &session->resized, bd_picture_bytes(*w, *h), error);
    if (!result) {
        result = bd_frame_plan_resample(session, "resize photo", BD_RESAMPLE_LANCZOS, 0, &session->photo, photo->width,
                                        photo->height, box, &session->resized, *w, *h, error);
    }
    return result ? result : bd_votes_plan(session, photo, error);
}

bd_result bd_session_need_network(const bd_session *session, bd_error *error) {
    return session->has_network ? BD_OK
                                : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "this session was made without a model");
}

bd_result bd_session_plan_input(bd_session *session, const bd_image *photo, bool network, uint32_t *w, uint32_t *h,
                                bd_error *error) {
    session->skip_network = !network;
    bd_frame_add_picture(session, bd_session_pixels(session), photo->width, photo->height, session->deep);
    bd_result result = bd_frame_reserve(session, &session->photo, bd_picture_bytes(photo->width, photo->height), error);
    if (!result && session->deep) {
        result =
            bd_frame_reserve(session, &session->photo16, bd_pixels_bytes(session, photo->width, photo->height), error);
    }
    return result || !network ? result : plan_photo(session, photo, w, h, error);
}

bd_result bd_session_record_photo(bd_session *session, const bd_image *photo, uint32_t w, uint32_t h, bd_error *error) {
    bd_result result = bd_frame_record_resample(session, &session->before, &session->resamples[0], error);
    if (!result) {
        result = bd_frame_record_preprocess(session, &session->resized, w, h, error);
    }
    return result ? result : bd_votes_record(session, photo, error);
}

bd_result bd_session_record_labels(bd_session *session, uint32_t resized_w, uint32_t resized_h, uint32_t w, uint32_t h,
                                   VkDeviceSize at, bd_error *error) {
    bd_axis_map x = bd_session_axis_map(session, 2, resized_w, w);
    bd_axis_map y = bd_session_axis_map(session, 1, resized_h, h);
    const bd_network *network = &session->network;
    bd_vk_dispatch dispatch;
    /* On the network's own grid labels are the export's; elsewhere rounding would only blur what is between. */
    bool rounded = w == resized_w && h == resized_h && session->look_count < 2;
    bd_kernel_labels(session->vk, &network->logits_shape, w, h, x, y, rounded ? network->logits_step : 0.0f,
                     network->logits_zero_point, &dispatch);
    dispatch.bindings[0] = bd_session_logits(session);
    dispatch.bindings[4].buffer = &session->result;
    dispatch.bindings[4].offset = at;
    dispatch.bindings[4].bytes = bd_labels_bytes(w, h);
    return bd_vk_commands_dispatch(&session->after, &dispatch, error);
}

/* Maps and pictures share the outer edges of their pixels; the network's input lies on its logits as the export's last
 * resize says. What is read ends with the photo's last pixel. */
bd_axis_map bd_session_axis_map(const bd_session *session, int axis, uint32_t resized, double size) {
    const bd_network *network = &session->network;
    bd_upsampling upsampling = network->upsampling;
    int32_t logits = network->logits_shape.dims[axis];
    int32_t input = network->preprocess.shape.dims[axis];
    double step = (double)logits / (double)input;
    double origin = upsampling == BD_UPSAMPLING_CENTERS ? 0.5 * step - 0.5 : 0.0; /* of the input's pixel 0 */
    if (upsampling == BD_UPSAMPLING_CORNERS) {
        step = input > 1 ? (double)(logits - 1) / (double)(input - 1) : 0.0;
    }
    double zoom = (double)resized / size;
    double last = BD_MIN(step * (double)(resized - 1) + origin, (double)(logits - 1));
    return (bd_axis_map){.scale = (float)(step * zoom),
                         .bias = (float)(step * (0.5 * zoom - 0.5) + origin),
                         .max = (float)BD_MAX(last, 0.0)};
}

/* SPDX-License-Identifier: MIT
 * Several looks at one photo: the network at other sizes and on the mirrored photo, their probabilities averaged on the
 * first network's grid (Chen et al. 2017, arXiv 1706.05587, section 4). Each look is prepare, network, collect. */
#include <string.h>

#include "api/session.h"

static bool mirrored(const bd_session *session, uint32_t look) {
    return session->flip && look % 2;
}

static bd_network *network_of(bd_session *session, uint32_t look) {
    uint32_t size = session->flip ? look / 2 : look;
    return size ? &session->sizes[size - 1] : &session->network;
}

bd_vk_binding bd_session_logits(const bd_session *session) {
    if (session->look_count < 2) {
        return session->network.logits;
    }
    /* Sums go to and fro; the first look writes to 0. */
    const bd_vk_buffer *last = &session->votes[(session->look_count - 1) % 2];
    return (bd_vk_binding){
        .buffer = last, .bytes = session->network.logits.bytes, .format = session->network.logits.format};
}

bd_result bd_votes_init(bd_session *session, bd_engine *engine, const bd_session_params *params, bd_error *error) {
    session->flip = params->flip;
    if (params->size_count > BD_SESSION_MOST_SIZES) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "at most %d other sizes", BD_SESSION_MOST_SIZES);
    }
    for (uint32_t i = 0; i < params->size_count; i++) {
        const bd_model *model = params->sizes[i];
        const bd_network_params network = {.precision = session->network.precision};
        bd_result result = bd_network_init(&session->sizes[i], &engine->vk, &model->graph, &network, error);
        if (result) {
            return result;
        }
        session->size_count++;
        if (session->sizes[i].logits_shape.dims[3] != session->network.logits_shape.dims[3]) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: another number of classes than the first size",
                           model->graph.file);
        }
    }
    session->look_count = (session->size_count + 1) * (session->flip ? 2 : 1);
    bd_result result = bd_votes_make(session, error);
    for (uint32_t i = 0; i < BD_COUNT(session->votes) && session->look_count > 1 && !result; i++) {
        result = bd_vk_buffer_init(session->vk, &session->votes[i], session->network.logits.bytes, BD_VK_MEMORY_DEVICE,
                                   error);
    }
    return result;
}

bd_result bd_votes_make(bd_session *session, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < session->look_count && session->look_count > 1 && !result; i++) {
        result = bd_vk_commands_init(session->vk, &session->prepare[i], 0, error);
        if (!result) {
            result = bd_vk_commands_init(session->vk, &session->collect[i], 0, error);
        }
    }
    return result;
}

void bd_votes_finish(bd_session *session) {
    for (uint32_t i = 0; i < BD_COUNT(session->votes); i++) {
        bd_vk_buffer_finish(session->vk, &session->votes[i]);
    }
    bd_vk_buffer_finish(session->vk, &session->looks);
    for (uint32_t i = 0; i < BD_COUNT(session->sizes); i++) {
        bd_network_finish(&session->sizes[i]);
    }
}

/* Logits of a network lie at step * input + origin. */
static void grid(const bd_network *network, int axis, double *step, double *origin) {
    int32_t logits = network->logits_shape.dims[axis];
    int32_t input = network->preprocess.shape.dims[axis];
    *step = (double)logits / (double)input;
    *origin = network->upsampling == BD_UPSAMPLING_CENTERS ? 0.5 * *step - 0.5 : 0.0;
    if (network->upsampling == BD_UPSAMPLING_CORNERS) {
        *step = input > 1 ? (double)(logits - 1) / (double)(input - 1) : 1.0;
    }
}

/* From the first network's logits to those of a look: by way of the share of the photo's width that lies before. */
static bd_axis_map map_of(const bd_session *session, const bd_network *network, int axis, uint32_t first,
                          uint32_t other, bool flipped) {
    double step0;
    double origin0;
    double step;
    double origin;
    grid(&session->network, axis, &step0, &origin0);
    grid(network, axis, &step, &origin);
    double share = 1.0 / (step0 * (double)first);           /* of the photo, per logit */
    double begin = (0.5 - origin0 / step0) / (double)first; /* at logit 0 */
    double to = flipped ? -1.0 : 1.0;
    double from = flipped ? 1.0 - begin : begin;
    double last = BD_MIN(step * (double)(other - 1) + origin, (double)(network->logits_shape.dims[axis] - 1));
    return (bd_axis_map){.scale = (float)(to * share * (double)other * step),
                         .bias = (float)((from * (double)other - 0.5) * step + origin),
                         .max = (float)BD_MAX(last, 0.0)};
}

static void size_of(const bd_network *network, const bd_image *photo, uint32_t *w, uint32_t *h) {
    const int32_t *input = network->preprocess.shape.dims;
    bd_fit_within(photo->width, photo->height, (uint32_t)input[2], (uint32_t)input[1], w, h);
}

bd_result bd_votes_plan(bd_session *session, const bd_image *photo, bd_error *error) {
    const float box[4] = {0, 0, (float)photo->width, (float)photo->height};
    bd_result result = BD_OK;
    VkDeviceSize most = 0;
    for (uint32_t i = 0; i < session->size_count; i++) {
        uint32_t w;
        uint32_t h;
        size_of(&session->sizes[i], photo, &w, &h);
        most = BD_MAX(most, bd_picture_bytes(w, h));
    }
    if (most) {
        result = bd_frame_reserve(session, &session->looks, most, error);
    }
    for (uint32_t i = 0; i < session->size_count && !result; i++) {
        uint32_t w;
        uint32_t h;
        size_of(&session->sizes[i], photo, &w, &h);
        result = bd_frame_plan_resample(session, "resize photo", BD_RESAMPLE_LANCZOS, 0, &session->photo, photo->width,
                                        photo->height, box, &session->looks, w, h, error);
    }
    return result;
}

static bd_result record_prepare(bd_session *session, const bd_image *photo, uint32_t look, bd_error *error) {
    bd_vk_commands *commands = &session->prepare[look];
    bd_network *network = network_of(session, look);
    uint32_t size = session->flip ? look / 2 : look;
    uint32_t w;
    uint32_t h;
    size_of(network, photo, &w, &h);
    bd_result result = bd_vk_commands_begin(commands, 0, error);
    if (!result && size) {
        result = bd_frame_record_resample(session, commands, &session->resamples[size], error);
    }
    if (!result) {
        bd_vk_dispatch dispatch;
        bd_kernel_preprocess(session->vk, &network->preprocess, network->precision, mirrored(session, look), w, h,
                             &dispatch);
        dispatch.bindings[0].buffer = size ? &session->looks : &session->resized;
        dispatch.bindings[0].bytes = bd_picture_bytes(w, h);
        dispatch.bindings[4] = network->input;
        result = bd_vk_commands_dispatch(commands, &dispatch, error);
        bd_vk_commands_barrier(commands);
    }
    return result ? result : bd_vk_commands_end(commands, error);
}

static bd_result record_collect(bd_session *session, const bd_image *photo, uint32_t look, bd_error *error) {
    bd_vk_commands *commands = &session->collect[look];
    bd_network *network = network_of(session, look);
    const int32_t *out = session->network.logits_shape.dims;
    bool flipped = mirrored(session, look);
    uint32_t first_w;
    uint32_t first_h;
    uint32_t w;
    uint32_t h;
    size_of(&session->network, photo, &first_w, &first_h);
    size_of(network, photo, &w, &h);
    bd_axis_map x = map_of(session, network, 2, first_w, w, flipped);
    bd_axis_map y = map_of(session, network, 1, first_h, h, false);
    bd_vk_dispatch dispatch;
    bd_kernel_average(session->vk, &network->logits_shape, (uint32_t)out[2], (uint32_t)out[1], x, y, look,
                      session->look_count, &dispatch);
    bd_vk_binding sum = {.bytes = session->network.logits.bytes, .format = session->network.logits.format};
    dispatch.bindings[0] = network->logits;
    dispatch.bindings[3] = sum;
    dispatch.bindings[3].buffer = &session->votes[(look + 1) % 2];
    dispatch.bindings[4] = sum;
    dispatch.bindings[4].buffer = &session->votes[look % 2];
    bd_result result = bd_vk_commands_begin(commands, 0, error);
    if (!result) {
        result = bd_vk_commands_dispatch(commands, &dispatch, error);
        bd_vk_commands_barrier(commands);
    }
    return result ? result : bd_vk_commands_end(commands, error);
}

bd_result bd_votes_record(bd_session *session, const bd_image *photo, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t look = 0; look < session->look_count && session->look_count > 1 && !result; look++) {
        result = look ? record_prepare(session, photo, look, error) : BD_OK;
        if (!result) {
            result = record_collect(session, photo, look, error);
        }
    }
    return result;
}

uint32_t bd_votes_list(bd_session *session, const bd_vk_commands **list) {
    uint32_t count = 0;
    for (uint32_t look = 0; look < session->look_count; look++) {
        list[count++] = look ? &session->prepare[look] : &session->before;
        list[count++] = &network_of(session, look)->commands;
        list[count++] = &session->collect[look];
    }
    return count;
}

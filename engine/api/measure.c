/* SPDX-License-Identifier: MIT
 * The network by itself, timed: for benchmarks and tuning. */
#include <string.h>

#include "api/session.h"
#include "photo/look.h"

/* Records a frame that makes the network's input of a picture of its size, and writes the picture. */
static bd_result set_input(bd_session *session, const uint8_t *input, bd_error *error) {
    const int32_t *d = session->looks.network.preprocess.shape.dims;
    const bd_size size = {(uint32_t)d[2], (uint32_t)d[1]};
    size_t pixels = (size_t)size.w * size.h;
    uint8_t *rgba = bd_alloc(session->allocator, pixels * 4);
    if (!rgba) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t p = 0; p < pixels; p++) {
        memcpy(rgba + p * 4, input + p * 3, 3);
        rgba[p * 4 + 3] = 255;
    }
    const bd_image picture = {.width = size.w, .height = size.h, .stride_bytes = (ptrdiff_t)size.w * 4, .pixels = rgba};
    bd_recipe *r = bd_session_begin_draft(session, false, error);
    bd_preprocess_add(r, &session->looks.network,
                      bd_recipe_upload(r, "input", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, size), false);
    bd_recipe_stamp(r, "preprocess");
    uint32_t number = 0;
    bd_result result = bd_frames_next(&session->frames, &number, error);
    if (!result) {
        result = bd_frame_prepare(&session->frames, session->frames.ring[number], r, error);
    }
    if (!result) {
        session->input = session->frames.ring[number];
        bd_frame_upload(session->frames.ring[number], &(bd_source){.image = &picture});
    }
    bd_free(session->allocator, rgba);
    return result;
}

/* The input's memory is used again inside the network, so every run needs it anew. */
static bd_result make_input(bd_session *session, bd_error *error) {
    if (!session->input) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no input was given to the network yet");
    }
    bd_result result = bd_frame_submit(&session->frames, session->input, NULL, NULL, error);
    return result ? result : bd_vk_wait(session->vk, session->input->fence, error);
}

static bd_result take_node_timings(bd_session *session, bd_node_timing *nodes, uint32_t *count, bd_error *error) {
    bd_network *network = &session->looks.network;
    uint32_t room = *count;
    size_t stride = room ? nodes->struct_size : 0; /* of the caller's structs, which may be of another age */
    *count = network->step_count;
    double *ms = bd_alloc_array(session->allocator, network->timed.timer_count + 1, sizeof *ms);
    if (!ms) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    bd_result result = bd_vk_commands_times(&network->timed, ms, error);
    for (uint32_t i = 0; i < BD_MIN(room, network->step_count) && !result; i++) {
        const bd_network_step *step = &network->steps[i];
        bd_node_timing node = {.device_ms = ms[i], .multiply_adds = step->multiply_adds, .bytes = step->bytes};
        strncpy(node.node, step->node, sizeof node.node - 1);
        strncpy(node.kernel, step->kernel, sizeof node.kernel - 1);
        for (uint32_t d = 0; d < 4; d++) {
            node.shape[d] = d < step->shape.rank ? (uint32_t)step->shape.dims[d] : 1;
        }
        void *to = (char *)nodes + i * stride;
        memcpy(to, &stride, sizeof stride);
        bd_info_give(to, &node, sizeof node);
    }
    bd_free(session->allocator, ms);
    return result;
}

bd_result bd_session_run_network(bd_session *session, const uint8_t *input, float *logits, double *total_ms,
                                 bd_node_timing *nodes, uint32_t *count, bd_error *error) {
    bd_result result = bd_session_check_idle(session, error);
    if (!result) {
        result = bd_session_need_network(session, NULL, error);
    }
    if (!result && nodes && *count) {
        result = bd_info_check(nodes, "bd_node_timing", error);
    }
    if (result) {
        return result;
    }
    if (input) {
        result = set_input(session, input, error);
    }
    if (!result) {
        result = make_input(session, error);
    }
    if (!result && nodes) {
        result = bd_network_time_steps(&session->looks.network, error);
    }
    const bd_vk_commands *list[] = {nodes ? &session->looks.network.timed : &session->looks.network.commands};
    double start = bd_now_ms();
    if (!result) {
        result = bd_vk_submit(session->vk, list, 1, error);
    }
    if (total_ms) {
        *total_ms = bd_now_ms() - start;
    }
    bd_frames *frames = &session->frames;
    frames->timing_count = 0;
    frames->timed = NULL;
    if (!result && nodes) {
        result = take_node_timings(session, nodes, count, error);
    } else if (!result && session->looks.network.commands.timer_count == 1) {
        frames->timings[0] = (bd_timing){.name = "network", .device = true};
        result = bd_vk_commands_times(&session->looks.network.commands, &frames->timings[0].ms, error);
        frames->timing_count = !result;
    }
    if (!result && logits) {
        result = bd_network_read_logits(&session->looks.network, &session->looks.network.logits, logits, error);
    }
    return result;
}

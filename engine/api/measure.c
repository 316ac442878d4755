/* SPDX-License-Identifier: MIT
 * The network by itself, timed: for benchmarks and tuning. */
#include <string.h>

#include "api/session.h"

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
    bd_result result = bd_frame_begin(session, false, error);
    if (!result) {
        result = bd_frame_reserve(session, &session->resized, pixels * 4, error);
    }
    if (!result) {
        bd_frame_add_picture(session, &session->resized, w, h, false);
        result = bd_frame_record_uploads(session, error);
    }
    if (!result) {
        result = bd_frame_record_preprocess(session, &session->resized, w, h, error);
    }
    if (!result) {
        result = bd_vk_commands_end(&session->before, error);
    }
    if (!result) {
        bd_frame_bring(session, &session->pictures[0], &(bd_frame_picture){.image = &picture});
    }
    session->input_recorded = !result;
    session->generation = session->generation_now;
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
    bd_result result = bd_session_check_idle(session, error);
    if (!result) {
        result = bd_session_need_network(session, error);
    }
    if (result) {
        return result;
    }
    if (input) {
        result = set_input(session, input, error);
    } else if (!session->input_recorded || session->generation != session->generation_now) {
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
        result = bd_network_read_logits(&session->network, &session->network.logits, logits, error);
    }
    return result;
}

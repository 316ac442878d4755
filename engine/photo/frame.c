/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "photo/recorder.h"

static VkDeviceSize align(VkDeviceSize bytes) {
    return (bytes + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

bd_result bd_frame_make(bd_session *session, bd_error *error) {
    bd_vk *vk = session->vk;
    if (session->fence) {
        return BD_OK;
    }
    bd_result result = bd_vk_commands_init(vk, &session->before, BD_FRAME_MAX_TIMINGS / 2, error);
    if (!result) {
        result = bd_vk_commands_init(vk, &session->after, BD_FRAME_MAX_TIMINGS / 2, error);
    }
    if (!result) {
        result = bd_votes_make(session, error);
    }
    if (!result) {
        const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
        VkFence fence;
        result = bd_vk_check(vk, vk->api.vkCreateFence(vk->device, &info, NULL, &fence), "vkCreateFence", error);
        session->fence = result ? VK_NULL_HANDLE : fence;
    }
    if (result) {
        bd_frame_finish(session);
    }
    return result;
}

void bd_frame_finish(bd_session *session) {
    bd_frame_forget(session);
    bd_vk_commands_finish(&session->before);
    bd_vk_commands_finish(&session->after);
    for (uint32_t i = 0; i < BD_COUNT(session->prepare); i++) {
        bd_vk_commands_finish(&session->prepare[i]);
        bd_vk_commands_finish(&session->collect[i]);
    }
    bd_vk_buffer *buffers[] = {&session->staging,    &session->tables, &session->photo,   &session->photo16,
                               &session->background, &session->result, &session->download};
    for (uint32_t i = 0; i < BD_COUNT(buffers); i++) {
        bd_vk_buffer_finish(session->vk, buffers[i]);
    }
    if (session->fence) {
        session->vk->api.vkDestroyFence(session->vk->device, session->fence, NULL);
    }
    bd_free(session->allocator, session->profile);
    session->frame = (bd_frame){.fence = VK_NULL_HANDLE};
}

/* Pointers to the frame's buffers stay good: they come to mean the other frame's, as its own do. */
void bd_frame_swap(bd_session *session) {
    bd_frame kept = session->frame;
    session->frame = session->other;
    session->other = kept;
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

void bd_frame_forget(bd_session *session) {
    for (uint32_t i = 0; i < session->resample_count; i++) {
        bd_resample_table_finish(&session->resamples[i].x);
        bd_resample_table_finish(&session->resamples[i].y);
    }
    session->resample_count = 0;
    session->picture_count = 0;
    session->recorded.call = BD_FRAME_NONE;
    session->input_recorded = false;
    session->skip_network = false;
    session->seen_w = 0;
}

bool bd_frame_is_recorded(const bd_session *session, const bd_frame_key *key) {
    return session->generation == session->generation_now &&
           !memcmp((const unsigned char *)key, (const unsigned char *)&session->recorded, sizeof *key);
}

bd_result bd_frame_begin(bd_session *session, bool deep, bd_error *error) {
    bd_result result = session->in_flight ? bd_vk_wait(session->vk, session->other.fence, error) : BD_OK;
    bd_frame_forget(session);
    session->deep = deep;
    if (!result) {
        result = bd_vk_commands_begin(&session->before, 0, error);
    }
    if (!result) {
        result = bd_vk_commands_begin(&session->after, 0, error);
    }
    return result;
}

bd_result bd_frame_reserve(bd_session *session, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_error *error) {
    session->generation_now += buffer->buffer && buffer->bytes < bytes;
    return bd_vk_buffer_reserve(session->vk, buffer, bytes, BD_VK_MEMORY_DEVICE, error);
}

static bd_result plan_axis(bd_session *session, bd_resample_filter filter, float sigma, uint32_t in, float box0,
                           float box1, uint32_t out, bd_resample_table *table, bd_error *error) {
    bool same = in == out && box0 == 0.0f && box1 == (float)in && filter != BD_RESAMPLE_GAUSSIAN;
    if (same) {
        return BD_OK;
    }
    return bd_resample_table_init(table, session->allocator, filter, (int32_t)in, box0, box1, (int32_t)out, sigma,
                                  error);
}

bd_result bd_frame_plan_resample(bd_session *session, const char *label, bd_resample_filter filter, float sigma,
                                 const bd_vk_buffer *src, uint32_t src_w, uint32_t src_h, const float box[4],
                                 const bd_vk_buffer *dst, uint32_t dst_w, uint32_t dst_h, bd_error *error) {
    bd_frame_resample *r = &session->resamples[session->resample_count++];
    *r = (bd_frame_resample){.src = src,
                             .dst = dst,
                             .src_w = src_w,
                             .src_h = src_h,
                             .dst_w = dst_w,
                             .dst_h = dst_h,
                             .row_count = src_h,
                             .deep = session->deep && src != &session->photo,
                             .label = label};
    bd_result result = plan_axis(session, filter, sigma, src_w, box[0], box[2], dst_w, &r->x, error);
    if (!result) {
        result = plan_axis(session, filter, sigma, src_h, box[1], box[3], dst_h, &r->y, error);
    }
    if (result) {
        return result;
    }
    if (r->y.out && filter != BD_RESAMPLE_REPEAT) {
        /* Pillow filters only the rows that the vertical pass will read. */
        const int32_t *last = r->y.bounds + 2 * (size_t)(r->y.out - 1);
        r->first_row = (uint32_t)r->y.bounds[0];
        r->row_count = (uint32_t)(last[0] + last[1]) - r->first_row;
    }
    if (r->x.out && r->y.out) {
        result =
            bd_frame_reserve(session, &session->rows, (VkDeviceSize)dst_w * r->row_count * (r->deep ? 8 : 4), error);
    }
    return result;
}

static const bd_resample_table *axis_table(const bd_frame_resample *r, uint32_t axis) {
    return axis ? &r->y : &r->x;
}

static size_t coefficient_bytes(const bd_resample_table *table) {
    return (size_t)table->out * (size_t)table->taps * sizeof(int32_t);
}

static size_t bound_bytes(const bd_resample_table *table) {
    return (size_t)table->out * 2 * sizeof(int32_t);
}

static char *place(const bd_session *session, const bd_frame_upload *upload) {
    return upload->to->mapped ? (char *)upload->to->mapped + upload->offset
                              : (char *)session->staging.mapped + upload->staged_at;
}

/* Lays out the tables of all resamplings and lists them as uploads; returns how many. */
static uint32_t list_tables(bd_session *session, bd_frame_upload *uploads, const int32_t **data, VkDeviceSize *total) {
    uint32_t count = 0;
    *total = 0;
    for (uint32_t i = 0; i < session->resample_count * 2; i++) {
        bd_frame_resample *r = &session->resamples[i / 2];
        const bd_resample_table *table = axis_table(r, i % 2);
        if (!table->out) {
            continue;
        }
        const size_t bytes[2] = {coefficient_bytes(table), bound_bytes(table)};
        data[count] = table->coefficients;
        data[count + 1] = table->bounds;
        for (uint32_t part = 0; part < 2; part++) {
            r->offsets[i % 2][part] = *total;
            uploads[count++] =
                (bd_frame_upload){.row_bytes = bytes[part], .rows = 1, .to = &session->tables, .offset = *total};
            *total += align(bytes[part]);
        }
    }
    return count;
}

void bd_frame_add_picture(bd_session *session, const bd_vk_buffer *to, uint32_t w, uint32_t h, bool deep) {
    session->pictures[session->picture_count++] =
        (bd_frame_upload){.row_bytes = (size_t)w * (deep ? 8 : 4), .rows = h, .to = to, .deep = deep};
}

bd_result bd_frame_record_uploads(bd_session *session, bd_error *error) {
    enum { TABLES = BD_FRAME_MAX_RESAMPLES * 4 };
    bd_frame_upload tables[TABLES];
    const int32_t *data[TABLES];
    bd_frame_upload *all[TABLES + BD_FRAME_MAX_PICTURES];
    VkDeviceSize table_bytes;
    uint32_t table_count = list_tables(session, tables, data, &table_bytes);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table_count; i++) {
        all[count++] = &tables[i];
    }
    for (uint32_t i = 0; i < session->picture_count; i++) {
        all[count++] = &session->pictures[i];
    }
    bd_result result = bd_frame_reserve(session, &session->tables, table_bytes, error);
    VkDeviceSize staged = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!all[i]->to->mapped) {
            all[i]->staged_at = staged;
            staged += align(all[i]->row_bytes * all[i]->rows);
        }
    }
    if (!result && staged) {
        result = bd_vk_buffer_reserve(session->vk, &session->staging, staged, BD_VK_MEMORY_UPLOAD, error);
    }
    if (result) {
        return result;
    }
    for (uint32_t i = 0; i < count; i++) {
        const bd_frame_upload *upload = all[i];
        if (i < table_count) {
            memcpy(place(session, upload), data[i], upload->row_bytes);
        }
        if (!upload->to->mapped) {
            bd_vk_commands_copy(&session->before, &session->staging, upload->staged_at, upload->to, upload->offset,
                                upload->row_bytes * upload->rows);
        }
    }
    /* What follows writes to buffers that the photo before this one may still be read from. */
    bd_vk_commands_barrier(&session->before);
    if (staged) {
        bd_vk_commands_stamp(&session->before, "upload");
    }
    return BD_OK;
}

/* One pass, in bands of output rows that the device can bind. */
static bd_result record_pass(bd_session *session, bd_vk_commands *commands, const bd_frame_resample *r, bool horizontal,
                             const bd_vk_buffer *src, uint32_t src_w, uint32_t src_h, const bd_vk_buffer *dst,
                             uint32_t dst_w, uint32_t dst_h, uint32_t first_row, bd_error *error) {
    const bd_resample_table *table = axis_table(r, !horizontal);
    const VkDeviceSize *offsets = r->offsets[!horizontal];
    uint32_t band = bd_band(session, dst_w, dst_h, 1);
    VkDeviceSize pixel = r->deep ? 8 : 4;
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < dst_h && !result; y += band) {
        uint32_t rows = BD_MIN(band, dst_h - y);
        /* Columns share their table, each row has its part of it: bands begin at multiples of 64 rows. */
        VkDeviceSize skipped = horizontal ? 0 : y;
        VkDeviceSize used = horizontal ? (VkDeviceSize)table->out : rows;
        bd_vk_dispatch dispatch;
        bd_kernel_resample(session->vk, horizontal, src_w, src_h, dst_w, rows, (uint32_t)table->taps,
                           first_row + (horizontal ? y : 0), &dispatch);
        if (r->deep) {
            bd_kernel_deepen(&dispatch);
        }
        dispatch.bindings[0].buffer = src;
        dispatch.bindings[0].bytes = pixel * src_w * src_h;
        dispatch.bindings[1].buffer = &session->tables;
        dispatch.bindings[1].offset = offsets[0] + skipped * (VkDeviceSize)table->taps * sizeof(int32_t);
        dispatch.bindings[1].bytes = used * (VkDeviceSize)table->taps * sizeof(int32_t);
        dispatch.bindings[2].buffer = &session->tables;
        dispatch.bindings[2].offset = offsets[1] + skipped * 2 * sizeof(int32_t);
        dispatch.bindings[2].bytes = used * 2 * sizeof(int32_t);
        dispatch.bindings[4].buffer = dst;
        dispatch.bindings[4].offset = pixel * dst_w * y;
        dispatch.bindings[4].bytes = pixel * dst_w * rows;
        result = bd_vk_commands_dispatch(commands, &dispatch, error);
    }
    bd_vk_commands_barrier(commands);
    return result;
}

bd_result bd_frame_record_resample(bd_session *session, bd_vk_commands *commands, const bd_frame_resample *r,
                                   bd_error *error) {
    bd_result result = BD_OK;
    if (r->x.out && r->y.out) {
        result = record_pass(session, commands, r, true, r->src, r->src_w, r->src_h, &session->rows, r->dst_w,
                             r->row_count, r->first_row, error);
        if (!result) {
            result = record_pass(session, commands, r, false, &session->rows, r->dst_w, r->row_count, r->dst, r->dst_w,
                                 r->dst_h, r->first_row, error);
        }
    } else if (r->x.out) {
        result =
            record_pass(session, commands, r, true, r->src, r->src_w, r->src_h, r->dst, r->dst_w, r->dst_h, 0, error);
    } else if (r->y.out) {
        result =
            record_pass(session, commands, r, false, r->src, r->src_w, r->src_h, r->dst, r->dst_w, r->dst_h, 0, error);
    } else if (r->src != r->dst) {
        bd_vk_commands_copy(commands, r->src, 0, r->dst, 0, (VkDeviceSize)r->src_w * r->src_h * (r->deep ? 8 : 4));
        bd_vk_commands_barrier(commands);
    }
    bd_vk_commands_stamp(commands, r->label);
    return result;
}

bd_result bd_frame_record_narrow(bd_session *session, uint32_t w, uint32_t h, bd_error *error) {
    uint32_t band = bd_band(session, w, h, 1);
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < h && !result; y += band) {
        uint32_t rows = BD_MIN(band, h - y);
        bd_vk_dispatch dispatch;
        bd_kernel_narrow(session->vk, w, rows, &dispatch);
        dispatch.bindings[0].buffer = &session->photo16;
        dispatch.bindings[0].offset = bd_pixels_bytes(session, w, y);
        dispatch.bindings[0].bytes = bd_pixels_bytes(session, w, rows);
        dispatch.bindings[4].buffer = &session->photo;
        dispatch.bindings[4].offset = bd_picture_bytes(w, y);
        dispatch.bindings[4].bytes = bd_picture_bytes(w, rows);
        result = bd_vk_commands_dispatch(&session->before, &dispatch, error);
    }
    bd_vk_commands_barrier(&session->before);
    bd_vk_commands_stamp(&session->before, "narrow");
    return result;
}

bd_result bd_frame_record_preprocess(bd_session *session, const bd_vk_buffer *photo, uint32_t w, uint32_t h,
                                     bd_error *error) {
    bd_vk_dispatch dispatch;
    bd_kernel_preprocess(session->vk, &session->network.preprocess, session->network.precision, false, w, h, &dispatch);
    dispatch.bindings[0].buffer = photo;
    dispatch.bindings[0].bytes = (VkDeviceSize)w * h * 4;
    dispatch.bindings[4] = session->network.input;
    bd_result result = bd_vk_commands_dispatch(&session->before, &dispatch, error);
    bd_vk_commands_barrier(&session->before);
    bd_vk_commands_stamp(&session->before, "preprocess");
    return result;
}

static bd_result take_timings(bd_session *session, bd_vk_commands *commands, bd_error *error) {
    double ms[BD_FRAME_MAX_TIMINGS];
    bd_result result = bd_vk_commands_times(commands, ms, error);
    for (uint32_t i = 0; i < commands->timer_count && session->timing_count < BD_FRAME_MAX_TIMINGS && !result; i++) {
        bd_timing *timing = &session->timings[session->timing_count++];
        snprintf(timing->name, sizeof timing->name, "%s", commands->labels[i]);
        timing->ms = ms[i];
        timing->device = true;
    }
    return result;
}

bd_result bd_frame_end(bd_session *session, const bd_frame_key *key, VkDeviceSize result_bytes, bd_error *error) {
    if (!session->result.mapped) {
        bd_result result =
            bd_vk_buffer_reserve(session->vk, &session->download, result_bytes, BD_VK_MEMORY_DOWNLOAD, error);
        if (result) {
            return result;
        }
        bd_vk_commands_barrier(&session->after);
        bd_vk_commands_copy(&session->after, &session->result, 0, &session->download, 0, result_bytes);
        bd_vk_commands_stamp(&session->after, "download");
    }
    bd_vk_commands_barrier_host(&session->after);
    bd_result result = bd_vk_commands_end(&session->before, error);
    if (!result) {
        result = bd_vk_commands_end(&session->after, error);
    }
    if (!result) {
        session->recorded = *key;
        session->generation = session->generation_now;
        session->result_bytes = result_bytes;
    }
    return result;
}

static void premultiply(uint8_t *row, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 4) {
        for (size_t c = 0; c < 3; c++) {
            row[i + c] = (uint8_t)((row[i + c] * row[i + 3] * 2u + 255u) / 510u);
        }
    }
}

static void premultiply16(uint16_t *row, size_t bytes) {
    for (size_t i = 0; i < bytes / 2; i += 4) {
        for (size_t c = 0; c < 3; c++) {
            row[i + c] = (uint16_t)(((uint64_t)row[i + c] * row[i + 3] * 2u + 65535u) / 131070u);
        }
    }
}

/* `count` numbers, of u8 or u16 on either side. */
static void change_depth(const uint8_t *from, bool from_deep, void *to, bool to_deep, size_t count) {
    uint8_t *bytes = to;
    uint16_t *words = to;
    if (from_deep == to_deep) {
        memcpy(to, from, count * (to_deep ? 2 : 1));
        return;
    }
    for (size_t i = 0; i < count && to_deep; i++) {
        words[i] = (uint16_t)(from[i] * 257u);
    }
    for (size_t i = 0; i < count && !to_deep; i++) {
        uint16_t value;
        memcpy(&value, from + 2 * i, sizeof value);
        bytes[i] = (uint8_t)((value * 255u + 32895u) >> 16);
    }
}

void bd_frame_bring(const bd_session *session, const bd_frame_upload *upload, const bd_frame_picture *picture) {
    char *to = place(session, upload);
    const bd_image *image = picture->image;
    bool deep = image->format == BD_FORMAT_RGBA16;
    if (image->stride_bytes == upload->row_bytes && deep == upload->deep && !picture->color && !upload->premultiply) {
        memcpy(to, image->pixels, upload->row_bytes * upload->rows);
        return;
    }
    for (uint32_t y = 0; y < upload->rows; y++, to += upload->row_bytes) {
        const uint8_t *from = image->pixels + y * image->stride_bytes;
        if (picture->color) {
            bd_color_pixels(picture->color, from, to, image->width);
        } else {
            change_depth(from, deep, to, upload->deep, (size_t)image->width * 4);
        }
        if (upload->premultiply && upload->deep) {
            premultiply16((uint16_t *)(void *)to, upload->row_bytes);
        } else if (upload->premultiply) {
            premultiply((uint8_t *)to, upload->row_bytes);
        }
    }
}

bd_result bd_frame_submit(bd_session *session, const bd_frame_picture *pictures, bd_error *error) {
    for (uint32_t i = 0; i < session->picture_count; i++) {
        bd_frame_bring(session, &session->pictures[i], &pictures[i]);
    }
    const bd_vk_commands *list[3 * BD_SESSION_MOST_LOOKS + 1];
    _Static_assert(BD_COUNT(list) <= BD_VK_MOST_SUBMITTED, "one submission");
    uint32_t count = 0;
    if (!session->skip_network && session->look_count > 1) {
        count = bd_votes_list(session, list);
    } else {
        list[count++] = &session->before;
        if (!session->skip_network) {
            list[count++] = &session->network.commands;
        }
    }
    list[count++] = &session->after;
    session->submission = ++session->submissions;
    session->submitted_ms = bd_now_ms();
    return bd_vk_submit_only(session->vk, list, count, session->fence, error);
}

bd_result bd_frame_wait(bd_session *session, const void **result_data, bd_error *error) {
    session->timing_count = 0;
    bd_result result = bd_vk_wait(session->vk, session->fence, error);
    double wall = bd_now_ms() - session->submitted_ms;
    bd_vk_commands *all[] = {&session->before, &session->network.commands, &session->after};
    for (uint32_t i = 0; i < BD_COUNT(all) && !result; i++) {
        bool timed = i != 1 || (!session->skip_network && session->submission == session->submissions);
        result = timed ? take_timings(session, all[i], error) : BD_OK;
    }
    if (!result && session->timing_count < BD_FRAME_MAX_TIMINGS) {
        bd_timing *timing = &session->timings[session->timing_count++];
        *timing = (bd_timing){.name = "submit to completion", .ms = wall};
    }
    *result_data = session->result.mapped ? session->result.mapped : session->download.mapped;
    return result;
}

bd_result bd_frame_run(bd_session *session, const bd_frame_picture *pictures, const void **result_data,
                       bd_error *error) {
    bd_result result = bd_frame_submit(session, pictures, error);
    return result ? result : bd_frame_wait(session, result_data, error);
}

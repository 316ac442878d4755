/* SPDX-License-Identifier: MIT
 * Labels every pixel of a photo. */
#include <string.h>

#include "image/image.h"
#include "session.h"

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
    const bd_vk_binding from = bd_session_logits(session);
    return bd_network_read_logits(&session->network, &from, result->logits, error);
}

static void map_size(const bd_session *session, const bd_image *photo, bd_map_size wanted, uint32_t *w, uint32_t *h) {
    *w = photo->width;
    *h = photo->height;
    if (wanted == BD_MAP_RESIZED) {
        bd_session_photo_size(session, photo, w, h);
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
        result = bd_session_plan_input(session, photo, true, &w, &h, error);
    }
    if (!result) {
        result = bd_frame_reserve(session, &session->result, bytes, error);
    }
    if (!result) {
        result = bd_frame_record_uploads(session, error);
    }
    if (!result) {
        result = bd_session_record_photo(session, photo, w, h, error);
    }
    if (!result) {
        bd_axis_map x = bd_session_axis_map(session, 2, w, map_w);
        bd_axis_map y = bd_session_axis_map(session, 1, h, map_h);
        bd_vk_dispatch dispatch;
        bd_kernel_labels(session->vk, &session->network.logits_shape, map_w, map_h, x, y, &dispatch);
        dispatch.bindings[0] = bd_session_logits(session);
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
    bd_result code = bd_session_check_idle(session, error);
    if (!code) {
        code = bd_session_check_picture(photo, "photo", error);
    }
    if (!code) {
        code = bd_session_need_network(session, error);
    }
    if (code) {
        return code;
    }
    key.call = BD_FRAME_SEGMENT;
    key.photo_w = photo->width;
    key.photo_h = photo->height;
    bd_session_report(session, "segment");
    if (!bd_frame_is_recorded(session, &key)) {
        code = record_segment(session, photo, &key, error);
    }
    const void *labels = NULL;
    if (!code) {
        code = bd_frame_run(session, &(bd_frame_picture){.image = photo}, &labels, error);
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

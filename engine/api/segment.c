/* SPDX-License-Identifier: MIT
 * Labels every pixel of a photo. */
#include <string.h>

#include "image/image.h"
#include "api/session.h"

static bd_result take_map(bd_session *session, const uint8_t *rows, uint32_t w, uint32_t h, bd_image *labels,
                          bd_error *error) {
    bd_result code = bd_image_create(session->allocator, "labels", w, h, BD_FORMAT_GRAY8, labels, error);
    for (uint32_t y = 0; y < h && !code; y++) {
        memcpy(labels->pixels + y * labels->stride_bytes, rows + y * bd_labels_bytes(w, 1), w);
    }
    return code;
}

static void count_labels(bd_segmentation *result) {
    for (uint32_t y = 0; y < result->labels.height; y++) {
        const uint8_t *row = result->labels.pixels + y * result->labels.stride_bytes;
        for (uint32_t x = 0; x < result->labels.width; x++) {
            result->pixels_of_class[row[x]]++;
        }
    }
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

/* The map of the photo's size lies behind the other. */
static VkDeviceSize second_at(uint32_t w, uint32_t h) {
    return (bd_labels_bytes(w, h) + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
}

static bd_result record_segment(bd_session *session, const bd_image *photo, const bd_frame_key *key, bd_error *error) {
    uint32_t w = 0;
    uint32_t h = 0;
    uint32_t map_w = 0;
    uint32_t map_h = 0;
    map_size(session, photo, key->segment.map_size, &map_w, &map_h);
    VkDeviceSize second = second_at(map_w, map_h), bytes = bd_labels_bytes(map_w, map_h);
    if (key->segment.want_photo_labels) {
        bytes = second + bd_labels_bytes(photo->width, photo->height);
    }
    bd_result result = bd_frame_begin(session, false, error);
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
        result = bd_session_record_labels(session, w, h, map_w, map_h, 0, error);
    }
    if (!result && key->segment.want_photo_labels) {
        result = bd_session_record_labels(session, w, h, photo->width, photo->height, second, error);
    }
    bd_vk_commands_stamp(&session->after, "labels");
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
        code = take_map(session, labels, map_w, map_h, &result->labels, error);
        if (!code && key.segment.want_photo_labels) {
            code = take_map(session, (const uint8_t *)labels + second_at(map_w, map_h), photo->width, photo->height,
                            &result->photo_labels, error);
        }
    }
    result->class_count = (uint32_t)session->network.logits_shape.dims[3];
    result->logits_width = (uint32_t)session->network.logits_shape.dims[2];
    result->logits_height = (uint32_t)session->network.logits_shape.dims[1];
    if (!code && key.segment.want_logits) {
        code = take_logits(session, result, error);
    }
    if (code) {
        bd_segmentation_finish(result);
        return code;
    }
    count_labels(result);
    session->seen =
        (bd_seen){.class_count = result->class_count, .points = (uint64_t)result->labels.width * result->labels.height};
    memcpy(session->seen.points_of_class, result->pixels_of_class, sizeof session->seen.points_of_class);
    return BD_OK;
}

void bd_segmentation_finish(bd_segmentation *result) {
    if (!result) {
        return;
    }
    bd_image_finish(&result->labels);
    bd_image_finish(&result->photo_labels);
    if (result->owner) {
        /* The block holds its own allocator: copy that before it goes. */
        bd_allocator *memory = (bd_allocator *)(void *)result->logits - 1;
        bd_allocator allocator = *memory;
        bd_free(allocator.release ? &allocator : NULL, memory);
    }
    *result = (bd_segmentation){0};
}

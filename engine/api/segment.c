/* SPDX-License-Identifier: MIT
 * Labels every pixel of a photo. */
#include <string.h>

#include "api/check.h"
#include "api/session.h"
#include "photo/labels.h"
#include "photo/look.h"

/* Numbers for bd_frame_result. */
typedef struct results {
    uint32_t map, photo_map;
} results;

/* The photo's labels, on the grid of the resized photo or of the photo, and on the latter as well where wanted. */
static results draft_segment(bd_session *session, const bd_image *photo, const bd_segment_params *params,
                             bd_error *error) {
    results to = {0};
    bd_recipe *r = bd_session_begin_draft(session, false, error);
    const bd_size size = {photo->width, photo->height};
    bd_slot picture = bd_recipe_upload(r, "photo", BD_UPLOAD_PICTURE, BD_SLOT_PICTURE, size);
    bd_slot small = bd_look_resize(r, &session->looks.network, picture);
    const bd_size resized = bd_recipe_size(r, small);
    bd_slot logits = bd_look_add(r, &session->looks, picture, small, false);
    bd_slot map =
        bd_labels_add(r, &session->looks, logits, resized, params->map_size == BD_MAP_RESIZED ? resized : size);
    to.map = bd_recipe_return(r, map);
    if (params->want_photo_labels) {
        to.photo_map = bd_recipe_return(r, bd_labels_add(r, &session->looks, logits, resized, size));
    }
    bd_recipe_stamp(r, "labels");
    return to;
}

static bd_result take_map(const bd_session *session, const bd_frame *frame, uint32_t number, bd_image *labels,
                          bd_error *error) {
    const bd_slot_shape shape = bd_frame_result_shape(frame, number);
    const uint8_t *rows = bd_frame_result(frame, number);
    bd_result code =
        bd_image_make_room(session->allocator, "map of labels", shape.w, shape.h, BD_FORMAT_GRAY8, labels, error);
    if (!code && labels->format != BD_FORMAT_GRAY8) {
        code = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "labels need an image of one byte per pixel");
    }
    if (!code) {
        bd_rows_store_gray(rows, (size_t)bd_slot_row_bytes(&shape), false, labels);
    }
    return code;
}

static bd_result take_logits(bd_session *session, bd_segmentation *result, bd_error *error) {
    const int32_t *d = session->looks.network.logits_shape.dims;
    size_t elements = (size_t)d[1] * (size_t)d[2] * (size_t)d[3];
    /* In front of the values lies the allocator that bd_segmentation_finish needs. */
    bd_allocator *memory = bd_alloc(session->allocator, sizeof *memory + elements * sizeof(float));
    if (!memory) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    *memory = session->allocator ? *session->allocator : (bd_allocator){0};
    result->owner = memory;
    result->logits = (float *)(void *)(memory + 1);
    const bd_vk_binding from = bd_looks_logits(&session->looks);
    return bd_network_read_logits(&session->looks.network, &from, result->logits, error);
}

static bd_result take_segmentation(bd_session *session, const bd_frame *frame, const results *at,
                                   const bd_segment_params *params, bd_segmentation *result, bd_error *error) {
    const int32_t *logits = session->looks.network.logits_shape.dims;
    result->class_count = (uint32_t)logits[3];
    result->logits_width = (uint32_t)logits[2];
    result->logits_height = (uint32_t)logits[1];
    bd_result code = take_map(session, frame, at->map, &result->labels, error);
    if (!code && params->want_photo_labels) {
        code = take_map(session, frame, at->photo_map, &result->photo_labels, error);
    }
    if (!code && params->want_logits) {
        code = take_logits(session, result, error);
    }
    if (!code) {
        bd_session_take_seen(session, frame, &at->map);
        memcpy(result->pixels_of_class, session->seen.points_of_class, sizeof result->pixels_of_class);
    }
    return code;
}

/* has_room: the caller's struct has photo_labels. */
static bd_result segment(bd_session *session, const bd_image *photo, const bd_segment_params *params, bool has_room,
                         bd_segmentation *result, bd_error *error) {
    bd_segment_params copy;
    bd_result code = BD_PARAMS_READ(&copy, params, bd_segment_params, error);
    if (!code && (unsigned)copy.map_size > BD_MAP_PHOTO) {
        code = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d is no size of a map", (int)copy.map_size);
    }
    if (!code && copy.want_photo_labels && !has_room) {
        code = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "bd_segmentation has no room for the photo's labels");
    }
    if (!code) {
        code = bd_session_check_idle(session, error);
    }
    if (!code) {
        code = bd_check_picture(photo, "photo", error);
    }
    if (!code) {
        code = bd_session_need_network(session, NULL, error);
    }
    if (!code) {
        code = bd_session_begin_stage(session, "segment", error);
    }
    if (code) {
        return code;
    }
    const results at = draft_segment(session, photo, &copy, error);
    const bd_frame *frame = NULL;
    code = bd_session_run_draft(session, &(bd_source){.image = photo}, &frame, error);
    if (!code) {
        code = take_segmentation(session, frame, &at, &copy, result, error);
    }
    return code;
}

bd_result bd_session_segment(bd_session *session, const bd_image *photo, const bd_segment_params *params,
                             bd_segmentation *result, bd_error *error) {
    bd_segmentation given;
    bd_result code = BD_PARAMS_READ(&given, result, bd_segmentation, error);
    if (code) {
        return code;
    }
    /* Where maps go is the caller's; all else that the struct holds is released or forgotten. */
    bd_segmentation all = {.struct_size = sizeof all, .labels = given.labels, .photo_labels = given.photo_labels};
    const bool has_room = given.struct_size >= sizeof all;
    given.struct_size = sizeof given;
    given.labels = given.photo_labels = (bd_image){0};
    bd_segmentation_finish(&given);
    const bd_image labels = all.labels, photo_labels = all.photo_labels;
    code = segment(session, photo, params, has_room, &all, error);
    if (code) {
        bd_segmentation_finish(&all);
        all.labels = labels.owner ? all.labels : labels;
        all.photo_labels = photo_labels.owner ? all.photo_labels : photo_labels;
    }
    bd_info_give(result, &all, sizeof all);
    return code;
}

void bd_segmentation_finish(bd_segmentation *result) {
    bd_segmentation all;
    if (!result || BD_PARAMS_READ(&all, result, bd_segmentation, NULL)) {
        return;
    }
    bd_image_finish(&all.labels);
    bd_image_finish(&all.photo_labels);
    if (all.owner) {
        /* The block holds its own allocator: copy that before it goes. */
        bd_allocator *memory = (bd_allocator *)(void *)all.logits - 1;
        bd_allocator allocator = *memory;
        bd_free(allocator.release ? &allocator : NULL, memory);
    }
    bd_info_give(result, &(bd_segmentation){0}, sizeof all);
}

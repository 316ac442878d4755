/* SPDX-License-Identifier: MIT
 * The matte of a photo by itself. */
#include <string.h>

#include "image/image.h"
#include "photo/recorder.h"
#include "api/session.h"
#include "photo/components.h"

static VkDeviceSize packed_bytes(bd_matte_size size, bool wide) {
    return bd_plane_bytes(size) / (wide ? 2 : 4); /* a pixel of the plane takes four bytes */
}

static bd_result record_pack(bd_session *session, bd_matte_size size, bool wide, bd_error *error) {
    uint32_t band = bd_band(session, size.w, size.h, 1);
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < size.h && !result; y += band) {
        bd_matte_size before = {size.w, y}, part = {size.w, BD_MIN(band, size.h - y)};
        const bd_push_plane push = {.dst_w = (int32_t)part.w, .dst_h = (int32_t)part.h};
        bd_vk_dispatch dispatch;
        bd_kernel_plane(session->vk, BD_KERNEL_PLANE_PACK, &push, wide, false, &dispatch);
        dispatch.bindings[0].buffer = &session->mask;
        dispatch.bindings[0].offset = bd_plane_bytes(before);
        dispatch.bindings[0].bytes = bd_plane_bytes(part);
        dispatch.bindings[4].buffer = &session->result;
        dispatch.bindings[4].offset = packed_bytes(before, wide);
        dispatch.bindings[4].bytes = packed_bytes(part, wide);
        result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    }
    return result;
}

static bd_result take_alpha(bd_session *session, const uint8_t *rows, bd_matte_size size, bool wide, bd_image *alpha,
                            bd_error *error) {
    bd_result result = bd_image_create(session->allocator, "matte", size.w, size.h,
                                       wide ? BD_FORMAT_GRAY16 : BD_FORMAT_GRAY8, alpha, error);
    size_t bytes = wide ? 2 : 1, pitch = (size_t)(size.w + 3) / 4 * 4 * bytes;
    for (size_t y = 0; y < size.h && !result; y++) {
        memcpy(alpha->pixels + y * alpha->stride_bytes, rows + y * pitch, size.w * bytes);
    }
    return result;
}

static bd_result record_matte(bd_session *session, const bd_image *photo, const bd_frame_key *key, bd_matte_plan *plan,
                              bd_error *error) {
    uint32_t w = 0;
    uint32_t h = 0;
    bool network = bd_matte_needs_network(&key->matte);
    const bd_matte_size size = {photo->width, photo->height};
    VkDeviceSize bytes = packed_bytes(size, key->matte.wide);
    VkDeviceSize reported = bd_shape_result_bytes(&key->matte, bytes);
    bd_result result = bd_frame_begin(session, false, error);
    if (!result) {
        result = bd_session_plan_input(session, photo, network, &w, &h, error);
    }
    if (!result) {
        result = bd_matte_plan_init(session, &key->matte, size, (bd_matte_size){w, h}, BD_FOREGROUND_OFF, plan, error);
    }
    if (!result) {
        result = bd_matte_reserve(session, plan, error);
    }
    if (!result && network) {
        reported = bd_seen_plan(session, w, h, reported);
    }
    if (!result) {
        result = bd_frame_reserve(session, &session->result, reported, error);
    }
    if (!result) {
        bd_matte_add_pictures(session, plan);
        result = bd_frame_record_uploads(session, error);
    }
    if (!result && network) {
        result = bd_session_record_photo(session, photo, w, h, error);
    }
    if (!result && network) {
        result = bd_seen_record(session, w, h, error);
    }
    if (!result) {
        result = bd_matte_record(session, plan, error);
    }
    if (!result) {
        result = record_pack(session, size, key->matte.wide, error);
    }
    if (!result) {
        bd_shape_record_found(session, &key->matte, bytes);
    }
    return result ? result : bd_frame_end(session, key, reported, error);
}

bd_result bd_session_matte(bd_session *session, const bd_image *photo, const bd_matte_params *params, bd_image *alpha,
                           bd_error *error) {
    *alpha = (bd_image){0};
    bd_frame_key key;
    memset(&key, 0, sizeof key);
    bd_copy_params(&key.matte, params, sizeof key.matte);
    key.matte.struct_size = sizeof key.matte;
    bd_result code = bd_session_check_idle(session, error);
    if (!code) {
        code = bd_session_check_picture(photo, "photo", error);
    }
    if (!code && bd_matte_needs_network(&key.matte)) {
        code = bd_session_need_network(session, error);
    }
    if (code) {
        return code;
    }
    key.call = BD_FRAME_MATTE;
    key.photo_w = photo->width;
    key.photo_h = photo->height;
    bd_session_report(session, "matte");
    bd_matte_plan plan = {.level_count = 0};
    if (key.matte.coarse || key.matte.trimap || !bd_frame_is_recorded(session, &key)) {
        code = record_matte(session, photo, &key, &plan, error);
    }
    const void *rows = NULL;
    if (!code) {
        bd_image more[BD_MATTE_PICTURES];
        bd_matte_pictures(&plan, more);
        const bd_frame_picture pictures[] = {{.image = photo}, {.image = &more[0]}, {.image = &more[1]}};
        code = bd_frame_run(session, pictures, &rows, error);
    }
    bd_matte_plan_finish(session, &plan);
    const bd_matte_size size = {photo->width, photo->height};
    if (!code) {
        bd_seen_take(session, rows);
        code = bd_shape_check_found(&key.matte, rows, packed_bytes(size, key.matte.wide), error);
    }
    return code ? code : take_alpha(session, rows, size, key.matte.wide, alpha, error);
}

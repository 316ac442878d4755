/* SPDX-License-Identifier: MIT
 * What the caller knows of a matte beforehand: a byte per pixel of the photo. */
#include <string.h>

#include "photo/matte_plan.h"
#include "photo/recorder.h"
#include "api/session.h"

bool bd_trimap_alone(const bd_matte_params *params) {
    return params->trimap && !params->coarse;
}

bd_result bd_trimap_check(const bd_matte_params *params, bd_matte_size photo, bd_error *error) {
    const bd_image *trimap = params->trimap;
    if (!trimap) {
        return BD_OK;
    }
    if (!trimap->pixels || trimap->format != BD_FORMAT_GRAY8 || trimap->stride_bytes < trimap->width) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a trimap has one byte per pixel");
    }
    if (trimap->width != photo.w || trimap->height != photo.h) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "a trimap of %ux%u for a photo of %ux%u: the sizes must be equal", trimap->width, trimap->height,
                       photo.w, photo.h);
    }
    if (params->mode != BD_MATTE_REFINE && params->mode != BD_MATTE_BEST) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a hard or soft matte takes no trimap");
    }
    if (params->keep != BD_KEEP_ALL || params->island_share > 0.0f || params->fill_holes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a trimap says itself which parts are foreground");
    }
    return BD_OK;
}

static uint32_t pitch_of(bd_matte_size size) {
    return (size.w + 3) / 4 * 4;
}

VkDeviceSize bd_trimap_bytes(bd_matte_size size) {
    return (VkDeviceSize)pitch_of(size) * size.h;
}

bd_result bd_trimap_copy(const bd_session *session, bd_matte_plan *plan, bd_error *error) {
    const bd_image *from = plan->params.trimap;
    size_t pitch = pitch_of(plan->photo);
    plan->trimap = bd_alloc_array(session->allocator, pitch, plan->photo.h);
    if (!plan->trimap) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t y = 0; y < plan->photo.h; y++) {
        uint8_t *row = plan->trimap + y * pitch;
        memcpy(row, from->pixels + y * from->stride_bytes, plan->photo.w);
        memset(row + plan->photo.w, 0, pitch - plan->photo.w);
    }
    return BD_OK;
}

bd_result bd_trimap_record_pin(bd_session *session, const bd_matte_plan *plan, const bd_vk_buffer *plane,
                               bd_matte_size size, uint32_t block, float low, bd_error *error) {
    if (!plan->trimap) {
        return BD_OK;
    }
    uint32_t band = bd_band(session, plan->photo.w, plan->photo.h, block);
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        uint32_t rows = BD_MIN(band, plan->photo.h - y), first = y / block;
        const bd_matte_size part = {size.w, (rows + block - 1) / block};
        const bd_push_trimap push = {.src_w = (int32_t)plan->photo.w,
                                     .src_h = (int32_t)rows,
                                     .dst_w = (int32_t)part.w,
                                     .dst_h = (int32_t)part.h,
                                     .block = (int32_t)block,
                                     .low = low};
        bd_vk_dispatch dispatch;
        bd_kernel_trimap(session->vk, &push, &dispatch);
        dispatch.bindings[0].buffer = &session->matte[BD_MATTE_TRIMAP];
        dispatch.bindings[0].offset = bd_trimap_bytes((bd_matte_size){plan->photo.w, y});
        dispatch.bindings[0].bytes = bd_trimap_bytes((bd_matte_size){plan->photo.w, rows});
        dispatch.bindings[4].buffer = plane;
        dispatch.bindings[4].offset = bd_plane_bytes((bd_matte_size){size.w, first});
        dispatch.bindings[4].bytes = bd_plane_bytes(part);
        result = bd_vk_commands_dispatch(&session->after, &dispatch, error);
    }
    bd_vk_commands_barrier(&session->after);
    return result;
}

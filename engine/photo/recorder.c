/* SPDX-License-Identifier: MIT */
#include "photo/recorder.h"

bd_vk_buffer *bd_held(bd_session *session, bd_matte_buffer buffer) {
    return &session->matte[buffer];
}

void bd_bind(bd_vk_dispatch *dispatch, uint32_t slot, const bd_vk_buffer *buffer, VkDeviceSize offset,
             VkDeviceSize bytes) {
    dispatch->bindings[slot].buffer = buffer;
    dispatch->bindings[slot].offset = offset;
    dispatch->bindings[slot].bytes = bytes;
}

void bd_deepen(const bd_session *session, bd_vk_dispatch *dispatch) {
    if (session->deep) {
        bd_kernel_deepen(dispatch);
    }
}

bd_result bd_run(bd_session *session, const bd_vk_dispatch *dispatch, bd_error *error) {
    bd_result result = bd_vk_commands_dispatch(&session->after, dispatch, error);
    bd_vk_commands_barrier(&session->after);
    return result;
}

uint32_t bd_band(const bd_session *session, uint32_t w, uint32_t h, uint32_t unit) {
    uint64_t row = (uint64_t)((w + 3) / 4) * 16; /* of a plane: no picture's is longer, but for one of 16 bits */
    row *= session->deep ? 2 : 1;
    const VkPhysicalDeviceLimits *limits = &session->vk->limits;
    uint64_t limit = BD_MIN((uint64_t)limits->maxStorageBufferRange, (uint64_t)limits->maxTexelBufferElements * 4);
    limit = session->band_bytes ? session->band_bytes : limit;
    uint64_t step = (uint64_t)unit * 64;
    uint64_t rows = limit / row / step * step;
    return (uint32_t)BD_MIN(BD_MAX(rows, step), (uint64_t)h);
}

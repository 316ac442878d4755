/* SPDX-License-Identifier: MIT */
#include "vk/transfer.h"

#include <string.h>

#include "vk/submission.h"

static bd_result copy_now(bd_vk *vk, const bd_vk_buffer *from, VkDeviceSize from_offset, const bd_vk_buffer *to,
                          VkDeviceSize to_offset, size_t bytes, bd_error *error) {
    bd_vk_commands commands;
    bd_result result = bd_vk_commands_init(vk, &commands, 0, error);
    if (!result) {
        result = bd_vk_commands_begin(&commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, error);
    }
    if (!result) {
        bd_vk_commands_barrier(&commands);
        bd_vk_commands_copy(&commands, from, from_offset, to, to_offset, bytes);
        bd_vk_commands_barrier_host(&commands);
        result = bd_vk_commands_end(&commands, error);
    }
    if (!result) {
        const bd_vk_commands *list[] = {&commands};
        result = bd_vk_submit(vk, list, 1, error);
    }
    bd_vk_commands_finish(&commands);
    return result;
}

bd_result bd_vk_buffer_write(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize offset, const void *data, size_t bytes,
                             bd_error *error) {
    if (buffer->mapped) {
        memcpy((char *)buffer->mapped + offset, data, bytes);
        return BD_OK;
    }
    bd_vk_buffer staging;
    bd_result result = bd_vk_buffer_init(vk, &staging, bytes, BD_VK_MEMORY_UPLOAD, error);
    if (!result) {
        memcpy(staging.mapped, data, bytes);
        result = copy_now(vk, &staging, 0, buffer, offset, bytes, error);
    }
    bd_vk_buffer_finish(vk, &staging);
    return result;
}

bd_result bd_vk_buffer_read(bd_vk *vk, const bd_vk_buffer *buffer, VkDeviceSize offset, void *data, size_t bytes,
                            bd_error *error) {
    if (buffer->mapped) {
        memcpy(data, (const char *)buffer->mapped + offset, bytes);
        return BD_OK;
    }
    bd_vk_buffer staging;
    bd_result result = bd_vk_buffer_init(vk, &staging, bytes, BD_VK_MEMORY_DOWNLOAD, error);
    if (!result) {
        result = copy_now(vk, buffer, offset, &staging, 0, bytes, error);
    }
    if (!result) {
        memcpy(data, staging.mapped, bytes);
    }
    bd_vk_buffer_finish(vk, &staging);
    return result;
}

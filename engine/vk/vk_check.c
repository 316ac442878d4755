/* SPDX-License-Identifier: MIT */
#include "vk/vk_check.h"

#include <stdarg.h>
#include <stdio.h>

void bd_vk_log(const bd_vk *vk, bd_log_level level, const char *format, ...) {
    if (!vk->log) {
        return;
    }
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    vk->log(vk->log_user, level, message);
}

static const char *vk_result_name(VkResult result) {
    switch (result) {
#define NAME(r)                                                                                                        \
    case r: return #r
        NAME(VK_SUCCESS);
        NAME(VK_NOT_READY);
        NAME(VK_TIMEOUT);
        NAME(VK_INCOMPLETE);
        NAME(VK_ERROR_OUT_OF_HOST_MEMORY);
        NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY);
        NAME(VK_ERROR_INITIALIZATION_FAILED);
        NAME(VK_ERROR_DEVICE_LOST);
        NAME(VK_ERROR_MEMORY_MAP_FAILED);
        NAME(VK_ERROR_LAYER_NOT_PRESENT);
        NAME(VK_ERROR_EXTENSION_NOT_PRESENT);
        NAME(VK_ERROR_FEATURE_NOT_PRESENT);
        NAME(VK_ERROR_INCOMPATIBLE_DRIVER);
        NAME(VK_ERROR_TOO_MANY_OBJECTS);
        NAME(VK_ERROR_FRAGMENTED_POOL);
        NAME(VK_ERROR_OUT_OF_POOL_MEMORY);
        NAME(VK_ERROR_UNKNOWN);
        NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE);
#undef NAME
    default: return "an unnamed VkResult";
    }
}

bd_result bd_vk_check(bd_vk *vk, VkResult result, const char *what, bd_error *error) {
    if (result == VK_SUCCESS) {
        return BD_OK;
    }
    bd_result code = BD_ERR_DEVICE;
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY: code = BD_ERR_OUT_OF_MEMORY; break;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: code = BD_ERR_OUT_OF_DEVICE_MEMORY; break;
    case VK_ERROR_INCOMPATIBLE_DRIVER: code = BD_ERR_NO_VULKAN; break;
    case VK_ERROR_INVALID_EXTERNAL_HANDLE: code = BD_ERR_INVALID_ARGUMENT; break;
    case VK_ERROR_DEVICE_LOST:
        code = BD_ERR_DEVICE_LOST;
        vk->lost = true;
        break;
    default: break;
    }
    return bd_fail(error, code, "%s%s%s: %s", vk->info.name, vk->info.name[0] ? ": " : "", what,
                   vk_result_name(result));
}

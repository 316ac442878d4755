/* SPDX-License-Identifier: MIT
 * Images and buffers in memory from elsewhere, or for elsewhere. */
#ifndef BD_EXTERNAL_MEMORY_H
#define BD_EXTERNAL_MEMORY_H

#include "vk/context.h"

/* What lies in the memory: an image where the memory is optimal, else a buffer of so many bytes. */
typedef struct bd_vk_external_shape {
    VkFormat format;
    uint32_t width, height;
    VkImageUsageFlags usage;
    VkDeviceSize bytes;
} bd_vk_external_shape;

typedef struct bd_vk_external {
    VkImage image;
    VkBuffer buffer;
    VkDeviceMemory memory;
} bd_vk_external;

/* A descriptor of the caller's is taken, or given in memory->fd, on success only. */
bd_result bd_vk_external_import(bd_vk *vk, const bd_vulkan_memory *memory, const bd_vk_external_shape *shape,
                                bd_vk_external *made, bd_error *error);
bd_result bd_vk_external_export(bd_vk *vk, bd_vulkan_memory *memory, const bd_vk_external_shape *shape,
                                bd_vk_external *made, bd_error *error);
void bd_vk_external_finish(bd_vk *vk, bd_vk_external *made);

#endif

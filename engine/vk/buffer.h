/* SPDX-License-Identifier: MIT
 * Buffers with memory of their own. */
#ifndef BD_VK_BUFFER_H
#define BD_VK_BUFFER_H

#include "vk/context.h"

typedef enum bd_vk_memory {
    BD_VK_MEMORY_DEVICE,  /* shaders read and write; mapped only when vk->unified */
    BD_VK_MEMORY_UPLOAD,  /* host writes, device reads */
    BD_VK_MEMORY_DOWNLOAD /* device writes, host reads (cached) */
} bd_vk_memory;

typedef struct bd_vk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    void *mapped; /* coherent; NULL when the host cannot see it */
} bd_vk_buffer;

/* The first memory type of those allowed, by their bits, that has all that is wanted; UINT32_MAX: there is none. */
uint32_t bd_vk_find_memory_type(const bd_vk *vk, uint32_t allowed, VkMemoryPropertyFlags wanted);
bd_result bd_vk_buffer_init(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_vk_memory memory, bd_error *error);
void bd_vk_buffer_finish(bd_vk *vk, bd_vk_buffer *buffer);
/* Grows to at least bytes; the contents are lost when it grows. The device must be idle. */
bd_result bd_vk_buffer_reserve(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_vk_memory memory,
                               bd_error *error);

#endif

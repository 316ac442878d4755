/* SPDX-License-Identifier: MIT */
#include "vk/buffer.h"

#include "vk/vk_check.h"

/* Vulkan lists the better ones first. */
uint32_t bd_vk_find_memory_type(const bd_vk *vk, uint32_t allowed, VkMemoryPropertyFlags wanted) {
    for (uint32_t i = 0; i < vk->memory.memoryTypeCount; i++) {
        if ((allowed >> i & 1) && (vk->memory.memoryTypes[i].propertyFlags & wanted) == wanted) {
            return i;
        }
    }
    return UINT32_MAX;
}

static uint32_t choose_memory_type(const bd_vk *vk, uint32_t allowed, bd_vk_memory memory) {
    enum {
        LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
        HOST = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
        CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT
    };
    VkMemoryPropertyFlags tries[3] = {0};
    switch (memory) {
    case BD_VK_MEMORY_DEVICE:
        tries[0] = vk->unified ? LOCAL | HOST | CACHED : LOCAL;
        tries[1] = LOCAL;
        tries[2] = 0;
        break;
    case BD_VK_MEMORY_UPLOAD: tries[0] = tries[1] = tries[2] = HOST; break;
    case BD_VK_MEMORY_DOWNLOAD:
        tries[0] = HOST | CACHED;
        tries[1] = tries[2] = HOST;
        break;
    }
    uint32_t type = UINT32_MAX;
    for (uint32_t i = 0; i < BD_COUNT(tries) && type == UINT32_MAX; i++) {
        type = bd_vk_find_memory_type(vk, allowed, tries[i]);
    }
    return type;
}

bd_result bd_vk_buffer_init(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_vk_memory memory, bd_error *error) {
    const bd_vk_api *api = &vk->api;
    *buffer = (bd_vk_buffer){.bytes = BD_MAX(bytes, (VkDeviceSize)16)};
    const VkBufferUsageFlags addressed = vk->addresses ? VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT : 0;
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = buffer->bytes,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                              VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | addressed |
                                              VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    bd_result result =
        bd_vk_check(vk, api->vkCreateBuffer(vk->device, &info, NULL, &buffer->buffer), "vkCreateBuffer", error);
    if (result) {
        buffer->buffer = VK_NULL_HANDLE;
        goto fail;
    }
    VkMemoryRequirements needs;
    api->vkGetBufferMemoryRequirements(vk->device, buffer->buffer, &needs);
    const VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                             .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    const VkMemoryAllocateInfo allocation = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                             .pNext = vk->addresses ? &flags : NULL,
                                             .allocationSize = needs.size,
                                             .memoryTypeIndex = choose_memory_type(vk, needs.memoryTypeBits, memory)};
    if (allocation.memoryTypeIndex == UINT32_MAX) {
        result = bd_fail(error, BD_ERR_DEVICE, "%s: no memory type for a buffer", vk->info.name);
        goto fail;
    }
    VkResult allocated = api->vkAllocateMemory(vk->device, &allocation, NULL, &buffer->memory);
    if (allocated == VK_ERROR_OUT_OF_DEVICE_MEMORY || allocated == VK_ERROR_OUT_OF_HOST_MEMORY) {
        buffer->memory = VK_NULL_HANDLE;
        result = bd_fail(error, BD_ERR_OUT_OF_DEVICE_MEMORY,
                         "%s: out of device memory: %llu MB more are needed, and it has %llu MB in all", vk->info.name,
                         (unsigned long long)(needs.size >> 20), (unsigned long long)(vk->info.memory_bytes >> 20));
        goto fail;
    }
    result = bd_vk_check(vk, allocated, "vkAllocateMemory", error);
    if (result) {
        buffer->memory = VK_NULL_HANDLE;
        goto fail;
    }
    result = bd_vk_check(vk, api->vkBindBufferMemory(vk->device, buffer->buffer, buffer->memory, 0),
                         "vkBindBufferMemory", error);
    if (!result && (memory != BD_VK_MEMORY_DEVICE || vk->unified)) {
        result = bd_vk_check(vk, api->vkMapMemory(vk->device, buffer->memory, 0, VK_WHOLE_SIZE, 0, &buffer->mapped),
                             "vkMapMemory", error);
    }
fail:
    if (result) {
        bd_vk_buffer_finish(vk, buffer);
    }
    return result;
}

void bd_vk_buffer_finish(bd_vk *vk, bd_vk_buffer *buffer) {
    if (buffer->buffer) {
        vk->api.vkDestroyBuffer(vk->device, buffer->buffer, NULL);
    }
    if (buffer->memory) {
        vk->api.vkFreeMemory(vk->device, buffer->memory, NULL); /* unmaps */
    }
    *buffer = (bd_vk_buffer){0};
}

bd_result bd_vk_buffer_reserve(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_vk_memory memory,
                               bd_error *error) {
    if (buffer->buffer && buffer->bytes >= bytes) {
        return BD_OK;
    }
    bd_vk_buffer_finish(vk, buffer);
    return bd_vk_buffer_init(vk, buffer, bytes, memory, error);
}

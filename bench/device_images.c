/* SPDX-License-Identifier: MIT */
#include "device_images.h"

#include <stdio.h>
#include <string.h>

static bool fine(VkResult result, const char *what) {
    if (result != VK_SUCCESS) {
        (void)fprintf(stderr, "%s: VkResult %d\n", what, (int)result);
    }
    return result == VK_SUCCESS;
}

/* Memory of a type that has all of `wanted`, or where there is none any that fits. */
static bool allocate(const device_images *host, const VkMemoryRequirements *needs, VkMemoryPropertyFlags wanted,
                     VkDeviceMemory *memory) {
    const VkPhysicalDeviceMemoryProperties *types = &host->memory_types;
    uint32_t type = UINT32_MAX;
    for (uint32_t i = 0; i < types->memoryTypeCount; i++) {
        bool fits = needs->memoryTypeBits >> i & 1;
        bool has_all = (types->memoryTypes[i].propertyFlags & wanted) == wanted;
        if (fits && (has_all || type == UINT32_MAX)) {
            type = i;
            if (has_all) {
                break;
            }
        }
    }
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs->size, .memoryTypeIndex = type};
    return fine(host->vkAllocateMemory(host->device, &info, NULL, memory), "memory of the host's");
}

static bool load(device_images *host, const bd_vulkan_import *handles) {
    PFN_vkGetInstanceProcAddr get = handles->get_instance_proc_addr;
    PFN_vkGetDeviceProcAddr find = (PFN_vkGetDeviceProcAddr)get(handles->instance, "vkGetDeviceProcAddr");
    PFN_vkGetPhysicalDeviceMemoryProperties properties =
        (PFN_vkGetPhysicalDeviceMemoryProperties)get(handles->instance, "vkGetPhysicalDeviceMemoryProperties");
    bool found = find && properties;
#define X(name) found = found && (host->name = (PFN_##name)find(handles->device, #name));
    DEVICE_IMAGES_FUNCTIONS(X)
#undef X
    if (!found) {
        (void)fprintf(stderr, "the device lacks functions of Vulkan 1.1\n");
        return false;
    }
    properties(handles->physical_device, &host->memory_types);
    return true;
}

static bool make_buffer(device_images *host, size_t bytes) {
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = bytes,
                                     .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    if (!fine(host->vkCreateBuffer(host->device, &info, NULL, &host->buffer), "vkCreateBuffer")) {
        return false;
    }
    VkMemoryRequirements needs;
    host->vkGetBufferMemoryRequirements(host->device, host->buffer, &needs);
    return allocate(host, &needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                    &host->memory) &&
           fine(host->vkBindBufferMemory(host->device, host->buffer, host->memory, 0), "vkBindBufferMemory") &&
           fine(host->vkMapMemory(host->device, host->memory, 0, VK_WHOLE_SIZE, 0, &host->mapped), "vkMapMemory");
}

bool device_images_open(device_images *host, const bd_engine *engine, size_t most_bytes) {
    *host = (device_images){.device = VK_NULL_HANDLE};
    bd_vulkan_import handles = {.struct_size = sizeof handles};
    if (bd_engine_vulkan(engine, &handles) || !load(host, &handles)) {
        return false;
    }
    host->device = handles.device;
    const VkDeviceQueueInfo2 queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_INFO_2,
                                      .flags = handles.queue_flags,
                                      .queueFamilyIndex = handles.queue_family,
                                      .queueIndex = handles.queue_index};
    host->vkGetDeviceQueue2(host->device, &queue, &host->queue);
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = handles.queue_family};
    if (!fine(host->vkCreateCommandPool(host->device, &pool, NULL, &host->pool), "vkCreateCommandPool")) {
        return false;
    }
    const VkCommandBufferAllocateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                  .commandPool = host->pool,
                                                  .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                  .commandBufferCount = 1};
    return fine(host->vkAllocateCommandBuffers(host->device, &commands, &host->commands), "vkAllocateCommandBuffers") &&
           make_buffer(host, most_bytes);
}

void device_images_close(device_images *host) {
    if (host->device) {
        host->vkDestroyBuffer(host->device, host->buffer, NULL);
        host->vkFreeMemory(host->device, host->memory, NULL);
        host->vkDestroyCommandPool(host->device, host->pool, NULL);
    }
    *host = (device_images){.device = VK_NULL_HANDLE};
}

bool device_image_make(device_images *host, uint32_t w, uint32_t h, device_image *made) {
    const VkImageUsageFlags usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    *made = (device_image){.image = {.struct_size = sizeof made->image,
                                     .format = VK_FORMAT_R8G8B8A8_UNORM,
                                     .width = w,
                                     .height = h,
                                     .usage = usage,
                                     .layout_in = VK_IMAGE_LAYOUT_GENERAL,
                                     .opaque = true}};
    const VkImageCreateInfo info = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                    .imageType = VK_IMAGE_TYPE_2D,
                                    .format = made->image.format,
                                    .extent = {w, h, 1},
                                    .mipLevels = 1,
                                    .arrayLayers = 1,
                                    .samples = VK_SAMPLE_COUNT_1_BIT,
                                    .tiling = VK_IMAGE_TILING_OPTIMAL,
                                    .usage = usage};
    if (!fine(host->vkCreateImage(host->device, &info, NULL, &made->image.image), "vkCreateImage")) {
        return false;
    }
    VkMemoryRequirements needs;
    host->vkGetImageMemoryRequirements(host->device, made->image.image, &needs);
    return allocate(host, &needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &made->memory) &&
           fine(host->vkBindImageMemory(host->device, made->image.image, made->memory, 0), "vkBindImageMemory");
}

void device_image_drop(device_images *host, device_image *image) {
    if (host->device) {
        host->vkDestroyImage(host->device, image->image.image, NULL);
        host->vkFreeMemory(host->device, image->memory, NULL);
    }
    *image = (device_image){.memory = VK_NULL_HANDLE};
}

static void record_layout(device_images *host, const device_image *image, VkImageLayout from, VkImageLayout to) {
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image->image.image,
        .subresourceRange = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .levelCount = 1, .layerCount = 1}};
    host->vkCmdPipelineBarrier(host->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                               0, 0, NULL, 0, NULL, 1, &barrier);
}

static bool begin(device_images *host) {
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    return fine(host->vkBeginCommandBuffer(host->commands, &info), "vkBeginCommandBuffer");
}

static bool run(device_images *host) {
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &host->commands};
    return fine(host->vkEndCommandBuffer(host->commands), "vkEndCommandBuffer") &&
           fine(host->vkQueueSubmit(host->queue, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit") &&
           fine(host->vkQueueWaitIdle(host->queue), "vkQueueWaitIdle");
}

static VkBufferImageCopy whole(const device_image *image) {
    return (VkBufferImageCopy){.imageSubresource = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1},
                               .imageExtent = {image->image.width, image->image.height, 1}};
}

bool device_image_write(device_images *host, const device_image *to, const uint8_t *pixels) {
    const VkBufferImageCopy region = whole(to);
    if (!begin(host)) {
        return false;
    }
    if (pixels) {
        memcpy(host->mapped, pixels, (size_t)to->image.width * to->image.height * 4);
        record_layout(host, to, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
        host->vkCmdCopyBufferToImage(host->commands, host->buffer, to->image.image,
                                     VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
        record_layout(host, to, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_GENERAL);
    } else {
        record_layout(host, to, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_GENERAL);
    }
    return run(host);
}

const uint8_t *device_image_read(device_images *host, const device_image *from) {
    const VkBufferImageCopy region = whole(from);
    if (!begin(host)) {
        return NULL;
    }
    record_layout(host, from, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    host->vkCmdCopyImageToBuffer(host->commands, from->image.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, host->buffer,
                                 1, &region);
    record_layout(host, from, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_IMAGE_LAYOUT_GENERAL);
    const VkMemoryBarrier copied = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                    .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                    .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    host->vkCmdPipelineBarrier(host->commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                               &copied, 0, NULL, 0, NULL);
    return run(host) ? host->mapped : NULL;
}

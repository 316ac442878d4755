/* SPDX-License-Identifier: MIT
 * Images of a host's on an engine's device, filled from memory and read back. */
#ifndef BD_BENCH_DEVICE_IMAGES_H
#define BD_BENCH_DEVICE_IMAGES_H

#define VK_NO_PROTOTYPES
#include "backdrop_vulkan.h"

#define DEVICE_IMAGES_FUNCTIONS(X)                                                                                     \
    X(vkGetDeviceQueue2)                                                                                               \
    X(vkAllocateMemory)                                                                                                \
    X(vkFreeMemory)                                                                                                    \
    X(vkMapMemory)                                                                                                     \
    X(vkCreateBuffer)                                                                                                  \
    X(vkDestroyBuffer)                                                                                                 \
    X(vkGetBufferMemoryRequirements)                                                                                   \
    X(vkBindBufferMemory)                                                                                              \
    X(vkCreateImage)                                                                                                   \
    X(vkDestroyImage)                                                                                                  \
    X(vkGetImageMemoryRequirements)                                                                                    \
    X(vkBindImageMemory)                                                                                               \
    X(vkCreateCommandPool)                                                                                             \
    X(vkDestroyCommandPool)                                                                                            \
    X(vkAllocateCommandBuffers)                                                                                        \
    X(vkBeginCommandBuffer)                                                                                            \
    X(vkEndCommandBuffer)                                                                                              \
    X(vkCmdPipelineBarrier)                                                                                            \
    X(vkCmdCopyBufferToImage)                                                                                          \
    X(vkCmdCopyImageToBuffer)                                                                                          \
    X(vkQueueSubmit)                                                                                                   \
    X(vkQueueWaitIdle)

typedef struct device_images {
#define X(name) PFN_##name name;
    DEVICE_IMAGES_FUNCTIONS(X)
#undef X
    VkPhysicalDeviceMemoryProperties memory_types;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkBuffer buffer; /* between memory and images */
    VkDeviceMemory memory;
    void *mapped;
} device_images;

typedef struct device_image {
    bd_vulkan_image image; /* RGBA8, opaque, in VK_IMAGE_LAYOUT_GENERAL whenever somebody else has it */
    VkDeviceMemory memory;
} device_image;

/* most_bytes: of the largest image. These print what failed, and return whether all went well; what was made is closed
 * and dropped all the same. No call of the library may run on the engine meanwhile. */
bool device_images_open(device_images *host, const bd_engine *engine, size_t most_bytes);
void device_images_close(device_images *host);
bool device_image_make(device_images *host, uint32_t w, uint32_t h, device_image *made);
void device_image_drop(device_images *host, device_image *image);
/* pixels: (h, w, 4) u8. NULL: the image is only put into its layout. */
bool device_image_write(device_images *host, const device_image *to, const uint8_t *pixels);
/* The same; valid until the next call. NULL: it failed. */
const uint8_t *device_image_read(device_images *host, const device_image *from);

#endif

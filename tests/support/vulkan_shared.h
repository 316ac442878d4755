/* SPDX-License-Identifier: MIT
 * Images of a host, as it shares them with the library. */
#ifndef BD_TEST_VULKAN_SHARED_H
#define BD_TEST_VULKAN_SHARED_H

#include "support/vulkan_host.h"

typedef struct shared {
    bd_vulkan_image image;
    VkDeviceMemory memory;
    vulkan_buffer buffer; /* what the host copies to and from it */
} shared;

shared shared_make(vulkan_host *host, VkFormat format, uint32_t w, uint32_t h);
void shared_drop(vulkan_host *host, shared *s);
size_t shared_bytes(const shared *s);
/* Fills an image with pixels and leaves it in a layout, as image.layout_in says then. */
void shared_write(vulkan_host *host, shared *s, const void *pixels, VkImageLayout layout);
/* What an image in that layout holds, in its buffer. */
const void *shared_read(vulkan_host *host, shared *s, VkImageLayout layout);

#endif

/* SPDX-License-Identifier: MIT
 * Images of a host, or pixels in its buffers, and copies between them and buffers of ours. */
#ifndef BD_VK_VK_IMAGE_H
#define BD_VK_VK_IMAGE_H

#include "vk/dispatch.h"
#include "vk/commands.h"

typedef struct bd_vk_image {
    VkImage image; /* VK_NULL_HANDLE: it is in the buffer */
    VkBuffer buffer;
    VkDeviceSize offset, row_bytes; /* in the buffer */
    uint32_t texel_bytes;
    uint32_t width, height;
    VkImageLayout layout_in, layout_out; /* in UNDEFINED: what it holds is dropped */
    uint32_t family_in, family_out;      /* who owns it before and after; VK_QUEUE_FAMILY_IGNORED: no change */
} bd_vk_image;

/* Copies a whole image to a buffer, or a buffer to it, rows of row_texels (0: width) one after the other. Takes the image over and
 * gives it back, with all that its next user has to see; what the buffer held or will hold takes barriers besides. */
void bd_vk_image_read(bd_vk_commands *commands, const bd_vk_image *image, const bd_vk_binding *to, uint32_t row_texels);
void bd_vk_image_write(bd_vk_commands *commands, const bd_vk_image *image, const bd_vk_binding *from,
                       uint32_t row_texels);

#endif

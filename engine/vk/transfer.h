/* SPDX-License-Identifier: MIT
 * Blocking copies between the host and buffers. */
#ifndef BD_VK_TRANSFER_H
#define BD_VK_TRANSFER_H

#include "vk/buffer.h"

/* For set-up and tests; by way of a temporary staging buffer where needed. */
bd_result bd_vk_buffer_write(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize offset, const void *data, size_t bytes,
                             bd_error *error);
bd_result bd_vk_buffer_read(bd_vk *vk, const bd_vk_buffer *buffer, VkDeviceSize offset, void *data, size_t bytes,
                            bd_error *error);

#endif

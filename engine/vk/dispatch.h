/* SPDX-License-Identifier: MIT
 * A dispatch as plain data: kernels fill it, pipelines are made of it, commands record it. */
#ifndef BD_VK_DISPATCH_H
#define BD_VK_DISPATCH_H

#include "vk/buffer.h"

#define BD_VK_BINDINGS 5 /* 0 source, 1 weights or table, 2 bias or table, 3 second source, 4 destination */
#define BD_VK_MAX_SPECIALISATIONS 21
#define BD_VK_PUSH_BYTES 128

typedef struct bd_vk_binding {
    const bd_vk_buffer *buffer; /* NULL: the shader does not use this binding */
    VkDeviceSize offset, bytes; /* offset a multiple of 256 */
    VkFormat format;            /* of a texel buffer: R32G32B32A32_SFLOAT, R32_UINT, ... */
} bd_vk_binding;

typedef struct bd_vk_dispatch {
    const char *name; /* for messages; borrowed until the commands are finished */
    bd_shader_id shader;
    bd_vk_binding bindings[BD_VK_BINDINGS];
    uint32_t specialisations[BD_VK_MAX_SPECIALISATIONS]; /* constant_id 0, 1, ... */
    uint32_t specialisation_count;
    uint32_t subgroup; /* the size that the shader needs, asked for where the device allows it; 0: any. The x of the
                          shader's groups is a multiple of it */
    unsigned char push[BD_VK_PUSH_BYTES];
    uint32_t push_bytes;
    uint32_t address_count; /* push begins with the addresses of bindings 1, 2, 3, 0, written when it is recorded */
    uint32_t groups[3];
    const bd_vk_buffer *indirect; /* holds the groups at indirect_offset; NULL: those above */
    VkDeviceSize indirect_offset;
} bd_vk_dispatch;

#endif

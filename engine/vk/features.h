/* SPDX-License-Identifier: MIT
 * What a device can do beyond Vulkan 1.1, and what of it is switched on: halves, matrix units by either extension,
 * subgroups of a size that a pipeline asks for, and addresses of buffers. */
#ifndef BD_VK_FEATURES_H
#define BD_VK_FEATURES_H

#include "vk/context.h"

typedef struct bd_vk_features {
    VkPhysicalDeviceShaderFloat16Int8Features half;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceBufferDeviceAddressFeatures address;
    VkPhysicalDeviceSubgroupSizeControlFeatures size;
    VkPhysicalDeviceCooperativeMatrixFeaturesNV nv;
    struct {
        void *words[4]; /* VkPhysicalDeviceCooperativeMatrixFeaturesKHR, which headers may lack */
    } khr;
    void *next; /* a chain of those above; they must stay where they are */
    const char *extensions[3];
    uint32_t extension_count;
} bd_vk_features;
/* Finds out, into vk too, and fills in what is switched on when the device is made. */
void bd_vk_features_init(bd_vk *vk, bd_vk_features *features);

#endif

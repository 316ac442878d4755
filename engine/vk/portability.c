/* SPDX-License-Identifier: MIT */
#include "vk/portability.h"

#include <string.h>

/* In vulkan_beta.h, which is not included by default. */
#define PORTABILITY_SUBSET "VK_KHR_portability_subset"

/* Those of vk->physical_device; NULL: of the instance. */
static VkResult enumerate(const bd_vk *vk, uint32_t *count, VkExtensionProperties *list) {
    return vk->physical_device ? vk->api.vkEnumerateDeviceExtensionProperties(vk->physical_device, NULL, count, list)
                               : vk->api.vkEnumerateInstanceExtensionProperties(NULL, count, list);
}

/* name, where it is listed. */
static const char *listed(const bd_vk *vk, const char *name) {
    uint32_t count = 0;
    if (enumerate(vk, &count, NULL) < 0 || !count) {
        return NULL;
    }
    VkExtensionProperties *list = bd_alloc_array(vk->allocator, count, sizeof *list);
    const char *found = NULL;
    if (list && enumerate(vk, &count, list) >= 0) {
        for (uint32_t i = 0; i < count && !found; i++) {
            found = strcmp(list[i].extensionName, name) ? NULL : name;
        }
    }
    bd_free(vk->allocator, list);
    return found;
}

const char *bd_vk_portability_of_instance(const bd_vk *vk) {
    return listed(vk, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
}

const char *bd_vk_portability_of_device(const bd_vk *vk) {
    return listed(vk, PORTABILITY_SUBSET);
}

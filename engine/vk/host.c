/* SPDX-License-Identifier: MIT */
#include "vk/host.h"

#include <string.h>

#include "vk/device.h"
#include "vk/features.h"
#include "vk/loader.h"

static bd_result missing(const char *member, bd_error *error) {
    return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the host's %s is missing", member);
}

/* Index of the device among those that the loader lists. */
static bd_result find_index(bd_vk *vk, VkPhysicalDevice device, uint32_t *index, bd_error *error) {
    uint32_t count = 0;
    VkResult listed = vk->api.vkEnumeratePhysicalDevices(vk->instance, &count, NULL);
    VkPhysicalDevice *devices = bd_alloc_array(vk->allocator, BD_MAX(count, 1u), sizeof(VkPhysicalDevice));
    if (!devices) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    if (listed >= 0) {
        listed = vk->api.vkEnumeratePhysicalDevices(vk->instance, &count, devices);
    }
    for (*index = 0; listed >= 0 && *index < count && devices[*index] != device;) {
        ++*index;
    }
    bd_free(vk->allocator, devices);
    return listed >= 0 && *index < count
               ? BD_OK
               : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the host's physical_device is none of its instance's");
}

static bd_result load(bd_vk *vk, const bd_vulkan_import *host, bd_error *error) {
    void *entry;
    memcpy(&entry, &host->get_instance_proc_addr, sizeof entry); /* ISO C has no cast for it */
    bd_result result = bd_vk_api_enter(vk, entry, error);
    if (result) {
        return result;
    }
    /* A host's entry point need not know the functions that take no instance. */
    PFN_vkEnumerateInstanceVersion get_version =
        (PFN_vkEnumerateInstanceVersion)vk->api.vkGetInstanceProcAddr(NULL, "vkEnumerateInstanceVersion");
    uint32_t version = VK_API_VERSION_1_0;
    if (!get_version || get_version(&version) < 0) {
        version = host->api_version;
    }
    vk->version = BD_MIN(version, host->api_version);
    if (vk->version < VK_API_VERSION_1_1) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the host's instance is of Vulkan %u.%u; 1.1 is needed",
                       VK_API_VERSION_MAJOR(vk->version), VK_API_VERSION_MINOR(vk->version));
    }
    return bd_vk_api_load_instance(vk, error);
}

static bd_result find(bd_vk *vk, const bd_vulkan_import *host, bd_error *error) {
    uint32_t index = 0;
    bd_result result = load(vk, host, error);
    if (!result) {
        result = find_index(vk, host->physical_device, &index, error);
    }
    if (!result) {
        bd_vk_adopt(vk, host->physical_device, index);
        result = vk->info.usable
                     ? BD_OK
                     : bd_fail(error, BD_ERR_NO_DEVICE, "%s: no Vulkan 1.1 device with a compute queue", vk->info.name);
    }
    return result;
}

bd_result bd_vk_host_find(bd_vk *vk, const bd_engine_params *params, const bd_vulkan_import *host, bd_error *error) {
    *vk = (bd_vk){.allocator = params->allocator, .log = params->log, .log_user = params->log_user, .imported = true};
    bd_result result = BD_OK;
    if (params->device || params->validation || params->get_instance_proc_addr) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s cannot be chosen for a device that is imported",
                         params->device       ? "device"
                         : params->validation ? "validation"
                                              : "get_instance_proc_addr");
    } else if (!host->instance) {
        result = missing("instance", error);
    } else if (!host->physical_device) {
        result = missing("physical_device", error);
    }
    vk->instance = host->instance;
    if (!result) {
        result = find(vk, host, error);
    }
    if (result) {
        bd_vk_finish(vk);
    }
    return result;
}

static bd_result take(bd_vk *vk, const bd_vulkan_import *host, bd_error *error) {
    if (!host->device) {
        return missing("device", error);
    }
    if (!host->lock_queue != !host->unlock_queue) {
        return missing(host->lock_queue ? "unlock_queue" : "lock_queue", error);
    }
    if (host->extension_count && !host->extensions) {
        return missing("extensions", error);
    }
    VkQueueFamilyProperties families[32];
    uint32_t count = BD_COUNT(families);
    vk->api.vkGetPhysicalDeviceQueueFamilyProperties(vk->physical_device, &count, families);
    if (host->queue_family >= count || !(families[host->queue_family].queueFlags & VK_QUEUE_COMPUTE_BIT)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: queue family %u does not compute", vk->info.name,
                       host->queue_family);
    }
    vk->device = host->device;
    vk->queue_family = host->queue_family;
    vk->queue_index = host->queue_index;
    vk->queue_flags = host->queue_flags;
    vk->timestamp_bits = families[host->queue_family].timestampValidBits;
    vk->lock_queue = host->lock_queue;
    vk->unlock_queue = host->unlock_queue;
    vk->lock_user = host->lock_user;
    return bd_vk_features_import(vk, host, error);
}

bd_result bd_vk_host_take(bd_vk *vk, const bd_vulkan_import *host, bd_error *error) {
    bd_result result = take(vk, host, error);
    if (result) {
        bd_vk_finish(vk);
    }
    return result;
}

void bd_vk_host_handles(const bd_vk *vk, bd_vulkan_import *handles) {
    *handles = (bd_vulkan_import){.struct_size = sizeof *handles,
                                  .instance = vk->instance,
                                  .get_instance_proc_addr = vk->api.vkGetInstanceProcAddr,
                                  .physical_device = vk->physical_device,
                                  .device = vk->device,
                                  .api_version = vk->version,
                                  .extensions = vk->enabled.extensions,
                                  .extension_count = vk->enabled.extension_count,
                                  .features = &vk->enabled.features,
                                  .queue_family = vk->queue_family,
                                  .queue_index = vk->queue_index,
                                  .queue_flags = vk->queue_flags,
                                  .lock_queue = vk->lock_queue,
                                  .unlock_queue = vk->unlock_queue,
                                  .lock_user = vk->lock_user};
}

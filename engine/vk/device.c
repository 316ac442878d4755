/* SPDX-License-Identifier: MIT */
#include "vk/device.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/text.h"
#include "vk/commands.h"
#include "vk/vk_check.h"
#include "vk/loader.h"
#include "vk/pipeline.h"
#include "vk/pipeline_cache.h"
#include "vk/portability.h"

static VKAPI_ATTR VkBool32 VKAPI_CALL on_validation(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                    VkDebugUtilsMessageTypeFlagsEXT types,
                                                    const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
    (void)types;
    bd_vk *vk = user;
    atomic_fetch_add(&vk->validation_messages, 1);
    bd_vk_log(vk, severity & VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT ? BD_LOG_ERROR : BD_LOG_WARNING,
              "validation: %s", data->pMessage);
    return VK_FALSE;
}

static bd_result create_instance(bd_vk *vk, bd_error *error) {
    uint32_t version = VK_API_VERSION_1_0;
    vk->api.vkEnumerateInstanceVersion(&version);
    if (version < VK_API_VERSION_1_1) {
        return bd_fail(error, BD_ERR_NO_VULKAN, "the Vulkan loader is older than 1.1");
    }
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "backdrop",
        .pEngineName = "backdrop",
        .engineVersion = VK_MAKE_API_VERSION(0, BD_VERSION_MAJOR, BD_VERSION_MINOR, BD_VERSION_PATCH),
        .apiVersion = BD_MIN(version, VK_API_VERSION_1_3)};
    vk->version = application.apiVersion;
    const char *layer = "VK_LAYER_KHRONOS_validation";
    const char *extensions[2];
    const VkValidationFeatureEnableEXT enables[] = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
    const VkValidationFeaturesEXT features = {.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
                                              .enabledValidationFeatureCount = BD_COUNT(enables),
                                              .pEnabledValidationFeatures = enables};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pApplicationInfo = &application,
                                 .ppEnabledExtensionNames = extensions};
    if (vk->validation) {
        info.pNext = &features;
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = &layer;
        extensions[info.enabledExtensionCount++] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    }
    const char *portability = bd_vk_portability_of_instance(vk);
    if (portability) {
        info.flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
        extensions[info.enabledExtensionCount++] = portability;
    }
    VkResult made = vk->api.vkCreateInstance(&info, NULL, &vk->instance);
    if (made == VK_ERROR_LAYER_NOT_PRESENT) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s is not installed", layer);
    }
    if (made == VK_ERROR_INCOMPATIBLE_DRIVER) {
        return bd_fail(error, BD_ERR_NO_VULKAN,
                       "no Vulkan driver: install one, such as mesa-vulkan-drivers for software Vulkan");
    }
    bd_result result = bd_vk_check(vk, made, "vkCreateInstance", error);
    if (!result) {
        result = bd_vk_api_load_instance(vk, error);
    }
    if (!result && vk->validation) {
        const VkDebugUtilsMessengerCreateInfoEXT messenger = {
            .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
            .messageSeverity =
                VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
            .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
            .pfnUserCallback = on_validation,
            .pUserData = vk};
        result = bd_vk_check(vk, vk->api.vkCreateDebugUtilsMessengerEXT(vk->instance, &messenger, NULL, &vk->messenger),
                             "vkCreateDebugUtilsMessengerEXT", error);
    }
    return result;
}

static bd_result list_devices(bd_vk *vk, VkPhysicalDevice **devices, uint32_t *count, bd_error *error) {
    *devices = NULL;
    bd_result result = bd_vk_check(vk, vk->api.vkEnumeratePhysicalDevices(vk->instance, count, NULL),
                                   "vkEnumeratePhysicalDevices", error);
    if (result) {
        return result;
    }
    if (!*count) {
        return bd_fail(error, BD_ERR_NO_VULKAN,
                       "no Vulkan device: install a driver, such as mesa-vulkan-drivers for software Vulkan");
    }
    *devices = bd_alloc_array(vk->allocator, *count, sizeof **devices);
    if (!*devices) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    VkResult listed = vk->api.vkEnumeratePhysicalDevices(vk->instance, count, *devices);
    return bd_vk_check(vk, listed == VK_INCOMPLETE ? VK_SUCCESS : listed, "vkEnumeratePhysicalDevices", error);
}

/* A family that computes; one without graphics is preferred, as it is less contended. */
static uint32_t find_queue_family(const bd_vk *vk, VkPhysicalDevice device, uint32_t *timestamp_bits) {
    VkQueueFamilyProperties families[32];
    uint32_t count = BD_COUNT(families);
    vk->api.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families);
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) {
            continue;
        }
        if (found == UINT32_MAX || !(families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT)) {
            found = i;
            *timestamp_bits = families[i].timestampValidBits;
        }
    }
    return found;
}

static bd_vk_traits traits_of(const bd_vk *vk, VkPhysicalDevice device) {
    VkPhysicalDeviceSubgroupProperties subgroup = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &subgroup};
    VkPhysicalDeviceFeatures features;
    vk->api.vkGetPhysicalDeviceProperties2(device, &properties);
    vk->api.vkGetPhysicalDeviceFeatures(device, &features);
    bool shuffles = (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                    (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT);
    return (bd_vk_traits){.texel_elements = properties.properties.limits.maxTexelBufferElements,
                          .shuffle_lanes = shuffles ? subgroup.subgroupSize : 0,
                          .int64 = features.shaderInt64};
}

static void describe(const bd_vk *vk, VkPhysicalDevice device, uint32_t index, bd_device_info *info) {
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    vk->api.vkGetPhysicalDeviceProperties2(device, &all);
    if (BD_MIN(vk->version, all.properties.apiVersion) >= VK_API_VERSION_1_2) {
        all.pNext = &driver;
        vk->api.vkGetPhysicalDeviceProperties2(device, &all);
    }
    static const struct {
        bd_device_kind kind;
        int score;
    } kinds[] = {[VK_PHYSICAL_DEVICE_TYPE_OTHER] = {BD_DEVICE_OTHER, 200},
                 [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = {BD_DEVICE_INTEGRATED, 400},
                 [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = {BD_DEVICE_DISCRETE, 500},
                 [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = {BD_DEVICE_VIRTUAL, 300},
                 [VK_PHYSICAL_DEVICE_TYPE_CPU] = {BD_DEVICE_SOFTWARE, 100}};
    uint32_t type = all.properties.deviceType < BD_COUNT(kinds) ? all.properties.deviceType : 0;
    *info = (bd_device_info){.index = index,
                             .kind = kinds[type].kind,
                             .api_version = all.properties.apiVersion,
                             .vendor_id = all.properties.vendorID,
                             .device_id = all.properties.deviceID};
    /* Among several software devices llvmpipe wins: see the figures of both in bench/README.md. */
    bool llvmpipe = strstr(all.properties.deviceName, "llvmpipe") != NULL;
    info->score = kinds[type].score + (llvmpipe ? 10 : 0);
    snprintf(info->name, sizeof info->name, "%s", all.properties.deviceName);
    snprintf(info->driver, sizeof info->driver, "%.127s%s%.127s", driver.driverName, driver.driverInfo[0] ? " " : "",
             driver.driverInfo);
    if (!info->driver[0]) {
        snprintf(info->driver, sizeof info->driver, "0x%x", all.properties.driverVersion);
    }
    VkPhysicalDeviceMemoryProperties memory;
    vk->api.vkGetPhysicalDeviceMemoryProperties(device, &memory);
    for (uint32_t i = 0; i < memory.memoryHeapCount; i++) {
        if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) {
            info->memory_bytes = BD_MAX(info->memory_bytes, memory.memoryHeaps[i].size);
        }
    }
    uint32_t bits;
    info->usable = info->api_version >= VK_API_VERSION_1_1 && find_queue_family(vk, device, &bits) != UINT32_MAX;
}

static bool contains(const char *text, const char *part) {
    size_t length = strlen(part);
    for (; *text; text++) {
        if (bd_text_same_first(text, part, length)) {
            return true;
        }
    }
    return false;
}

static bd_result pick(bd_vk *vk, const bd_engine_params *params, const VkPhysicalDevice *devices, uint32_t count,
                      uint32_t *picked, bd_error *error) {
    char list[320] = "";
    int best = -1;
    bool matched = false;
    char *end = NULL;
    unsigned long wanted = params->device ? strtoul(params->device, &end, 10) : 0;
    bool by_index = params->device && isdigit((unsigned char)params->device[0]) && !*end;
    for (uint32_t i = 0; i < count; i++) {
        bd_device_info info;
        describe(vk, devices[i], i, &info);
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%u %s", i ? ", " : "", i, info.name);
        bool match = !params->device || (by_index ? wanted == i : contains(info.name, params->device));
        matched = matched || match;
        if (match && info.usable && info.score > best) {
            best = info.score;
            *picked = i;
        }
    }
    if (best >= 0) {
        return BD_OK;
    }
    if (params->device && !matched) {
        return bd_fail(error, BD_ERR_NO_DEVICE, "no Vulkan device %s; there is: %s", params->device, list);
    }
    return bd_fail(error, BD_ERR_NO_DEVICE, "no Vulkan 1.1 device with a compute queue; there is: %s", list);
}

static bd_result create_device(bd_vk *vk, bd_error *error) {
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = vk->queue_family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = &vk->enabled.features,
                                     .enabledExtensionCount = vk->enabled.extension_count,
                                     .ppEnabledExtensionNames = vk->enabled.extensions,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue};
    return bd_vk_check(vk, vk->api.vkCreateDevice(vk->physical_device, &info, NULL, &vk->device), "vkCreateDevice",
                       error);
}

static bd_result get_queue(bd_vk *vk, bd_error *error) {
    const VkDeviceQueueInfo2 info = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_INFO_2,
                                     .flags = vk->queue_flags,
                                     .queueFamilyIndex = vk->queue_family,
                                     .queueIndex = vk->queue_index};
    if (vk->queue_flags) {
        vk->api.vkGetDeviceQueue2(vk->device, &info, &vk->queue);
    } else {
        vk->api.vkGetDeviceQueue(vk->device, vk->queue_family, vk->queue_index, &vk->queue);
    }
    return vk->queue
               ? BD_OK
               : bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: there is no queue %u of family %u made with flags 0x%x",
                         vk->info.name, vk->queue_index, vk->queue_family, vk->queue_flags);
}

/* What is made on any device. */
static bd_result make_own(bd_vk *vk, bd_error *error) {
    bd_mutex_init(&vk->queue_lock);
    bd_mutex_init(&vk->fence_lock);
    bd_mutex_init(&vk->pipelines_lock);
    vk->has_locks = true;
    bd_result result = bd_vk_api_load_device(vk, error);
    if (!result) {
        result = get_queue(vk, error);
    }
    if (result) {
        return result;
    }
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    result = bd_vk_check(vk, vk->api.vkCreateFence(vk->device, &fence, NULL, &vk->fence), "vkCreateFence", error);
    return result ? result : bd_vk_layouts_init(vk, error);
}

static void prepare(bd_vk *vk, const bd_engine_params *params) {
    *vk = (bd_vk){.allocator = params->allocator,
                  .log = params->log,
                  .log_user = params->log_user,
                  .validation = params->validation};
}

bd_result bd_vk_enumerate(const bd_engine_params *params, bd_vk_complete_fn complete, bd_device_info *infos,
                          uint32_t *count, bd_error *error) {
    bd_vk vk;
    prepare(&vk, params);
    VkPhysicalDevice *devices = NULL;
    uint32_t found = 0;
    bd_result result = bd_vk_api_load(&vk, params->get_instance_proc_addr, error);
    if (!result) {
        result = create_instance(&vk, error);
    }
    if (!result) {
        result = list_devices(&vk, &devices, &found, error);
    }
    if (!result) {
        size_t stride = *count ? infos->struct_size : 0; /* of the caller's structs, which may be of another age */
        for (uint32_t i = 0; i < BD_MIN(found, *count); i++) {
            bd_device_info info;
            describe(&vk, devices[i], i, &info);
            bd_vk_traits traits = {0};
            if (info.usable) {
                traits = traits_of(&vk, devices[i]);
            }
            complete(&traits, &info);
            void *to = (char *)infos + i * stride;
            memcpy(to, &stride, sizeof stride);
            bd_info_give(to, &info, sizeof info);
        }
        *count = found;
    }
    bd_free(vk.allocator, devices);
    bd_vk_finish(&vk);
    return result;
}

void bd_vk_adopt(bd_vk *vk, VkPhysicalDevice device, uint32_t index) {
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    vk->physical_device = device;
    describe(vk, device, index, &vk->info);
    vk->api.vkGetPhysicalDeviceProperties2(device, &properties);
    vk->api.vkGetPhysicalDeviceMemoryProperties(device, &vk->memory);
    vk->version = BD_MIN(vk->version, vk->info.api_version);
    vk->limits = properties.properties.limits;
    vk->driver_version = properties.properties.driverVersion;
    memcpy(vk->pipeline_cache_uuid, properties.properties.pipelineCacheUUID, VK_UUID_SIZE);
    vk->traits = traits_of(vk, device);
}

static bd_result pick_device(bd_vk *vk, const bd_engine_params *params, bd_error *error) {
    VkPhysicalDevice *devices = NULL;
    uint32_t count = 0;
    uint32_t picked = 0;
    bd_result result = list_devices(vk, &devices, &count, error);
    if (!result) {
        result = pick(vk, params, devices, count, &picked, error);
    }
    if (!result) {
        bd_vk_adopt(vk, devices[picked], picked);
        vk->queue_family = find_queue_family(vk, vk->physical_device, &vk->timestamp_bits);
    }
    bd_free(vk->allocator, devices);
    return result;
}

bd_result bd_vk_find(bd_vk *vk, const bd_engine_params *params, bd_error *error) {
    prepare(vk, params);
    bd_result result = bd_vk_api_load(vk, params->get_instance_proc_addr, error);
    if (!result) {
        result = create_instance(vk, error);
    }
    if (!result) {
        result = pick_device(vk, params, error);
    }
    if (result) {
        bd_vk_finish(vk);
    }
    return result;
}

bd_result bd_vk_start(bd_vk *vk, const bd_engine_params *params, bd_error *error) {
    bd_result result = vk->imported ? BD_OK : create_device(vk, error);
    if (!result) {
        result = make_own(vk, error);
    }
    if (!result) {
        vk->slices = bd_vk_part_scale(vk) == 1;
        const VkMemoryPropertyFlags both = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                           VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
        for (uint32_t i = 0; i < vk->memory.memoryTypeCount; i++) {
            bool host = (vk->memory.memoryTypes[i].propertyFlags & both) == both;
            vk->unified = vk->unified || (host && vk->info.kind != BD_DEVICE_DISCRETE);
        }
        result = bd_vk_pipeline_cache_open(vk, params->cache_dir, error);
    }
    if (result) {
        bd_vk_finish(vk);
    }
    return result;
}

void bd_vk_finish(bd_vk *vk) {
    const bd_vk_api *api = &vk->api;
    if (vk->device && api->vkQueueSubmit) {
        /* Nothing runs: whoever submitted has waited. */
        bd_vk_pipelines_finish(vk);
        bd_vk_pipeline_cache_close(vk);
        bd_vk_layouts_finish(vk);
        api->vkDestroyFence(vk->device, vk->fence, NULL);
    }
    if (vk->device && api->vkDestroyDevice && !vk->imported) {
        api->vkDestroyDevice(vk->device, NULL);
    }
    if (vk->messenger) {
        api->vkDestroyDebugUtilsMessengerEXT(vk->instance, vk->messenger, NULL);
    }
    if (vk->instance && api->vkDestroyInstance && !vk->imported) {
        api->vkDestroyInstance(vk->instance, NULL);
    }
    /* The loader stays mapped: drivers leave threads and exit handlers behind that would run in unmapped code. */
    bd_free(vk->allocator, vk->cache_path);
    if (vk->has_locks) {
        bd_mutex_finish(&vk->queue_lock);
        bd_mutex_finish(&vk->fence_lock);
        bd_mutex_finish(&vk->pipelines_lock);
    }
    *vk = (bd_vk){0};
}

/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MOST_EXTENSIONS = 16, MOST_FIGURES = 32 };

static struct {
    PFN_vkEnumerateDeviceExtensionProperties list;
    PFN_vkCreateDevice create_device;
    PFN_vkCreateComputePipelines create_pipelines;
    PFN_vkGetPipelineExecutableStatisticsKHR figures;
    VkDevice device;
} real;

static VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                                       const VkComputePipelineCreateInfo *infos,
                                                       const VkAllocationCallbacks *allocator, VkPipeline *pipelines) {
    VkResult result = VK_SUCCESS;
    for (uint32_t i = 0; i < count; i++) {
        VkComputePipelineCreateInfo info = infos[i];
        info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
        VkResult made = real.create_pipelines(device, cache, 1, &info, allocator, &pipelines[i]);
        result = result ? result : made;
    }
    return result;
}

static bool has_statistics(VkPhysicalDevice device) {
    VkExtensionProperties all[512];
    uint32_t count = sizeof all / sizeof *all;
    bool found = false;
    if (real.list(device, NULL, &count, all) >= 0) {
        for (uint32_t i = 0; i < count; i++) {
            found = found || !strcmp(all[i].extensionName, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME);
        }
    }
    return found;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *given,
                                                    const VkAllocationCallbacks *allocator, VkDevice *device) {
    if (!has_statistics(physical) || given->enabledExtensionCount >= MOST_EXTENSIONS) {
        return real.create_device(physical, given, allocator, device);
    }
    const char *extensions[MOST_EXTENSIONS] = {VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME};
    for (uint32_t i = 0; i < given->enabledExtensionCount; i++) {
        extensions[i + 1] = given->ppEnabledExtensionNames[i];
    }
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
        .pipelineExecutableInfo = VK_TRUE};
    memcpy(&feature.pNext, &given->pNext, sizeof feature.pNext); /* the chain is const, a feature's end is not */
    VkDeviceCreateInfo info = *given;
    info.pNext = &feature;
    info.enabledExtensionCount++;
    info.ppEnabledExtensionNames = extensions;
    VkResult result = real.create_device(physical, &info, allocator, device);
    if (result == VK_SUCCESS) {
        real.device = *device;
        real.figures =
            (PFN_vkGetPipelineExecutableStatisticsKHR)intercept_find(*device, "vkGetPipelineExecutableStatisticsKHR");
    }
    return result;
}

static PFN_vkVoidFunction of_instance(const char *name, PFN_vkVoidFunction found) {
    if (!strcmp(name, "vkEnumerateDeviceExtensionProperties")) {
        real.list = (PFN_vkEnumerateDeviceExtensionProperties)found;
    }
    if (!strcmp(name, "vkCreateDevice") && found) {
        real.create_device = (PFN_vkCreateDevice)found;
        return (PFN_vkVoidFunction)create_device;
    }
    return found;
}

static PFN_vkVoidFunction of_device(VkDevice device, const char *name, PFN_vkVoidFunction found) {
    (void)device;
    if (real.figures && !strcmp(name, "vkCreateComputePipelines")) {
        real.create_pipelines = (PFN_vkCreateComputePipelines)found;
        return (PFN_vkVoidFunction)create_pipelines;
    }
    return found;
}

void *statistics_entry(void) {
    return intercept_entry(of_instance, of_device);
}

void statistics_text(VkPipeline pipeline, char *text, size_t room) {
    VkPipelineExecutableStatisticKHR figures[MOST_FIGURES];
    uint32_t count = MOST_FIGURES;
    text[0] = '\0';
    if (!real.figures) {
        return;
    }
    for (uint32_t i = 0; i < MOST_FIGURES; i++) {
        figures[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    }
    const VkPipelineExecutableInfoKHR which = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
                                               .pipeline = pipeline};
    if (real.figures(real.device, &which, &count, figures) < 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const VkPipelineExecutableStatisticKHR *f = &figures[i];
        size_t used = strlen(text);
        double value = f->format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR  ? f->value.f64
                       : f->format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR  ? (double)f->value.i64
                       : f->format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR ? f->value.b32
                                                                                         : (double)f->value.u64;
        (void)snprintf(text + used, room - used, "%s%s=%g", i ? ";" : "", f->name, value);
    }
}

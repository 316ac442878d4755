/* SPDX-License-Identifier: MIT */
#include "vk/external_memory.h"

#include "platform/descriptor.h"
#include "vk/buffer.h"
#include "vk/features.h"
#include "vk/vk_check.h"

/* A kind of memory, as Vulkan has it. */
typedef struct kind_row {
    VkExternalMemoryHandleTypeFlagBits handle;
    const char *extension, *name;
} kind_row;

static const kind_row kinds[] = {
    [BD_VULKAN_MEMORY_HOST] = {VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
                               VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME, "the host's memory"},
    [BD_VULKAN_MEMORY_FD] = {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
                             "memory by a descriptor"},
    [BD_VULKAN_MEMORY_DMA_BUF] = {VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
                                  VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME, "memory of a dma-buf"},
};

/* ---- what the device can ----------------------------------------------------------------------------------------- */

static VkImageCreateInfo image_info(const bd_vk_external_shape *shape) {
    return (VkImageCreateInfo){.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               .imageType = VK_IMAGE_TYPE_2D,
                               .format = shape->format,
                               .extent = {shape->width, shape->height, 1},
                               .mipLevels = 1,
                               .arrayLayers = 1,
                               .samples = VK_SAMPLE_COUNT_1_BIT,
                               .tiling = VK_IMAGE_TILING_OPTIMAL,
                               .usage = shape->usage};
}

static VkBufferCreateInfo buffer_info(const bd_vk_external_shape *shape) {
    return (VkBufferCreateInfo){.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                .size = shape->bytes,
                                .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
}

static VkExternalMemoryFeatureFlags features_of_image(const bd_vk *vk, const bd_vk_external_shape *shape,
                                                      VkExternalMemoryHandleTypeFlagBits handle) {
    const VkImageCreateInfo image = image_info(shape);
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO, .handleType = handle};
    const VkPhysicalDeviceImageFormatInfo2 info = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
                                                   .pNext = &external,
                                                   .format = image.format,
                                                   .type = image.imageType,
                                                   .tiling = image.tiling,
                                                   .usage = image.usage};
    VkExternalImageFormatProperties found = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
    VkImageFormatProperties2 properties = {.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, .pNext = &found};
    VkResult result = vk->api.vkGetPhysicalDeviceImageFormatProperties2(vk->physical_device, &info, &properties);
    const VkExtent3D most = properties.imageFormatProperties.maxExtent;
    bool fits = result == VK_SUCCESS && shape->width <= most.width && shape->height <= most.height;
    return fits ? found.externalMemoryProperties.externalMemoryFeatures : 0;
}

static VkExternalMemoryFeatureFlags features_of_buffer(const bd_vk *vk, const bd_vk_external_shape *shape,
                                                       VkExternalMemoryHandleTypeFlagBits handle) {
    const VkPhysicalDeviceExternalBufferInfo info = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
                                                     .usage = buffer_info(shape).usage,
                                                     .handleType = handle};
    VkExternalBufferProperties found = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
    vk->api.vkGetPhysicalDeviceExternalBufferProperties(vk->physical_device, &info, &found);
    return found.externalMemoryProperties.externalMemoryFeatures;
}

/* dedicated: the device takes no other allocation. */
static bd_result check_device(const bd_vk *vk, const bd_vulkan_memory *memory, const bd_vk_external_shape *shape,
                              VkExternalMemoryFeatureFlags wanted, bool *dedicated, bd_error *error) {
    if ((unsigned)memory->kind >= BD_COUNT(kinds)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such kind of memory: %d", (int)memory->kind);
    }
    const kind_row *kind = &kinds[memory->kind];
    if (!bd_vk_has_extension(vk, kind->extension)) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s is not enabled, or not there", vk->info.name,
                       kind->extension);
    }
    if (memory->optimal && memory->kind != BD_VULKAN_MEMORY_FD) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "in %s images have rows one after the other, not optimal tiling",
                       kind->name);
    }
    VkExternalMemoryFeatureFlags has =
        memory->optimal ? features_of_image(vk, shape, kind->handle) : features_of_buffer(vk, shape, kind->handle);
    *dedicated = has & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT;
    return has & wanted ? BD_OK
                        : bd_fail(error, BD_ERR_UNSUPPORTED, "%s cannot %s %s for VkFormat %d, %ux%u", vk->info.name,
                                  wanted == VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT ? "import" : "export", kind->name,
                                  (int)shape->format, shape->width, shape->height);
}

/* ---- image, buffer and memory ------------------------------------------------------------------------------------ */

typedef struct needs {
    VkMemoryRequirements2 memory;
    VkMemoryDedicatedRequirements dedicated;
} needs;

static bd_result make_shape(bd_vk *vk, const bd_vulkan_memory *memory, const bd_vk_external_shape *shape,
                            bd_vk_external *made, needs *of, bd_error *error) {
    const bd_vk_api *api = &vk->api;
    const VkExternalMemoryHandleTypeFlags handle = kinds[memory->kind].handle;
    *of = (needs){.memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2, .pNext = &of->dedicated},
                  .dedicated = {.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS}};
    if (memory->optimal) {
        const VkExternalMemoryImageCreateInfo external = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
                                                          .handleTypes = handle};
        VkImageCreateInfo info = image_info(shape);
        info.pNext = &external;
        VkResult result = api->vkCreateImage(vk->device, &info, NULL, &made->image);
        if (result) {
            made->image = VK_NULL_HANDLE;
            return bd_vk_check(vk, result, "vkCreateImage", error);
        }
        const VkImageMemoryRequirementsInfo2 which = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                                      .image = made->image};
        api->vkGetImageMemoryRequirements2(vk->device, &which, &of->memory);
        return BD_OK;
    }
    const VkExternalMemoryBufferCreateInfo external = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                       .handleTypes = handle};
    VkBufferCreateInfo info = buffer_info(shape);
    info.pNext = &external;
    VkResult result = api->vkCreateBuffer(vk->device, &info, NULL, &made->buffer);
    if (result) {
        made->buffer = VK_NULL_HANDLE;
        return bd_vk_check(vk, result, "vkCreateBuffer", error);
    }
    const VkBufferMemoryRequirementsInfo2 which = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
                                                   .buffer = made->buffer};
    api->vkGetBufferMemoryRequirements2(vk->device, &which, &of->memory);
    return BD_OK;
}

/* chain: where the memory comes from, or goes to. */
static bd_result allocate(bd_vk *vk, const void *chain, VkDeviceSize bytes, uint32_t type, bool dedicated,
                          bd_vk_external *made, bd_error *error) {
    const VkMemoryDedicatedAllocateInfo alone = {.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
                                                 .pNext = chain,
                                                 .image = made->image,
                                                 .buffer = made->buffer};
    const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .pNext = dedicated ? &alone : chain,
                                       .allocationSize = bytes,
                                       .memoryTypeIndex = type};
    VkResult result = vk->api.vkAllocateMemory(vk->device, &info, NULL, &made->memory);
    if (result) {
        made->memory = VK_NULL_HANDLE;
    }
    return bd_vk_check(vk, result, "vkAllocateMemory", error);
}

static bd_result bind(bd_vk *vk, const bd_vk_external *made, bd_error *error) {
    return made->image ? bd_vk_check(vk, vk->api.vkBindImageMemory(vk->device, made->image, made->memory, 0),
                                     "vkBindImageMemory", error)
                       : bd_vk_check(vk, vk->api.vkBindBufferMemory(vk->device, made->buffer, made->memory, 0),
                                     "vkBindBufferMemory", error);
}

void bd_vk_external_finish(bd_vk *vk, bd_vk_external *made) {
    if (made->image) {
        vk->api.vkDestroyImage(vk->device, made->image, NULL);
    }
    if (made->buffer) {
        vk->api.vkDestroyBuffer(vk->device, made->buffer, NULL);
    }
    if (made->memory) {
        vk->api.vkFreeMemory(vk->device, made->memory, NULL);
    }
    *made = (bd_vk_external){.memory = VK_NULL_HANDLE};
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

static bd_result check_pointer(const bd_vk *vk, const bd_vulkan_memory *memory, bd_error *error) {
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &host};
    vk->api.vkGetPhysicalDeviceProperties2(vk->physical_device, &properties);
    const uint64_t step = BD_MAX(host.minImportedHostPointerAlignment, (VkDeviceSize)1);
    if (!memory->pointer) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the memory's pointer is missing");
    }
    if ((uintptr_t)memory->pointer % step || memory->bytes % step) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "%s: pointer and bytes of the host's memory have to be multiples of %llu", vk->info.name,
                       (unsigned long long)step);
    }
    return BD_OK;
}

static PFN_vkVoidFunction function_of(const bd_vk *vk, const char *name) {
    return vk->api.vkGetDeviceProcAddr(vk->device, name);
}

/* The types that the memory can be imported as, by their bits. */
static bd_result find_types(bd_vk *vk, const bd_vulkan_memory *memory, int fd, uint32_t *types, bd_error *error) {
    const VkExternalMemoryHandleTypeFlagBits handle = kinds[memory->kind].handle;
    if (memory->kind == BD_VULKAN_MEMORY_FD) { /* it is told, not asked for */
        *types = memory->memory_type < vk->memory.memoryTypeCount ? 1u << memory->memory_type : 0;
        return BD_OK;
    }
    if (memory->kind == BD_VULKAN_MEMORY_HOST) {
        PFN_vkGetMemoryHostPointerPropertiesEXT get =
            (PFN_vkGetMemoryHostPointerPropertiesEXT)function_of(vk, "vkGetMemoryHostPointerPropertiesEXT");
        VkMemoryHostPointerPropertiesEXT found = {.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
        VkResult result = get ? get(vk->device, handle, memory->pointer, &found) : VK_ERROR_EXTENSION_NOT_PRESENT;
        *types = found.memoryTypeBits;
        return bd_vk_check(vk, result, "vkGetMemoryHostPointerPropertiesEXT", error);
    }
    PFN_vkGetMemoryFdPropertiesKHR get = (PFN_vkGetMemoryFdPropertiesKHR)function_of(vk, "vkGetMemoryFdPropertiesKHR");
    VkMemoryFdPropertiesKHR found = {.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR};
    VkResult result = get ? get(vk->device, handle, fd, &found) : VK_ERROR_EXTENSION_NOT_PRESENT;
    *types = found.memoryTypeBits;
    return bd_vk_check(vk, result, "vkGetMemoryFdPropertiesKHR", error);
}

/* Imports the memory; fd: a copy, taken on success. */
static bd_result take_memory(bd_vk *vk, const bd_vulkan_memory *memory, const needs *of, bool dedicated, int fd,
                             bd_vk_external *made, bd_error *error) {
    const VkMemoryRequirements *wanted = &of->memory.memoryRequirements;
    const bool host = memory->kind == BD_VULKAN_MEMORY_HOST;
    uint32_t types = 0;
    if (memory->bytes < wanted->size) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the memory has %llu bytes, and the image needs %llu",
                       (unsigned long long)memory->bytes, (unsigned long long)wanted->size);
    }
    bd_result result = find_types(vk, memory, fd, &types, error);
    if (result) {
        return result;
    }
    /* What the CPU writes must be seen without a flush. */
    const VkMemoryPropertyFlags seen =
        host ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT : 0;
    const uint32_t type = bd_vk_find_memory_type(vk, types & wanted->memoryTypeBits, seen);
    if (type == UINT32_MAX) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s: %s is of no memory type that the image could have",
                       vk->info.name, kinds[memory->kind].name);
    }
    const VkImportMemoryHostPointerInfoEXT pointer = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                                      .handleType = kinds[memory->kind].handle,
                                                      .pHostPointer = memory->pointer};
    const VkImportMemoryFdInfoKHR descriptor = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, .handleType = kinds[memory->kind].handle, .fd = fd};
    return allocate(vk, host ? (const void *)&pointer : &descriptor, memory->bytes, type, dedicated, made, error);
}

bd_result bd_vk_external_import(bd_vk *vk, const bd_vulkan_memory *memory, const bd_vk_external_shape *shape,
                                bd_vk_external *made, bd_error *error) {
    bool dedicated = false;
    int copy = -1; /* what drivers take is theirs at once, and must not be the caller's if more fails */
    needs of;
    *made = (bd_vk_external){.memory = VK_NULL_HANDLE};
    bd_result result = check_device(vk, memory, shape, VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT, &dedicated, error);
    if (!result && memory->kind == BD_VULKAN_MEMORY_HOST) {
        result = check_pointer(vk, memory, error);
    } else if (!result) {
        bd_failure_text text;
        const bd_failure failure = bd_descriptor_copy(memory->fd, &copy);
        result = failure ? bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the memory's descriptor %d: %s", memory->fd,
                                   bd_failure_say(failure, &text))
                         : BD_OK;
    }
    if (!result) {
        result = make_shape(vk, memory, shape, made, &of, error);
    }
    if (!result) {
        dedicated = memory->dedicated || (dedicated && memory->kind != BD_VULKAN_MEMORY_FD);
        result = take_memory(vk, memory, &of, dedicated, copy, made, error);
        copy = result ? copy : -1;
    }
    if (!result) {
        result = bind(vk, made, error);
    }
    if (copy >= 0) {
        bd_descriptor_close(copy);
    }
    if (result) {
        bd_vk_external_finish(vk, made);
    } else if (memory->kind != BD_VULKAN_MEMORY_HOST) {
        bd_descriptor_close(memory->fd);
    }
    return result;
}

/* ---- export ------------------------------------------------------------------------------------------------------ */

static bd_result give_memory(bd_vk *vk, bd_vulkan_memory *memory, const needs *of, bool dedicated, bd_vk_external *made,
                             bd_error *error) {
    const VkMemoryRequirements *wanted = &of->memory.memoryRequirements;
    uint32_t type = bd_vk_find_memory_type(vk, wanted->memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    type = type == UINT32_MAX ? bd_vk_find_memory_type(vk, wanted->memoryTypeBits, 0) : type;
    if (type == UINT32_MAX) {
        return bd_fail(error, BD_ERR_DEVICE, "%s: no memory type for an image", vk->info.name);
    }
    const VkExportMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                             .handleTypes = kinds[memory->kind].handle};
    memory->bytes = wanted->size;
    memory->memory_type = type;
    memory->dedicated = dedicated;
    return allocate(vk, &info, wanted->size, type, dedicated, made, error);
}

static bd_result get_descriptor(bd_vk *vk, bd_vulkan_memory *memory, const bd_vk_external *made, bd_error *error) {
    PFN_vkGetMemoryFdKHR get = (PFN_vkGetMemoryFdKHR)function_of(vk, "vkGetMemoryFdKHR");
    const VkMemoryGetFdInfoKHR info = {.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
                                       .memory = made->memory,
                                       .handleType = kinds[memory->kind].handle};
    return bd_vk_check(vk, get ? get(vk->device, &info, &memory->fd) : VK_ERROR_EXTENSION_NOT_PRESENT,
                       "vkGetMemoryFdKHR", error);
}

bd_result bd_vk_external_export(bd_vk *vk, bd_vulkan_memory *memory, const bd_vk_external_shape *shape,
                                bd_vk_external *made, bd_error *error) {
    bool dedicated = false;
    needs of;
    *made = (bd_vk_external){.memory = VK_NULL_HANDLE};
    bd_result result = check_device(vk, memory, shape, VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT, &dedicated, error);
    if (!result) {
        result = make_shape(vk, memory, shape, made, &of, error);
    }
    if (!result) {
        dedicated = dedicated || of.dedicated.prefersDedicatedAllocation || of.dedicated.requiresDedicatedAllocation;
        result = give_memory(vk, memory, &of, dedicated, made, error);
    }
    if (!result) {
        result = bind(vk, made, error);
    }
    if (!result) {
        result = get_descriptor(vk, memory, made, error);
    }
    if (result) {
        bd_vk_external_finish(vk, made);
    }
    return result;
}

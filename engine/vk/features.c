/* SPDX-License-Identifier: MIT */
#include "vk/features.h"

#include <string.h>

#include "vk/portability.h"

/* Headers older than 1.3.255 do not know VK_KHR_cooperative_matrix. */
#ifndef VK_KHR_cooperative_matrix
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR ((VkStructureType)1000506000)
#define VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR ((VkStructureType)1000506001)
#define VK_COMPONENT_TYPE_FLOAT16_KHR 0
#define VK_COMPONENT_TYPE_FLOAT32_KHR 1
#define VK_SCOPE_SUBGROUP_KHR 3
typedef struct VkPhysicalDeviceCooperativeMatrixFeaturesKHR {
    VkStructureType sType;
    void *pNext;
    VkBool32 cooperativeMatrix;
    VkBool32 cooperativeMatrixRobustBufferAccess;
} VkPhysicalDeviceCooperativeMatrixFeaturesKHR;
typedef struct VkCooperativeMatrixPropertiesKHR {
    VkStructureType sType;
    void *pNext;
    uint32_t MSize;
    uint32_t NSize;
    uint32_t KSize;
    int32_t AType;
    int32_t BType;
    int32_t CType;
    int32_t ResultType;
    VkBool32 saturatingAccumulation;
    int32_t scope;
} VkCooperativeMatrixPropertiesKHR;
typedef VkResult(VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)(
    VkPhysicalDevice physicalDevice, uint32_t *pPropertyCount, VkCooperativeMatrixPropertiesKHR *pProperties);
#endif

enum { MOST_SIZES = 64 };

static bool has_extension(const VkExtensionProperties *list, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(list[i].extensionName, name)) {
            return true;
        }
    }
    return false;
}

/* Keeps a size of product that the kernels can use; 16 x 16 x 16 goes first. */
static void add_size(bd_vk *vk, bd_vk_matrix_extension extension, uint32_t m, uint32_t n, uint32_t k) {
    if (!m || !n || !k || m % 8 || n % 8 || k % 8 || m > 64 || n > 64 || k > 16) {
        return;
    }
    for (uint32_t i = 0; i < vk->matrix_count; i++) {
        const bd_vk_matrix *known = &vk->matrices[i];
        if (known->extension == extension && known->m == m && known->n == n && known->k == k) {
            return;
        }
    }
    if (vk->matrix_count == BD_COUNT(vk->matrices)) {
        return;
    }
    uint32_t at = vk->matrix_count++;
    if (m == 16 && n == 16 && k == 16) {
        memmove(vk->matrices + 1, vk->matrices, at * sizeof vk->matrices[0]);
        at = 0;
    }
    vk->matrices[at] = (bd_vk_matrix){extension, m, n, k};
}

static void list_khr(bd_vk *vk) {
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)vk->api.vkGetInstanceProcAddr(
            vk->instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    VkCooperativeMatrixPropertiesKHR sizes[MOST_SIZES];
    uint32_t count = MOST_SIZES;
    for (uint32_t i = 0; i < MOST_SIZES; i++) {
        sizes[i] = (VkCooperativeMatrixPropertiesKHR){.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR};
    }
    if (!get || get(vk->physical_device, &count, sizes) < 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const VkCooperativeMatrixPropertiesKHR *s = &sizes[i];
        if (s->AType == VK_COMPONENT_TYPE_FLOAT16_KHR && s->BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
            s->CType == VK_COMPONENT_TYPE_FLOAT32_KHR && s->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
            s->scope == VK_SCOPE_SUBGROUP_KHR && !s->saturatingAccumulation) {
            add_size(vk, BD_VK_MATRIX_KHR, s->MSize, s->NSize, s->KSize);
        }
    }
}

static void list_nv(bd_vk *vk) {
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesNV get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesNV)vk->api.vkGetInstanceProcAddr(
            vk->instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesNV");
    VkCooperativeMatrixPropertiesNV sizes[MOST_SIZES];
    uint32_t count = MOST_SIZES;
    for (uint32_t i = 0; i < MOST_SIZES; i++) {
        sizes[i] = (VkCooperativeMatrixPropertiesNV){.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_NV};
    }
    if (!get || get(vk->physical_device, &count, sizes) < 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const VkCooperativeMatrixPropertiesNV *s = &sizes[i];
        if (s->AType == VK_COMPONENT_TYPE_FLOAT16_NV && s->BType == VK_COMPONENT_TYPE_FLOAT16_NV &&
            s->CType == VK_COMPONENT_TYPE_FLOAT32_NV && s->DType == VK_COMPONENT_TYPE_FLOAT32_NV &&
            s->scope == VK_SCOPE_SUBGROUP_NV) {
            add_size(vk, BD_VK_MATRIX_NV, s->MSize, s->NSize, s->KSize);
        }
    }
}

/* One flag for each thing beyond Vulkan 1.1 that is of use here. */
typedef struct switches {
    bool int64, half, memory_model, device_scope, address, timeline, khr, nv, size, full, fd, dma_buf, host_memory;
} switches;

/* ---- what a device offers ---------------------------------------------------------------------------------------- */

/* Structs of extensions that the device does not have are left out of the chain. */
typedef struct offers {
    VkPhysicalDeviceShaderFloat16Int8Features half;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceBufferDeviceAddressFeatures address;
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR khr;
    VkPhysicalDeviceCooperativeMatrixFeaturesNV nv;
    VkPhysicalDeviceSubgroupSizeControlFeatures size;
} offers;

static switches list_extensions(const bd_vk *vk) {
    switches has = {0};
    uint32_t count = 0;
    if (vk->api.vkEnumerateDeviceExtensionProperties(vk->physical_device, NULL, &count, NULL) < 0) {
        return has;
    }
    VkExtensionProperties *list = bd_alloc_array(vk->allocator, BD_MAX(count, 1u), sizeof *list);
    if (list && vk->api.vkEnumerateDeviceExtensionProperties(vk->physical_device, NULL, &count, list) >= 0) {
        has.khr = has_extension(list, count, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
        has.nv = has_extension(list, count, VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME);
        has.size = has_extension(list, count, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
        has.fd = has_extension(list, count, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
        has.dma_buf = has.fd && has_extension(list, count, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME);
        has.host_memory = has_extension(list, count, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
    }
    bd_free(vk->allocator, list);
    return has;
}

static switches ask(const bd_vk *vk) {
    const switches has = list_extensions(vk);
    switches on = {.int64 = vk->traits.int64, .fd = has.fd, .dma_buf = has.dma_buf, .host_memory = has.host_memory};
    /* These are part of Vulkan 1.2; a device that is older has no matrix unit either. */
    if (vk->version < VK_API_VERSION_1_2) {
        return on;
    }
    offers o = {.half = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES},
                .memory_model = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES},
                .address = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES},
                .timeline = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES},
                .khr = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR},
                .nv = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV},
                .size = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES}};
    void *next = NULL;
    if (has.khr) {
        next = &o.khr;
    }
    if (has.nv) {
        o.nv.pNext = next;
        next = &o.nv;
    }
    if (has.size) {
        o.size.pNext = next;
        next = &o.size;
    }
    o.timeline.pNext = next;
    o.address.pNext = &o.timeline;
    o.memory_model.pNext = &o.address;
    o.half.pNext = &o.memory_model;
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &o.half};
    vk->api.vkGetPhysicalDeviceFeatures2(vk->physical_device, &all);
    on.half = o.half.shaderFloat16;
    on.memory_model = o.memory_model.vulkanMemoryModel;
    on.device_scope = o.memory_model.vulkanMemoryModelDeviceScope;
    on.address = o.address.bufferDeviceAddress;
    on.timeline = o.timeline.timelineSemaphore;
    on.khr = o.khr.cooperativeMatrix;
    on.nv = o.nv.cooperativeMatrix;
    on.size = o.size.subgroupSizeControl;
    on.full = o.size.computeFullSubgroups;
    return on;
}

/* ---- what is made of it ------------------------------------------------------------------------------------------ */

/* Matrix units are used by 32 invocations together where the driver has a choice: a driver may report 64 where the
 * hardware's own width is 32 (RDNA), or let the compiler take 8 or 16 (Intel). */
static void choose_subgroups(bd_vk *vk, switches *on) {
    enum { MATRIX_SUBGROUP = 32 };
    VkPhysicalDeviceSubgroupSizeControlProperties range = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
                                                   .pNext = on->size ? &range : NULL};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &subgroup};
    vk->api.vkGetPhysicalDeviceProperties2(vk->physical_device, &properties);
    vk->subgroup_size = vk->matrix_subgroup_size = subgroup.subgroupSize;
    on->size = on->size && (range.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT);
    on->full = on->size && on->full;
    if (!on->size) {
        return;
    }
    vk->subgroup_min = range.minSubgroupSize;
    vk->subgroup_max = range.maxSubgroupSize;
    vk->full_subgroups = on->full;
    if (range.minSubgroupSize < range.maxSubgroupSize && range.maxSubgroupSize >= MATRIX_SUBGROUP) {
        vk->matrix_subgroup_size = BD_MAX(range.minSubgroupSize, (uint32_t)MATRIX_SUBGROUP);
    }
}

/* Tells vk what it may use, and switches off what turns out to be of no use. */
static void use(bd_vk *vk, switches *on) {
    choose_subgroups(vk, on);
    vk->half = on->half;
    vk->addresses = on->address;
    vk->matrix_count = 0;
    /* Once the memory model is on, atomics of any shader need its device scope. */
    bool ordered = on->half && on->memory_model && on->device_scope;
    if (ordered && on->khr) {
        list_khr(vk);
    }
    uint32_t khr_count = vk->matrix_count;
    if (ordered && on->nv) {
        list_nv(vk);
    }
    on->khr = khr_count > 0;
    on->nv = vk->matrix_count > khr_count;
    on->memory_model = on->device_scope = vk->matrix_count > 0;
}

/* Puts a struct in front of the chain. */
static void chain(bd_vulkan_wanted *list, void *feature) {
    VkBaseOutStructure base;
    memcpy(&base, feature, sizeof base);
    base.pNext = list->features.pNext;
    memcpy(feature, &base, sizeof base);
    list->features.pNext = feature;
}

static void write_list(const switches *on, bd_vulkan_wanted *list) {
    _Static_assert(sizeof list->matrix_khr >= sizeof(VkPhysicalDeviceCooperativeMatrixFeaturesKHR), "room");
    const VkPhysicalDeviceCooperativeMatrixFeaturesKHR khr = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .cooperativeMatrix = on->khr};
    *list = (bd_vulkan_wanted){
        .struct_size = sizeof *list,
        .features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .features = {.shaderInt64 = on->int64}},
        .float16 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, .shaderFloat16 = on->half},
        .memory_model = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
                         .vulkanMemoryModel = on->memory_model,
                         .vulkanMemoryModelDeviceScope = on->device_scope},
        .buffer_address = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES,
                           .bufferDeviceAddress = on->address},
        .timeline = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
                     .timelineSemaphore = on->timeline},
        .subgroup_size = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                          .subgroupSizeControl = on->size,
                          .computeFullSubgroups = on->full},
        .matrix_nv = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV,
                      .cooperativeMatrix = on->nv}};
    memcpy(&list->matrix_khr, &khr, sizeof khr);
    const struct {
        bool on;
        void *feature;         /* NULL: the extension is all */
        const char *extension; /* NULL: part of Vulkan 1.2 */
    } rows[] = {{on->half, &list->float16, NULL},
                {on->memory_model, &list->memory_model, NULL},
                {on->address, &list->buffer_address, NULL},
                {on->timeline, &list->timeline, NULL},
                {on->size, &list->subgroup_size, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME},
                {on->khr, &list->matrix_khr, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME},
                {on->nv, &list->matrix_nv, VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME},
                {on->fd, NULL, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME},
                {on->dma_buf, NULL, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME},
                {on->host_memory, NULL, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME}};
    for (uint32_t i = 0; i < BD_COUNT(rows); i++) {
        if (rows[i].on && rows[i].feature) {
            chain(list, rows[i].feature);
        }
        if (rows[i].on && rows[i].extension) {
            list->extensions[list->extension_count++] = rows[i].extension;
        }
    }
}

void bd_vk_features_want(bd_vk *vk, bool int64, bool addresses) {
    switches on = ask(vk);
    on.int64 = on.int64 && int64;
    on.address = on.address && addresses;
    use(vk, &on);
    write_list(&on, &vk->enabled);
    vk->enabled.queue_family = vk->queue_family;
    const char *portability = bd_vk_portability_of_device(vk);
    if (portability) {
        vk->enabled.extensions[vk->enabled.extension_count++] = portability;
    }
}

bool bd_vk_has_extension(const bd_vk *vk, const char *name) {
    for (uint32_t i = 0; i < vk->enabled.extension_count; i++) {
        if (!strcmp(vk->enabled.extensions[i], name)) {
            return true;
        }
    }
    return false;
}

void bd_vk_features_write(const bd_vk *vk, bd_vulkan_wanted *to) {
    const char *from = (const char *)&vk->enabled;
    memcpy(to, from, sizeof *to);
    for (VkBaseOutStructure *at = (void *)&to->features; at->pNext; at = at->pNext) {
        at->pNext = (void *)((char *)to + ((const char *)at->pNext - from));
    }
}

/* ---- what a host enabled ----------------------------------------------------------------------------------------- */

static bool is_enabled(const bd_vulkan_import *host, const char *extension) {
    for (uint32_t i = 0; i < host->extension_count; i++) {
        if (host->extensions[i] && !strcmp(host->extensions[i], extension)) {
            return true;
        }
    }
    return false;
}

/* One struct of the host's chain; structs that are not known here say nothing of use. */
static void read_struct(const VkBaseInStructure *base, switches *on) {
    const void *at = base;
    switch ((int)base->sType) {
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES: {
        const VkPhysicalDeviceShaderFloat16Int8Features *f = at;
        on->half = on->half || f->shaderFloat16;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES: {
        const VkPhysicalDeviceVulkanMemoryModelFeatures *f = at;
        on->memory_model = on->memory_model || f->vulkanMemoryModel;
        on->device_scope = on->device_scope || f->vulkanMemoryModelDeviceScope;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES: {
        const VkPhysicalDeviceBufferDeviceAddressFeatures *f = at;
        on->address = on->address || f->bufferDeviceAddress;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES: {
        const VkPhysicalDeviceTimelineSemaphoreFeatures *f = at;
        on->timeline = on->timeline || f->timelineSemaphore;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES: {
        const VkPhysicalDeviceSubgroupSizeControlFeatures *f = at;
        on->size = on->size || f->subgroupSizeControl;
        on->full = on->full || f->computeFullSubgroups;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR: {
        const VkPhysicalDeviceCooperativeMatrixFeaturesKHR *f = at;
        on->khr = on->khr || f->cooperativeMatrix;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV: {
        const VkPhysicalDeviceCooperativeMatrixFeaturesNV *f = at;
        on->nv = on->nv || f->cooperativeMatrix;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES: {
        const VkPhysicalDeviceVulkan12Features *f = at;
        on->half = on->half || f->shaderFloat16;
        on->memory_model = on->memory_model || f->vulkanMemoryModel;
        on->device_scope = on->device_scope || f->vulkanMemoryModelDeviceScope;
        on->address = on->address || f->bufferDeviceAddress;
        on->timeline = on->timeline || f->timelineSemaphore;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES: {
        const VkPhysicalDeviceVulkan13Features *f = at;
        on->size = on->size || f->subgroupSizeControl;
        on->full = on->full || f->computeFullSubgroups;
        break;
    }
    default: break;
    }
}

bd_result bd_vk_features_import(bd_vk *vk, const bd_vulkan_import *host, bd_error *error) {
    switches on = {.int64 = host->features && host->features->features.shaderInt64};
    for (const VkBaseInStructure *at = host->features ? host->features->pNext : NULL; at; at = at->pNext) {
        read_struct(at, &on);
    }
    if (on.memory_model && !on.device_scope) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "the host's device has vulkanMemoryModel enabled without vulkanMemoryModelDeviceScope");
    }
    const switches has = ask(vk);
    on.int64 = on.int64 && has.int64;
    on.half = on.half && has.half;
    on.memory_model = on.memory_model && has.memory_model;
    on.device_scope = on.device_scope && has.device_scope;
    on.address = on.address && has.address;
    on.timeline = on.timeline && has.timeline;
    on.khr = on.khr && has.khr && is_enabled(host, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    on.nv = on.nv && has.nv && is_enabled(host, VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME);
    on.size = on.size && has.size &&
              (vk->version >= VK_API_VERSION_1_3 || is_enabled(host, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME));
    on.full = on.full && has.full;
    on.fd = has.fd && is_enabled(host, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    on.dma_buf = on.fd && has.dma_buf && is_enabled(host, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME);
    on.host_memory = has.host_memory && is_enabled(host, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
    use(vk, &on);
    vk->traits.int64 = on.int64;
    write_list(&on, &vk->enabled);
    vk->enabled.queue_family = vk->queue_family;
    return BD_OK;
}

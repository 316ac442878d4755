/* SPDX-License-Identifier: MIT */
#include "vk/features.h"

#include <string.h>

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

/* What the device offers; structs of extensions that it does not have are left out of the chain. */
typedef struct offers {
    VkPhysicalDeviceShaderFloat16Int8Features half;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceBufferDeviceAddressFeatures address;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR khr;
    VkPhysicalDeviceCooperativeMatrixFeaturesNV nv;
    VkPhysicalDeviceSubgroupSizeControlFeatures size;
    bool has_khr, has_nv, has_size;
} offers;

static void ask(const bd_vk *vk, offers *o) {
    *o = (offers){.half = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES},
                  .memory_model = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES},
                  .address = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES},
                  .khr = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR},
                  .nv = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV},
                  .size = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES}};
    /* These are part of Vulkan 1.2; a device that is older has no matrix unit either. */
    if (vk->info.api_version < VK_API_VERSION_1_2) {
        return;
    }
    uint32_t count = 0;
    if (vk->api.vkEnumerateDeviceExtensionProperties(vk->physical_device, NULL, &count, NULL) < 0) {
        return;
    }
    VkExtensionProperties *list = bd_alloc_array(vk->allocator, BD_MAX(count, 1u), sizeof *list);
    if (list && vk->api.vkEnumerateDeviceExtensionProperties(vk->physical_device, NULL, &count, list) >= 0) {
        o->has_khr = has_extension(list, count, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
        o->has_nv = has_extension(list, count, VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME);
        o->has_size = has_extension(list, count, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    }
    bd_free(vk->allocator, list);
    void *next = NULL;
    if (o->has_khr) {
        next = &o->khr;
    }
    if (o->has_nv) {
        o->nv.pNext = next;
        next = &o->nv;
    }
    if (o->has_size) {
        o->size.pNext = next;
        next = &o->size;
    }
    o->address.pNext = next;
    o->memory_model.pNext = &o->address;
    o->half.pNext = &o->memory_model;
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &o->half};
    vk->api.vkGetPhysicalDeviceFeatures2(vk->physical_device, &all);
}

/* Matrix units are used by 32 invocations together where the driver has a choice: a driver may report 64 where the
 * hardware's own width is 32 (RDNA), or let the compiler take 8 or 16 (Intel). */
static void choose_subgroups(bd_vk *vk, const offers *o, bd_vk_features *features) {
    enum { MATRIX_SUBGROUP = 32 };
    VkPhysicalDeviceSubgroupSizeControlProperties range = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
                                                   .pNext = o->has_size ? &range : NULL};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &subgroup};
    vk->api.vkGetPhysicalDeviceProperties2(vk->physical_device, &properties);
    vk->subgroup_size = vk->matrix_subgroup_size = subgroup.subgroupSize;
    if (!o->size.subgroupSizeControl || !(range.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT)) {
        return;
    }
    vk->subgroup_min = range.minSubgroupSize;
    vk->subgroup_max = range.maxSubgroupSize;
    vk->full_subgroups = o->size.computeFullSubgroups;
    if (range.minSubgroupSize < range.maxSubgroupSize && range.maxSubgroupSize >= MATRIX_SUBGROUP) {
        vk->matrix_subgroup_size = BD_MAX(range.minSubgroupSize, (uint32_t)MATRIX_SUBGROUP);
    }
    features->size =
        (VkPhysicalDeviceSubgroupSizeControlFeatures){.sType = o->size.sType,
                                                      .pNext = features->next,
                                                      .subgroupSizeControl = VK_TRUE,
                                                      .computeFullSubgroups = o->size.computeFullSubgroups};
    features->next = &features->size;
    features->extensions[features->extension_count++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
}

void bd_vk_features_init(bd_vk *vk, bd_vk_features *features) {
    offers o;
    ask(vk, &o);
    vk->half = o.half.shaderFloat16;
    *features = (bd_vk_features){0};
    choose_subgroups(vk, &o, features);
    if (vk->wants.addresses && o.address.bufferDeviceAddress) {
        vk->addresses = true;
        features->address = (VkPhysicalDeviceBufferDeviceAddressFeatures){
            .sType = o.address.sType, .pNext = features->next, .bufferDeviceAddress = VK_TRUE};
        features->next = &features->address;
    }
    if (!o.half.shaderFloat16) {
        return;
    }
    features->half = (VkPhysicalDeviceShaderFloat16Int8Features){
        .sType = o.half.sType, .pNext = features->next, .shaderFloat16 = VK_TRUE};
    features->next = &features->half;
    /* Once the memory model is on, atomics of any shader need its device scope. */
    if (!o.memory_model.vulkanMemoryModel || !o.memory_model.vulkanMemoryModelDeviceScope) {
        return;
    }
    if (o.has_khr && o.khr.cooperativeMatrix) {
        list_khr(vk);
    }
    uint32_t khr_count = vk->matrix_count;
    if (o.has_nv && o.nv.cooperativeMatrix) {
        list_nv(vk);
    }
    if (!vk->matrix_count) {
        return;
    }
    features->memory_model = (VkPhysicalDeviceVulkanMemoryModelFeatures){.sType = o.memory_model.sType,
                                                                         .pNext = features->next,
                                                                         .vulkanMemoryModel = VK_TRUE,
                                                                         .vulkanMemoryModelDeviceScope = VK_TRUE};
    features->next = &features->memory_model;
    if (khr_count) {
        _Static_assert(sizeof features->khr >= sizeof(VkPhysicalDeviceCooperativeMatrixFeaturesKHR), "room");
        VkPhysicalDeviceCooperativeMatrixFeaturesKHR khr = {.sType = o.khr.sType, .cooperativeMatrix = VK_TRUE};
        khr.pNext = features->next;
        memcpy(&features->khr, &khr, sizeof khr);
        features->next = &features->khr;
        features->extensions[features->extension_count++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    }
    if (vk->matrix_count > khr_count) {
        features->nv = (VkPhysicalDeviceCooperativeMatrixFeaturesNV){
            .sType = o.nv.sType, .pNext = features->next, .cooperativeMatrix = VK_TRUE};
        features->next = &features->nv;
        features->extensions[features->extension_count++] = VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME;
    }
}

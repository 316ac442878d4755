/* SPDX-License-Identifier: MIT
 * What every object of this layer hangs off: a device with its functions and properties. There are no globals. Threads
 * may share a bd_vk once it is started; an object on it (commands, buffers) is one thread's at a time. */
#ifndef BD_VK_CONTEXT_H
#define BD_VK_CONTEXT_H

#define VK_NO_PROTOTYPES
#include <stdatomic.h>
#include <vulkan/vulkan.h>

#include "backdrop_vulkan.h"
#include "base/base.h"
#include "platform/thread.h"
#include "shaders.h"

#define BD_VK_GLOBAL_FUNCTIONS(X)                                                                                      \
    X(vkEnumerateInstanceVersion)                                                                                      \
    X(vkEnumerateInstanceLayerProperties)                                                                              \
    X(vkEnumerateInstanceExtensionProperties)                                                                          \
    X(vkCreateInstance)
#define BD_VK_INSTANCE_FUNCTIONS(X)                                                                                    \
    X(vkDestroyInstance)                                                                                               \
    X(vkEnumeratePhysicalDevices)                                                                                      \
    X(vkGetPhysicalDeviceFeatures)                                                                                     \
    X(vkGetPhysicalDeviceFeatures2)                                                                                    \
    X(vkGetPhysicalDeviceProperties2)                                                                                  \
    X(vkGetPhysicalDeviceMemoryProperties)                                                                             \
    X(vkGetPhysicalDeviceQueueFamilyProperties)                                                                        \
    X(vkGetPhysicalDeviceExternalBufferProperties)                                                                     \
    X(vkGetPhysicalDeviceImageFormatProperties2)                                                                       \
    X(vkEnumerateDeviceExtensionProperties)                                                                            \
    X(vkCreateDevice)                                                                                                  \
    X(vkGetDeviceProcAddr)
#define BD_VK_DEVICE_FUNCTIONS(X)                                                                                      \
    X(vkDestroyDevice)                                                                                                 \
    X(vkGetDeviceQueue)                                                                                                \
    X(vkGetDeviceQueue2)                                                                                               \
    X(vkAllocateMemory)                                                                                                \
    X(vkFreeMemory)                                                                                                    \
    X(vkMapMemory)                                                                                                     \
    X(vkCreateBuffer)                                                                                                  \
    X(vkDestroyBuffer)                                                                                                 \
    X(vkGetBufferMemoryRequirements)                                                                                   \
    X(vkGetBufferMemoryRequirements2)                                                                                  \
    X(vkBindBufferMemory)                                                                                              \
    X(vkCreateImage)                                                                                                   \
    X(vkDestroyImage)                                                                                                  \
    X(vkGetImageMemoryRequirements2)                                                                                   \
    X(vkBindImageMemory)                                                                                               \
    X(vkCreateBufferView)                                                                                              \
    X(vkDestroyBufferView)                                                                                             \
    X(vkCreateShaderModule)                                                                                            \
    X(vkDestroyShaderModule)                                                                                           \
    X(vkCreateDescriptorSetLayout)                                                                                     \
    X(vkDestroyDescriptorSetLayout)                                                                                    \
    X(vkCreatePipelineLayout)                                                                                          \
    X(vkDestroyPipelineLayout)                                                                                         \
    X(vkCreatePipelineCache)                                                                                           \
    X(vkDestroyPipelineCache)                                                                                          \
    X(vkGetPipelineCacheData)                                                                                          \
    X(vkCreateComputePipelines)                                                                                        \
    X(vkDestroyPipeline)                                                                                               \
    X(vkCreateDescriptorPool)                                                                                          \
    X(vkDestroyDescriptorPool)                                                                                         \
    X(vkResetDescriptorPool)                                                                                           \
    X(vkAllocateDescriptorSets)                                                                                        \
    X(vkUpdateDescriptorSets)                                                                                          \
    X(vkCreateCommandPool)                                                                                             \
    X(vkDestroyCommandPool)                                                                                            \
    X(vkResetCommandPool)                                                                                              \
    X(vkAllocateCommandBuffers)                                                                                        \
    X(vkBeginCommandBuffer)                                                                                            \
    X(vkEndCommandBuffer)                                                                                              \
    X(vkCmdBindPipeline)                                                                                               \
    X(vkCmdBindDescriptorSets)                                                                                         \
    X(vkCmdPushConstants)                                                                                              \
    X(vkCmdDispatch)                                                                                                   \
    X(vkCmdDispatchBase)                                                                                               \
    X(vkCmdDispatchIndirect)                                                                                           \
    X(vkCmdPipelineBarrier)                                                                                            \
    X(vkCmdCopyBuffer)                                                                                                 \
    X(vkCmdFillBuffer)                                                                                                 \
    X(vkCmdCopyImageToBuffer)                                                                                          \
    X(vkCmdCopyBufferToImage)                                                                                          \
    X(vkCreateQueryPool)                                                                                               \
    X(vkDestroyQueryPool)                                                                                              \
    X(vkCmdResetQueryPool)                                                                                             \
    X(vkCmdWriteTimestamp)                                                                                             \
    X(vkGetQueryPoolResults)                                                                                           \
    X(vkCreateFence)                                                                                                   \
    X(vkDestroyFence)                                                                                                  \
    X(vkResetFences)                                                                                                   \
    X(vkWaitForFences)                                                                                                 \
    X(vkQueueSubmit) /* the last one: where it is known the table is whole */

typedef struct bd_vk_api {
    PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr;
#define X(name) PFN_##name name;
    BD_VK_GLOBAL_FUNCTIONS(X)
    BD_VK_INSTANCE_FUNCTIONS(X)
    BD_VK_DEVICE_FUNCTIONS(X)
#undef X
    PFN_vkGetBufferDeviceAddress vkGetBufferDeviceAddress;               /* where bd_vk.addresses */
    PFN_vkCreateDebugUtilsMessengerEXT vkCreateDebugUtilsMessengerEXT;   /* with validation only */
    PFN_vkDestroyDebugUtilsMessengerEXT vkDestroyDebugUtilsMessengerEXT; /* with validation only */
} bd_vk_api;

typedef struct bd_vk_pipeline bd_vk_pipeline;

/* A product that the device's matrix units do: 16-bit operands, float32 sums, a subgroup together. */
typedef enum bd_vk_matrix_extension { BD_VK_MATRIX_NV = 1, BD_VK_MATRIX_KHR = 2 } bd_vk_matrix_extension;
typedef struct bd_vk_matrix {
    bd_vk_matrix_extension extension;
    uint32_t m, n, k;
} bd_vk_matrix;

/* What kernels are chosen by, known before a device is opened. */
typedef struct bd_vk_traits {
    uint32_t texel_elements; /* that a texel buffer can have */
    uint32_t shuffle_lanes;  /* size of subgroups that exchange registers in compute shaders; 0: they cannot */
    bool int64;              /* shaders can compute with 64-bit integers */
} bd_vk_traits;

typedef struct bd_vk {
    const bd_allocator *allocator;
    bd_log_fn log;
    void *log_user;
    void *library; /* of the loader, when this bd_vk opened it */
    bd_vk_api api;
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    atomic_uint validation_messages;
    bool validation;
    VkPhysicalDevice physical_device;
    bd_device_info info;
    bd_vk_traits traits;
    uint32_t version;         /* of Vulkan that may be used: the lowest of instance's and device's */
    bd_vulkan_wanted enabled; /* on the device, of what is of use here */
    uint32_t column;          /* of the table of kernels; the kernel layer sets it (kernel/column.h) */
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    bd_vk_matrix matrices[8]; /* 16 x 16 x 16 first */
    uint32_t matrix_count;
    uint32_t subgroup_size;
    uint32_t subgroup_min, subgroup_max; /* what a pipeline can ask for; 0: it cannot */
    uint32_t matrix_subgroup_size;       /* of pipelines that use matrix units */
    bool full_subgroups;                 /* a pipeline can ask that no subgroup of a group is partly filled */
    bool half;                           /* shaders compute with halves, so storing them costs nothing */
    uint8_t pipeline_cache_uuid[VK_UUID_SIZE];
    uint32_t driver_version;
    uint32_t queue_family;
    uint32_t timestamp_bits;
    bool unified;  /* device memory is host memory: no staging copies */
    bool imported; /* instance and device are a host's */
    VkDevice device;
    VkQueue queue;
    uint32_t queue_index;
    VkDeviceQueueCreateFlags queue_flags;
    void (*lock_queue)(void *user, uint32_t family, uint32_t index); /* NULL: nobody else uses the queue */
    void (*unlock_queue)(void *user, uint32_t family, uint32_t index);
    void *lock_user;
    bool has_locks;
    bd_mutex queue_lock; /* held around submissions, outside the host's lock */
    bd_mutex fence_lock; /* held while fence is in use */
    VkFence fence;
    bool slices;                                      /* pipelines allow that a dispatch is cut into slices */
    bool addresses;                                   /* shaders can read buffers by their addresses */
    VkDescriptorSetLayout set_layouts[BD_READ_PATHS]; /* bindings 0..3 read, 4 written */
    VkPipelineLayout pipeline_layouts[BD_READ_PATHS]; /* 128 bytes of push constants */
    VkPipelineCache pipeline_cache;
    char *cache_path;
    size_t cache_bytes;      /* as loaded */
    bd_mutex pipelines_lock; /* held where the next two are looked at */
    bd_vk_pipeline *pipelines;
    uint32_t pipeline_count, pipeline_capacity;
    atomic_bool lost; /* sticky */
} bd_vk;

#endif

/* SPDX-License-Identifier: MIT
 * A host with a Vulkan device of its own, as a program that embeds the library has it: instance, device, one queue and a
 * lock for it, with validation and synchronisation validation on. Watches what is done to them. */
#ifndef BD_TEST_VULKAN_HOST_H
#define BD_TEST_VULKAN_HOST_H

#include <stdatomic.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "backdrop_vulkan.h"
#include "support/session.h"

#define VULKAN_HOST_INSTANCE_FUNCTIONS(X)                                                                              \
    X(vkDestroyInstance)                                                                                               \
    X(vkEnumeratePhysicalDevices)                                                                                      \
    X(vkGetPhysicalDeviceFeatures2)                                                                                    \
    X(vkGetPhysicalDeviceMemoryProperties)                                                                             \
    X(vkCreateDevice)                                                                                                  \
    X(vkGetDeviceProcAddr)                                                                                             \
    X(vkCreateDebugUtilsMessengerEXT)                                                                                  \
    X(vkDestroyDebugUtilsMessengerEXT)
#define VULKAN_HOST_DEVICE_FUNCTIONS(X)                                                                                \
    X(vkDestroyDevice)                                                                                                 \
    X(vkDeviceWaitIdle)                                                                                                \
    X(vkGetDeviceQueue)                                                                                                \
    X(vkQueueSubmit)                                                                                                   \
    X(vkAllocateMemory)                                                                                                \
    X(vkFreeMemory)                                                                                                    \
    X(vkMapMemory)                                                                                                     \
    X(vkCreateBuffer)                                                                                                  \
    X(vkDestroyBuffer)                                                                                                 \
    X(vkGetBufferMemoryRequirements)                                                                                   \
    X(vkBindBufferMemory)                                                                                              \
    X(vkCreateImage)                                                                                                   \
    X(vkDestroyImage)                                                                                                  \
    X(vkGetImageMemoryRequirements)                                                                                    \
    X(vkBindImageMemory)                                                                                               \
    X(vkCreateSemaphore)                                                                                               \
    X(vkDestroySemaphore)                                                                                              \
    X(vkWaitSemaphores)                                                                                                \
    X(vkSignalSemaphore)                                                                                               \
    X(vkGetSemaphoreCounterValue)                                                                                      \
    X(vkCreateFence)                                                                                                   \
    X(vkDestroyFence)                                                                                                  \
    X(vkWaitForFences)                                                                                                 \
    X(vkCreateCommandPool)                                                                                             \
    X(vkDestroyCommandPool)                                                                                            \
    X(vkAllocateCommandBuffers)                                                                                        \
    X(vkBeginCommandBuffer)                                                                                            \
    X(vkEndCommandBuffer)                                                                                              \
    X(vkCmdPipelineBarrier)                                                                                            \
    X(vkCmdCopyBufferToImage)                                                                                          \
    X(vkCmdCopyImageToBuffer)                                                                                          \
    X(vkCmdFillBuffer)

typedef struct vulkan_host {
#define X(name) PFN_##name name;
    VULKAN_HOST_INSTANCE_FUNCTIONS(X)
    VULKAN_HOST_DEVICE_FUNCTIONS(X)
#undef X
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    uint32_t complaints; /* of validation */
    VkPhysicalDevice physical_device;
    VkPhysicalDeviceMemoryProperties memory;
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    VkCommandPool pool;
    VkCommandBuffer commands;
    bd_vulkan_wanted wanted;
    VkPhysicalDeviceVulkan12Features features12;
    VkPhysicalDeviceVulkan13Features features13;
    VkPhysicalDeviceFeatures2 features;
    bd_vulkan_import import; /* all of it, for bd_engine_import, watched */
} vulkan_host;

typedef enum vulkan_host_features {
    VULKAN_HOST_WANTED, /* what bd_vulkan_get_wanted says, as it says it */
    VULKAN_HOST_WHOLE,  /* the same in the structs of Vulkan 1.2 and 1.3 */
    VULKAN_HOST_BARE    /* nothing */
} vulkan_host_features;

/* What the library did to what was imported, since vulkan_watch_reset. */
typedef struct vulkan_watch {
    atomic_long locks, unlocks; /* of the queue */
    atomic_long submits;        /* and those of them outside of the lock: */
    atomic_long bare_submits;
    atomic_long idle_waits;  /* vkDeviceWaitIdle, vkQueueWaitIdle */
    atomic_long destroyed;   /* vkDestroyDevice, vkDestroyInstance */
    atomic_long made;        /* memory, buffers, pools, pipelines, shader modules, semaphores, fences */
    atomic_long views;       /* of buffers */
    atomic_long recorded;    /* command buffers */
    atomic_bool lose_device; /* from now on waiting for a fence says that the device is lost, once it is done */
} vulkan_watch;
extern vulkan_watch vulkan_watched;
void vulkan_watch_reset(void);

/* Fails the test when something goes wrong. */
void vulkan_host_open(vulkan_host *host, vulkan_host_features features, uint32_t api_version);
/* Fails the test if validation complained, or the library did what it must not. */
void vulkan_host_close(vulkan_host *host);
/* Under the lock. */
void vulkan_host_submit(vulkan_host *host, const VkSubmitInfo *info, VkFence fence);
/* Begins host->commands; ends and submits them, and waits. */
void vulkan_host_begin(vulkan_host *host);
void vulkan_host_run(vulkan_host *host);

/* Memory of the host that the CPU sees. */
typedef struct vulkan_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    void *mapped;
} vulkan_buffer;
vulkan_buffer vulkan_buffer_make(vulkan_host *host, VkDeviceSize bytes);
void vulkan_buffer_drop(vulkan_host *host, vulkan_buffer *buffer);

#endif

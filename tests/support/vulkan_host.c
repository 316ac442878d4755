/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/vulkan_host.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- watching ---------------------------------------------------------------------------------------------------- */

vulkan_watch vulkan_watched;
static pthread_mutex_t queue_mutex = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool holding;

void vulkan_watch_reset(void) {
    vulkan_watched.locks = vulkan_watched.unlocks = vulkan_watched.submits = vulkan_watched.bare_submits = 0;
    vulkan_watched.idle_waits = vulkan_watched.destroyed = vulkan_watched.made = vulkan_watched.views =
        vulkan_watched.recorded = 0;
    vulkan_watched.lose_device = false;
}

static void lock_queue(void *user, uint32_t family, uint32_t index) {
    const vulkan_host *host = user;
    if (holding || family != host->import.queue_family || index != host->import.queue_index) {
        abort();
    }
    (void)pthread_mutex_lock(&queue_mutex);
    holding = true;
    vulkan_watched.locks++;
}

static void unlock_queue(void *user, uint32_t family, uint32_t index) {
    (void)user;
    (void)family;
    (void)index;
    vulkan_watched.unlocks++;
    holding = false;
    (void)pthread_mutex_unlock(&queue_mutex);
}

#define MAKERS(X)                                                                                                      \
    X(vkAllocateMemory,                                                                                                \
      (VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a, VkDeviceMemory *o), (d, i, a, o))    \
    X(vkCreateBuffer, (VkDevice d, const VkBufferCreateInfo *i, const VkAllocationCallbacks *a, VkBuffer *o),          \
      (d, i, a, o))                                                                                                    \
    X(vkCreateShaderModule,                                                                                            \
      (VkDevice d, const VkShaderModuleCreateInfo *i, const VkAllocationCallbacks *a, VkShaderModule *o),              \
      (d, i, a, o))                                                                                                    \
    X(vkCreateComputePipelines,                                                                                        \
      (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,                                \
       const VkAllocationCallbacks *a, VkPipeline *o),                                                                 \
      (d, c, n, i, a, o))                                                                                              \
    X(vkCreateDescriptorPool,                                                                                          \
      (VkDevice d, const VkDescriptorPoolCreateInfo *i, const VkAllocationCallbacks *a, VkDescriptorPool *o),          \
      (d, i, a, o))                                                                                                    \
    X(vkCreateCommandPool,                                                                                             \
      (VkDevice d, const VkCommandPoolCreateInfo *i, const VkAllocationCallbacks *a, VkCommandPool *o), (d, i, a, o))  \
    X(vkCreateQueryPool, (VkDevice d, const VkQueryPoolCreateInfo *i, const VkAllocationCallbacks *a, VkQueryPool *o), \
      (d, i, a, o))                                                                                                    \
    X(vkCreateSemaphore, (VkDevice d, const VkSemaphoreCreateInfo *i, const VkAllocationCallbacks *a, VkSemaphore *o), \
      (d, i, a, o))                                                                                                    \
    X(vkCreateFence, (VkDevice d, const VkFenceCreateInfo *i, const VkAllocationCallbacks *a, VkFence *o), (d, i, a, o))

static PFN_vkGetInstanceProcAddr real_instance_proc;
static PFN_vkGetDeviceProcAddr real_device_proc;
static PFN_vkQueueSubmit real_submit;
static PFN_vkWaitForFences real_wait;
static PFN_vkBeginCommandBuffer real_begin;
static PFN_vkCreateBufferView real_view;

#define X(name, parameters, arguments)                                                                                 \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR VkResult VKAPI_CALL watched_##name parameters {                                                  \
        vulkan_watched.made++;                                                                                         \
        return real_##name arguments;                                                                                  \
    }
MAKERS(X)
#undef X

static VKAPI_ATTR VkResult VKAPI_CALL watched_submit(VkQueue q, uint32_t n, const VkSubmitInfo *i, VkFence f) {
    vulkan_watched.submits++;
    vulkan_watched.bare_submits += !holding;
    return real_submit(q, n, i, f);
}

static VKAPI_ATTR VkResult VKAPI_CALL watched_wait(VkDevice d, uint32_t n, const VkFence *f, VkBool32 a, uint64_t t) {
    VkResult result = real_wait(d, n, f, a, t);
    return vulkan_watched.lose_device ? VK_ERROR_DEVICE_LOST : result;
}

static VKAPI_ATTR VkResult VKAPI_CALL watched_begin(VkCommandBuffer c, const VkCommandBufferBeginInfo *i) {
    vulkan_watched.recorded++;
    return real_begin(c, i);
}

static VKAPI_ATTR VkResult VKAPI_CALL watched_view(VkDevice d, const VkBufferViewCreateInfo *i,
                                                   const VkAllocationCallbacks *a, VkBufferView *o) {
    vulkan_watched.views++;
    return real_view(d, i, a, o);
}

static VKAPI_ATTR VkResult VKAPI_CALL watched_device_idle(VkDevice device) {
    (void)device;
    vulkan_watched.idle_waits++;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL watched_queue_idle(VkQueue queue) {
    (void)queue;
    vulkan_watched.idle_waits++;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL watched_destroy_device(VkDevice d, const VkAllocationCallbacks *a) {
    (void)d;
    (void)a;
    vulkan_watched.destroyed++;
}

static VKAPI_ATTR void VKAPI_CALL watched_destroy_instance(VkInstance i, const VkAllocationCallbacks *a) {
    (void)i;
    (void)a;
    vulkan_watched.destroyed++;
}

#define WATCH(called, real, watched)                                                                                   \
    if (!strcmp(name, called)) {                                                                                       \
        memcpy(&(real), &function, sizeof function);                                                                   \
        return (PFN_vkVoidFunction)(watched);                                                                          \
    }

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL watched_device_proc(VkDevice device, const char *name) {
    PFN_vkVoidFunction function = real_device_proc(device, name), unused;
    WATCH("vkQueueSubmit", real_submit, watched_submit)
    WATCH("vkWaitForFences", real_wait, watched_wait)
    WATCH("vkBeginCommandBuffer", real_begin, watched_begin)
    WATCH("vkCreateBufferView", real_view, watched_view)
    WATCH("vkDeviceWaitIdle", unused, watched_device_idle)
    WATCH("vkQueueWaitIdle", unused, watched_queue_idle)
    WATCH("vkDestroyDevice", unused, watched_destroy_device)
#define X(maker, parameters, arguments) WATCH(#maker, real_##maker, watched_##maker)
    MAKERS(X)
#undef X
    return function;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL watched_instance_proc(VkInstance instance, const char *name) {
    PFN_vkVoidFunction function = real_instance_proc(instance, name), unused;
    WATCH("vkGetDeviceProcAddr", real_device_proc, watched_device_proc)
    WATCH("vkDestroyInstance", unused, watched_destroy_instance)
    return function;
}

/* ---- the host ---------------------------------------------------------------------------------------------------- */

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
    (void)severity;
    (void)types;
    ((vulkan_host *)user)->complaints++;
    (void)fprintf(stderr, "%s\n", data->pMessage);
    return VK_FALSE;
}

static void make_instance(vulkan_host *host, uint32_t api_version) {
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    void *entry = dlsym(library, "vkGetInstanceProcAddr");
    memcpy(&real_instance_proc, &entry, sizeof entry);
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)real_instance_proc(NULL, "vkCreateInstance");
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = api_version};
    const char *layer = "VK_LAYER_KHRONOS_validation", *extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    const VkValidationFeatureEnableEXT enables[] = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
    const VkValidationFeaturesEXT features = {.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
                                              .enabledValidationFeatureCount = 1,
                                              .pEnabledValidationFeatures = enables};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pNext = &features,
                                       .pApplicationInfo = &application,
                                       .enabledLayerCount = 1,
                                       .ppEnabledLayerNames = &layer,
                                       .enabledExtensionCount = 1,
                                       .ppEnabledExtensionNames = &extension};
    assert_int_equal(create(&info, NULL, &host->instance), VK_SUCCESS);
#define X(name)                                                                                                        \
    host->name = (PFN_##name)real_instance_proc(host->instance, #name);                                                \
    assert_non_null(host->name);
    VULKAN_HOST_INSTANCE_FUNCTIONS(X)
#undef X
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity =
            VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = host};
    assert_int_equal(host->vkCreateDebugUtilsMessengerEXT(host->instance, &messenger, NULL, &host->messenger),
                     VK_SUCCESS);
}

/* The device that the library would take, or BACKDROP_DEVICE. */
static void find_device(vulkan_host *host) {
    bd_engine *engine;
    bd_error error;
    const bd_engine_params params = {.struct_size = sizeof params, .device = getenv("BACKDROP_DEVICE")};
    if (bd_engine_create(&params, &engine, &error)) {
        fail_msg("%s", error.message);
    }
    bd_device_info info = {.struct_size = sizeof info};
    bd_engine_device(engine, &info);
    bd_engine_destroy(engine);
    VkPhysicalDevice devices[16];
    uint32_t count = 16;
    assert_true(host->vkEnumeratePhysicalDevices(host->instance, &count, devices) >= 0 && info.index < count);
    host->physical_device = devices[info.index];
    host->vkGetPhysicalDeviceMemoryProperties(host->physical_device, &host->memory);
}

static void choose_features(vulkan_host *host, vulkan_host_features features) {
    bd_error error;
    host->wanted.struct_size = sizeof host->wanted;
    if (bd_vulkan_get_wanted(&host->import, &host->wanted, &error)) {
        fail_msg("%s", error.message);
    }
    const bd_vulkan_wanted *wanted = &host->wanted;
    host->family = wanted->queue_family;
    if (features == VULKAN_HOST_WANTED) {
        host->import.features = &wanted->features;
    } else if (features == VULKAN_HOST_WHOLE) {
        host->features13 =
            (VkPhysicalDeviceVulkan13Features){.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
                                               .subgroupSizeControl = wanted->subgroup_size.subgroupSizeControl,
                                               .computeFullSubgroups = wanted->subgroup_size.computeFullSubgroups};
        host->features12 = (VkPhysicalDeviceVulkan12Features){
            .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
            .pNext = &host->features13,
            .shaderFloat16 = wanted->float16.shaderFloat16,
            .vulkanMemoryModel = wanted->memory_model.vulkanMemoryModel,
            .vulkanMemoryModelDeviceScope = wanted->memory_model.vulkanMemoryModelDeviceScope,
            .bufferDeviceAddress = wanted->buffer_address.bufferDeviceAddress,
            .timelineSemaphore = wanted->timeline.timelineSemaphore};
        host->features = wanted->features;
        host->features.pNext = &host->features12;
        host->import.features = &host->features;
    }
    if (features != VULKAN_HOST_BARE) {
        host->import.extensions = wanted->extensions;
        host->import.extension_count = wanted->extension_count;
    }
}

static void make_device(vulkan_host *host) {
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = host->family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = host->import.features,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue,
                                     .enabledExtensionCount = host->import.extension_count,
                                     .ppEnabledExtensionNames = host->import.extensions};
    assert_int_equal(host->vkCreateDevice(host->physical_device, &info, NULL, &host->device), VK_SUCCESS);
#define X(name) host->name = (PFN_##name)host->vkGetDeviceProcAddr(host->device, #name);
    VULKAN_HOST_DEVICE_FUNCTIONS(X)
#undef X
    host->vkGetDeviceQueue(host->device, host->family, 0, &host->queue);
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = host->family};
    assert_int_equal(host->vkCreateCommandPool(host->device, &pool, NULL, &host->pool), VK_SUCCESS);
    const VkCommandBufferAllocateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                  .commandPool = host->pool,
                                                  .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                  .commandBufferCount = 1};
    assert_int_equal(host->vkAllocateCommandBuffers(host->device, &commands, &host->commands), VK_SUCCESS);
}

void vulkan_host_open(vulkan_host *host, vulkan_host_features features, uint32_t api_version) {
    *host = (vulkan_host){0};
    make_instance(host, api_version);
    find_device(host);
    host->import = (bd_vulkan_import){.struct_size = sizeof host->import,
                                      .instance = host->instance,
                                      .get_instance_proc_addr = watched_instance_proc,
                                      .physical_device = host->physical_device,
                                      .api_version = api_version,
                                      .lock_queue = lock_queue,
                                      .unlock_queue = unlock_queue,
                                      .lock_user = host};
    choose_features(host, features);
    make_device(host);
    host->import.device = host->device;
    host->import.queue_family = host->family;
    vulkan_watch_reset();
}

void vulkan_host_close(vulkan_host *host) {
    host->vkDestroyCommandPool(host->device, host->pool, NULL);
    host->vkDestroyDevice(host->device, NULL); /* validation tells of objects that are left */
    host->vkDestroyDebugUtilsMessengerEXT(host->instance, host->messenger, NULL);
    host->vkDestroyInstance(host->instance, NULL);
    const vulkan_watch *w = &vulkan_watched;
    if (host->complaints || w->locks != w->unlocks || w->locks != w->submits || w->bare_submits || w->idle_waits ||
        w->destroyed) {
        (void)fprintf(
            stderr,
            "FAILED: %ld complaints, %ld locks, %ld unlocks, %ld submits, %ld without a lock, %ld waits for an "
            "idle device, %ld objects of the host's destroyed\n",
            (long)host->complaints, (long)w->locks, (long)w->unlocks, (long)w->submits, (long)w->bare_submits,
            (long)w->idle_waits, (long)w->destroyed);
        exit(1); /* in a group's teardown, whose failures cmocka does not count */
    }
}

void vulkan_host_submit(vulkan_host *host, const VkSubmitInfo *info, VkFence fence) {
    (void)pthread_mutex_lock(&queue_mutex);
    VkResult result = host->vkQueueSubmit(host->queue, 1, info, fence);
    (void)pthread_mutex_unlock(&queue_mutex);
    assert_int_equal(result, VK_SUCCESS);
}

void vulkan_host_begin(vulkan_host *host) {
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    assert_int_equal(host->vkBeginCommandBuffer(host->commands, &begin), VK_SUCCESS);
}

void vulkan_host_run(vulkan_host *host) {
    assert_int_equal(host->vkEndCommandBuffer(host->commands), VK_SUCCESS);
    VkFence fence;
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    assert_int_equal(host->vkCreateFence(host->device, &info, NULL, &fence), VK_SUCCESS);
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &host->commands};
    vulkan_host_submit(host, &submit, fence);
    assert_int_equal(host->vkWaitForFences(host->device, 1, &fence, VK_TRUE, UINT64_MAX), VK_SUCCESS);
    host->vkDestroyFence(host->device, fence, NULL);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static uint32_t memory_type(const vulkan_host *host, uint32_t allowed, VkMemoryPropertyFlags wanted) {
    for (uint32_t i = 0; i < host->memory.memoryTypeCount; i++) {
        if ((allowed >> i & 1) && (host->memory.memoryTypes[i].propertyFlags & wanted) == wanted) {
            return i;
        }
    }
    fail_msg("no memory type");
    return 0;
}

vulkan_buffer vulkan_buffer_make(vulkan_host *host, VkDeviceSize bytes) {
    vulkan_buffer made;
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = bytes,
                                     .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    assert_int_equal(host->vkCreateBuffer(host->device, &info, NULL, &made.buffer), VK_SUCCESS);
    VkMemoryRequirements needs;
    host->vkGetBufferMemoryRequirements(host->device, made.buffer, &needs);
    const VkMemoryAllocateInfo memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = memory_type(host, needs.memoryTypeBits,
                                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)};
    assert_int_equal(host->vkAllocateMemory(host->device, &memory, NULL, &made.memory), VK_SUCCESS);
    assert_int_equal(host->vkBindBufferMemory(host->device, made.buffer, made.memory, 0), VK_SUCCESS);
    assert_int_equal(host->vkMapMemory(host->device, made.memory, 0, VK_WHOLE_SIZE, 0, &made.mapped), VK_SUCCESS);
    return made;
}

void vulkan_buffer_drop(vulkan_host *host, vulkan_buffer *buffer) {
    host->vkDestroyBuffer(host->device, buffer->buffer, NULL);
    host->vkFreeMemory(host->device, buffer->memory, NULL);
}

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/null_device.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRIVER "libvulkan_radeon.so"

enum { MOST_MODULES = 64, MOST_EXTENSIONS = 16, MOST_STATISTICS = 64, MOST_FAMILY = 32 };

static PFN_vkGetInstanceProcAddr driver;
static PFN_vkGetDeviceProcAddr driver_device;
static struct {
    PFN_vkCreateDevice vkCreateDevice;
    PFN_vkCreateShaderModule vkCreateShaderModule;
    PFN_vkDestroyShaderModule vkDestroyShaderModule;
    PFN_vkCreateComputePipelines vkCreateComputePipelines;
    PFN_vkGetPipelineExecutablePropertiesKHR vkGetPipelineExecutablePropertiesKHR;
    PFN_vkGetPipelineExecutableStatisticsKHR vkGetPipelineExecutableStatisticsKHR;
} real;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    VkShaderModule module;
    bd_shader_id shader;
} modules[MOST_MODULES]; /* those alive */
static null_pipeline *pipelines;
static uint32_t pipeline_count, pipeline_capacity;
static atomic_uintptr_t last_handle;

static _Noreturn void give_up(const char *what) {
    (void)fprintf(stderr, "null device: %s\n", what);
    abort();
}

static uintptr_t new_handle(void) {
    return atomic_fetch_add(&last_handle, 16) + 16;
}

/* ---- shader modules ---------------------------------------------------------------------------------------------- */

static bd_shader_id shader_of_words(const uint32_t *words) {
    uint32_t id = 0;
    while (id < BD_SHADER_COUNT && bd_shaders[id].words != words) {
        id++;
    }
    return (bd_shader_id)id;
}

static VkResult create_module(VkDevice device, const VkShaderModuleCreateInfo *info,
                              const VkAllocationCallbacks *allocator, VkShaderModule *module) {
    VkResult result = real.vkCreateShaderModule(device, info, allocator, module);
    if (result) {
        return result;
    }
    pthread_mutex_lock(&lock);
    uint32_t slot = 0;
    while (slot < MOST_MODULES && modules[slot].module) {
        slot++;
    }
    if (slot == MOST_MODULES) {
        give_up("too many shader modules");
    }
    modules[slot].module = *module;
    modules[slot].shader = shader_of_words(info->pCode);
    pthread_mutex_unlock(&lock);
    return VK_SUCCESS;
}

static void destroy_module(VkDevice device, VkShaderModule module, const VkAllocationCallbacks *allocator) {
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < MOST_MODULES; i++) {
        if (modules[i].module == module) {
            modules[i].module = VK_NULL_HANDLE;
        }
    }
    pthread_mutex_unlock(&lock);
    real.vkDestroyShaderModule(device, module, allocator);
}

static bd_shader_id shader_of_module(VkShaderModule module) {
    bd_shader_id shader = BD_SHADER_COUNT;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < MOST_MODULES; i++) {
        shader = modules[i].module == module ? modules[i].shader : shader;
    }
    pthread_mutex_unlock(&lock);
    return shader;
}

/* Invocations of a workgroup: the numbers of its execution mode, unless constants take their place. */
static uint32_t threads_of(const null_pipeline *pipeline) {
    enum { OP_EXECUTION_MODE = 16, OP_CONSTANT = 43, OP_CONSTANT_COMPOSITE = 44, OP_SPEC_CONSTANT = 50 };
    enum { OP_SPEC_CONSTANT_COMPOSITE = 51, OP_DECORATE = 71 };
    enum { MODE_LOCAL_SIZE = 17, DECORATION_SPEC_ID = 1, DECORATION_BUILT_IN = 11, BUILT_IN_WORKGROUP_SIZE = 25 };
    const bd_shader *shader = &bd_shaders[pipeline->shader];
    const uint32_t *words = shader->words;
    uint32_t bound = words[3];
    uint32_t *values = calloc(bound, sizeof *values); /* by id; before a constant comes, one more than its number */
    uint32_t size[3] = {1, 1, 1};
    uint32_t size_id = 0;
    if (!values) {
        give_up("out of memory");
    }
    for (size_t at = 5; at < shader->word_count; at += words[at] >> 16) {
        const uint32_t *w = words + at;
        switch (w[0] & 0xffff) {
        case OP_EXECUTION_MODE:
            if (w[2] == MODE_LOCAL_SIZE) {
                memcpy(size, w + 3, sizeof size);
            }
            break;
        case OP_DECORATE:
            if (w[2] == DECORATION_SPEC_ID) {
                values[w[1]] = w[3] + 1;
            } else if (w[2] == DECORATION_BUILT_IN && w[3] == BUILT_IN_WORKGROUP_SIZE) {
                size_id = w[1];
            }
            break;
        case OP_CONSTANT: values[w[2]] = w[3]; break;
        case OP_SPEC_CONSTANT: {
            uint32_t number = values[w[2]];
            values[w[2]] = number && number <= pipeline->constant_count ? pipeline->constants[number - 1] : w[3];
            break;
        }
        case OP_CONSTANT_COMPOSITE:
        case OP_SPEC_CONSTANT_COMPOSITE:
            for (uint32_t i = 0; w[2] == size_id && i < 3; i++) {
                size[i] = values[w[3 + i]];
            }
            break;
        default: break;
        }
    }
    free(values);
    return size[0] * size[1] * size[2];
}

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

static uint64_t value_of(const VkPipelineExecutableStatisticKHR *statistic) {
    switch (statistic->format) {
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR: return statistic->value.b32;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR: return (uint64_t)statistic->value.i64;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR: return statistic->value.u64;
    default: return (uint64_t)statistic->value.f64;
    }
}

static void count(VkDevice device, VkPipeline made, null_pipeline *pipeline) {
    const VkPipelineInfoKHR info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, .pipeline = made};
    VkPipelineExecutablePropertiesKHR properties = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR};
    uint32_t executables = 1;
    const VkPipelineExecutableInfoKHR executable = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
                                                    .pipeline = made};
    VkPipelineExecutableStatisticKHR statistics[MOST_STATISTICS];
    uint32_t statistic_count = MOST_STATISTICS;
    for (uint32_t i = 0; i < MOST_STATISTICS; i++) {
        statistics[i] =
            (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    }
    if (real.vkGetPipelineExecutablePropertiesKHR(device, &info, &executables, &properties) || executables != 1 ||
        real.vkGetPipelineExecutableStatisticsKHR(device, &executable, &statistic_count, statistics)) {
        return;
    }
    const struct {
        const char *name;
        uint32_t *to;
    } wanted[] = {{"VGPRs", &pipeline->vgprs},
                  {"SGPRs", &pipeline->sgprs},
                  {"Spilled VGPRs", &pipeline->spilled_vgprs},
                  {"Spilled SGPRs", &pipeline->spilled_sgprs},
                  {"LDS size", &pipeline->lds_bytes},
                  {"Scratch size", &pipeline->scratch_bytes},
                  {"Code size", &pipeline->code_bytes},
                  {"Instructions", &pipeline->instructions},
                  {"Latency", &pipeline->latency},
                  {"Inverse Throughput", &pipeline->inverse_throughput},
                  {"Subgroups per SIMD", &pipeline->waves_per_simd}};
    uint32_t found = 0;
    for (uint32_t w = 0; w < BD_COUNT(wanted); w++) {
        for (uint32_t i = 0; i < statistic_count; i++) {
            if (!strcasecmp(statistics[i].name, wanted[w].name)) {
                *wanted[w].to = (uint32_t)value_of(&statistics[i]);
                found++;
                break;
            }
        }
    }
    pipeline->wave = properties.subgroupSize;
    pipeline->counted = found == BD_COUNT(wanted);
}

static void keep(const null_pipeline *pipeline) {
    pthread_mutex_lock(&lock);
    if (pipeline_count == pipeline_capacity) {
        pipeline_capacity = pipeline_capacity ? 2 * pipeline_capacity : 256;
        pipelines = realloc(pipelines, pipeline_capacity * sizeof *pipelines);
        if (!pipelines) {
            give_up("out of memory");
        }
    }
    pipelines[pipeline_count++] = *pipeline;
    pthread_mutex_unlock(&lock);
}

static VkResult create_pipelines(VkDevice device, VkPipelineCache cache, uint32_t info_count,
                                 const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *allocator,
                                 VkPipeline *made) {
    (void)cache;
    if (info_count != 1) {
        give_up("more than one pipeline at once");
    }
    VkComputePipelineCreateInfo info = *infos;
    info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    null_pipeline pipeline = {.shader = shader_of_module(info.stage.module)};
    const VkSpecializationInfo *constants = info.stage.pSpecializationInfo;
    pipeline.constant_count = constants ? constants->mapEntryCount : 0;
    if (pipeline.constant_count) {
        memcpy(pipeline.constants, constants->pData, pipeline.constant_count * sizeof(uint32_t));
    }
    pipeline.threads = pipeline.shader < BD_SHADER_COUNT ? threads_of(&pipeline) : 0;
    pipeline.result = real.vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, allocator, made);
    if (!pipeline.result) {
        count(device, *made, &pipeline);
    }
    keep(&pipeline);
    return pipeline.result;
}

const null_pipeline *null_device_pipeline(uint32_t index) {
    return index < pipeline_count ? &pipelines[index] : NULL;
}

const null_pipeline *null_device_find(bd_shader_id shader, const uint32_t *constants, uint32_t constant_count) {
    for (uint32_t i = 0; i < pipeline_count; i++) {
        const null_pipeline *p = &pipelines[i];
        if (p->shader == shader && p->constant_count == constant_count &&
            !memcmp(p->constants, constants, constant_count * sizeof *constants)) {
            return p;
        }
    }
    return NULL;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void memory_properties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *properties) {
    (void)device;
    const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    *properties = (VkPhysicalDeviceMemoryProperties){
        .memoryHeapCount = 2,
        .memoryHeaps = {{16ull << 30, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT}, {16ull << 30, 0}},
        .memoryTypeCount = 3,
        .memoryTypes = {
            {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0}, {host, 1}, {host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 1}}};
}

/* Only what the host maps has bytes behind it. */
static VkResult allocate_memory(VkDevice device, const VkMemoryAllocateInfo *info,
                                const VkAllocationCallbacks *allocator, VkDeviceMemory *memory) {
    (void)device;
    (void)allocator;
    void *bytes = calloc(1, info->memoryTypeIndex ? info->allocationSize : 1);
    *memory = (VkDeviceMemory)(uintptr_t)bytes;
    return bytes ? VK_SUCCESS : VK_ERROR_OUT_OF_HOST_MEMORY;
}

static void free_memory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks *allocator) {
    (void)device;
    (void)allocator;
    free((void *)(uintptr_t)memory);
}

static VkResult map_memory(VkDevice device, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize bytes,
                           VkMemoryMapFlags flags, void **mapped) {
    (void)device;
    (void)bytes;
    (void)flags;
    *mapped = (char *)(uintptr_t)memory + offset;
    return VK_SUCCESS;
}

static VkResult create_buffer(VkDevice device, const VkBufferCreateInfo *info, const VkAllocationCallbacks *allocator,
                              VkBuffer *buffer) {
    (void)device;
    (void)allocator;
    VkDeviceSize *bytes = malloc(sizeof *bytes);
    if (!bytes) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    *bytes = info->size;
    *buffer = (VkBuffer)(uintptr_t)bytes;
    return VK_SUCCESS;
}

static void destroy_buffer(VkDevice device, VkBuffer buffer, const VkAllocationCallbacks *allocator) {
    (void)device;
    (void)allocator;
    free((void *)(uintptr_t)buffer);
}

static void buffer_requirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *needs) {
    (void)device;
    const VkDeviceSize *bytes = (const VkDeviceSize *)(uintptr_t)buffer;
    *needs = (VkMemoryRequirements){.size = (*bytes + 255) / 256 * 256, .alignment = 256, .memoryTypeBits = 7};
}

static VkResult bind_memory(VkDevice device, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize offset) {
    (void)device;
    (void)buffer;
    (void)memory;
    (void)offset;
    return VK_SUCCESS;
}

/* ---- what does nothing ------------------------------------------------------------------------------------------- */

#define MAKE(type)                                                                                                     \
    static VkResult create_##type(VkDevice device, const Vk##type##CreateInfo *info,                                   \
                                  const VkAllocationCallbacks *allocator, Vk##type *made) {                            \
        (void)device;                                                                                                  \
        (void)info;                                                                                                    \
        (void)allocator;                                                                                               \
        *made = (Vk##type)new_handle();                                                                                \
        return VK_SUCCESS;                                                                                             \
    }                                                                                                                  \
    static void destroy_##type(VkDevice device, Vk##type made, const VkAllocationCallbacks *allocator) {               \
        (void)device;                                                                                                  \
        (void)made;                                                                                                    \
        (void)allocator;                                                                                               \
    }
MAKE(BufferView)
MAKE(DescriptorPool)
MAKE(CommandPool)
MAKE(QueryPool)
MAKE(Fence)
MAKE(PipelineCache)

#define NOTHING(name, parameters)                                                                                      \
    static void name parameters {                                                                                      \
    }
#define SUCCESS(name, parameters)                                                                                      \
    static VkResult name parameters {                                                                                  \
        return VK_SUCCESS;                                                                                             \
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
SUCCESS(reset_descriptors, (VkDevice device, VkDescriptorPool pool, VkDescriptorPoolResetFlags flags))
NOTHING(update_descriptors, (VkDevice device, uint32_t writes, const VkWriteDescriptorSet *write, uint32_t copies,
                             const VkCopyDescriptorSet *copy))
SUCCESS(reset_commands, (VkDevice device, VkCommandPool pool, VkCommandPoolResetFlags flags))
SUCCESS(begin_commands, (VkCommandBuffer commands, const VkCommandBufferBeginInfo *info))
SUCCESS(end_commands, (VkCommandBuffer commands))
NOTHING(bind_pipeline, (VkCommandBuffer commands, VkPipelineBindPoint point, VkPipeline pipeline))
NOTHING(bind_descriptors, (VkCommandBuffer commands, VkPipelineBindPoint point, VkPipelineLayout layout, uint32_t first,
                           uint32_t sets, const VkDescriptorSet *set, uint32_t offsets, const uint32_t *offset))
NOTHING(push_constants, (VkCommandBuffer commands, VkPipelineLayout layout, VkShaderStageFlags stages, uint32_t offset,
                         uint32_t bytes, const void *data))
NOTHING(dispatch, (VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z))
NOTHING(dispatch_base, (VkCommandBuffer commands, uint32_t base_x, uint32_t base_y, uint32_t base_z, uint32_t x,
                        uint32_t y, uint32_t z))
NOTHING(dispatch_indirect, (VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset))
NOTHING(barrier, (VkCommandBuffer commands, VkPipelineStageFlags from, VkPipelineStageFlags to, VkDependencyFlags flags,
                  uint32_t memories, const VkMemoryBarrier *memory, uint32_t buffers,
                  const VkBufferMemoryBarrier *buffer, uint32_t images, const VkImageMemoryBarrier *image))
NOTHING(copy_buffer,
        (VkCommandBuffer commands, VkBuffer from, VkBuffer to, uint32_t regions, const VkBufferCopy *region))
NOTHING(fill_buffer,
        (VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset, VkDeviceSize bytes, uint32_t value))
NOTHING(reset_queries, (VkCommandBuffer commands, VkQueryPool pool, uint32_t first, uint32_t queries))
NOTHING(write_timestamp, (VkCommandBuffer commands, VkPipelineStageFlagBits stage, VkQueryPool pool, uint32_t query))
SUCCESS(reset_fences, (VkDevice device, uint32_t fences, const VkFence *fence))
SUCCESS(wait_for_fences, (VkDevice device, uint32_t fences, const VkFence *fence, VkBool32 all, uint64_t timeout))
SUCCESS(submit, (VkQueue queue, uint32_t submits, const VkSubmitInfo *info, VkFence fence))
#pragma GCC diagnostic pop

static VkResult allocate_descriptors(VkDevice device, const VkDescriptorSetAllocateInfo *info, VkDescriptorSet *sets) {
    (void)device;
    for (uint32_t i = 0; i < info->descriptorSetCount; i++) {
        sets[i] = (VkDescriptorSet)new_handle();
    }
    return VK_SUCCESS;
}

static VkResult allocate_commands(VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *commands) {
    (void)device;
    for (uint32_t i = 0; i < info->commandBufferCount; i++) {
        commands[i] = (VkCommandBuffer)new_handle();
    }
    return VK_SUCCESS;
}

static VkResult cache_data(VkDevice device, VkPipelineCache cache, size_t *bytes, void *data) {
    (void)device;
    (void)cache;
    (void)data;
    *bytes = 0;
    return VK_SUCCESS;
}

static void get_queue(VkDevice device, uint32_t family, uint32_t index, VkQueue *queue) {
    (void)device;
    (void)family;
    (void)index;
    *queue = (VkQueue)new_handle();
}

static VkResult query_results(VkDevice device, VkQueryPool pool, uint32_t first, uint32_t queries, size_t bytes,
                              void *data, VkDeviceSize stride, VkQueryResultFlags flags) {
    (void)device;
    (void)pool;
    (void)bytes;
    (void)flags;
    for (uint32_t i = 0; i < queries; i++) {
        uint64_t ticks = 1000u * (first + i + 1);
        memcpy((char *)data + i * stride, &ticks, sizeof ticks);
    }
    return VK_SUCCESS;
}

/* ---- instance and device ----------------------------------------------------------------------------------------- */

static VkResult no_layers(uint32_t *layers, VkLayerProperties *properties) {
    (void)properties;
    *layers = 0;
    return VK_SUCCESS;
}

static void load(void *to, PFN_vkVoidFunction function, const char *name) {
    if (!function) {
        give_up(name);
    }
    memcpy(to, &function, sizeof function);
}

static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                VkInstance *instance) {
    PFN_vkCreateInstance create;
    load(&create, driver(NULL, "vkCreateInstance"), "vkCreateInstance");
    VkResult result = create(info, allocator, instance);
    if (!result) {
        load(&real.vkCreateDevice, driver(*instance, "vkCreateDevice"), "vkCreateDevice");
        load(&driver_device, driver(*instance, "vkGetDeviceProcAddr"), "vkGetDeviceProcAddr");
    }
    return result;
}

static VkResult create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *given,
                              const VkAllocationCallbacks *allocator, VkDevice *device) {
    const char *extensions[MOST_EXTENSIONS + 1];
    uint32_t extension_count = given->enabledExtensionCount;
    if (extension_count > MOST_EXTENSIONS) {
        give_up("too many extensions");
    }
    for (uint32_t i = 0; i < extension_count; i++) {
        extensions[i] = given->ppEnabledExtensionNames[i];
    }
    extensions[extension_count++] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
        .pipelineExecutableInfo = VK_TRUE};
    memcpy(&feature.pNext, &given->pNext, sizeof feature.pNext);
    VkDeviceCreateInfo info = *given;
    info.pNext = &feature;
    info.ppEnabledExtensionNames = extensions;
    info.enabledExtensionCount = extension_count;
    VkResult result = real.vkCreateDevice(physical, &info, allocator, device);
    if (!result) {
#define LOAD(name) load(&real.name, driver_device(*device, #name), #name)
        LOAD(vkCreateShaderModule);
        LOAD(vkDestroyShaderModule);
        LOAD(vkCreateComputePipelines);
        LOAD(vkGetPipelineExecutablePropertiesKHR);
        LOAD(vkGetPipelineExecutableStatisticsKHR);
#undef LOAD
    }
    return result;
}

static PFN_vkVoidFunction get_device_proc(VkDevice device, const char *name);

#define OURS(vulkan, ours)                                                                                             \
    { #vulkan, (PFN_vkVoidFunction)(PFN_##vulkan)(ours) }

static PFN_vkVoidFunction ours_of(const char *name) {
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } ours[] = {OURS(vkEnumerateInstanceLayerProperties, no_layers),
                OURS(vkCreateInstance, create_instance),
                OURS(vkGetPhysicalDeviceMemoryProperties, memory_properties),
                OURS(vkCreateDevice, create_device),
                OURS(vkGetDeviceProcAddr, get_device_proc),
                OURS(vkGetDeviceQueue, get_queue),
                OURS(vkAllocateMemory, allocate_memory),
                OURS(vkFreeMemory, free_memory),
                OURS(vkMapMemory, map_memory),
                OURS(vkCreateBuffer, create_buffer),
                OURS(vkDestroyBuffer, destroy_buffer),
                OURS(vkGetBufferMemoryRequirements, buffer_requirements),
                OURS(vkBindBufferMemory, bind_memory),
                OURS(vkCreateBufferView, create_BufferView),
                OURS(vkDestroyBufferView, destroy_BufferView),
                OURS(vkCreateShaderModule, create_module),
                OURS(vkDestroyShaderModule, destroy_module),
                OURS(vkCreatePipelineCache, create_PipelineCache),
                OURS(vkDestroyPipelineCache, destroy_PipelineCache),
                OURS(vkGetPipelineCacheData, cache_data),
                OURS(vkCreateComputePipelines, create_pipelines),
                OURS(vkCreateDescriptorPool, create_DescriptorPool),
                OURS(vkDestroyDescriptorPool, destroy_DescriptorPool),
                OURS(vkResetDescriptorPool, reset_descriptors),
                OURS(vkAllocateDescriptorSets, allocate_descriptors),
                OURS(vkUpdateDescriptorSets, update_descriptors),
                OURS(vkCreateCommandPool, create_CommandPool),
                OURS(vkDestroyCommandPool, destroy_CommandPool),
                OURS(vkResetCommandPool, reset_commands),
                OURS(vkAllocateCommandBuffers, allocate_commands),
                OURS(vkBeginCommandBuffer, begin_commands),
                OURS(vkEndCommandBuffer, end_commands),
                OURS(vkCmdBindPipeline, bind_pipeline),
                OURS(vkCmdBindDescriptorSets, bind_descriptors),
                OURS(vkCmdPushConstants, push_constants),
                OURS(vkCmdDispatch, dispatch),
                OURS(vkCmdDispatchBase, dispatch_base),
                OURS(vkCmdDispatchIndirect, dispatch_indirect),
                OURS(vkCmdPipelineBarrier, barrier),
                OURS(vkCmdCopyBuffer, copy_buffer),
                OURS(vkCmdFillBuffer, fill_buffer),
                OURS(vkCreateQueryPool, create_QueryPool),
                OURS(vkDestroyQueryPool, destroy_QueryPool),
                OURS(vkCmdResetQueryPool, reset_queries),
                OURS(vkCmdWriteTimestamp, write_timestamp),
                OURS(vkGetQueryPoolResults, query_results),
                OURS(vkCreateFence, create_Fence),
                OURS(vkDestroyFence, destroy_Fence),
                OURS(vkResetFences, reset_fences),
                OURS(vkWaitForFences, wait_for_fences),
                OURS(vkQueueSubmit, submit)};
    for (uint32_t i = 0; i < BD_COUNT(ours); i++) {
        if (!strcmp(name, ours[i].name)) {
            return ours[i].function;
        }
    }
    return NULL;
}

static PFN_vkVoidFunction get_device_proc(VkDevice device, const char *name) {
    PFN_vkVoidFunction function = ours_of(name);
    return function ? function : driver_device(device, name);
}

static PFN_vkVoidFunction get_instance_proc(VkInstance instance, const char *name) {
    PFN_vkVoidFunction function = ours_of(name);
    return function ? function : driver(instance, name);
}

/* ---- the driver -------------------------------------------------------------------------------------------------- */

static bool open_driver(void) {
    void *library = driver ? NULL : dlopen(DRIVER, RTLD_NOW | RTLD_LOCAL);
    if (library) {
        void *entry = dlsym(library, "vk_icdGetInstanceProcAddr");
        VkResult (*negotiate)(uint32_t *);
        void *negotiation = dlsym(library, "vk_icdNegotiateLoaderICDInterfaceVersion");
        memcpy(&driver, &entry, sizeof entry);
        memcpy(&negotiate, &negotiation, sizeof negotiation);
        uint32_t version = 5;
        if (negotiate && negotiate(&version)) {
            driver = NULL;
        }
    }
    return driver != NULL;
}

/* What users set to change the driver's choices would change the numbers. */
static void set_environment(const char *family) {
    (void)setenv("RADV_FORCE_FAMILY", family, 1);
    (void)setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
    (void)unsetenv("RADV_DEBUG");
    (void)unsetenv("RADV_PERFTEST");
    (void)unsetenv("ACO_DEBUG");
}

enum { KNOWN, NO_DRIVER, NO_NULL_DEVICE };

static _Noreturn void try_family(const char *family) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(nowhere, STDERR_FILENO);
    set_environment(family);
    if (!open_driver()) {
        _exit(NO_DRIVER);
    }
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .apiVersion = VK_API_VERSION_1_1};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &application};
    VkInstance instance;
    uint32_t devices = 0;
    PFN_vkEnumeratePhysicalDevices enumerate;
    if (create_instance(&info, NULL, &instance)) {
        _exit(NO_NULL_DEVICE);
    }
    load(&enumerate, driver(instance, "vkEnumeratePhysicalDevices"), "vkEnumeratePhysicalDevices");
    _exit(!enumerate(instance, &devices, NULL) && devices ? KNOWN : NO_NULL_DEVICE);
}

bool null_device_knows(const char *family, const char **why) {
    (void)fflush(stdout);
    pid_t child = fork();
    int status = 0;
    if (!child) {
        try_family(family);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        *why = "no process could be made";
        return false;
    }
    bool missing = WIFEXITED(status) && WEXITSTATUS(status) == NO_DRIVER;
    *why = missing ? "no " DRIVER " (package mesa-vulkan-drivers)" : "this RADV makes no null device of it";
    return WIFEXITED(status) && WEXITSTATUS(status) == KNOWN;
}

void *null_device_entry(const char *family) {
    set_environment(family);
    pipeline_count = 0;
    if (!open_driver()) {
        give_up("the driver has gone");
    }
    PFN_vkGetInstanceProcAddr entry = get_instance_proc;
    void *pointer;
    memcpy(&pointer, &entry, sizeof pointer);
    return pointer;
}

/* SPDX-License-Identifier: MIT
 * A thin layer over Vulkan 1.1: device, buffers, pipelines, recorded commands. Knows bytes and shaders, not networks.
 *
 * Every object hangs off a bd_vk; there are no globals. Nothing here is thread-safe: one call at a time per bd_vk. */
#ifndef BD_VK_H
#define BD_VK_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "base/base.h"
#include "shaders.h"

/* ---- functions (loader.c) ---------------------------------------------------------------------------------------- */

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
    X(vkEnumerateDeviceExtensionProperties)                                                                            \
    X(vkCreateDevice)                                                                                                  \
    X(vkGetDeviceProcAddr)
#define BD_VK_DEVICE_FUNCTIONS(X)                                                                                      \
    X(vkDestroyDevice)                                                                                                 \
    X(vkGetDeviceQueue)                                                                                                \
    X(vkDeviceWaitIdle)                                                                                                \
    X(vkAllocateMemory)                                                                                                \
    X(vkFreeMemory)                                                                                                    \
    X(vkMapMemory)                                                                                                     \
    X(vkCreateBuffer)                                                                                                  \
    X(vkDestroyBuffer)                                                                                                 \
    X(vkGetBufferMemoryRequirements)                                                                                   \
    X(vkBindBufferMemory)                                                                                              \
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
    X(vkCmdDispatchIndirect)                                                                                           \
    X(vkCmdPipelineBarrier)                                                                                            \
    X(vkCmdCopyBuffer)                                                                                                 \
    X(vkCmdFillBuffer)                                                                                                 \
    X(vkCreateQueryPool)                                                                                               \
    X(vkDestroyQueryPool)                                                                                              \
    X(vkCmdResetQueryPool)                                                                                             \
    X(vkCmdWriteTimestamp)                                                                                             \
    X(vkGetQueryPoolResults)                                                                                           \
    X(vkCreateFence)                                                                                                   \
    X(vkDestroyFence)                                                                                                  \
    X(vkResetFences)                                                                                                   \
    X(vkWaitForFences)                                                                                                 \
    X(vkQueueSubmit)

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

/* ---- device (device.c) ------------------------------------------------------------------------------------------- */

/* Which column of the back-end table serves a device. */
typedef enum bd_kernel_set {
    BD_KERNELS_STORAGE, /* GPUs */
    BD_KERNELS_TEXEL,   /* software devices whose texel buffers hold a photo */
    BD_KERNELS_WIDE8,   /* software devices with subgroups of 8, shuffles and 64-bit integers: lavapipe */
    BD_KERNELS_COUNT
} bd_kernel_set;

typedef struct bd_vk_pipeline bd_vk_pipeline;

/* A product that the device's matrix units do: 16-bit operands, float32 sums, a subgroup together. */
typedef enum bd_vk_matrix_extension { BD_VK_MATRIX_NV = 1, BD_VK_MATRIX_KHR = 2 } bd_vk_matrix_extension;
typedef struct bd_vk_matrix {
    bd_vk_matrix_extension extension;
    uint32_t m, n, k;
} bd_vk_matrix;

typedef struct bd_vk {
    const bd_allocator *allocator;
    bd_log_fn log;
    void *log_user;
    void *library; /* of the loader, when this bd_vk opened it */
    bd_vk_api api;
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    uint32_t validation_messages;
    bool validation;
    VkPhysicalDevice physical_device;
    bd_device_info info;
    bd_kernel_set kernel_set;
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    bd_vk_matrix matrices[8]; /* 16 x 16 x 16 first */
    uint32_t matrix_count;
    uint32_t subgroup_size;
    uint32_t subgroup_min, subgroup_max; /* what a pipeline can ask for; 0: it cannot */
    uint32_t matrix_subgroup_size;       /* of pipelines that use matrix units */
    bool full_subgroups;                 /* a pipeline can ask that no subgroup of a group is partly filled */
    bool half;                           /* shaders compute with halves, so storing them costs nothing */
    bool runs[BD_KERNELS_COUNT];         /* which kernel sets the device can run */
    uint8_t pipeline_cache_uuid[VK_UUID_SIZE];
    uint32_t driver_version;
    uint32_t queue_family;
    uint32_t timestamp_bits;
    bool unified; /* device memory is host memory: no staging copies */
    VkDevice device;
    VkQueue queue;
    VkFence fence;
    bool addresses;                                   /* shaders can read buffers by their addresses */
    VkDescriptorSetLayout set_layouts[BD_READ_PATHS]; /* bindings 0..3 read, 4 written */
    VkPipelineLayout pipeline_layouts[BD_READ_PATHS]; /* 128 bytes of push constants */
    VkPipelineCache pipeline_cache;
    char *cache_path;
    size_t cache_bytes; /* as loaded */
    bd_vk_pipeline *pipelines;
    uint32_t pipeline_count, pipeline_capacity;
    bool lost; /* sticky */
} bd_vk;

bd_result bd_vk_enumerate(const bd_engine_params *params, bd_device_info *infos, uint32_t *count, bd_error *error);
bd_result bd_vk_init(bd_vk *vk, const bd_engine_params *params, bd_error *error);
void bd_vk_finish(bd_vk *vk); /* NULL-safe on a zeroed or half-made bd_vk */

/* BD_OK or the bd_result that fits, with "what: VK_ERROR_..." as message. Device loss becomes sticky. */
bd_result bd_vk_check(bd_vk *vk, VkResult result, const char *what, bd_error *error);
void bd_vk_log(const bd_vk *vk, bd_log_level level, const char *format, ...) BD_PRINTF(3, 4);

/* features.c: finds out and fills in what is switched on when the device is made. */
typedef struct bd_vk_features {
    VkPhysicalDeviceShaderFloat16Int8Features half;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceBufferDeviceAddressFeatures address;
    VkPhysicalDeviceSubgroupSizeControlFeatures size;
    VkPhysicalDeviceCooperativeMatrixFeaturesNV nv;
    struct {
        void *words[4]; /* VkPhysicalDeviceCooperativeMatrixFeaturesKHR, which headers may lack */
    } khr;
    void *next; /* a chain of those above; they must stay where they are */
    const char *extensions[3];
    uint32_t extension_count;
} bd_vk_features;
void bd_vk_features_init(bd_vk *vk, bd_vk_features *features);

bd_result bd_vk_api_load(bd_vk *vk, void *get_instance_proc_addr, bd_error *error);
bd_result bd_vk_api_load_instance(bd_vk *vk, bd_error *error);
bd_result bd_vk_api_load_device(bd_vk *vk, bd_error *error);

/* ---- buffers (buffer.c) ------------------------------------------------------------------------------------------ */

typedef enum bd_vk_memory {
    BD_VK_MEMORY_DEVICE,  /* shaders read and write; mapped only when vk->unified */
    BD_VK_MEMORY_UPLOAD,  /* host writes, device reads */
    BD_VK_MEMORY_DOWNLOAD /* device writes, host reads (cached) */
} bd_vk_memory;

typedef struct bd_vk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    void *mapped; /* coherent; NULL when the host cannot see it */
} bd_vk_buffer;

bd_result bd_vk_buffer_init(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_vk_memory memory, bd_error *error);
void bd_vk_buffer_finish(bd_vk *vk, bd_vk_buffer *buffer);
/* Grows to at least bytes; the contents are lost when it grows. The device must be idle. */
bd_result bd_vk_buffer_reserve(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_vk_memory memory,
                               bd_error *error);

/* Blocking copies for set-up and tests, by way of a temporary staging buffer where needed. */
bd_result bd_vk_buffer_write(bd_vk *vk, bd_vk_buffer *buffer, VkDeviceSize offset, const void *data, size_t bytes,
                             bd_error *error);
bd_result bd_vk_buffer_read(bd_vk *vk, const bd_vk_buffer *buffer, VkDeviceSize offset, void *data, size_t bytes,
                            bd_error *error);

/* ---- commands (commands.c, pipeline.c) --------------------------------------------------------------------------- */

#define BD_VK_BINDINGS 5 /* 0 source, 1 weights or table, 2 bias or table, 3 second source, 4 destination */
#define BD_VK_MAX_SPECIALISATIONS 18
#define BD_VK_PUSH_BYTES 128

typedef struct bd_vk_binding {
    const bd_vk_buffer *buffer; /* NULL: the shader does not use this binding */
    VkDeviceSize offset, bytes; /* offset a multiple of 256 */
    VkFormat format;            /* of a texel buffer: R32G32B32A32_SFLOAT, R32_UINT, ... */
} bd_vk_binding;

typedef struct bd_vk_dispatch {
    const char *name; /* for messages; borrowed until the commands are finished */
    bd_shader_id shader;
    bd_vk_binding bindings[BD_VK_BINDINGS];
    uint32_t specialisations[BD_VK_MAX_SPECIALISATIONS]; /* constant_id 0, 1, ... */
    uint32_t specialisation_count;
    uint32_t subgroup; /* the size that the shader needs, asked for where the device lets one; 0: any. x of its groups
                          is a multiple */
    unsigned char push[BD_VK_PUSH_BYTES];
    uint32_t push_bytes;
    uint32_t address_count; /* push begins with the addresses of bindings 1, 2, ..., written when it is recorded */
    uint32_t groups[3];
    const bd_vk_buffer *indirect; /* holds the groups at indirect_offset; NULL: those above */
    VkDeviceSize indirect_offset;
} bd_vk_dispatch;

/* A recorded command buffer with the descriptor sets and views that it refers to. */
typedef struct bd_vk_commands {
    bd_vk *vk;
    VkCommandPool pool;
    VkCommandBuffer buffer;
    VkDescriptorPool *descriptor_pools;
    uint32_t descriptor_pool_count, sets_left;
    VkBufferView *views;
    uint32_t view_count, view_capacity;
    VkQueryPool queries;
    const char **labels;                  /* one per stamp */
    uint64_t *ticks;                      /* room to read them */
    uint32_t timer_count, timer_capacity; /* capacity 0: not timed */
} bd_vk_commands;

/* timers: largest number of stamps (0: none). */
bd_result bd_vk_commands_init(bd_vk *vk, bd_vk_commands *commands, uint32_t timers, bd_error *error);
void bd_vk_commands_finish(bd_vk_commands *commands);
/* Starts over: frees views and sets of the last recording. The device must be done with it. */
bd_result bd_vk_commands_begin(bd_vk_commands *commands, VkCommandBufferUsageFlags usage, bd_error *error);
bd_result bd_vk_commands_dispatch(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, bd_error *error);
/* A time stamp: what was recorded since the last one (or the beginning) is timed under label, borrowed. No-op when
 * full. */
void bd_vk_commands_stamp(bd_vk_commands *commands, const char *label);
/* Everything shaders and copies wrote before is visible to shaders and copies after. */
void bd_vk_commands_barrier(bd_vk_commands *commands);
/* The same, and for the groups of indirect dispatches. */
void bd_vk_commands_barrier_indirect(bd_vk_commands *commands);
/* The same for what shaders wrote to these ranges, at most BD_VK_BARRIER_RANGES of them; what was written elsewhere
 * stays unseen, but everything after waits for everything before. */
#define BD_VK_BARRIER_RANGES 16
void bd_vk_commands_barrier_ranges(bd_vk_commands *commands, const bd_vk_binding *written, uint32_t count);
/* ... to the host after the submission. */
void bd_vk_commands_barrier_host(bd_vk_commands *commands);
void bd_vk_commands_copy(bd_vk_commands *commands, const bd_vk_buffer *from, VkDeviceSize from_offset,
                         const bd_vk_buffer *to, VkDeviceSize to_offset, VkDeviceSize bytes);
/* bytes: a multiple of four. */
void bd_vk_commands_fill(bd_vk_commands *commands, const bd_vk_buffer *buffer, VkDeviceSize bytes, uint32_t word);
bd_result bd_vk_commands_end(bd_vk_commands *commands, bd_error *error);
/* Submits in order as one batch, at most BD_VK_MOST_SUBMITTED, that will signal the fence; an unfinished command buffer
 * may be among them where its usage is SIMULTANEOUS_USE. Every submission waits for what an earlier one wrote only
 * where a barrier says so. */
#define BD_VK_MOST_SUBMITTED 48
bd_result bd_vk_submit_only(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, VkFence fence,
                            bd_error *error);
/* Waits for a fence that was submitted; it stays signalled. On failure the device is idle all the same. */
bd_result bd_vk_wait(bd_vk *vk, VkFence fence, bd_error *error);
/* Both, with a fence of its own. */
bd_result bd_vk_submit(bd_vk *vk, const bd_vk_commands *const *commands, uint32_t count, bd_error *error);
/* Milliseconds of each stamp of the last submission; room for commands->timer_count. */
bd_result bd_vk_commands_times(bd_vk_commands *commands, double *ms, bd_error *error);

/* Creates what dispatches need and is not there yet, on several threads. */
bd_result bd_vk_pipelines_prepare(bd_vk *vk, const bd_vk_dispatch *dispatches, uint32_t count, bd_error *error);
/* The pipeline of a shader with specialisation constants, made on first use and kept. */
bd_result bd_vk_pipeline_get(bd_vk *vk, const bd_vk_dispatch *dispatch, VkPipeline *pipeline, bd_error *error);
VkDescriptorType bd_vk_descriptor_type(bd_read_path path, uint32_t binding);
void bd_vk_pipelines_finish(bd_vk *vk);
bd_result bd_vk_pipeline_cache_open(bd_vk *vk, const char *directory, bd_error *error);
void bd_vk_pipeline_cache_close(bd_vk *vk); /* writes it back when it has grown */

#endif

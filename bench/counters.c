/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "counters.h"
#include "intercept.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum kind { PLAIN, OBJECT, RECORDING, KINDS } kind;

static struct {
    atomic_llong host_allocations, host_bytes, device_allocations, device_bytes;
    atomic_llong calls[KINDS];
} all;
static _Thread_local double spent[COUNTERS_PARTS];

double counters_thread_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

counters counters_now(void) {
    counters now = {.host_allocations = all.host_allocations,
                    .host_bytes = all.host_bytes,
                    .device_allocations = all.device_allocations,
                    .device_bytes = all.device_bytes,
                    .objects = all.calls[OBJECT],
                    .recordings = all.calls[RECORDING],
                    .calls = all.calls[PLAIN] + all.calls[OBJECT] + all.calls[RECORDING]};
    memcpy(now.ms, spent, sizeof spent);
    return now;
}

/* ---- the allocator ----------------------------------------------------------------------------------------------- */

/* In front of each piece of memory. */
typedef union header {
    size_t bytes;
    max_align_t aligned;
} header;

static void *reallocate(void *user, void *memory, size_t bytes) {
    (void)user;
    header *old = memory ? (header *)memory - 1 : NULL;
    size_t before = old ? old->bytes : 0;
    header *made = bytes <= SIZE_MAX - sizeof *made ? realloc(old, sizeof *made + bytes) : NULL;
    all.host_allocations++;
    if (!made) {
        return NULL;
    }
    made->bytes = bytes;
    all.host_bytes += (long long)bytes - (long long)before;
    return made + 1;
}

static void *allocate(void *user, size_t bytes) {
    return reallocate(user, NULL, bytes);
}

static void release(void *user, void *memory) {
    (void)user;
    if (memory) {
        header *old = (header *)memory - 1;
        all.host_bytes -= (long long)old->bytes;
        free(old);
    }
}

const bd_allocator counters_allocator = {NULL, allocate, reallocate, release};

/* ---- Vulkan ------------------------------------------------------------------------------------------------------ */

/* function, what a call of it is, where its time goes, parameters, arguments */
#define RESULTS(X)                                                                                                     \
    X(vkQueueSubmit, PLAIN, COUNTERS_SUBMIT, (VkQueue q, uint32_t n, const VkSubmitInfo *i, VkFence f), (q, n, i, f))  \
    X(vkWaitForFences, PLAIN, COUNTERS_WAIT, (VkDevice d, uint32_t n, const VkFence *f, VkBool32 every, uint64_t ns),  \
      (d, n, f, every, ns))                                                                                            \
    X(vkResetFences, PLAIN, COUNTERS_RECORD, (VkDevice d, uint32_t n, const VkFence *f), (d, n, f))                    \
    X(vkGetQueryPoolResults, PLAIN, COUNTERS_RECORD,                                                                   \
      (VkDevice d, VkQueryPool p, uint32_t first, uint32_t n, size_t bytes, void *to, VkDeviceSize stride,             \
       VkQueryResultFlags flags),                                                                                      \
      (d, p, first, n, bytes, to, stride, flags))                                                                      \
    X(vkResetCommandPool, PLAIN, COUNTERS_RECORD, (VkDevice d, VkCommandPool p, VkCommandPoolResetFlags flags),        \
      (d, p, flags))                                                                                                   \
    X(vkBeginCommandBuffer, RECORDING, COUNTERS_RECORD, (VkCommandBuffer b, const VkCommandBufferBeginInfo *i),        \
      (b, i))                                                                                                          \
    X(vkEndCommandBuffer, PLAIN, COUNTERS_RECORD, (VkCommandBuffer b), (b))                                            \
    X(vkResetDescriptorPool, PLAIN, COUNTERS_RECORD,                                                                   \
      (VkDevice d, VkDescriptorPool p, VkDescriptorPoolResetFlags flags), (d, p, flags))                               \
    X(vkAllocateDescriptorSets, OBJECT, COUNTERS_RECORD,                                                               \
      (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *o), (d, i, o))                               \
    X(vkAllocateCommandBuffers, OBJECT, COUNTERS_RECORD,                                                               \
      (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *o), (d, i, o))                               \
    X(vkCreateComputePipelines, OBJECT, COUNTERS_RECORD,                                                               \
      (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,                                \
       const VkAllocationCallbacks *a, VkPipeline *o),                                                                 \
      (d, c, n, i, a, o))                                                                                              \
    MAKER(X, Buffer)                                                                                                   \
    MAKER(X, BufferView)                                                                                               \
    MAKER(X, ShaderModule)                                                                                             \
    MAKER(X, DescriptorSetLayout)                                                                                      \
    MAKER(X, PipelineLayout)                                                                                           \
    MAKER(X, DescriptorPool)                                                                                           \
    MAKER(X, CommandPool)                                                                                              \
    MAKER(X, QueryPool)                                                                                                \
    MAKER(X, Fence)                                                                                                    \
    MAKER(X, Semaphore)
#define MAKER(X, type)                                                                                                 \
    X(vkCreate##type, OBJECT, COUNTERS_RECORD,                                                                         \
      (VkDevice d, const Vk##type##CreateInfo *i, const VkAllocationCallbacks *a, Vk##type *o), (d, i, a, o))
#define VOIDS(X)                                                                                                       \
    X(vkCmdPipelineBarrier, PLAIN, COUNTERS_RECORD,                                                                    \
      (VkCommandBuffer b, VkPipelineStageFlags from, VkPipelineStageFlags to, VkDependencyFlags flags, uint32_t mn,    \
       const VkMemoryBarrier *m, uint32_t bn, const VkBufferMemoryBarrier *bb, uint32_t in,                            \
       const VkImageMemoryBarrier *ib),                                                                                \
      (b, from, to, flags, mn, m, bn, bb, in, ib))                                                                     \
    X(vkCmdCopyImageToBuffer, PLAIN, COUNTERS_RECORD,                                                                  \
      (VkCommandBuffer b, VkImage image, VkImageLayout layout, VkBuffer to, uint32_t n, const VkBufferImageCopy *r),   \
      (b, image, layout, to, n, r))                                                                                    \
    X(vkCmdCopyBufferToImage, PLAIN, COUNTERS_RECORD,                                                                  \
      (VkCommandBuffer b, VkBuffer from, VkImage image, VkImageLayout layout, uint32_t n, const VkBufferImageCopy *r), \
      (b, from, image, layout, n, r))                                                                                  \
    X(vkCmdCopyBuffer, PLAIN, COUNTERS_RECORD,                                                                         \
      (VkCommandBuffer b, VkBuffer from, VkBuffer to, uint32_t n, const VkBufferCopy *r), (b, from, to, n, r))         \
    X(vkCmdFillBuffer, PLAIN, COUNTERS_RECORD,                                                                         \
      (VkCommandBuffer b, VkBuffer to, VkDeviceSize at, VkDeviceSize bytes, uint32_t word), (b, to, at, bytes, word))  \
    X(vkCmdBindPipeline, PLAIN, COUNTERS_RECORD, (VkCommandBuffer b, VkPipelineBindPoint at, VkPipeline p),            \
      (b, at, p))                                                                                                      \
    X(vkCmdBindDescriptorSets, PLAIN, COUNTERS_RECORD,                                                                 \
      (VkCommandBuffer b, VkPipelineBindPoint at, VkPipelineLayout l, uint32_t first, uint32_t n,                      \
       const VkDescriptorSet *s, uint32_t dn, const uint32_t *ds),                                                     \
      (b, at, l, first, n, s, dn, ds))                                                                                 \
    X(vkCmdPushConstants, PLAIN, COUNTERS_RECORD,                                                                      \
      (VkCommandBuffer b, VkPipelineLayout l, VkShaderStageFlags stages, uint32_t at, uint32_t bytes, const void *p),  \
      (b, l, stages, at, bytes, p))                                                                                    \
    X(vkCmdDispatch, PLAIN, COUNTERS_RECORD, (VkCommandBuffer b, uint32_t x, uint32_t y, uint32_t z), (b, x, y, z))    \
    X(vkCmdDispatchBase, PLAIN, COUNTERS_RECORD,                                                                       \
      (VkCommandBuffer b, uint32_t i, uint32_t j, uint32_t k, uint32_t x, uint32_t y, uint32_t z),                     \
      (b, i, j, k, x, y, z))                                                                                           \
    X(vkCmdWriteTimestamp, PLAIN, COUNTERS_RECORD,                                                                     \
      (VkCommandBuffer b, VkPipelineStageFlagBits stage, VkQueryPool p, uint32_t at), (b, stage, p, at))               \
    X(vkUpdateDescriptorSets, PLAIN, COUNTERS_RECORD,                                                                  \
      (VkDevice d, uint32_t n, const VkWriteDescriptorSet *w, uint32_t cn, const VkCopyDescriptorSet *c),              \
      (d, n, w, cn, c))

#define X(name, kind, part, parameters, arguments)                                                                     \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR VkResult VKAPI_CALL counted_##name parameters {                                                  \
        double start = counters_thread_ms();                                                                           \
        VkResult result = real_##name arguments;                                                                       \
        spent[part] += counters_thread_ms() - start;                                                                   \
        all.calls[kind]++;                                                                                             \
        return result;                                                                                                 \
    }
RESULTS(X)
#undef X
#define X(name, kind, part, parameters, arguments)                                                                     \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR void VKAPI_CALL counted_##name parameters {                                                      \
        double start = counters_thread_ms();                                                                           \
        real_##name arguments;                                                                                         \
        spent[part] += counters_thread_ms() - start;                                                                   \
        all.calls[kind]++;                                                                                             \
    }
VOIDS(X)
#undef X

/* Memory that was allocated, in no order. */
static struct {
    pthread_mutex_t lock;
    struct {
        VkDeviceMemory memory;
        VkDeviceSize bytes;
    } pieces[4096];
    uint32_t count;
} held = {.lock = PTHREAD_MUTEX_INITIALIZER};

static PFN_vkAllocateMemory real_vkAllocateMemory;
static VKAPI_ATTR VkResult VKAPI_CALL counted_vkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                                                               const VkAllocationCallbacks *callbacks,
                                                               VkDeviceMemory *memory) {
    VkResult result = real_vkAllocateMemory(device, info, callbacks, memory);
    all.device_allocations++;
    (void)pthread_mutex_lock(&held.lock);
    if (result == VK_SUCCESS && held.count < sizeof held.pieces / sizeof *held.pieces) {
        held.pieces[held.count].memory = *memory;
        held.pieces[held.count++].bytes = info->allocationSize;
        all.device_bytes += (long long)info->allocationSize;
    } else if (result == VK_SUCCESS) {
        (void)fprintf(stderr, "more pieces of device memory than are counted\n");
    }
    (void)pthread_mutex_unlock(&held.lock);
    return result;
}

static PFN_vkFreeMemory real_vkFreeMemory;
static VKAPI_ATTR void VKAPI_CALL counted_vkFreeMemory(VkDevice device, VkDeviceMemory memory,
                                                       const VkAllocationCallbacks *callbacks) {
    (void)pthread_mutex_lock(&held.lock);
    for (uint32_t i = 0; memory && i < held.count; i++) {
        if (held.pieces[i].memory == memory) {
            all.device_bytes -= (long long)held.pieces[i].bytes;
            held.pieces[i] = held.pieces[--held.count];
            break;
        }
    }
    (void)pthread_mutex_unlock(&held.lock);
    real_vkFreeMemory(device, memory, callbacks);
}

static PFN_vkVoidFunction of_device(VkDevice device, const char *name, PFN_vkVoidFunction found) {
    (void)device;
#define X(function, ...)                                                                                               \
    if (found && !strcmp(name, #function)) {                                                                           \
        real_##function = (PFN_##function)found;                                                                       \
        return (PFN_vkVoidFunction)counted_##function;                                                                 \
    }
    RESULTS(X)
    VOIDS(X)
    X(vkAllocateMemory)
    X(vkFreeMemory)
#undef X
    return found;
}

void *counters_entry(void) {
    return intercept_entry(NULL, of_device);
}

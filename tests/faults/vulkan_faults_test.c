/* SPDX-License-Identifier: MIT
 * Fails the Nth allocation and the Nth Vulkan call of set-up and the first photos: each failure must come back as an
 * error in words, leak nothing (the sanitizers look), and leave the process fit for the next try. N goes through all
 * calls, but of those that come from the same place by the same way, as in a loop, the first two stand for all. */
#include "support/tuning.h"
#include "support/vulkan_shared.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vk/vk.h"

/* ---- where calls come from --------------------------------------------------------------------------------------- */

enum { MOST_CALLS = 1 << 14, DEPTH = 16, REPEATS = 2 };
static uint64_t ways[MOST_CALLS]; /* of the calls of an attempt that nothing fails in */
static atomic_long way_count;
static bool noting;

static void note_way(void) {
    void *frames[DEPTH];
    int depth = noting ? backtrace(frames, DEPTH) : 0;
    uint64_t way = 14695981039346656037u; /* FNV-1a over addresses */
    for (int i = 1; i < depth; i++) {
        way = (way ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211u;
    }
    long at = noting ? way_count++ : MOST_CALLS;
    if (at < MOST_CALLS) {
        ways[at] = way;
    }
}

/* What lies past the calls that were noted is tried, too. */
static bool is_new(long n) {
    int before = 0;
    for (long i = 0; i < n && n < way_count; i++) {
        before += ways[i] == ways[n];
    }
    return before < REPEATS;
}

/* ---- the Nth allocation ------------------------------------------------------------------------------------------ */

typedef struct budget {
    long left;  /* allocations that succeed; negative: all */
    long alive; /* blocks not yet released */
    bool failed;
} budget;

static bool spend(budget *b) {
    note_way();
    if (!b->left) {
        b->failed = true;
        return false;
    }
    b->left -= b->left > 0;
    return true;
}

static void *budget_allocate(void *user, size_t bytes) {
    budget *b = user;
    void *memory = spend(b) ? malloc(bytes) : NULL;
    b->alive += memory != NULL;
    return memory;
}

static void *budget_reallocate(void *user, void *memory, size_t bytes) {
    budget *b = user;
    void *moved = spend(b) ? realloc(memory, bytes) : NULL;
    b->alive += moved && !memory;
    return moved;
}

static void budget_release(void *user, void *memory) {
    ((budget *)user)->alive -= memory != NULL;
    free(memory);
}

/* ---- the Nth Vulkan call ----------------------------------------------------------------------------------------- */

static PFN_vkGetInstanceProcAddr real_instance_proc;
static PFN_vkGetDeviceProcAddr real_device_proc;
static atomic_long calls_left; /* that succeed; negative: all */
static atomic_bool call_failed;

static bool call_fails(void) {
    note_way();
    /* Pipelines are created on several threads. */
    for (long left = calls_left; left; left = calls_left) {
        if (left < 0 || atomic_compare_exchange_weak(&calls_left, &left, left - 1)) {
            return false;
        }
    }
    call_failed = true;
    return true;
}

#define DEVICE_WRAPPERS(X)                                                                                             \
    X(vkAllocateMemory,                                                                                                \
      (VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a, VkDeviceMemory *o), (d, i, a, o),    \
      VK_ERROR_OUT_OF_DEVICE_MEMORY)                                                                                   \
    X(vkMapMemory, (VkDevice d, VkDeviceMemory m, VkDeviceSize s, VkDeviceSize n, VkMemoryMapFlags f, void **o),       \
      (d, m, s, n, f, o), VK_ERROR_MEMORY_MAP_FAILED)                                                                  \
    X(vkCreateBuffer, (VkDevice d, const VkBufferCreateInfo *i, const VkAllocationCallbacks *a, VkBuffer *o),          \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkBindBufferMemory, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize s), (d, b, m, s),                    \
      VK_ERROR_OUT_OF_DEVICE_MEMORY)                                                                                   \
    X(vkCreateImage, (VkDevice d, const VkImageCreateInfo *i, const VkAllocationCallbacks *a, VkImage *o),             \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkBindImageMemory, (VkDevice d, VkImage b, VkDeviceMemory m, VkDeviceSize s), (d, b, m, s),                      \
      VK_ERROR_OUT_OF_DEVICE_MEMORY)                                                                                   \
    X(vkGetMemoryFdKHR, (VkDevice d, const VkMemoryGetFdInfoKHR *i, int *o), (d, i, o), VK_ERROR_OUT_OF_HOST_MEMORY)   \
    X(vkGetMemoryHostPointerPropertiesEXT,                                                                             \
      (VkDevice d, VkExternalMemoryHandleTypeFlagBits h, const void *p, VkMemoryHostPointerPropertiesEXT *o),          \
      (d, h, p, o), VK_ERROR_INVALID_EXTERNAL_HANDLE)                                                                  \
    X(vkCreateBufferView,                                                                                              \
      (VkDevice d, const VkBufferViewCreateInfo *i, const VkAllocationCallbacks *a, VkBufferView *o), (d, i, a, o),    \
      VK_ERROR_OUT_OF_HOST_MEMORY)                                                                                     \
    X(vkCreateShaderModule,                                                                                            \
      (VkDevice d, const VkShaderModuleCreateInfo *i, const VkAllocationCallbacks *a, VkShaderModule *o),              \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkCreateDescriptorSetLayout,                                                                                     \
      (VkDevice d, const VkDescriptorSetLayoutCreateInfo *i, const VkAllocationCallbacks *a,                           \
       VkDescriptorSetLayout *o),                                                                                      \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkCreatePipelineLayout,                                                                                          \
      (VkDevice d, const VkPipelineLayoutCreateInfo *i, const VkAllocationCallbacks *a, VkPipelineLayout *o),          \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkCreatePipelineCache,                                                                                           \
      (VkDevice d, const VkPipelineCacheCreateInfo *i, const VkAllocationCallbacks *a, VkPipelineCache *o),            \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkCreateComputePipelines,                                                                                        \
      (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,                                \
       const VkAllocationCallbacks *a, VkPipeline *o),                                                                 \
      (d, c, n, i, a, o), VK_ERROR_OUT_OF_DEVICE_MEMORY)                                                               \
    X(vkCreateDescriptorPool,                                                                                          \
      (VkDevice d, const VkDescriptorPoolCreateInfo *i, const VkAllocationCallbacks *a, VkDescriptorPool *o),          \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkAllocateDescriptorSets, (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *o), (d, i, o),     \
      VK_ERROR_OUT_OF_POOL_MEMORY)                                                                                     \
    X(vkCreateCommandPool,                                                                                             \
      (VkDevice d, const VkCommandPoolCreateInfo *i, const VkAllocationCallbacks *a, VkCommandPool *o), (d, i, a, o),  \
      VK_ERROR_OUT_OF_HOST_MEMORY)                                                                                     \
    X(vkResetCommandPool, (VkDevice d, VkCommandPool p, VkCommandPoolResetFlags f), (d, p, f),                         \
      VK_ERROR_OUT_OF_DEVICE_MEMORY)                                                                                   \
    X(vkAllocateCommandBuffers, (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *o), (d, i, o),     \
      VK_ERROR_OUT_OF_HOST_MEMORY)                                                                                     \
    X(vkBeginCommandBuffer, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i),                            \
      VK_ERROR_OUT_OF_HOST_MEMORY)                                                                                     \
    X(vkEndCommandBuffer, (VkCommandBuffer c), (c), VK_ERROR_OUT_OF_DEVICE_MEMORY)                                     \
    X(vkCreateQueryPool, (VkDevice d, const VkQueryPoolCreateInfo *i, const VkAllocationCallbacks *a, VkQueryPool *o), \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkCreateFence, (VkDevice d, const VkFenceCreateInfo *i, const VkAllocationCallbacks *a, VkFence *o),             \
      (d, i, a, o), VK_ERROR_OUT_OF_HOST_MEMORY)                                                                       \
    X(vkResetFences, (VkDevice d, uint32_t n, const VkFence *f), (d, n, f), VK_ERROR_OUT_OF_DEVICE_MEMORY)             \
    /* Nothing runs any more on a device that is lost. */                                                              \
    X(vkWaitForFences, (VkDevice d, uint32_t n, const VkFence *f, VkBool32 a, uint64_t t), (d, n, f, a, t),            \
      ((void)real_vkWaitForFences(d, n, f, a, t), VK_ERROR_DEVICE_LOST))                                               \
    X(vkQueueSubmit, (VkQueue q, uint32_t n, const VkSubmitInfo *i, VkFence f), (q, n, i, f), VK_ERROR_DEVICE_LOST)    \
    X(vkGetQueryPoolResults,                                                                                           \
      (VkDevice d, VkQueryPool p, uint32_t s, uint32_t n, size_t b, void *o, VkDeviceSize t, VkQueryResultFlags f),    \
      (d, p, s, n, b, o, t, f), VK_ERROR_OUT_OF_HOST_MEMORY)

#define X(name, parameters, arguments, error)                                                                          \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR VkResult VKAPI_CALL faulty_##name parameters {                                                   \
        return call_fails() ? (error) : real_##name arguments;                                                         \
    }
DEVICE_WRAPPERS(X)
#undef X

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL faulty_device_proc(VkDevice device, const char *name) {
    PFN_vkVoidFunction real = real_device_proc(device, name);
#define X(function, parameters, arguments, error)                                                                      \
    if (!strcmp(name, #function)) {                                                                                    \
        real_##function = (PFN_##function)real;                                                                        \
        return (PFN_vkVoidFunction)faulty_##function;                                                                  \
    }
    DEVICE_WRAPPERS(X)
#undef X
    return real;
}

static PFN_vkCreateDevice real_create_device;
static VKAPI_ATTR VkResult VKAPI_CALL faulty_create_device(VkPhysicalDevice p, const VkDeviceCreateInfo *i,
                                                           const VkAllocationCallbacks *a, VkDevice *o) {
    return call_fails() ? VK_ERROR_INITIALIZATION_FAILED : real_create_device(p, i, a, o);
}

static PFN_vkCreateInstance real_create_instance;
static VKAPI_ATTR VkResult VKAPI_CALL faulty_create_instance(const VkInstanceCreateInfo *i,
                                                             const VkAllocationCallbacks *a, VkInstance *o) {
    return call_fails() ? VK_ERROR_INCOMPATIBLE_DRIVER : real_create_instance(i, a, o);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL faulty_instance_proc(VkInstance instance, const char *name) {
    PFN_vkVoidFunction real = real_instance_proc(instance, name);
    if (!strcmp(name, "vkGetDeviceProcAddr")) {
        real_device_proc = (PFN_vkGetDeviceProcAddr)real;
        return (PFN_vkVoidFunction)faulty_device_proc;
    }
    if (!strcmp(name, "vkCreateDevice")) {
        real_create_device = (PFN_vkCreateDevice)real;
        return (PFN_vkVoidFunction)faulty_create_device;
    }
    if (!strcmp(name, "vkCreateInstance")) {
        real_create_instance = (PFN_vkCreateInstance)real;
        return (PFN_vkVoidFunction)faulty_create_instance;
    }
    return real;
}

/* ---- one try ----------------------------------------------------------------------------------------------------- */

/* A whole small run on a 5x3 photo. The result of the first call that fails. */
static bd_result attempt(const char *path, const bd_allocator *allocator, void *instance_proc, bd_error *error) {
    uint8_t pixels[5 * 3 * 4];
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i * 37 | 1);
    }
    const bd_image photo = {.width = 5, .height = 3, .stride_bytes = 20, .pixels = pixels};
    const bd_image behind = {.width = 4, .height = 3, .stride_bytes = 16, .pixels = pixels};
    /* At a size at which a run costs little. */
    const bd_model_params model_params = {
        .struct_size = sizeof model_params, .allocator = allocator, .width = 65, .height = 65};
    const bd_engine_params engine_params = {.struct_size = sizeof engine_params,
                                            .allocator = allocator,
                                            .device = getenv("BACKDROP_DEVICE"),
                                            .get_instance_proc_addr = instance_proc};
    const bd_segment_params segment = {.struct_size = sizeof segment, .want_logits = true};
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .classes = {{2}}, .background = BD_BACKGROUND_BLUR, .blur_sigma_px = 1};
    /* Every step but the classic ones, first, while nothing is cached. */
    const bd_matte_params best = {.struct_size = sizeof best, .mode = BD_MATTE_BEST, .feather_px = 1};
    const bd_replace_params picture_behind = {.struct_size = sizeof picture_behind,
                                              .classes = {{2}},
                                              .background = BD_BACKGROUND_PICTURE,
                                              .blur_sigma_px = 1,
                                              .matte = &best,
                                              .harmonize = BD_HARMONIZE_FULL,
                                              .light_wrap_px = 2};
    bd_model *model = NULL;
    bd_engine *engine = NULL;
    bd_session *session = NULL;
    bd_segmentation map = {.struct_size = sizeof map};
    bd_image picture = {0}, first = {0};
    bd_result result = bd_model_open(path, &model_params, &model, error);
    if (!result) {
        result = bd_engine_create(&engine_params, &engine, error);
    }
    if (!result) {
        result = bd_session_create(engine, model, NULL, &session, error);
    }
    if (!result) {
        result = bd_session_replace(session, &photo, &behind, &picture_behind, &first, error);
    }
    if (!result) {
        result = bd_session_segment(session, &photo, &segment, &map, error);
    }
    if (!result) {
        result = bd_session_replace(session, &photo, NULL, &replace, &picture, error);
    }
    /* Two in flight; the second's frame is made and recorded while the first one runs. */
    for (int i = 0; i < 2 && !result; i++) {
        result = bd_session_replace_begin(session, &photo, NULL, &replace, error);
    }
    for (int i = 0; i < 2 && !result; i++) {
        result = bd_session_replace_end(session, &picture, error);
    }
    bd_segmentation_finish(&map);
    bd_image_finish(&picture);
    bd_image_finish(&first);
    bd_session_destroy(session);
    bd_engine_destroy(engine);
    bd_model_destroy(model);
    return result;
}

static void hear(void *user) {
    (void)user;
}

/* Sessions without a network that share an engine: what one keeps, estimates, gives back and tells. */
static bd_result attempt_sessions(const char *path, const bd_allocator *allocator, void *instance_proc,
                                  bd_error *error) {
    (void)path;
    uint8_t pixels[5 * 3 * 4];
    float coarse[5 * 3];
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i * 37 | 1);
        coarse[i / 4] = (float)(i / 4 % 5) / 4;
    }
    const bd_image photo = {.width = 5, .height = 3, .stride_bytes = 20, .pixels = pixels};
    const bd_image behind = {.width = 4, .height = 3, .stride_bytes = 16, .pixels = pixels};
    const bd_matte_params given = {
        .struct_size = sizeof given, .coarse = coarse, .coarse_width = 5, .coarse_height = 3};
    const bd_replace_params replace = {.struct_size = sizeof replace, .matte = &given, .want_alpha = true};
    const bd_engine_params engine_params = {.struct_size = sizeof engine_params,
                                            .allocator = allocator,
                                            .device = getenv("BACKDROP_DEVICE"),
                                            .get_instance_proc_addr = instance_proc};
    const bd_session_params params = {.struct_size = sizeof params, .done = hear};
    bd_engine *engine = NULL;
    bd_session *sessions[2] = {NULL};
    bd_memory_estimate estimate = {.struct_size = sizeof estimate};
    bd_image result = {0}, alpha = {0};
    bd_result code = bd_engine_create(&engine_params, &engine, error);
    for (int i = 0; i < 2 && !code; i++) {
        code = bd_session_create(engine, NULL, &params, &sessions[i], error);
        if (!code) {
            code = bd_session_set_background(sessions[i], &behind, error);
        }
        if (!code) {
            code = bd_session_estimate(sessions[i], &photo, NULL, &replace, &estimate, error);
        }
        for (int k = 0; k < 2 && !code; k++) {
            code = bd_session_replace_begin(sessions[i], &photo, NULL, &replace, error);
        }
        for (int k = 0; k < 2 && !code; k++) {
            code = bd_session_replace_end(sessions[i], &result, error);
        }
        if (!code) {
            code = bd_session_take_alpha(sessions[i], &alpha, error);
        }
        if (!code) {
            code = bd_session_trim(sessions[i], error);
        }
        if (!code) {
            code = bd_session_set_background(sessions[i], NULL, error);
        }
    }
    bd_image_finish(&alpha);
    bd_image_finish(&result);
    bd_session_destroy(sessions[0]);
    bd_session_destroy(sessions[1]);
    bd_engine_destroy(engine);
    return code;
}

/* Weights that are looked for, and a model in memory. */
static bd_result attempt_files(const char *path, const bd_allocator *allocator, void *instance_proc, bd_error *error) {
    (void)instance_proc;
    const bd_weights_params params = {
        .struct_size = sizeof params, .allocator = allocator, .folder = getenv("BACKDROP_WEIGHTS")};
    const bd_model_params small = {.struct_size = sizeof small, .allocator = allocator, .width = 65, .height = 65};
    bd_weights *weights = NULL;
    bd_weights_info info = {.struct_size = sizeof info};
    bd_model *model = NULL;
    bd_content file = {0};
    bd_result code = bd_weights_open(&params, &weights, error);
    if (!code) {
        code = bd_weights_find(weights, NULL, &info, error);
    }
    if (!code) {
        code = bd_read_file(path, UINT64_MAX, NULL, &file, error);
    }
    if (!code) {
        code = bd_model_open_memory(file.data, file.bytes, "ours", NULL, &small, &model, error);
    }
    bd_model_destroy(model);
    bd_release_content(NULL, &file);
    bd_weights_close(weights);
    return code;
}

typedef bd_result (*attempt_fn)(const char *path, const bd_allocator *allocator, void *instance_proc, bd_error *error);

static bd_result attempt_allocations(attempt_fn attempt_one, const char *path, long left, budget *b, bd_error *error) {
    *b = (budget){.left = left};
    const bd_allocator allocator = {b, budget_allocate, budget_reallocate, budget_release};
    return attempt_one(path, &allocator, NULL, error);
}

static void check_allocations(attempt_fn attempt_one, const char *path, long least) {
    budget b;
    bd_error error = {0};
    way_count = 0;
    noting = true;
    if (attempt_allocations(attempt_one, path, -1, &b, &error)) {
        fail_msg("%s", error.message);
    }
    noting = false;
    long tried = 0;
    long n = 0;
    for (;; n++) {
        if (!is_new(n)) {
            continue;
        }
        tried++;
        error = (bd_error){0};
        bd_result result = attempt_allocations(attempt_one, path, n, &b, &error);
        assert_int_equal(b.alive, 0);
        if (!b.failed) {
            assert_int_equal(result, BD_OK);
            break;
        }
        if (result != BD_ERR_OUT_OF_MEMORY || !error.message[0]) {
            fail_msg("allocation %ld: %s %s", n, bd_result_name(result), error.message);
        }
    }
    (void)printf("%ld of %ld allocations\n", tried, n);
    assert_true(tried > least);
}

static void test_allocations(void **state) {
    (void)state;
    check_allocations(attempt, test_model_path(), 20);
    check_allocations(attempt_sessions, NULL, 10);
    check_allocations(attempt_files, test_source_file(TEST_SMALL_NETWORK), 10);
}

static int count_descriptors(void) {
    int count = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        count += fcntl(descriptor, F_GETFD) >= 0;
    }
    return count;
}

/* Memory goes out of the engine and comes back as another image, rows and tiled; and memory of the host's own. */
static bd_result attempt_memory(bd_engine *engine, bd_error *error) {
    static _Alignas(1 << 16) uint8_t room[1 << 16];
    const bd_vulkan_image none = {
        .struct_size = sizeof none, .format = VK_FORMAT_R8G8B8A8_UNORM, .width = 5, .height = 3};
    const bd_vulkan_memory ours = {.struct_size = sizeof ours, .pointer = room, .bytes = sizeof room};
    bd_vulkan_image at = none;
    bd_result code = bd_engine_import_memory(engine, &ours, &at, error);
    bd_vulkan_image_finish(&at);
    for (int optimal = 0; optimal < 2 && !code; optimal++) {
        bd_vulkan_memory memory = {
            .struct_size = sizeof memory, .kind = BD_VULKAN_MEMORY_FD, .fd = -1, .optimal = optimal};
        bd_vulkan_image there = none, here = none;
        code = bd_engine_export_memory(engine, &memory, &there, error);
        const bool has = !code;
        if (!code) {
            code = bd_engine_import_memory(engine, &memory, &here, error);
        }
        if (has && code) { /* the caller's still */
            assert_int_equal(close(memory.fd), 0);
        }
        bd_vulkan_image_finish(&here);
        bd_vulkan_image_finish(&there);
    }
    return code == BD_ERR_UNSUPPORTED ? BD_OK : code;
}

/* The same on a host's device, without a network: what an import does otherwise, and photos of memory and of images. */
static bd_result attempt_import(const bd_vulkan_import *host, const shared *in, const shared *out, bd_error *error) {
    uint8_t pixels[5 * 3 * 4];
    float coarse[5 * 3];
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i * 37 | 1);
        coarse[i / 4] = (float)(i / 4 % 5) / 4;
    }
    const bd_image photo = {.width = 5, .height = 3, .stride_bytes = 20, .pixels = pixels};
    const bd_matte_params given = {
        .struct_size = sizeof given, .coarse = coarse, .coarse_width = 5, .coarse_height = 3};
    const bd_replace_params replace = {
        .struct_size = sizeof replace, .background = BD_BACKGROUND_TRANSPARENT, .matte = &given};
    bd_engine *engine = NULL;
    bd_session *session = NULL;
    bd_image result = {0};
    bd_result code = bd_engine_import(NULL, host, &engine, error);
    if (!code) {
        code = bd_session_create(engine, NULL, NULL, &session, error);
    }
    if (!code) {
        code = attempt_memory(engine, error);
    }
    bd_engine_destroy(engine);
    for (int i = 0; i < 2 && !code; i++) {
        code = bd_session_replace_begin(session, &photo, NULL, &replace, error);
    }
    for (int i = 0; i < 2 && !code; i++) {
        code = bd_session_replace_end(session, &result, error);
    }
    for (int i = 0; i < 3 && !code; i++) {
        code =
            bd_session_replace_images(session, &in->image, NULL, &replace, &out->image, NULL, NULL, 0, NULL, 0, error);
    }
    if (!code) {
        code = bd_session_wait_images(session, error);
    }
    bd_image_finish(&result);
    bd_session_destroy(session);
    return code;
}

static void check_vulkan_calls(attempt_fn attempt_one, const char *path, void *entry, long least) {
    bd_error error = {0};
    calls_left = -1;
    way_count = 0;
    noting = true;
    if (attempt_one(path, NULL, entry, &error)) {
        fail_msg("%s", error.message);
    }
    noting = false;
    long tried = 0;
    long n = 0;
    for (;; n++) {
        if (!is_new(n)) {
            continue;
        }
        tried++;
        calls_left = n;
        call_failed = false;
        error = (bd_error){0};
        bd_result result = attempt_one(path, NULL, entry, &error);
        if (!call_failed) {
            assert_int_equal(result, BD_OK);
            break;
        }
        if (result < BD_ERR_OUT_OF_MEMORY || !error.message[0]) {
            fail_msg("call %ld: %s %s", n, bd_result_name(result), error.message);
        }
    }
    (void)printf("%ld of %ld Vulkan calls\n", tried, n);
    assert_true(tried > least);
}

static void test_vulkan_calls(void **state) {
    (void)state;
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    void *entry = dlsym(library, "vkGetInstanceProcAddr");
    memcpy(&real_instance_proc, &entry, sizeof entry);
    PFN_vkGetInstanceProcAddr faulty = faulty_instance_proc;
    void *given;
    memcpy(&given, &faulty, sizeof given);
    /* Few nodes of all kinds: what a node calls does not depend on how many there are. */
    check_vulkan_calls(attempt, test_source_file(TEST_SMALL_NETWORK), given, 100);
    check_vulkan_calls(attempt_sessions, NULL, given, 50);
}

static void test_import(void **state) {
    (void)state;
    vulkan_host host;
    vulkan_host_open(&host, VULKAN_HOST_WANTED, VK_API_VERSION_1_3);
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    void *entry = dlsym(library, "vkGetInstanceProcAddr");
    memcpy(&real_instance_proc, &entry, sizeof entry);
    bd_vulkan_import import = host.import;
    import.get_instance_proc_addr = faulty_instance_proc;
    import.lock_queue = import.unlock_queue = NULL;
    const uint8_t pixels[5 * 3 * 4] = {1, 2, 3};
    shared in = shared_make(&host, VK_FORMAT_B8G8R8A8_UNORM, 5, 3);
    shared out = shared_make(&host, VK_FORMAT_R8G8B8A8_UNORM, 5, 3);
    shared_write(&host, &in, pixels, VK_IMAGE_LAYOUT_GENERAL);
    bd_error error = {0};
    const int descriptors = count_descriptors();
    calls_left = -1;
    way_count = 0;
    noting = true;
    assert_int_equal(attempt_import(&import, &in, &out, &error), BD_OK);
    noting = false;
    long tried = 0, n = 0;
    for (;; n++) {
        if (!is_new(n)) {
            continue;
        }
        tried++;
        calls_left = n;
        call_failed = false;
        error = (bd_error){0};
        bd_result result = attempt_import(&import, &in, &out, &error);
        assert_int_equal(count_descriptors(), descriptors);
        if (!call_failed) {
            assert_int_equal(result, BD_OK);
            break;
        }
        bool refused = result == BD_ERR_INVALID_ARGUMENT && strstr(error.message, "vkGetMemoryHostPointerProperties");
        if ((result < BD_ERR_OUT_OF_MEMORY && !refused) || !error.message[0]) {
            fail_msg("call %ld: %s %s", n, bd_result_name(result), error.message);
        }
    }
    (void)printf("%ld of %ld Vulkan calls on a host's device\n", tried, n);
    assert_true(tried > 50);
    calls_left = -1;
    shared_drop(&host, &in);
    shared_drop(&host, &out);
    vulkan_host_close(&host); /* validation tells of what was not destroyed */
}

int main(void) {
    int skip = test_session_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations), cmocka_unit_test(test_vulkan_calls),
                                       cmocka_unit_test(test_import)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

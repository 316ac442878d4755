/* SPDX-License-Identifier: MIT
 * backdrop-trace: begin and end of every dispatch, copy and fill of one frame, by the device's clock, and the gaps
 * between them. Stands between an engine and the Vulkan loader and puts a time stamp on either side of each; sees the
 * library's inside for the shaders' names. */
#include "api/engine.h"
#include "api/model.h"
#include "bench/intercept.h"
#include "bench/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BUFFERS = 256, MOST_EVENTS = 512, MOST_MADE = 4096, MOST_SUBMITTED = 1024, FRAMES = 4 };

typedef struct event {
    const char *name;
    uint32_t groups[3]; /* 0: of an indirect dispatch, copy or fill */
} event;

/* A recording: its queries are 2 * MOST_EVENTS * (its place in the table) and following. */
typedef struct recording {
    VkCommandBuffer buffer;
    const char *bound;
    uint32_t count;
    event events[MOST_EVENTS];
} recording;

typedef struct made {
    uint64_t handle;
    const char *name;
} made;

static struct {
    PFN_vkCreateShaderModule create_module;
    PFN_vkCreateComputePipelines create_pipelines;
    PFN_vkBeginCommandBuffer begin;
    PFN_vkCmdBindPipeline bind;
    PFN_vkCmdDispatch dispatch;
    PFN_vkCmdDispatchBase dispatch_base;
    PFN_vkCmdDispatchIndirect dispatch_indirect;
    PFN_vkCmdCopyBuffer copy;
    PFN_vkCmdFillBuffer fill;
    PFN_vkQueueSubmit submit;
    PFN_vkCreateQueryPool create_pool;
    PFN_vkDestroyQueryPool destroy_pool;
    PFN_vkCmdResetQueryPool reset;
    PFN_vkCmdWriteTimestamp stamp;
    PFN_vkGetQueryPoolResults results;
    VkDevice device;
    VkQueryPool pool;
    recording *recordings;
    uint32_t recording_count;
    made modules[MOST_MADE], pipelines[MOST_MADE];
    uint32_t module_count, pipeline_count;
    const recording *submitted[MOST_SUBMITTED];
    uint32_t submitted_count, left_out;
} spy;

/* ---- between the engine and the loader --------------------------------------------------------------------------- */

static void remember(made *table, uint32_t *count, const void *handle, size_t bytes, const char *name) {
    if (*count < MOST_MADE) {
        table[*count] = (made){.name = name};
        memcpy(&table[(*count)++].handle, handle, bytes);
    }
}

/* The newest: handles are used again. */
static const char *recall(const made *table, uint32_t count, const void *handle, size_t bytes) {
    uint64_t value = 0;
    memcpy(&value, handle, bytes);
    for (uint32_t i = count; i-- > 0;) {
        if (table[i].handle == value) {
            return table[i].name;
        }
    }
    return "?";
}

static VKAPI_ATTR VkResult VKAPI_CALL create_module(VkDevice device, const VkShaderModuleCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator, VkShaderModule *module) {
    VkResult result = spy.create_module(device, info, allocator, module);
    const char *name = "?";
    for (uint32_t s = 0; s < BD_SHADER_COUNT; s++) {
        name = bd_shaders[s].words && bd_shaders[s].words == info->pCode ? bd_shaders[s].name : name;
    }
    spy.device = device;
    remember(spy.modules, &spy.module_count, module, sizeof *module, name);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                                       const VkComputePipelineCreateInfo *infos,
                                                       const VkAllocationCallbacks *allocator, VkPipeline *pipelines) {
    VkResult result = spy.create_pipelines(device, cache, count, infos, allocator, pipelines);
    for (uint32_t i = 0; i < count && result == VK_SUCCESS; i++) {
        const char *name = recall(spy.modules, spy.module_count, &infos[i].stage.module, sizeof infos[i].stage.module);
        remember(spy.pipelines, &spy.pipeline_count, &pipelines[i], sizeof pipelines[i], name);
    }
    return result;
}

static recording *recording_of(VkCommandBuffer buffer) {
    for (uint32_t i = 0; i < spy.recording_count; i++) {
        if (spy.recordings[i].buffer == buffer) {
            return &spy.recordings[i];
        }
    }
    return NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL begin(VkCommandBuffer buffer, const VkCommandBufferBeginInfo *info) {
    VkResult result = spy.begin(buffer, info);
    recording *r = recording_of(buffer);
    const VkQueryPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = 2 * MOST_EVENTS * MOST_BUFFERS};
    if (!spy.pool && spy.create_pool(spy.device, &pool, NULL, &spy.pool) != VK_SUCCESS) {
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    if (!r && spy.recording_count < MOST_BUFFERS) {
        r = &spy.recordings[spy.recording_count++];
        r->buffer = buffer;
    }
    if (r) {
        r->count = 0;
        spy.reset(buffer, spy.pool, (uint32_t)(r - spy.recordings) * 2 * MOST_EVENTS, 2 * MOST_EVENTS);
    }
    return result;
}

static VKAPI_ATTR void VKAPI_CALL bind(VkCommandBuffer buffer, VkPipelineBindPoint point, VkPipeline pipeline) {
    recording *r = recording_of(buffer);
    if (r) {
        r->bound = recall(spy.pipelines, spy.pipeline_count, &pipeline, sizeof pipeline);
    }
    spy.bind(buffer, point, pipeline);
}

/* Stamps the begin of what follows; UINT32_MAX: there is no room. */
static uint32_t enter(VkCommandBuffer buffer, const char *name, uint32_t x, uint32_t y, uint32_t z) {
    recording *r = recording_of(buffer);
    if (!r || r->count == MOST_EVENTS) {
        spy.left_out++;
        return UINT32_MAX;
    }
    uint32_t query = ((uint32_t)(r - spy.recordings) * MOST_EVENTS + r->count) * 2;
    r->events[r->count++] = (event){name ? name : r->bound, {x, y, z}};
    spy.stamp(buffer, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, spy.pool, query);
    return query + 1;
}

static void leave(VkCommandBuffer buffer, uint32_t query) {
    if (query != UINT32_MAX) {
        spy.stamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, spy.pool, query);
    }
}

static VKAPI_ATTR void VKAPI_CALL dispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y, uint32_t z) {
    uint32_t query = enter(buffer, NULL, x, y, z);
    spy.dispatch(buffer, x, y, z);
    leave(buffer, query);
}

static VKAPI_ATTR void VKAPI_CALL dispatch_base(VkCommandBuffer buffer, uint32_t first_x, uint32_t first_y,
                                                uint32_t first_z, uint32_t x, uint32_t y, uint32_t z) {
    uint32_t query = enter(buffer, NULL, x, y, z);
    spy.dispatch_base(buffer, first_x, first_y, first_z, x, y, z);
    leave(buffer, query);
}

static VKAPI_ATTR void VKAPI_CALL dispatch_indirect(VkCommandBuffer buffer, VkBuffer from, VkDeviceSize offset) {
    uint32_t query = enter(buffer, NULL, 0, 0, 0);
    spy.dispatch_indirect(buffer, from, offset);
    leave(buffer, query);
}

static VKAPI_ATTR void VKAPI_CALL copy(VkCommandBuffer buffer, VkBuffer from, VkBuffer to, uint32_t count,
                                       const VkBufferCopy *regions) {
    uint32_t query = enter(buffer, "copy", 0, 0, 0);
    spy.copy(buffer, from, to, count, regions);
    leave(buffer, query);
}

static VKAPI_ATTR void VKAPI_CALL fill(VkCommandBuffer buffer, VkBuffer to, VkDeviceSize offset, VkDeviceSize bytes,
                                       uint32_t word) {
    uint32_t query = enter(buffer, "fill", 0, 0, 0);
    spy.fill(buffer, to, offset, bytes, word);
    leave(buffer, query);
}

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t b = 0; b < infos[i].commandBufferCount && spy.submitted_count < MOST_SUBMITTED; b++) {
            const recording *r = recording_of(infos[i].pCommandBuffers[b]);
            if (r) {
                spy.submitted[spy.submitted_count++] = r;
            }
        }
    }
    return spy.submit(queue, count, infos, fence);
}

#define STRANGERS(X)                                                                                                   \
    X(vkCreateShaderModule, create_module)                                                                             \
    X(vkCreateComputePipelines, create_pipelines)                                                                      \
    X(vkBeginCommandBuffer, begin)                                                                                     \
    X(vkCmdBindPipeline, bind)                                                                                         \
    X(vkCmdDispatch, dispatch)                                                                                         \
    X(vkCmdDispatchBase, dispatch_base)                                                                                \
    X(vkCmdDispatchIndirect, dispatch_indirect)                                                                        \
    X(vkCmdCopyBuffer, copy)                                                                                           \
    X(vkCmdFillBuffer, fill)                                                                                           \
    X(vkQueueSubmit, submit)

static PFN_vkVoidFunction of_device(VkDevice device, const char *name, PFN_vkVoidFunction found) {
    spy.device = device;
#define X(function, own)                                                                                               \
    if (found && !strcmp(name, #function)) {                                                                           \
        spy.own = (PFN_##function)found;                                                                               \
        return (PFN_vkVoidFunction)(own);                                                                              \
    }
    STRANGERS(X)
#undef X
#define X(function, own)                                                                                               \
    if (!strcmp(name, #function)) {                                                                                    \
        spy.own = (PFN_##function)found;                                                                               \
    }
    X(vkCreateQueryPool, create_pool)
    X(vkDestroyQueryPool, destroy_pool)
    X(vkCmdResetQueryPool, reset)
    X(vkCmdWriteTimestamp, stamp)
    X(vkGetQueryPoolResults, results)
#undef X
    return found;
}

/* ---- what came out ----------------------------------------------------------------------------------------------- */

typedef struct span {
    const event *what;
    double begin, end; /* microseconds from the first begin */
} span;

static uint32_t read_spans(const bd_vk *vk, span *spans, uint32_t room) {
    uint64_t mask = vk->timestamp_bits < 64 ? (1ull << vk->timestamp_bits) - 1 : UINT64_MAX;
    uint64_t first = 0;
    uint32_t count = 0;
    for (uint32_t s = 0; s < spy.submitted_count; s++) {
        const recording *r = spy.submitted[s];
        for (uint32_t e = 0; e < r->count && count < room; e++) {
            uint64_t ticks[2];
            uint32_t query = ((uint32_t)(r - spy.recordings) * MOST_EVENTS + e) * 2;
            if (spy.results(spy.device, spy.pool, query, 2, sizeof ticks, ticks, sizeof *ticks,
                            VK_QUERY_RESULT_64_BIT) != VK_SUCCESS) {
                continue;
            }
            first = count ? first : ticks[0];
            spans[count++] =
                (span){&r->events[e], (double)((ticks[0] - first) & mask) * (double)vk->limits.timestampPeriod * 1e-3,
                       (double)((ticks[1] - first) & mask) * (double)vk->limits.timestampPeriod * 1e-3};
        }
    }
    return count;
}

static bool write_csv(const char *path, const span *spans, uint32_t count) {
    FILE *file = fopen(path, "w");
    if (!file) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
        return false;
    }
    (void)fprintf(file, "number,what,groups,begin_us,end_us,us,gap_us\n");
    double last = 0;
    for (uint32_t i = 0; i < count; i++) {
        const span *s = &spans[i];
        (void)fprintf(file, "%u,%s,%ux%ux%u,%.2f,%.2f,%.2f,%.2f\n", i, s->what->name, s->what->groups[0],
                      s->what->groups[1], s->what->groups[2], s->begin, s->end, s->end - s->begin, s->begin - last);
        last = s->end;
    }
    bool ok = !ferror(file);
    ok = !fclose(file) && ok;
    if (!ok) {
        (void)fprintf(stderr, "%s: cannot write\n", path);
    }
    return ok;
}

static void report(const span *spans, uint32_t count) {
    double busy = 0;
    double gaps = 0;
    for (uint32_t i = 0; i < count; i++) {
        busy += spans[i].end - spans[i].begin;
        gaps += i ? fmax(0, spans[i].begin - spans[i - 1].end) : 0;
    }
    printf("%10s %10s %8s  %s\n", "begin us", "us", "gap us", "what");
    for (uint32_t i = 0; i < count; i++) {
        printf("%10.2f %10.2f %8.2f  %s %ux%ux%u\n", spans[i].begin, spans[i].end - spans[i].begin,
               i ? spans[i].begin - spans[i - 1].end : 0, spans[i].what->name, spans[i].what->groups[0],
               spans[i].what->groups[1], spans[i].what->groups[2]);
    }
    printf("%u events from begin to end %.1f us, inside them %.1f us, gaps %.1f us: %.2f us each; stamps included\n",
           count, count ? spans[count - 1].end : 0, busy, gaps, count > 1 ? gaps / (count - 1) : 0);
}

/* ---- program ----------------------------------------------------------------------------------------------------- */

typedef struct arguments {
    option_operands operands; /* MODEL */
    const char *device, *kernels, *csv, *cache;
    double megapixels;
    uint32_t size, precision;
} arguments;

static const option_verb verb = {
    NULL,
    "MODEL",
    1,
    1,
    "Replaces the background of a made photo and says when each dispatch, copy and fill of that frame",
    "began and ended on the device. Time stamps cost time themselves, so that the frame takes longer\n"
    "than without them.\n"};

#define AT(member) offsetof(arguments, member)
static const option options[] = {
    {"--megapixels", OPTION_REAL, 1, AT(megapixels), "N", 0.01, 100, "of the photo"},
    {"--csv", OPTION_TEXT, 1, AT(csv), "FILE", 0, 0, "the table as a file"},
    {"--size", OPTION_WHOLE, 1, AT(size), "S", 1, 8192, "side of the input; default the model's, or 513"},
    {"--device", OPTION_TEXT, 1, AT(device), "D", 0, 0, "number or part of a name; default the best one"},
    {"--kernels", OPTION_TEXT, 1, AT(kernels), "SET", 0, 0, "default the device's"},
    {"--precision", OPTION_WORD, 1, AT(precision), "auto|fp32|fp16", 0, 0, "of the network"},
    {"--cache-dir", OPTION_TEXT, 1, AT(cache), "DIR", 0, 0, "pipelines and tuning; default none"},
};
static const option_program program = {
    .name = "backdrop-trace",
    .statuses = "0 fine, 1 failed, 2 usage, 3 no such device or precision, or it has no clock",
    .verbs = &verb,
    .options = options,
    .verb_count = 1,
    .option_count = BD_COUNT(options),
    .operands = AT(operands)};

/* Frames alike; the last one is looked at. */
static bd_result run_frames(bd_session *session, double megapixels, bd_error *error) {
    uint32_t w = (uint32_t)(sqrt(megapixels * 1e6 * 4 / 3) + 0.5);
    uint32_t h = (uint32_t)((double)w * 3 / 4 + 0.5);
    uint8_t *pixels = malloc((size_t)w * h * 4);
    if (!pixels) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        pixels[i] = (uint8_t)(i % 4 == 3 ? 255 : (i / 4 % w + i / 4 / w * (i % 4 + 1)) & 255);
    }
    const bd_image photo = {.width = w, .height = h, .stride_bytes = (size_t)w * 4, .pixels = pixels};
    bd_result result = BD_OK;
    for (uint32_t f = 0; f < FRAMES && !result; f++) {
        bd_image picture = {0};
        spy.submitted_count = 0;
        result = bd_session_replace(session, &photo, &photo, NULL, &picture, error);
        bd_image_finish(&picture);
    }
    free(pixels);
    return result;
}

/* Prints what came out of the last frame, and writes it to --csv. */
static bool tell(const arguments *a, const bd_vk *vk, const bd_session *session) {
    static span spans[16 * MOST_EVENTS];
    bd_session_info info = {.struct_size = sizeof info};
    bd_session_get_info(session, &info);
    uint32_t count = read_spans(vk, spans, BD_COUNT(spans));
    printf("%s, %s, kernels %s, %s, %.2f megapixels\n", vk->info.name, vk->info.driver, info.kernel_set,
           info.precision == BD_PRECISION_FP16 ? "fp16" : "fp32", a->megapixels);
    report(spans, count);
    if (spy.left_out) {
        printf("%u dispatches had no room\n", spy.left_out);
    }
    return count && (!a->csv || write_csv(a->csv, spans, count));
}

static bd_result run(const arguments *a, bool *written, bd_error *error) {
    bd_engine *engine = NULL;
    bd_model *model = NULL;
    bd_session *session = NULL;
    const bd_model_params model_params = {.struct_size = sizeof model_params, .width = a->size, .height = a->size};
    const bd_engine_params params = {.struct_size = sizeof params,
                                     .device = a->device,
                                     .kernel_set = a->kernels,
                                     .cache_dir = a->cache,
                                     .get_instance_proc_addr = intercept_entry(NULL, of_device)};
    const bd_session_params session_params = {
        .struct_size = sizeof session_params, .precision = (bd_precision)a->precision, .many = true};
    bd_result result = bd_model_open(a->operands.items[0], &model_params, &model, error);
    if (!result) {
        result = bd_engine_create(&params, &engine, error);
    }
    if (!result && !engine->vk.timestamp_bits) {
        result = bd_fail(error, BD_ERR_UNSUPPORTED, "%s has no clock", engine->vk.info.name);
    }
    if (!result) {
        result = bd_session_create(engine, model, &session_params, &session, error);
    }
    if (!result) {
        result = run_frames(session, a->megapixels, error);
    }
    if (!result) {
        *written = tell(a, &engine->vk, session);
    }
    bd_session_destroy(session);
    if (spy.pool) {
        spy.destroy_pool(spy.device, spy.pool, NULL);
    }
    bd_engine_destroy(engine);
    bd_model_destroy(model);
    return result;
}

int main(int argc, char **argv) {
    arguments a = {.megapixels = 12};
    bd_error error = {0};
    bool written = false;
    uint32_t chosen;
    int status = options_read(&program, argc, argv, &chosen, &a);
    if (status != OPTIONS_READ) {
        return status;
    }
    spy.recordings = calloc(MOST_BUFFERS, sizeof *spy.recordings);
    bd_result result =
        spy.recordings ? run(&a, &written, &error) : bd_fail(&error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    free(spy.recordings);
    if (result) {
        (void)fprintf(stderr, "%s: %s: %s\n", program.name, bd_result_name(result), error.message);
        return result == BD_ERR_NO_DEVICE || result == BD_ERR_NO_VULKAN || result == BD_ERR_UNSUPPORTED ? 3 : 1;
    }
    return written ? 0 : 1;
}

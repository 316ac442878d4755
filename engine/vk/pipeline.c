/* SPDX-License-Identifier: MIT
 * Pipelines, made side by side or on first use and kept, and their cache on disk. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vk/vk.h"

struct bd_vk_pipeline {
    bd_shader_id shader;
    uint32_t specialisations[BD_VK_MAX_SPECIALISATIONS];
    uint32_t specialisation_count;
    uint32_t subgroup;
    VkPipeline pipeline;
};

VkDescriptorType bd_vk_descriptor_type(bd_read_path path, uint32_t binding) {
    static const VkDescriptorType types[BD_READ_PATHS] = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                                          VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
                                                          VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER};
    return binding + 1 < BD_VK_BINDINGS ? types[path] : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

static bd_result create(bd_vk *vk, bd_vk_pipeline *made, bd_error *error) {
    const bd_vk_api *api = &vk->api;
    const bd_shader *shader = &bd_shaders[made->shader];
    const VkShaderModuleCreateInfo module_info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                                  .codeSize = shader->word_count * sizeof(uint32_t),
                                                  .pCode = shader->words};
    VkShaderModule module;
    bd_result result =
        bd_vk_check(vk, api->vkCreateShaderModule(vk->device, &module_info, NULL, &module), shader->name, error);
    if (result) {
        return result;
    }
    VkSpecializationMapEntry entries[BD_VK_MAX_SPECIALISATIONS];
    for (uint32_t i = 0; i < made->specialisation_count; i++) {
        entries[i] = (VkSpecializationMapEntry){i, i * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
    }
    const VkSpecializationInfo specialisation = {made->specialisation_count, entries,
                                                 made->specialisation_count * sizeof(uint32_t), made->specialisations};
    bool pinned = made->subgroup && made->subgroup >= vk->subgroup_min && made->subgroup <= vk->subgroup_max;
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = made->subgroup};
    const VkPipelineShaderStageCreateFlags full = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    const VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                              .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                        .pNext = pinned ? &size : NULL,
                                                        .flags = pinned && vk->full_subgroups ? full : 0,
                                                        .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                        .module = module,
                                                        .pName = "main",
                                                        .pSpecializationInfo = &specialisation},
                                              .layout = vk->pipeline_layouts[shader->reads]};
    VkPipeline pipeline;
    result = bd_vk_check(vk, api->vkCreateComputePipelines(vk->device, vk->pipeline_cache, 1, &info, NULL, &pipeline),
                         shader->name, error);
    made->pipeline = result ? VK_NULL_HANDLE : pipeline;
    api->vkDestroyShaderModule(vk->device, module, NULL);
    return result;
}

static bool serves(const bd_vk_pipeline *pipeline, const bd_vk_dispatch *dispatch) {
    return pipeline->shader == dispatch->shader && pipeline->subgroup == dispatch->subgroup &&
           pipeline->specialisation_count == dispatch->specialisation_count &&
           !memcmp(pipeline->specialisations, dispatch->specialisations,
                   pipeline->specialisation_count * sizeof(uint32_t));
}

static bd_vk_pipeline *find(const bd_vk *vk, const bd_vk_dispatch *dispatch) {
    for (uint32_t i = 0; i < vk->pipeline_count; i++) {
        if (serves(&vk->pipelines[i], dispatch)) {
            return &vk->pipelines[i];
        }
    }
    return NULL;
}

/* Makes room for a dispatch's pipeline, which is still to be created. */
static bd_vk_pipeline *append(bd_vk *vk, const bd_vk_dispatch *dispatch, bd_error *error) {
    if (vk->pipeline_count == vk->pipeline_capacity) {
        uint32_t capacity = vk->pipeline_capacity ? vk->pipeline_capacity * 2 : 32;
        bd_vk_pipeline *grown = bd_realloc(vk->allocator, vk->pipelines, capacity * sizeof *grown);
        if (!grown) {
            (void)bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
            return NULL;
        }
        vk->pipelines = grown;
        vk->pipeline_capacity = capacity;
    }
    bd_vk_pipeline *made = &vk->pipelines[vk->pipeline_count++];
    *made = (bd_vk_pipeline){.shader = dispatch->shader,
                             .specialisation_count = dispatch->specialisation_count,
                             .subgroup = dispatch->subgroup};
    memcpy(made->specialisations, dispatch->specialisations, sizeof made->specialisations);
    return made;
}

/* Pipelines first..pipeline_count-1 are created by whoever takes the next one. Each worker keeps its first failure. */
typedef struct work {
    bd_vk *vk;
    atomic_uint next;
} work;

typedef struct worker {
    work *work;
    pthread_t thread;
    bd_result result;
    bd_error error;
} worker;

static void *create_some(void *context) {
    worker *self = context;
    bd_vk *vk = self->work->vk;
    for (;;) {
        uint32_t i = atomic_fetch_add(&self->work->next, 1);
        if (i >= vk->pipeline_count) {
            return NULL;
        }
        bd_error error;
        bd_result result = create(vk, &vk->pipelines[i], &error);
        if (result && !self->result) {
            self->result = result;
            self->error = error;
        }
    }
}

static bd_result create_all(bd_vk *vk, uint32_t first, bd_error *error) {
    enum { WORKERS = 8 };
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count = BD_MIN(vk->pipeline_count - first, BD_MIN(WORKERS, cores > 1 ? (uint32_t)cores : 1));
    work shared = {.vk = vk};
    atomic_init(&shared.next, first);
    worker workers[WORKERS] = {{.work = &shared}};
    uint32_t started = 1;
    for (; started < count; started++) {
        workers[started].work = &shared;
        if (pthread_create(&workers[started].thread, NULL, create_some, &workers[started])) {
            break; /* fewer hands do the same */
        }
    }
    (void)create_some(&workers[0]);
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < started; i++) {
        if (i) {
            (void)pthread_join(workers[i].thread, NULL);
        }
        if (workers[i].result && !result) {
            result = bd_fail(error, workers[i].result, "%s", workers[i].error.message);
        }
    }
    return result;
}

bd_result bd_vk_pipelines_prepare(bd_vk *vk, const bd_vk_dispatch *dispatches, uint32_t count, bd_error *error) {
    uint32_t first = vk->pipeline_count;
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < count && !result; i++) {
        if (!find(vk, &dispatches[i]) && !append(vk, &dispatches[i], error)) {
            result = BD_ERR_OUT_OF_MEMORY;
        }
    }
    if (!result && vk->pipeline_count > first) {
        result = create_all(vk, first, error);
    }
    uint32_t kept = first;
    for (uint32_t i = first; i < vk->pipeline_count; i++) {
        if (vk->pipelines[i].pipeline) {
            vk->pipelines[kept++] = vk->pipelines[i];
        }
    }
    vk->pipeline_count = kept;
    return result;
}

bd_result bd_vk_pipeline_get(bd_vk *vk, const bd_vk_dispatch *dispatch, VkPipeline *pipeline, bd_error *error) {
    bd_result result = bd_vk_pipelines_prepare(vk, dispatch, 1, error);
    if (!result) {
        *pipeline = find(vk, dispatch)->pipeline;
    }
    return result;
}

void bd_vk_pipelines_finish(bd_vk *vk) {
    for (uint32_t i = 0; i < vk->pipeline_count; i++) {
        vk->api.vkDestroyPipeline(vk->device, vk->pipelines[i].pipeline, NULL);
    }
    bd_free(vk->allocator, vk->pipelines);
    vk->pipelines = NULL;
    vk->pipeline_count = vk->pipeline_capacity = 0;
}

/* mkdir -p; a folder that cannot be made only means that nothing is cached. */
static void make_folders(char *path) {
    for (char *slash = path + 1; *slash; slash++) {
        if (*slash == '/') {
            *slash = '\0';
            (void)mkdir(path, 0777);
            *slash = '/';
        }
    }
    (void)mkdir(path, 0777);
}

/* What the driver gave is followed by a sum of it. A cache that outgrew the limit is begun anew. */
enum { CACHE_SUM_BYTES = sizeof(uint64_t), CACHE_MOST_BYTES = 64 << 20 };

static uint64_t sum_of(const uint8_t *data, size_t bytes) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < bytes; i++) {
        hash = (hash ^ data[i]) * 0x100000001b3u;
    }
    return hash;
}

/* A cache of another device or driver, or a damaged one, must not reach this one; drivers check too, but not all of
 * them well. */
static bool cache_fits(const bd_vk *vk, const bd_mapping *file) {
    VkPipelineCacheHeaderVersionOne header;
    uint64_t sum;
    if (file->bytes < sizeof header + sizeof sum || file->bytes > CACHE_MOST_BYTES) {
        return false;
    }
    memcpy(&sum, file->data + file->bytes - sizeof sum, sizeof sum);
    if (sum != sum_of(file->data, file->bytes - sizeof sum)) {
        return false;
    }
    memcpy(&header, file->data, sizeof header);
    return header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && header.vendorID == vk->info.vendor_id &&
           header.deviceID == vk->info.device_id &&
           !memcmp(header.pipelineCacheUUID, vk->pipeline_cache_uuid, VK_UUID_SIZE);
}

bd_result bd_vk_pipeline_cache_open(bd_vk *vk, const char *directory, bd_error *error) {
    bd_mapping file = {0};
    if (directory) {
        size_t room = strlen(directory) + 96;
        vk->cache_path = bd_alloc(vk->allocator, room);
        if (!vk->cache_path) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        snprintf(vk->cache_path, room, "%s", directory);
        make_folders(vk->cache_path);
        int used = snprintf(vk->cache_path, room, "%s/pipelines-%04x-%04x-%08x-", directory, vk->info.vendor_id,
                            vk->info.device_id, vk->driver_version);
        for (uint32_t i = 0; i < VK_UUID_SIZE; i++) {
            used += snprintf(vk->cache_path + used, room - (size_t)used, "%02x", vk->pipeline_cache_uuid[i]);
        }
        if (!bd_map_file(vk->cache_path, &file, NULL) && !cache_fits(vk, &file)) {
            bd_unmap_file(&file);
        }
    }
    vk->cache_bytes = file.bytes ? file.bytes - CACHE_SUM_BYTES : 0;
    const VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                            .initialDataSize = vk->cache_bytes,
                                            .pInitialData = file.data};
    bd_result result = bd_vk_check(vk, vk->api.vkCreatePipelineCache(vk->device, &info, NULL, &vk->pipeline_cache),
                                   "vkCreatePipelineCache", error);
    bd_unmap_file(&file);
    return result;
}

void bd_vk_pipeline_cache_close(bd_vk *vk) {
    size_t bytes = 0;
    if (vk->pipeline_cache && vk->cache_path && !vk->lost &&
        vk->api.vkGetPipelineCacheData(vk->device, vk->pipeline_cache, &bytes, NULL) == VK_SUCCESS &&
        bytes != vk->cache_bytes && bytes > sizeof(VkPipelineCacheHeaderVersionOne)) {
        uint8_t *data = bd_alloc(vk->allocator, bytes + CACHE_SUM_BYTES);
        if (data && vk->api.vkGetPipelineCacheData(vk->device, vk->pipeline_cache, &bytes, data) == VK_SUCCESS) {
            bd_error error;
            uint64_t sum = sum_of(data, bytes);
            memcpy(data + bytes, &sum, sizeof sum);
            if (bd_write_file(vk->cache_path, data, bytes + sizeof sum, vk->allocator, &error)) {
                bd_vk_log(vk, BD_LOG_WARNING, "%s", error.message);
            }
        }
        bd_free(vk->allocator, data);
    }
    vk->api.vkDestroyPipelineCache(vk->device, vk->pipeline_cache, NULL);
    vk->pipeline_cache = VK_NULL_HANDLE;
}

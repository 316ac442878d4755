/* SPDX-License-Identifier: MIT
 * Pipelines made on first use and kept, and their cache on disk. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "vk/vk.h"

struct bd_vk_pipeline {
    bd_shader_id shader;
    uint32_t specialisations[BD_VK_MAX_SPECIALISATIONS];
    uint32_t specialisation_count;
    VkPipeline pipeline;
};

bd_read_path bd_vk_shader_read_path(bd_shader_id shader) {
    return strstr(bd_shaders[shader].name, "_texel") ? BD_READ_TEXEL : BD_READ_STORAGE;
}

static bd_result create(bd_vk *vk, const bd_vk_dispatch *dispatch, VkPipeline *pipeline, bd_error *error) {
    const bd_vk_api *api = &vk->api;
    const bd_shader *shader = &bd_shaders[dispatch->shader];
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
    for (uint32_t i = 0; i < dispatch->specialisation_count; i++) {
        entries[i] = (VkSpecializationMapEntry){i, i * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
    }
    const VkSpecializationInfo specialisation = {dispatch->specialisation_count, entries,
                                                 dispatch->specialisation_count * sizeof(uint32_t),
                                                 dispatch->specialisations};
    const VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                              .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                        .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                        .module = module,
                                                        .pName = "main",
                                                        .pSpecializationInfo = &specialisation},
                                              .layout = vk->pipeline_layouts[bd_vk_shader_read_path(dispatch->shader)]};
    result = bd_vk_check(vk, api->vkCreateComputePipelines(vk->device, vk->pipeline_cache, 1, &info, NULL, pipeline),
                         shader->name, error);
    api->vkDestroyShaderModule(vk->device, module, NULL);
    return result;
}

bd_result bd_vk_pipeline_get(bd_vk *vk, const bd_vk_dispatch *dispatch, VkPipeline *pipeline, bd_error *error) {
    for (uint32_t i = 0; i < vk->pipeline_count; i++) {
        const bd_vk_pipeline *known = &vk->pipelines[i];
        if (known->shader == dispatch->shader && known->specialisation_count == dispatch->specialisation_count &&
            !memcmp(known->specialisations, dispatch->specialisations,
                    known->specialisation_count * sizeof(uint32_t))) {
            *pipeline = known->pipeline;
            return BD_OK;
        }
    }
    if (vk->pipeline_count == vk->pipeline_capacity) {
        uint32_t capacity = vk->pipeline_capacity ? vk->pipeline_capacity * 2 : 32;
        bd_vk_pipeline *grown = bd_realloc(vk->allocator, vk->pipelines, capacity * sizeof *grown);
        if (!grown) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        vk->pipelines = grown;
        vk->pipeline_capacity = capacity;
    }
    bd_result result = create(vk, dispatch, pipeline, error);
    if (!result) {
        bd_vk_pipeline *made = &vk->pipelines[vk->pipeline_count++];
        made->shader = dispatch->shader;
        made->specialisation_count = dispatch->specialisation_count;
        memcpy(made->specialisations, dispatch->specialisations, sizeof made->specialisations);
        made->pipeline = *pipeline;
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

/* A cache of another device or driver must not reach this one; drivers check too, but not all of them well. */
static bool cache_fits(const bd_vk *vk, const bd_mapping *file) {
    VkPipelineCacheHeaderVersionOne header;
    if (file->bytes < sizeof header) {
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
    vk->cache_bytes = file.bytes;
    const VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                            .initialDataSize = file.bytes,
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
        void *data = bd_alloc(vk->allocator, bytes);
        if (data && vk->api.vkGetPipelineCacheData(vk->device, vk->pipeline_cache, &bytes, data) == VK_SUCCESS) {
            bd_error error;
            if (bd_write_file(vk->cache_path, data, bytes, vk->allocator, &error)) {
                bd_vk_log(vk, BD_LOG_WARNING, "%s", error.message);
            }
        }
        bd_free(vk->allocator, data);
    }
    vk->api.vkDestroyPipelineCache(vk->device, vk->pipeline_cache, NULL);
    vk->pipeline_cache = VK_NULL_HANDLE;
}

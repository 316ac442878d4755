/* SPDX-License-Identifier: MIT */
#include "vk/pipeline.h"

#include <stdatomic.h>
#include <string.h>

#include "vk/vk_check.h"

struct bd_vk_pipeline {
    bd_shader_id shader;
    uint32_t specialisations[BD_VK_MAX_SPECIALISATIONS];
    uint32_t specialisation_count;
    uint32_t subgroup;
    VkPipeline pipeline;
};

VkDescriptorType bd_vk_descriptor_type(bd_read_path path, uint32_t binding) {
    static const VkDescriptorType types[BD_READ_PATHS] = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                                          VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER};
    return binding + 1 < BD_VK_BINDINGS ? types[path] : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

bd_result bd_vk_layouts_init(bd_vk *vk, bd_error *error) {
    const bd_vk_api *api = &vk->api;
    bd_result result = BD_OK;
    for (uint32_t path = 0; path < BD_READ_PATHS && !result; path++) {
        VkDescriptorSetLayoutBinding bindings[BD_VK_BINDINGS];
        for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
            bindings[b] = (VkDescriptorSetLayoutBinding){.binding = b,
                                                         .descriptorType = bd_vk_descriptor_type(path, b),
                                                         .descriptorCount = 1,
                                                         .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
        }
        const VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                     .bindingCount = BD_VK_BINDINGS,
                                                     .pBindings = bindings};
        result = bd_vk_check(vk, api->vkCreateDescriptorSetLayout(vk->device, &set, NULL, &vk->set_layouts[path]),
                             "vkCreateDescriptorSetLayout", error);
        if (result) {
            break;
        }
        const VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, BD_VK_PUSH_BYTES};
        const VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                                   .setLayoutCount = 1,
                                                   .pSetLayouts = &vk->set_layouts[path],
                                                   .pushConstantRangeCount = 1,
                                                   .pPushConstantRanges = &push};
        result = bd_vk_check(vk, api->vkCreatePipelineLayout(vk->device, &layout, NULL, &vk->pipeline_layouts[path]),
                             "vkCreatePipelineLayout", error);
    }
    return result;
}

void bd_vk_layouts_finish(bd_vk *vk) {
    for (uint32_t path = 0; path < BD_READ_PATHS; path++) {
        vk->api.vkDestroyPipelineLayout(vk->device, vk->pipeline_layouts[path], NULL);
        vk->api.vkDestroyDescriptorSetLayout(vk->device, vk->set_layouts[path], NULL);
    }
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
                                              .flags = vk->slices ? VK_PIPELINE_CREATE_DISPATCH_BASE_BIT : 0,
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

/* Pipelines first..pipeline_count-1 are created by whoever takes the next one, the last first: those of a network's last
 * nodes take longest. Each worker keeps its first failure. */
typedef struct work {
    bd_vk *vk;
    uint32_t first;
    atomic_uint next;
} work;

typedef struct worker {
    work *work;
    bd_thread thread;
    bd_result result;
    bd_error error;
} worker;

static void create_some(void *context) {
    worker *self = context;
    bd_vk *vk = self->work->vk;
    for (;;) {
        uint32_t taken = atomic_fetch_add(&self->work->next, 1);
        if (taken >= vk->pipeline_count - self->work->first) {
            return;
        }
        bd_error error;
        bd_result result = create(vk, &vk->pipelines[vk->pipeline_count - 1 - taken], &error);
        if (result && !self->result) {
            self->result = result;
            self->error = error;
        }
    }
}

static bd_result create_all(bd_vk *vk, uint32_t first, bd_error *error) {
    enum { WORKERS = 16 };
    uint32_t count = BD_MIN(vk->pipeline_count - first, BD_MIN(WORKERS, bd_thread_processors()));
    work shared = {.vk = vk, .first = first};
    atomic_init(&shared.next, 0);
    worker workers[WORKERS] = {{.work = &shared}};
    uint32_t started = 1;
    for (; started < count; started++) {
        workers[started].work = &shared;
        if (!bd_thread_start(&workers[started].thread, create_some, &workers[started])) {
            break; /* fewer threads do the same work */
        }
    }
    create_some(&workers[0]);
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < started; i++) {
        if (i) {
            bd_thread_join(&workers[i].thread);
        }
        if (workers[i].result && !result) {
            result = bd_fail(error, workers[i].result, "%s", workers[i].error.message);
        }
    }
    return result;
}

static bd_result prepare(bd_vk *vk, const bd_vk_dispatch *dispatches, uint32_t count, bd_error *error) {
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

bd_result bd_vk_pipelines_prepare(bd_vk *vk, const bd_vk_dispatch *dispatches, uint32_t count, bd_error *error) {
    bd_mutex_lock(&vk->pipelines_lock);
    bd_result result = prepare(vk, dispatches, count, error);
    bd_mutex_unlock(&vk->pipelines_lock);
    return result;
}

bd_result bd_vk_pipeline_get(bd_vk *vk, const bd_vk_dispatch *dispatch, VkPipeline *pipeline, bd_error *error) {
    bd_mutex_lock(&vk->pipelines_lock);
    bd_result result = prepare(vk, dispatch, 1, error);
    if (!result) {
        *pipeline = find(vk, dispatch)->pipeline;
    }
    bd_mutex_unlock(&vk->pipelines_lock);
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

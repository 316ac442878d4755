/* SPDX-License-Identifier: MIT */
#include "vk/commands.h"

#include <string.h>

#include "vk/vk_check.h"
#include "vk/pipeline.h"

enum { SETS_PER_POOL = 128 };

/* Allocates a command buffer more. */
static bd_result add_part(bd_vk_commands *commands, bd_error *error) {
    bd_vk *vk = commands->vk;
    if (commands->part_capacity == commands->part_room) {
        uint32_t room = commands->part_room ? commands->part_room * 2 : 16;
        VkCommandBuffer *grown = bd_realloc(vk->allocator, commands->parts, room * sizeof *grown);
        if (!grown) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        commands->parts = grown;
        commands->part_room = room;
    }
    const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = commands->pool,
                                              .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                              .commandBufferCount = 1};
    bd_result result =
        bd_vk_check(vk, vk->api.vkAllocateCommandBuffers(vk->device, &info, &commands->parts[commands->part_capacity]),
                    "vkAllocateCommandBuffers", error);
    commands->part_capacity += !result;
    return result;
}

static bd_result begin_part(bd_vk_commands *commands, bd_error *error) {
    bd_result result = commands->part_count < commands->part_capacity ? BD_OK : add_part(commands, error);
    if (result) {
        return result;
    }
    commands->buffer = commands->parts[commands->part_count];
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = commands->usage};
    result = bd_vk_check(commands->vk, commands->vk->api.vkBeginCommandBuffer(commands->buffer, &begin),
                         "vkBeginCommandBuffer", error);
    commands->part_count += !result;
    return result;
}

bd_result bd_vk_commands_init(bd_vk *vk, bd_vk_commands *commands, uint32_t timers, bd_error *error) {
    const bd_vk_api *api = &vk->api;
    *commands = (bd_vk_commands){.vk = vk};
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = vk->queue_family};
    bd_result result = bd_vk_check(vk, api->vkCreateCommandPool(vk->device, &pool, NULL, &commands->pool),
                                   "vkCreateCommandPool", error);
    if (result) {
        commands->pool = VK_NULL_HANDLE;
        return result;
    }
    result = add_part(commands, error);
    if (!result && timers && vk->timestamp_bits) {
        commands->labels = bd_alloc_array(vk->allocator, timers, sizeof *commands->labels);
        const VkQueryPoolCreateInfo queries = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                               .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                               .queryCount = timers + 1};
        commands->ticks = bd_alloc_array(vk->allocator, timers + (size_t)1, sizeof *commands->ticks);
        result = commands->labels && commands->ticks
                     ? bd_vk_check(vk, api->vkCreateQueryPool(vk->device, &queries, NULL, &commands->queries),
                                   "vkCreateQueryPool", error)
                     : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        commands->timer_capacity = timers;
    }
    if (result) {
        bd_vk_commands_finish(commands);
    }
    return result;
}

static void drop_views(bd_vk_commands *commands) {
    for (uint32_t i = 0; i < commands->view_count; i++) {
        commands->vk->api.vkDestroyBufferView(commands->vk->device, commands->views[i], NULL);
    }
    commands->view_count = 0;
}

void bd_vk_commands_finish(bd_vk_commands *commands) {
    bd_vk *vk = commands->vk;
    if (!vk) {
        return;
    }
    drop_views(commands);
    for (uint32_t i = 0; i < commands->descriptor_pool_count; i++) {
        vk->api.vkDestroyDescriptorPool(vk->device, commands->descriptor_pools[i], NULL);
    }
    if (commands->queries) {
        vk->api.vkDestroyQueryPool(vk->device, commands->queries, NULL);
    }
    if (commands->pool) {
        vk->api.vkDestroyCommandPool(vk->device, commands->pool, NULL);
    }
    bd_free(vk->allocator, commands->parts);
    bd_free(vk->allocator, commands->descriptor_pools);
    bd_free(vk->allocator, commands->views);
    bd_free(vk->allocator, commands->labels);
    bd_free(vk->allocator, commands->ticks);
    *commands = (bd_vk_commands){0};
}

bd_result bd_vk_commands_begin(bd_vk_commands *commands, VkCommandBufferUsageFlags usage, bd_error *error) {
    bd_vk *vk = commands->vk;
    const bd_vk_api *api = &vk->api;
    drop_views(commands);
    /* Sets of one pool are enough for a frame; a recording that once needed more gives the rest back. */
    while (commands->descriptor_pool_count > 1) {
        api->vkDestroyDescriptorPool(vk->device, commands->descriptor_pools[--commands->descriptor_pool_count], NULL);
    }
    if (commands->descriptor_pool_count) {
        (void)api->vkResetDescriptorPool(vk->device, commands->descriptor_pools[0], 0);
        commands->sets_left = SETS_PER_POOL;
    }
    commands->timer_count = 0;
    bd_result result =
        bd_vk_check(vk, api->vkResetCommandPool(vk->device, commands->pool, 0), "vkResetCommandPool", error);
    if (result) {
        return result;
    }
    commands->part_count = 0;
    commands->usage = usage;
    result = begin_part(commands, error);
    if (!result && commands->timer_capacity) {
        api->vkCmdResetQueryPool(commands->buffer, commands->queries, 0, commands->timer_capacity + 1);
        api->vkCmdWriteTimestamp(commands->buffer, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, commands->queries, 0);
    }
    return result;
}

static bd_result allocate_set(bd_vk_commands *commands, bd_read_path path, VkDescriptorSet *set, bd_error *error) {
    bd_vk *vk = commands->vk;
    if (!commands->sets_left) {
        VkDescriptorPool *grown = bd_realloc(vk->allocator, commands->descriptor_pools,
                                             (commands->descriptor_pool_count + 1) * sizeof(VkDescriptorPool));
        if (!grown) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        commands->descriptor_pools = grown;
        const VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, SETS_PER_POOL * BD_VK_BINDINGS},
                                              {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, SETS_PER_POOL * BD_VK_BINDINGS}};
        const VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                                 .maxSets = SETS_PER_POOL,
                                                 .poolSizeCount = BD_COUNT(sizes),
                                                 .pPoolSizes = sizes};
        bd_result result = bd_vk_check(
            vk, vk->api.vkCreateDescriptorPool(vk->device, &info, NULL, &grown[commands->descriptor_pool_count]),
            "vkCreateDescriptorPool", error);
        if (result) {
            return result;
        }
        commands->descriptor_pool_count++;
        commands->sets_left = SETS_PER_POOL;
    }
    const VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                              .descriptorPool =
                                                  commands->descriptor_pools[commands->descriptor_pool_count - 1],
                                              .descriptorSetCount = 1,
                                              .pSetLayouts = &vk->set_layouts[path]};
    commands->sets_left--;
    return bd_vk_check(vk, vk->api.vkAllocateDescriptorSets(vk->device, &info, set), "vkAllocateDescriptorSets", error);
}

static bd_result make_view(bd_vk_commands *commands, const bd_vk_binding *binding, VkBufferView *view,
                           bd_error *error) {
    bd_vk *vk = commands->vk;
    if (commands->view_count == commands->view_capacity) {
        uint32_t capacity = commands->view_capacity ? commands->view_capacity * 2 : 64;
        VkBufferView *grown = bd_realloc(vk->allocator, commands->views, capacity * sizeof *grown);
        if (!grown) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
        }
        commands->views = grown;
        commands->view_capacity = capacity;
    }
    const VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                         .buffer = binding->buffer->buffer,
                                         .format = binding->format,
                                         .offset = binding->offset,
                                         .range = binding->bytes};
    bd_result result =
        bd_vk_check(vk, vk->api.vkCreateBufferView(vk->device, &info, NULL, view), "vkCreateBufferView", error);
    if (!result) {
        commands->views[commands->view_count++] = *view;
    }
    return result;
}

static uint32_t texel_bytes(VkFormat format) {
    switch (format) {
    case VK_FORMAT_R32G32B32A32_SFLOAT: return 16;
    case VK_FORMAT_R32G32_UINT:
    case VK_FORMAT_R32G32_SINT: return 8;
    default: return 4;
    }
}

static bd_result check_range(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, uint32_t b, bool texel,
                             bd_error *error) {
    const bd_vk *vk = commands->vk;
    const bd_vk_binding *binding = &dispatch->bindings[b];
    uint64_t limit = texel ? (uint64_t)vk->limits.maxTexelBufferElements * texel_bytes(binding->format)
                           : vk->limits.maxStorageBufferRange;
    if (binding->bytes <= limit) {
        return BD_OK;
    }
    commands->fits = (double)limit / (double)binding->bytes;
    return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE, "%s: %s needs a buffer of %llu MB; the limit of its %s is %llu MB",
                   vk->info.name, dispatch->name, (unsigned long long)(binding->bytes >> 20),
                   texel ? "texel buffers" : "storage buffers", (unsigned long long)(limit >> 20));
}

static void write_addresses(const bd_vk *vk, const bd_vk_dispatch *dispatch, unsigned char *push) {
    for (uint32_t i = 0; i < dispatch->address_count; i++) {
        const bd_vk_binding *binding = &dispatch->bindings[(i + 1) % (BD_VK_BINDINGS - 1)];
        const VkBufferDeviceAddressInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
                                                .buffer = binding->buffer->buffer};
        uint64_t address = vk->api.vkGetBufferDeviceAddress(vk->device, &info) + binding->offset;
        memcpy(push + i * sizeof address, &address, sizeof address);
    }
}

/* What a dispatch binds, made once for all its slices. */
typedef struct bound_dispatch {
    VkPipeline pipeline;
    VkDescriptorSet set;
    bd_read_path path;
    unsigned char push[BD_VK_PUSH_BYTES];
} bound_dispatch;

static bd_result make_bound(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, bound_dispatch *bound,
                            bd_error *error) {
    bd_vk *vk = commands->vk;
    bd_read_path path = bound->path = bd_shaders[dispatch->shader].reads;
    for (uint32_t i = 0; i < 3 && !dispatch->indirect; i++) {
        if (dispatch->groups[i] > vk->limits.maxComputeWorkGroupCount[i]) {
            return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s needs %u workgroups; the device's limit is %u",
                           vk->info.name, dispatch->name, dispatch->groups[i], vk->limits.maxComputeWorkGroupCount[i]);
        }
    }
    bd_result result = bd_vk_pipeline_get(vk, dispatch, &bound->pipeline, error);
    if (!result) {
        result = allocate_set(commands, path, &bound->set, error);
    }
    if (result) {
        return result;
    }
    VkWriteDescriptorSet writes[BD_VK_BINDINGS];
    VkBufferView views[BD_VK_BINDINGS];
    VkDescriptorBufferInfo buffers[BD_VK_BINDINGS];
    uint32_t count = 0;
    for (uint32_t b = 0; b < BD_VK_BINDINGS; b++) {
        const bd_vk_binding *binding = &dispatch->bindings[b];
        if (!binding->buffer) {
            continue;
        }
        VkDescriptorType type = bd_vk_descriptor_type(path, b);
        bool texel = type != VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        result = check_range(commands, dispatch, b, texel, error);
        if (!result && texel) {
            result = make_view(commands, binding, &views[count], error);
        }
        if (result) {
            return result;
        }
        buffers[count] = (VkDescriptorBufferInfo){binding->buffer->buffer, binding->offset, binding->bytes};
        writes[count] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                               .dstSet = bound->set,
                                               .dstBinding = b,
                                               .descriptorCount = 1,
                                               .descriptorType = type,
                                               .pBufferInfo = &buffers[count],
                                               .pTexelBufferView = &views[count]};
        count++;
    }
    vk->api.vkUpdateDescriptorSets(vk->device, count, writes, 0, NULL);
    memcpy(bound->push, dispatch->push, dispatch->push_bytes);
    write_addresses(vk, dispatch, bound->push);
    return BD_OK;
}

static void bind(const bd_vk_commands *commands, const bd_vk_dispatch *dispatch, const bound_dispatch *bound) {
    const bd_vk_api *api = &commands->vk->api;
    VkPipelineLayout layout = commands->vk->pipeline_layouts[bound->path];
    api->vkCmdBindPipeline(commands->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, bound->pipeline);
    api->vkCmdBindDescriptorSets(commands->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &bound->set, 0, NULL);
    if (dispatch->push_bytes) {
        api->vkCmdPushConstants(commands->buffer, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, dispatch->push_bytes,
                                bound->push);
    }
}

bd_result bd_vk_commands_dispatch(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, bd_error *error) {
    const bd_vk_api *api = &commands->vk->api;
    bound_dispatch bound = {.pipeline = VK_NULL_HANDLE};
    bd_result result = make_bound(commands, dispatch, &bound, error);
    if (result) {
        return result;
    }
    bind(commands, dispatch, &bound);
    if (dispatch->indirect) {
        api->vkCmdDispatchIndirect(commands->buffer, dispatch->indirect->buffer, dispatch->indirect_offset);
    } else {
        api->vkCmdDispatch(commands->buffer, dispatch->groups[0], dispatch->groups[1], dispatch->groups[2]);
    }
    return BD_OK;
}

bd_result bd_vk_commands_dispatch_slices(bd_vk_commands *commands, const bd_vk_dispatch *dispatch, uint32_t slices,
                                         bd_error *error) {
    /* Along the last dimension that has several: shaders number their groups by gl_NumWorkGroups of those before it. */
    uint32_t along = dispatch->groups[2] > 1 ? 2 : dispatch->groups[1] > 1 ? 1 : 0;
    uint32_t groups = dispatch->groups[along];
    slices = BD_MIN(slices, groups);
    if (slices < 2 || dispatch->indirect || !commands->vk->slices) {
        return bd_vk_commands_dispatch(commands, dispatch, error);
    }
    bound_dispatch bound = {.pipeline = VK_NULL_HANDLE};
    bd_result result = make_bound(commands, dispatch, &bound, error);
    uint32_t step = (groups + slices - 1) / slices;
    for (uint32_t first = 0; first < groups && !result; first += step) {
        result = first ? bd_vk_commands_split(commands, error) : BD_OK;
        if (!result) {
            uint32_t base[3] = {0}, count[3] = {dispatch->groups[0], dispatch->groups[1], dispatch->groups[2]};
            base[along] = first;
            count[along] = BD_MIN(step, groups - first);
            bind(commands, dispatch, &bound);
            commands->vk->api.vkCmdDispatchBase(commands->buffer, base[0], base[1], base[2], count[0], count[1],
                                                count[2]);
        }
    }
    return result;
}

void bd_vk_commands_stamp(bd_vk_commands *commands, const char *label) {
    if (commands->timer_count < commands->timer_capacity) {
        commands->labels[commands->timer_count++] = label;
        commands->vk->api.vkCmdWriteTimestamp(commands->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, commands->queries,
                                              commands->timer_count);
    }
}

static void barrier_of_all(bd_vk_commands *commands, bool indirect) {
    const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkPipelineStageFlags reader = indirect ? VK_PIPELINE_STAGE_DRAW_INDIRECT_BIT : 0;
    const VkAccessFlags read = indirect ? VK_ACCESS_INDIRECT_COMMAND_READ_BIT : 0;
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                                      VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT |
                                                      read};
    commands->vk->api.vkCmdPipelineBarrier(commands->buffer, stages, stages | reader, 0, 1, &barrier, 0, NULL, 0, NULL);
}

void bd_vk_commands_barrier(bd_vk_commands *commands) {
    barrier_of_all(commands, false);
}

void bd_vk_commands_barrier_indirect(bd_vk_commands *commands) {
    barrier_of_all(commands, true);
}

void bd_vk_commands_barrier_ranges(bd_vk_commands *commands, const bd_vk_binding *written, uint32_t count) {
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    VkBufferMemoryBarrier barriers[BD_VK_BARRIER_RANGES];
    for (uint32_t i = 0; i < count; i++) {
        barriers[i] = (VkBufferMemoryBarrier){.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
                                              .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                              .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
                                              .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                              .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                              .buffer = written[i].buffer->buffer,
                                              .offset = written[i].offset,
                                              .size = written[i].bytes};
    }
    commands->vk->api.vkCmdPipelineBarrier(commands->buffer, stage, stage, 0, 0, NULL, count, barriers, 0, NULL);
}

void bd_vk_commands_barrier_host(bd_vk_commands *commands) {
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    commands->vk->api.vkCmdPipelineBarrier(commands->buffer,
                                           VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                           VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
}

void bd_vk_commands_copy(bd_vk_commands *commands, const bd_vk_buffer *from, VkDeviceSize from_offset,
                         const bd_vk_buffer *to, VkDeviceSize to_offset, VkDeviceSize bytes) {
    const VkBufferCopy region = {from_offset, to_offset, bytes};
    commands->vk->api.vkCmdCopyBuffer(commands->buffer, from->buffer, to->buffer, 1, &region);
}

void bd_vk_commands_fill(bd_vk_commands *commands, const bd_vk_buffer *buffer, VkDeviceSize offset, VkDeviceSize bytes,
                         uint32_t word) {
    commands->vk->api.vkCmdFillBuffer(commands->buffer, buffer->buffer, offset, bytes, word);
}

uint32_t bd_vk_part_scale(const bd_vk *vk) {
    switch (vk->info.kind) {
    case BD_DEVICE_DISCRETE:
    case BD_DEVICE_VIRTUAL: return 64;
    case BD_DEVICE_INTEGRATED: return 8;
    default: return 1;
    }
}

bd_result bd_vk_commands_split(bd_vk_commands *commands, bd_error *error) {
    if (commands->part_count == BD_VK_MOST_PARTS) {
        return BD_OK;
    }
    bd_result result = bd_vk_commands_end(commands, error);
    return result ? result : begin_part(commands, error);
}

bd_result bd_vk_commands_end(bd_vk_commands *commands, bd_error *error) {
    return bd_vk_check(commands->vk, commands->vk->api.vkEndCommandBuffer(commands->buffer), "vkEndCommandBuffer",
                       error);
}

bd_result bd_vk_commands_times(bd_vk_commands *commands, double *ms, bd_error *error) {
    bd_vk *vk = commands->vk;
    uint32_t count = commands->timer_count;
    if (!count) {
        return BD_OK;
    }
    uint64_t *ticks = commands->ticks;
    bd_result result = bd_vk_check(vk,
                                   vk->api.vkGetQueryPoolResults(vk->device, commands->queries, 0, count + 1,
                                                                 (count + 1) * sizeof *ticks, ticks, sizeof *ticks,
                                                                 VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
                                   "vkGetQueryPoolResults", error);
    if (!result) {
        uint64_t mask = vk->timestamp_bits < 64 ? (1ull << vk->timestamp_bits) - 1 : UINT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            ms[i] = (double)((ticks[i + 1] - ticks[i]) & mask) * (double)vk->limits.timestampPeriod * 1e-6;
        }
    }
    return result;
}

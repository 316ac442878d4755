/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "network/bands.h"
#include "network/network.h"

typedef struct recorder {
    bd_network *network;
    const bd_graph *graph;
    bd_bands bands;
    uint32_t dispatch_count;
} recorder;

/* A node's step, part by part. */
static bd_result describe_part(const recorder *r, uint32_t node, uint32_t part, bd_vk_dispatch *dispatch,
                               bd_kernel_operands *operands, bd_error *error) {
    return bd_kernel_node(r->network->vk, r->graph, node, part, &r->network->choices[node], dispatch, operands, error);
}

static uint32_t parts_of(const recorder *r, uint32_t node) {
    return bd_kernel_parts(r->graph, node, &r->network->choices[node]);
}

static void add_constants(const recorder *r, const bd_kernel_operands *operands, const bd_shape *output) {
    const bd_graph *graph = r->graph;
    bd_device_weights *weights = r->network->weights;
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        uint32_t node = operands->nodes[b];
        if (node == BD_NO_NODE || node == BD_KERNEL_SCRATCH ||
            !bd_kernel_is_packed(graph, node, operands->packings[b])) {
            continue;
        }
        bd_device_weights_add(weights, graph, node, operands->packings[b]);
    }
    if (operands->zero_bias) {
        weights->zeros_bytes = BD_MAX(weights->zeros_bytes, (VkDeviceSize)bd_shape_c4(output) * 16);
    }
}

static bd_result plan_bands(recorder *r, uint64_t most_bytes, bd_error *error) {
    r->bands = (bd_bands){.vk = r->network->vk,
                          .graph = r->graph,
                          .choices = r->network->choices,
                          .half = bd_precision_is_half(r->network->precision),
                          .most_bytes = most_bytes};
    return bd_bands_init(&r->bands, error);
}

static bd_result gather_constants(recorder *r, bd_error *error) {
    const bd_graph *graph = r->graph;
    r->network->weights = bd_device_weights_list(r->network->vk->allocator, graph->count * 3);
    if (!r->network->weights) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", graph->file);
    }
    const bd_plan *plan = &r->network->plan;
    for (uint32_t s = 0; s < plan->step_count; s++) {
        uint32_t node = plan->steps[s].node;
        for (uint32_t p = 0; graph->nodes[node].op != BD_OP_PREPROCESS && p < parts_of(r, node); p++) {
            bd_vk_dispatch dispatch;
            bd_kernel_operands operands;
            bd_result result = describe_part(r, node, p, &dispatch, &operands, error);
            if (result) {
                return result;
            }
            add_constants(r, &operands, &graph->nodes[node].shape);
            uint32_t rows;
            r->dispatch_count += bd_bands_of(&r->bands, node, p, &rows);
        }
    }
    return BD_OK;
}

static void bind(const recorder *r, bd_vk_dispatch *dispatch, const bd_kernel_operands *operands, uint32_t node) {
    const bd_plan *plan = &r->network->plan;
    const bd_plan_tensor *scratch = bd_plan_scratch(plan, node);
    const bd_plan_tensor *output = operands->writes_scratch ? scratch : &plan->tensors[node];
    const bd_vk_buffer *arena = &r->network->arena;
    const bd_device_weights *weights = r->network->weights;
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        bd_vk_binding *binding = &dispatch->bindings[b];
        uint32_t from = operands->nodes[b];
        const bd_packed_constant *constant = from == BD_NO_NODE || from == BD_KERNEL_SCRATCH
                                                 ? NULL
                                                 : bd_device_weights_find(weights, from, operands->packings[b]);
        if (constant) {
            binding->buffer = &weights->buffer;
            binding->offset = constant->offset;
            binding->bytes = constant->bytes;
        } else if (from != BD_NO_NODE) {
            const bd_plan_tensor *tensor = from == BD_KERNEL_SCRATCH ? scratch : &plan->tensors[from];
            binding->buffer = arena;
            binding->offset = tensor->offset_bytes;
            binding->bytes = tensor->bytes;
        } else if (b == 2 && operands->zero_bias) {
            binding->buffer = &weights->buffer;
            binding->offset = weights->constant_bytes;
            binding->bytes = weights->zeros_bytes;
        } else {
            /* Statically used but never read: anything valid will do. */
            *binding = dispatch->bindings[0];
        }
    }
    dispatch->bindings[4] = (bd_vk_binding){.buffer = arena, .offset = output->offset_bytes, .bytes = output->bytes};
}

/* A part of a node, in as many dispatches as it takes. */
static bd_result list_part(recorder *r, uint32_t node, uint32_t part, bool barrier, bd_error *error) {
    bd_network *network = r->network;
    uint32_t rows, bands = bd_bands_of(&r->bands, node, part, &rows);
    bd_result result = BD_OK;
    for (uint32_t b = 0; b < bands && !result; b++) {
        bd_network_dispatch *to = &network->dispatches[network->dispatch_count++];
        bd_kernel_operands operands;
        result = bd_bands_describe(&r->bands, node, part, b, &to->dispatch, &operands, error);
        if (!result) {
            bind(r, &to->dispatch, &operands, node);
            bd_bands_narrow(&r->bands, node, part, b, &operands, &to->dispatch);
        }
        to->barrier = barrier && !b;
        to->last = part + 1 == parts_of(r, node) && b + 1 == bands;
    }
    return result;
}

/* All dispatches of the network, in order; a step has one or, a concatenation or what is too large, several. */
static bd_result list_dispatches(recorder *r, bd_error *error) {
    bd_network *network = r->network;
    const bd_graph *graph = r->graph;
    const bd_plan *plan = &network->plan;
    network->dispatches = bd_pool_alloc(&network->pool, r->dispatch_count * sizeof *network->dispatches);
    if (!network->dispatches) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", graph->file);
    }
    for (uint32_t s = 0; s < plan->step_count; s++) {
        uint32_t node = plan->steps[s].node;
        for (uint32_t p = 0; graph->nodes[node].op != BD_OP_PREPROCESS && p < parts_of(r, node); p++) {
            bd_result result = list_part(r, node, p, plan->steps[s].barrier || p, error);
            if (result) {
                return result;
            }
        }
    }
    return BD_OK;
}

static bd_result prepare_pipelines(const bd_network *network, bd_error *error) {
    const bd_allocator *allocator = network->vk->allocator;
    bd_vk_dispatch *all = bd_alloc_array(allocator, network->dispatch_count, sizeof *all);
    if (!all) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < network->dispatch_count; i++) {
        all[i] = network->dispatches[i].dispatch;
    }
    bd_result result = bd_vk_pipelines_prepare(network->vk, all, network->dispatch_count, error);
    bd_free(allocator, all);
    return result;
}

/* What steps wrote since the last barrier. */
typedef struct pending {
    bd_vk_binding written[BD_VK_BARRIER_RANGES];
    uint32_t count;
} pending;

static void synchronise(bd_vk_commands *commands, pending *since) {
    if (since->count) {
        bd_vk_commands_barrier_ranges(commands, since->written, since->count);
    } else {
        bd_vk_commands_barrier(commands);
    }
    since->count = 0;
}

/* Of a part of the commands, on the slowest devices: some 10 ms. */
#define PART_MULTIPLY_ADDS 100000000u

/* Of a part of this network's: larger where it would take more of them than there may be. */
static uint64_t part_multiply_adds(const bd_network *network) {
    uint64_t total = 0;
    for (uint32_t s = 0; s < network->step_count; s++) {
        total += network->steps[s].multiply_adds;
    }
    return BD_MAX((uint64_t)PART_MULTIPLY_ADDS * bd_vk_part_scale(network->vk), total * 2 / BD_VK_MOST_PARTS);
}

/* Of a dispatch, where a step's share its multiply-adds evenly. */
static uint64_t dispatch_multiply_adds(const bd_network *network, uint32_t dispatch, uint32_t step) {
    uint32_t first = dispatch, last = dispatch;
    while (first && !network->dispatches[first - 1].last) {
        first--;
    }
    while (!network->dispatches[last].last) {
        last++;
    }
    return network->steps[step].multiply_adds / (last - first + 1);
}

/* gated: groups come from there; NULL: from the dispatches. */
static bd_result record(const bd_network *network, bd_vk_commands *commands, bool timed, const bd_vk_buffer *gated,
                        const char *label, bd_error *error) {
    /* Consecutive photos, and several looks at one, submit it again before it is done. */
    bd_result result = bd_vk_commands_begin(commands, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT, error);
    pending since = {.count = 0};
    uint32_t step = 0;
    const uint64_t most = part_multiply_adds(network);
    uint64_t work = 0; /* of the part */
    for (uint32_t i = 0; i < network->dispatch_count && !result; i++) {
        const bd_network_dispatch *d = &network->dispatches[i];
        uint64_t more = dispatch_multiply_adds(network, i, step);
        uint32_t slices = (uint32_t)((more + most - 1) / most);
        if (work && work + more > most) {
            result = bd_vk_commands_split(commands, error);
            work = 0;
        }
        if (d->barrier || since.count == BD_VK_BARRIER_RANGES) {
            synchronise(commands, &since);
        }
        since.written[since.count++] = d->dispatch.bindings[4];
        bd_vk_dispatch dispatch = d->dispatch;
        dispatch.indirect = gated;
        dispatch.indirect_offset = (VkDeviceSize)i * sizeof dispatch.groups;
        result = result ? result : bd_vk_commands_dispatch_slices(commands, &dispatch, slices, error);
        if (d->last && timed && !result) {
            bd_vk_commands_stamp(commands, network->steps[step].node);
        }
        work += slices > 1 ? more / slices : more;
        step += d->last;
    }
    if (result) { /* the device's limits are what a dispatch can break */
        return result == BD_ERR_UNSUPPORTED ? bd_fail_as(error, BD_ERR_MODEL_UNSUPPORTED) : result;
    }
    bd_vk_commands_barrier(commands);
    bd_vk_commands_stamp(commands, label);
    return bd_vk_commands_end(commands, error);
}

bd_result bd_network_time_steps(bd_network *network, bd_error *error) {
    if (network->timed.buffer) {
        return BD_OK;
    }
    bd_result result = bd_vk_commands_init(network->vk, &network->timed, network->step_count + 1, error);
    if (!result) {
        result = record(network, &network->timed, true, NULL, "network", error);
    }
    if (result) {
        bd_vk_commands_finish(&network->timed);
    }
    return result;
}

static void finish_gate(bd_network *network) {
    bd_vk_commands_finish(&network->gate.commands);
    bd_vk_buffer_finish(network->vk, &network->gate.gated);
    bd_vk_buffer_finish(network->vk, &network->gate.groups);
    network->gate = (bd_network_gate){.groups = {0}};
}

bd_result bd_network_make_gate(bd_network *network, const char *label, bd_error *error) {
    bd_network_gate *gate = &network->gate;
    bd_vk *vk = network->vk;
    if (gate->commands.buffer) {
        return BD_OK;
    }
    VkDeviceSize bytes = network->dispatch_count * sizeof network->dispatches->dispatch.groups;
    bd_result result = bd_vk_buffer_init(vk, &gate->groups, bytes, BD_VK_MEMORY_UPLOAD, error);
    if (!result) {
        result = bd_vk_buffer_init(vk, &gate->gated, bytes, BD_VK_MEMORY_DEVICE, error);
    }
    for (uint32_t i = 0; i < network->dispatch_count && !result; i++) {
        const uint32_t *groups = network->dispatches[i].dispatch.groups;
        memcpy((char *)gate->groups.mapped + i * sizeof(uint32_t[3]), groups, sizeof(uint32_t[3]));
    }
    if (!result) {
        result = bd_vk_commands_init(vk, &gate->commands, 1, error);
    }
    if (!result) {
        result = record(network, &gate->commands, false, &gate->gated, label, error);
    }
    if (result) {
        finish_gate(network);
    }
    return result;
}

/* Read and written by a step, each tensor and weight once, at the size that it has on the device. */
static uint64_t bytes_of_step(const bd_network *network, const bd_graph *graph, uint32_t index) {
    uint32_t absorbed = bd_kernel_absorbs(graph, index, &network->choices[index]);
    uint64_t bytes = network->plan.tensors[index].bytes;
    for (uint32_t part = 0; part < 2; part++) {
        const bd_node *node = &graph->nodes[part ? absorbed : index];
        for (uint32_t i = 0; i < node->input_count; i++) {
            uint32_t input = node->inputs[i];
            if (input == BD_NO_NODE || input == absorbed) {
                continue;
            }
            bool half = bd_precision_is_half(network->precision) && i != 2;
            bytes += graph->nodes[input].op == BD_OP_CONST
                         ? (uint64_t)bd_shape_elements(&graph->nodes[input].shape) * (half ? 2 : 4)
                         : network->plan.tensors[input].bytes;
        }
        if (absorbed == BD_NO_NODE) {
            break;
        }
    }
    return bytes;
}

/* Which kernels compute the nodes, and the arena that follows from that. */
static bd_result plan_network(bd_network *network, const bd_graph *graph, const bd_network_params *params,
                              bd_error *error) {
    bool half = bd_precision_is_half(params->precision);
    network->precision = half ? params->precision : BD_PRECISION_FP32;
    if (half && !(bd_kernel_has_fp16(network->vk) && bd_plan_can_be_half(graph))) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s has no kernels for half precision", graph->file,
                       network->vk->info.name);
    }
    if (params->precision == BD_PRECISION_FAST16 && !bd_kernel_has_packed(network->vk)) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: %s cannot multiply halves (shaderFloat16)", graph->file,
                       network->vk->info.name);
    }
    network->choices = bd_pool_alloc(&network->pool, graph->count * sizeof *network->choices);
    uint32_t *absorbs = bd_pool_alloc(&network->pool, graph->count * sizeof *absorbs);
    size_t *scratch = bd_pool_alloc(&network->pool, graph->count * sizeof *scratch);
    if (!network->choices || !absorbs || !scratch) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", graph->file);
    }
    if (params->choices) {
        memcpy(network->choices, params->choices, graph->count * sizeof *network->choices);
    } else {
        bd_kernel_defaults(network->vk, graph, network->precision, !params->keep_all, network->choices);
    }
    for (uint32_t n = 0; n < graph->count; n++) {
        absorbs[n] = bd_kernel_absorbs(graph, n, &network->choices[n]);
        scratch[n] = bd_kernel_scratch_bytes(graph, n, &network->choices[n]);
    }
    const bd_plan_options options = {
        .keep_all = params->keep_all, .half = half, .absorbs = absorbs, .scratch_bytes = scratch};
    return bd_plan_init_with(&network->plan, graph, &options, network->vk->allocator, error);
}

static bd_result describe_steps(const recorder *r, bd_error *error) {
    bd_network *network = r->network;
    const bd_graph *graph = r->graph;
    const bd_plan *plan = &network->plan;
    network->steps = bd_pool_alloc(&network->pool, plan->step_count * sizeof *network->steps);
    for (uint32_t s = 0; network->steps && s < plan->step_count; s++) {
        uint32_t index = plan->steps[s].node;
        const bd_node *node = &graph->nodes[index];
        bd_vk_binding binding = {.buffer = &network->arena,
                                 .offset = plan->tensors[index].offset_bytes,
                                 .bytes = plan->tensors[index].bytes,
                                 .format = VK_FORMAT_R32G32B32A32_SFLOAT};
        if (index == graph->output) {
            network->logits = binding;
            network->logits_shape = node->shape;
        }
        if (node->op == BD_OP_PREPROCESS) {
            network->preprocess = *node;
            network->preprocess.name = NULL;
            network->preprocess.inputs = NULL;
            network->input = binding;
            continue;
        }
        bd_network_step *step = &network->steps[network->step_count++];
        uint32_t absorbed = bd_kernel_absorbs(graph, index, &network->choices[index]);
        step->index = index;
        step->node = bd_pool_strdup(&network->pool, node->name);
        step->kernel = network->choices[index].name;
        step->shape = node->shape;
        step->multiply_adds =
            bd_node_multiply_adds(graph, index) + (absorbed == BD_NO_NODE ? 0 : bd_node_multiply_adds(graph, absorbed));
        step->bytes = bytes_of_step(network, graph, index);
        if (!step->node) {
            network->steps = NULL;
        }
    }
    return network->steps ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", graph->file);
}

/* The preprocessed photo is written at once. */
static bd_result check_size(const bd_network *network, const bd_graph *graph, bd_error *error) {
    const int32_t *input = network->preprocess.shape.dims;
    uint64_t most = network->vk->limits.maxStorageBufferRange / 16;
    if ((uint64_t)input[1] * (uint64_t)input[2] <= most) {
        return BD_OK;
    }
    uint32_t side = (uint32_t)sqrt((double)most);
    return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE, "%s: an input of %dx%d is too large for %s; %ux%u is not",
                   graph->file, (int)input[2], (int)input[1], network->vk->info.name, (side - 1) / 16 * 16 + 1,
                   (side - 1) / 16 * 16 + 1);
}

/* An input that is too large is reported as such, whichever call failed. */
static bd_result tell_size(const bd_network *network, const bd_graph *graph, bd_result result, bd_error *error) {
    const int32_t *input = network->preprocess.shape.dims;
    if (result == BD_ERR_OUT_OF_DEVICE_MEMORY) {
        return bd_fail(error, result,
                       "%s: with an input of %dx%d it takes %.0f MB of %s, which has no room for that: %.0f MB in all",
                       graph->file, (int)input[2], (int)input[1],
                       (double)(network->plan.arena_bytes + network->weights->buffer.bytes) / 1e6,
                       network->vk->info.name, (double)network->vk->info.memory_bytes / 1e6);
    }
    return result;
}

bd_result bd_network_init(bd_network *network, bd_vk *vk, const bd_graph *graph, const bd_network_params *params,
                          bd_error *error) {
    const bd_network_params defaults = {0};
    *network = (bd_network){.vk = vk, .pool = {.allocator = vk->allocator}, .store = params ? params->store : NULL};
    network->upsampling = graph->upsampling;
    network->logits_step = graph->logits_step;
    network->logits_zero_point = graph->logits_zero_point;
    recorder r = {.network = network, .graph = graph};
    bd_result result = plan_network(network, graph, params ? params : &defaults, error);
    if (!result) {
        result = describe_steps(&r, error);
    }
    if (!result) {
        result = check_size(network, graph, error);
    }
    if (!result) {
        result = plan_bands(&r, params ? params->band_bytes : 0, error);
    }
    if (!result) {
        result = gather_constants(&r, error);
    }
    if (!result) {
        result = bd_device_weights_take(network->store, vk, graph, &network->weights, error);
    }
    if (!result) {
        /* More than all of the device's memory is not even asked for: some drivers promise it. */
        result = network->plan.arena_bytes > vk->info.memory_bytes
                     ? BD_ERR_OUT_OF_DEVICE_MEMORY
                     : bd_vk_buffer_init(vk, &network->arena, network->plan.arena_bytes, BD_VK_MEMORY_DEVICE, error);
        result = tell_size(network, graph, result, error);
    }
    if (!result) {
        result = bd_vk_commands_init(vk, &network->commands, 1, error);
    }
    if (!result) {
        result = list_dispatches(&r, error);
    }
    if (!result) {
        result = prepare_pipelines(network, error);
    }
    if (!result) {
        result = record(network, &network->commands, false, NULL, "network", error);
    }
    bd_bands_finish(&r.bands);
    if (result) {
        bd_network_finish(network);
    }
    return result;
}

void bd_network_finish(bd_network *network) {
    if (!network->vk) {
        return;
    }
    bd_vk_commands_finish(&network->commands);
    bd_vk_commands_finish(&network->timed);
    finish_gate(network);
    bd_device_weights_release(network->store, network->vk, network->weights);
    bd_vk_buffer_finish(network->vk, &network->arena);
    if (network->plan.tensors) {
        bd_plan_finish(&network->plan);
    }
    bd_pool_finish(&network->pool);
    *network = (bd_network){0};
}

bd_result bd_network_read_logits(bd_network *network, const bd_vk_binding *from, float *logits, bd_error *error) {
    const bd_vk *vk = network->vk;
    size_t pixels = bd_shape_pixels(&network->logits_shape);
    size_t classes = (size_t)network->logits_shape.dims[3];
    size_t padded = (size_t)bd_shape_c4(&network->logits_shape) * 4;
    float *rows = bd_alloc(vk->allocator, pixels * padded * sizeof *rows);
    if (!rows) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    bd_result result =
        bd_vk_buffer_read(network->vk, from->buffer, from->offset, rows, pixels * padded * sizeof *rows, error);
    for (size_t p = 0; p < pixels && !result; p++) {
        memcpy(logits + p * classes, rows + p * padded, classes * sizeof *logits);
    }
    bd_free(vk->allocator, rows);
    return result;
}

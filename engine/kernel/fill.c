/* SPDX-License-Identifier: MIT */
#include "kernel/fill.h"

#include <string.h>

#include "graph/plan.h"
#include "kernel/table.h"
#include "push/types.h"

void bd_fill_begin(bd_vk_dispatch *dispatch, bd_shader_id shader) {
    *dispatch = (bd_vk_dispatch){.shader = shader, .name = bd_shaders[shader].name};
    for (uint32_t b = 0; b + 1 < BD_VK_BINDINGS; b++) {
        dispatch->bindings[b].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    }
}

void bd_fill_push(bd_vk_dispatch *dispatch, const void *push, size_t bytes) {
    memcpy(dispatch->push, push, bytes);
    dispatch->push_bytes = (uint32_t)bytes;
}

void bd_fill_kernel(bd_vk_dispatch *dispatch, const bd_vk *vk, bd_kernel kernel, const void *push, size_t push_bytes) {
    bd_fill_begin(dispatch, bd_kernel_shader(vk, kernel));
    bd_fill_push(dispatch, push, push_bytes);
}

void bd_fill_constant(bd_vk_dispatch *dispatch, uint32_t value) {
    dispatch->specialisations[dispatch->specialisation_count++] = value;
}

void bd_fill_constant_f32(bd_vk_dispatch *dispatch, const bd_graph *graph, uint32_t node) {
    dispatch->specialisation_count = BD_CONSTANT_F32 + 1;
    dispatch->specialisations[BD_CONSTANT_F32] = bd_plan_is_f32(graph, node);
}

void bd_fill_groups(bd_vk_dispatch *dispatch, uint32_t x, uint32_t y, uint32_t z) {
    dispatch->groups[0] = x;
    dispatch->groups[1] = y;
    dispatch->groups[2] = z;
}

void bd_fill_items(bd_vk_dispatch *dispatch, uint64_t items) {
    uint64_t groups = (items + BD_LINEAR_GROUP - 1) / BD_LINEAR_GROUP;
    uint32_t rows = (uint32_t)((groups + 32767) / 32768);
    bd_fill_groups(dispatch, (uint32_t)((groups + rows - 1) / rows), rows, 1);
}

void bd_fill_rows(bd_vk_dispatch *dispatch, uint32_t columns, uint32_t rows) {
    uint32_t together = BD_LINEAR_GROUP;
    while (together > 1 && BD_LINEAR_GROUP / together < columns) {
        together /= 2;
    }
    rows = bd_ceil_div(rows, together);
    uint32_t layers = bd_ceil_div(rows, 32768);
    bd_fill_groups(dispatch, bd_ceil_div(columns, BD_LINEAR_GROUP), bd_ceil_div(rows, layers), layers);
}

void bd_fill_operand(bd_kernel_operands *operands, uint32_t binding, uint32_t node, bd_packing packing) {
    operands->nodes[binding] = node;
    operands->packings[binding] = packing;
}

void bd_fill_bias(bd_kernel_operands *operands, uint32_t node) {
    bd_fill_operand(operands, BD_BIND_BIAS, node, BD_PACKING_ROWS);
    operands->zero_bias = node == BD_NO_NODE;
}

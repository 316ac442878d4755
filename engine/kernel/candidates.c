/* SPDX-License-Identifier: MIT
 * Which kernels can compute a node, best guess first. */
#include <stdio.h>

#include "kernel/kernel.h"

typedef struct list {
    const bd_vk *vk;
    const bd_graph *graph;
    uint32_t node;
    bd_precision precision;
    bd_kernel_choice *out;
    uint32_t count, room;
} list;

static void add(list *to, const bd_kernel_choice *choice) {
    if (to->count < to->room) {
        to->out[to->count++] = *choice;
    }
}

static void add_plain(list *to) {
    bd_kernel_choice choice = {.family = BD_KERNEL_FAMILY_PLAIN, .precision = to->precision, .split = 1};
    bd_vk_dispatch dispatch;
    bd_kernel_operands operands;
    if (bd_kernel_node(to->vk, to->graph, to->node, 0, &choice, &dispatch, &operands, NULL)) {
        return;
    }
    choice.shader = dispatch.shader;
    (void)snprintf(choice.name, sizeof choice.name, "%s", bd_shaders[dispatch.shader].name);
    add(to, &choice);
}

bool bd_kernel_has_fp16(const bd_vk *vk) {
    return vk->kernel_set == BD_KERNELS_STORAGE;
}

uint32_t bd_kernel_candidates(const bd_vk *vk, const bd_graph *graph, uint32_t node, bd_precision precision,
                              bd_kernel_choice *out, uint32_t room) {
    list to = {.vk = vk, .graph = graph, .node = node, .precision = precision, .out = out, .room = room};
    add_plain(&to);
    return to.count;
}

uint32_t bd_kernel_absorbs(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    return choice->family == BD_KERNEL_FAMILY_BLOCK ? graph->nodes[node].inputs[0] : BD_NO_NODE;
}

size_t bd_kernel_scratch_bytes(const bd_graph *graph, uint32_t node, const bd_kernel_choice *choice) {
    const bd_shape *shape = &graph->nodes[node].shape;
    return choice->split > 1 ? (size_t)choice->split * bd_shape_pixels(shape) * bd_shape_c4(shape) * 4 * sizeof(float)
                             : 0;
}

void bd_kernel_defaults(const bd_vk *vk, const bd_graph *graph, bd_precision precision, bool fused,
                        bd_kernel_choice *choices) {
    for (uint32_t n = 0; n < graph->count; n++) {
        bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(vk, graph, n, precision, found, BD_COUNT(found));
        choices[n] = (bd_kernel_choice){.split = 1, .precision = precision};
        for (uint32_t i = 0; i < count; i++) {
            if (fused || found[i].family != BD_KERNEL_FAMILY_BLOCK) {
                choices[n] = found[i];
                break;
            }
        }
    }
}

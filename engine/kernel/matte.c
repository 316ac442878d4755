/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/kernel.h"

/* Bindings that a kernel reads: vec4s but where its own function says otherwise. */
static uint32_t read_count(bd_kernel kernel) {
    switch (kernel) {
    case BD_KERNEL_FOREGROUND_APPLY: return 3;
    case BD_KERNEL_GUIDED_START:
    case BD_KERNEL_BOX_COLUMNS:
    case BD_KERNEL_GUIDED_JOIN:
    case BD_KERNEL_GUIDED_APPLY:
    case BD_KERNEL_FOREGROUND_PICK:
    case BD_KERNEL_FOREGROUND_STEP: return 2;
    default: return 1;
    }
}

static void begin(const bd_vk *vk, bd_kernel kernel, const void *push, size_t push_bytes, uint32_t columns,
                  uint32_t rows, bd_vk_dispatch *dispatch) {
    *dispatch = (bd_vk_dispatch){.shader = bd_kernel_shader(vk, kernel), .push_bytes = (uint32_t)push_bytes};
    dispatch->name = bd_shaders[dispatch->shader].name;
    memcpy(dispatch->push, push, push_bytes);
    for (uint32_t b = 0; b < read_count(kernel); b++) {
        dispatch->bindings[b].format = VK_FORMAT_R32G32B32A32_SFLOAT;
    }
    dispatch->groups[0] = (columns + BD_LINEAR_GROUP - 1) / BD_LINEAR_GROUP;
    dispatch->groups[2] = (rows + 32767) / 32768;
    dispatch->groups[1] = (rows + dispatch->groups[2] - 1) / dispatch->groups[2];
}

void bd_kernel_guided(const bd_vk *vk, bd_kernel kernel, const bd_push_guided *push, bool flag,
                      bd_vk_dispatch *dispatch) {
    bool apply = kernel == BD_KERNEL_GUIDED_APPLY;
    uint32_t columns = (uint32_t)push->dst_w;
    begin(vk, kernel, push, sizeof *push, apply ? (columns + 3) / 4 : columns, (uint32_t)push->dst_h, dispatch);
    if (apply || kernel == BD_KERNEL_BOX_ROWS || kernel == BD_KERNEL_BOX_COLUMNS) {
        dispatch->specialisations[dispatch->specialisation_count++] = flag;
    }
    if (kernel == BD_KERNEL_GUIDED_REDUCE) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    } else if (apply) {
        dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    }
}

void bd_kernel_plane(const bd_vk *vk, bd_kernel kernel, const bd_push_plane *push, bool flag, bool second_flag,
                     bd_vk_dispatch *dispatch) {
    begin(vk, kernel, push, sizeof *push, ((uint32_t)push->dst_w + 3) / 4, (uint32_t)push->dst_h, dispatch);
    dispatch->specialisations[dispatch->specialisation_count++] = flag;
    if (kernel == BD_KERNEL_PLANE_SAMPLE) {
        dispatch->specialisations[dispatch->specialisation_count++] = second_flag;
    }
}

void bd_kernel_trimap(const bd_vk *vk, const bd_push_trimap *push, bd_vk_dispatch *dispatch) {
    begin(vk, BD_KERNEL_TRIMAP_PIN, push, sizeof *push, ((uint32_t)push->dst_w + 3) / 4, (uint32_t)push->dst_h,
          dispatch);
    dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
}

void bd_kernel_foreground(const bd_vk *vk, bd_kernel kernel, const bd_push_foreground *push, bool flag,
                          bd_vk_dispatch *dispatch) {
    begin(vk, kernel, push, sizeof *push, (uint32_t)push->dst_w, (uint32_t)push->dst_h, dispatch);
    if (kernel == BD_KERNEL_FOREGROUND_STEP) {
        dispatch->specialisations[dispatch->specialisation_count++] = flag;
    } else if (kernel == BD_KERNEL_FOREGROUND_PICK) {
        dispatch->bindings[0].format = VK_FORMAT_R32_UINT;
    } else if (kernel == BD_KERNEL_FOREGROUND_APPLY) {
        dispatch->bindings[1].format = VK_FORMAT_R32_UINT;
    }
}

// SPDX-License-Identifier: MIT
// The values of what is known; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, targets)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer grid_block { vec4 grid[]; };

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    const vec4 target = targets(node);
    if (target.w > 0.0) {
        grid[node].w = target.x;
    }
}

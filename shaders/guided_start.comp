// SPDX-License-Identifier: MIT
// A grid and the plane that is to be filtered; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_F32(BD_BIND_WEIGHTS, plane)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    const float value = plane(at.y * ((push.dst_w + 3) / 4) + at.x / 4)[at.x & 3];
    dst[node] = vec4(grid(node).xyz, clamp((value - push.level) / (1.0 - 2.0 * push.level), 0.0, 1.0));
}

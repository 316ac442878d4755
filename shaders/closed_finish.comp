// SPDX-License-Identifier: MIT
// The solution where there is one; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_F32(BD_BIND_WEIGHTS, state)
BD_READ_U32(BD_BIND_BIAS, flags)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    const vec4 own = grid(node);
    const bool solved = flags(at.y / BD_TILE * ((push.dst_w + BD_TILE - 1) / BD_TILE) + at.x / BD_TILE) != 0u;
    const float value = solved ? (state(push.dst_w * push.dst_h + node).x - push.level) / (1.0 - 2.0 * push.level) : own.w;
    dst[node] = vec4(own.xyz, clamp(value, 0.0, 1.0));
}

// SPDX-License-Identifier: MIT
// Which nodes are inside; see push/components.h.
#version 450
#include "include/tensor.glsl"
#include "include/plane.glsl"
#include "push/components.h"
#include "include/components.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool background = false;
BD_READ_F32(BD_BIND_SRC, src)
BD_PLANE_AT(src, push.src_w)

void main() {
    const ivec2 at = bd_grid_node(push.grid_w);
    const ivec2 corner = at * push.block;
    if (at.x >= push.grid_w || corner.y >= push.src_h) {
        return;
    }
    const int right = min(corner.x + push.block, push.src_w), bottom = min(corner.y + push.block, push.src_h);
    float extreme = src_at(corner.x, corner.y);
    for (int y = corner.y; y < bottom; y++) {
        for (int x = corner.x; x < right; x++) {
            const float v = src_at(x, y);
            extreme = background ? min(extreme, v) : max(extreme, v);
        }
    }
    const int node = (at.y + push.first) * push.grid_w + at.x;
    const bool inside = background ? extreme < push.level : extreme >= push.level;
    state[BD_COMPONENTS_LABELS(bd_nodes()) + node] = inside ? uint(node) : BD_COMPONENTS_NONE;
    state[BD_COMPONENTS_AREAS(bd_nodes()) + node] = 0u;
    if (node == 0) {
        state[BD_COMPONENTS_AREA] = 0u;
        state[BD_COMPONENTS_WINNER] = BD_COMPONENTS_NONE;
        state[BD_COMPONENTS_REMOVED] = 0u;
        if (!background) {
            state[BD_COMPONENTS_FOUND] = 0u;
        }
    }
}

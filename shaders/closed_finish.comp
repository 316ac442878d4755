// SPDX-License-Identifier: MIT
// The solution where there is one; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
BD_READ_F32(BD_BIND_SRC, state)
BD_READ_U32(BD_BIND_RESIDUAL, list)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer grid_block { vec4 grid[]; };

void main() {
    const int lane = int(gl_LocalInvocationID.x), tile = int(gl_WorkGroupID.x);
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + tile));
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    const float x = state((tile * BD_STATES + BD_STATE_X) * BD_FOURS + lane / 4)[lane & 3];
    const float value = grid[node].w + push.share * x;
    grid[node].w = clamp((value - push.level) / (1.0 - 2.0 * push.level), 0.0, 1.0);
}

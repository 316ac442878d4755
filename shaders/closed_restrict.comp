// SPDX-License-Identifier: MIT
// A tile's part of the residual on the coarse grids; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"
#include "include/coarse.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
BD_READ_F32(BD_BIND_SRC, state)
BD_READ_F32(BD_BIND_WEIGHTS, grid)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

shared vec4 parts[BD_TILE * BD_TILE];

void main() {
    const int lane = int(gl_LocalInvocationID.x);
    const uint entry = list(BD_TILE_HEADER + int(gl_WorkGroupID.x));
    const ivec2 tile = bd_tile_place(entry), held = min(bd_tile_node(entry), ivec2(push.dst_w, push.dst_h) - 1);
    const float r = state((int(gl_WorkGroupID.x) * BD_STATES + BD_STATE_R) * BD_FOURS + lane / 4)[lane & 3];
    parts[lane] = r * vec4(grid(held.y * push.dst_w + held.x).xyz - 0.5, 1.0);
    barrier();
    if (lane >= 8) {
        return;
    }
    const int level = lane / 4, corner = lane & 3;
    vec4 sum = vec4(0.0);
    for (int i = 0; i < BD_TILE * BD_TILE; i++) {
        const ivec2 node = tile * BD_TILE + ivec2(i % BD_TILE, i / BD_TILE);
        sum += bd_hat(bd_coarse_share(level, node, tile), corner) * parts[i];
    }
    dst[(tile.y * bd_tiles().x + tile.x) * 8 + lane] = sum;
}

// SPDX-License-Identifier: MIT
// The preconditioned residual: what the coarse grids say, and the diagonal; see push/closed_form.h.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"
#include "include/coarse.glsl"

layout(local_size_x = BD_TILES_A_GROUP * BD_FOURS) in;
BD_READ_F32(BD_BIND_SRC, state)
BD_READ_F32(BD_BIND_WEIGHTS, lines)
BD_READ_F32(BD_BIND_BIAS, grid)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int entry = bd_tile_entry();
    if (entry >= int(list(0))) {
        return;
    }
    const uint place = list(BD_TILE_HEADER + entry);
    const ivec2 tile = bd_tile_place(place), at = bd_tile_first(place);
    const int from = entry * BD_STATES * BD_FOURS + bd_tile_four();
    const vec4 r = state(from + BD_STATE_R * BD_FOURS), share = state(from + BD_STATE_D * BD_FOURS);
    // Left and right of the tile, and of the tiles around it.
    vec4 ends[4];
    [[unroll]] for (int level = 0; level < 2; level++) {
        const ivec2 first = tile / bd_spread(level);
        const int top = bd_coarse_node(level, first), bottom = bd_coarse_node(level, first + ivec2(0, 1));
        const float down = bd_coarse_share(level, at, tile).y;
        ends[level * 2] = mix(lines(top), lines(bottom), down);
        ends[level * 2 + 1] = mix(lines(top + 1), lines(bottom + 1), down);
    }
    vec4 result;
    const int row = min(at.y, push.dst_h - 1) * push.dst_w;
    [[unroll]] for (int i = 0; i < 4; i++) {
        const ivec2 node = at + ivec2(i, 0);
        const vec4 line = mix(ends[0], ends[1], bd_coarse_share(0, node, tile).x) +
                          mix(ends[2], ends[3], bd_coarse_share(1, node, tile).x);
        const vec3 colour = grid(row + min(node.x, push.dst_w - 1)).xyz - 0.5;
        result[i] = share[i] > 0.0 ? r[i] * share[i] + dot(line.xyz, colour) + line.w : 0.0;
    }
    dst[at.y * bd_tiles().x * 2 + at.x / 4] = result;
}

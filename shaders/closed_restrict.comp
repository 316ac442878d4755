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
shared vec4 rows[2][BD_TILE]; // sums, and sums times x

void main() {
    const int lane = int(gl_LocalInvocationID.x);
    const uint entry = list(BD_TILE_HEADER + int(gl_WorkGroupID.x));
    const ivec2 tile = bd_tile_place(entry), held = min(bd_tile_node(entry), ivec2(push.dst_w, push.dst_h) - 1);
    const float r = state((int(gl_WorkGroupID.x) * BD_STATES + BD_STATE_R) * BD_FOURS + lane / 4)[lane & 3];
    parts[lane] = r * vec4(grid(held.y * push.dst_w + held.x).xyz - 0.5, 1.0);
    barrier();
    if (lane < 2 * BD_TILE) {
        const int row = lane & (BD_TILE - 1), by_x = lane / BD_TILE;
        vec4 sum = vec4(0.0);
        for (int x = 0; x < BD_TILE; x++) {
            sum += (by_x == 0 ? 1.0 : float(x)) * parts[row * BD_TILE + x];
        }
        rows[by_x][row] = sum;
    }
    barrier();
    if (lane >= 8) {
        return;
    }
    // Within a tile a hat is base.x + slope.x x along x, likewise along y.
    const int level = lane / 4;
    const bvec2 far = notEqual(ivec2(lane & 1, lane & 2), ivec2(0));
    const vec2 share = bd_coarse_share(level, tile * BD_TILE, tile);
    const vec2 base = mix(1.0 - share, share, far);
    const vec2 slope = mix(vec2(-1.0), vec2(1.0), far) / float(bd_spread(level) * BD_TILE);
    vec4 sum = vec4(0.0);
    for (int y = 0; y < BD_TILE; y++) {
        sum += (base.y + slope.y * float(y)) * (base.x * rows[0][y] + slope.x * rows[1][y]);
    }
    dst[(tile.y * bd_tiles().x + tile.x) * 8 + lane] = sum;
}

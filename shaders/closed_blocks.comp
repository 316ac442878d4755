// SPDX-License-Identifier: MIT
// A tile's part of the matrix on the coarse grids; see push/closed_form.h.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"
#include "include/coarse.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
BD_READ_U32(BD_BIND_SRC, matrix)
BD_READ_F32(BD_BIND_WEIGHTS, windows)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

shared vec4 parts[12][BD_TILE * BD_TILE];

void main() {
    const int lane = int(gl_LocalInvocationID.x);
    const uint entry = list(BD_TILE_HEADER + int(gl_WorkGroupID.x));
    const ivec2 at = bd_tile_node(entry), tile = bd_tile_place(entry), last = ivec2(push.dst_w, push.dst_h) - 1;
    const int first = int(gl_WorkGroupID.x) * BD_TAPS * BD_TILE * BD_TILE + lane;
    const int lines = 3 * push.dst_w * push.dst_h;
    vec4 sums[8], own = vec4(0.0);
    [[unroll]] for (int k = 0; k < 8; k++) {
        sums[k] = vec4(0.0);
    }
    for (int i = 0; i < BD_TAPS; i++) {
        const float tap = uintBitsToFloat(matrix(first + i * BD_TILE * BD_TILE));
        const ivec2 node = at + ivec2(i % 5, i / 5) - 2, near = clamp(node, ivec2(0), last);
        const vec4 line = windows(lines + near.y * push.dst_w + near.x);
        own = i == BD_TAPS / 2 ? line : own;
        [[unroll]] for (int level = 0; level < 2; level++) {
            const vec2 share = bd_coarse_share(level, node, tile);
            [[unroll]] for (int corner = 0; corner < 4; corner++) {
                sums[level * 4 + corner] += bd_hat(share, corner) * tap * line;
            }
        }
    }
    [[unroll]] for (int level = 0; level < 2; level++) {
        const vec2 share = bd_coarse_share(level, at, tile);
        [[unroll]] for (int corner = 0; corner < 4; corner++) {
            const vec4 line = bd_hat(share, corner) * own, sum = sums[level * 4 + corner];
            parts[corner * 3][lane] = line.x * sum;
            parts[corner * 3 + 1][lane] = vec4(line.y * sum.yzw, line.w * sum.w);
            parts[corner * 3 + 2][lane] = vec4(line.z * sum.zw, 0.0, 0.0);
        }
        barrier();
        if (lane < 12) {
            vec4 sum = vec4(0.0);
            for (int i = 0; i < BD_TILE * BD_TILE; i++) {
                sum += parts[lane][i];
            }
            dst[((tile.y * bd_tiles().x + tile.x) * 2 + level) * 12 + lane] = sum;
        }
        barrier();
    }
}

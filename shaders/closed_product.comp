// SPDX-License-Identifier: MIT
// The matrix times a plane; see push/closed_form.h.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"
#include "include/coarse.glsl"

layout(local_size_x = BD_TILES_A_GROUP * BD_FOURS) in;
layout(constant_id = 0) const bool first = false;
BD_READ_F32(BD_BIND_SRC, matrix)
BD_READ_F32(BD_BIND_WEIGHTS, plane)
BD_READ_F32(BD_BIND_BIAS, other)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

shared vec2 dots[BD_TILES_A_GROUP * BD_FOURS];

vec4 given(ivec2 at) {
    vec4 result;
    [[unroll]] for (int i = 0; i < 4; i++) {
        const ivec2 held = min(at + ivec2(i, 0), ivec2(push.dst_w, push.dst_h) - 1);
        const vec4 target = other(held.y * push.dst_w + held.x);
        result[i] = at.y < push.dst_h && at.x + i < push.dst_w ? target.x * target.y : 0.0;
    }
    return result;
}

void main() {
    const int entry = bd_tile_entry(), lane = int(gl_LocalInvocationID.x);
    const bool listed = entry < int(list(0));
    const int from = entry * BD_PRODUCTS;
    dots[lane] = vec2(0.0);
    if (listed) {
        const ivec2 at = bd_tile_first(list(BD_TILE_HEADER + entry));
        const int pitch = bd_tiles().x * 2, rows = bd_tiles().y * BD_TILE;
        vec4 sum = vec4(0.0), own = vec4(0.0);
        [[unroll]] for (int y = 0; y < 5; y++) {
            // Beyond the picture the matrix is 0.
            const int row = clamp(at.y + y - 2, 0, rows - 1) * pitch, x = at.x / 4;
            const vec4 l = plane(row + max(x - 1, 0)), m = plane(row + x), r = plane(row + min(x + 1, pitch - 1));
            const int tap = (entry * BD_TAPS + y * 5) * BD_FOURS + bd_tile_four();
            sum += matrix(tap) * vec4(l.zw, m.xy);
            sum += matrix(tap + BD_FOURS) * vec4(l.w, m.xyz);
            sum += matrix(tap + 2 * BD_FOURS) * m;
            sum += matrix(tap + 3 * BD_FOURS) * vec4(m.yzw, r.x);
            sum += matrix(tap + 4 * BD_FOURS) * vec4(m.zw, r.xy);
            own = y == 2 ? m : own;
        }
        if (first) {
            const vec4 diagonal = matrix((entry * BD_TAPS + BD_TAPS / 2) * BD_FOURS + bd_tile_four());
            sum = mix(vec4(0.0), given(at) - sum, greaterThan(diagonal, vec4(0.0)));
        } else {
            dots[lane] = vec2(dot(own, other((entry * BD_STATES + BD_STATE_R) * BD_FOURS + bd_tile_four())), dot(own, sum));
        }
        dst[from + bd_tile_four()] = sum;
    }
    barrier();
    if (listed && bd_tile_four() == 0) {
        vec2 sum = vec2(0.0);
        for (int i = 0; i < BD_FOURS; i++) {
            sum += dots[lane + i];
        }
        dst[from + BD_FOURS] = vec4(sum, 0.0, 0.0);
    }
}

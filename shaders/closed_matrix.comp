// SPDX-License-Identifier: MIT
// Rows of the matrix; see push/closed_form.h.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
BD_READ_F32(BD_BIND_SRC, windows)
BD_READ_F32(BD_BIND_WEIGHTS, grid)
BD_READ_F32(BD_BIND_BIAS, targets)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, float)

bool inside(ivec2 at) {
    return at.x >= 0 && at.y >= 0 && at.x < push.dst_w && at.y < push.dst_h;
}

int index_of(ivec2 at) {
    const ivec2 held = clamp(at, ivec2(0), ivec2(push.dst_w, push.dst_h) - 1);
    return held.y * push.dst_w + held.x;
}

vec3 whiten(vec3 c, vec4 a, vec4 b, vec4 last) {
    const vec3 d = c - a.xyz;
    return vec3(a.w * d.x, b.x * d.x + b.y * d.y, b.z * d.x + b.w * d.y + last.x * d.z);
}

void main() {
    const int lane = int(gl_LocalInvocationID.x);
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + int(gl_WorkGroupID.x)));
    const int plane = push.dst_w * push.dst_h, node = index_of(at);
    const int first = int(gl_WorkGroupID.x) * BD_TAPS * BD_TILE * BD_TILE + lane;
    const vec4 target = targets(node);
    const bool solved = inside(at) && target.w <= 0.0;
    vec3 colours[BD_TAPS];
    float taps[BD_TAPS];
    [[unroll]] for (int i = 0; i < BD_TAPS; i++) {
        colours[i] = grid(index_of(at + ivec2(i % 5, i / 5) - 2)).xyz;
        taps[i] = 0.0;
    }
    [[unroll]] for (int k = 0; k < 9; k++) {
        const ivec2 to = ivec2(k % 3, k / 3) - 1;
        const int middle = index_of(at + to);
        const vec4 a = windows(middle), b = windows(plane + middle), last = windows(2 * plane + middle);
        const float share = inside(at + to) ? last.y : 0.0;
        const vec3 own = whiten(colours[BD_TAPS / 2], a, b, last);
        [[unroll]] for (int j = 0; j < 9; j++) {
            const ivec2 tap = to + ivec2(j % 3, j / 3) - 1;
            const int i = (tap.y + 2) * 5 + tap.x + 2;
            const float like = 1.0 + dot(own, whiten(colours[i], a, b, last));
            taps[i] -= share > 0.0 && inside(at + tap) ? like * share : 0.0;
        }
    }
    // Constants are solutions, to the last bit.
    float sum = 0.0;
    [[unroll]] for (int i = 0; i < BD_TAPS; i++) {
        sum += i == BD_TAPS / 2 ? 0.0 : taps[i];
    }
    taps[BD_TAPS / 2] = target.y - sum;
    [[unroll]] for (int i = 0; i < BD_TAPS; i++) {
        dst[first + i * BD_TILE * BD_TILE] = solved ? taps[i] : 0.0;
    }
}

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

shared float taps[BD_TAPS * BD_TILE * BD_TILE]; // an invocation's own, BD_TILE * BD_TILE apart

void main() {
    const int lane = int(gl_LocalInvocationID.x), apart = BD_TILE * BD_TILE;
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + int(gl_WorkGroupID.x)));
    const int plane = push.dst_w * push.dst_h, node = index_of(at);
    const int first = int(gl_WorkGroupID.x) * BD_TAPS * apart + lane;
    const vec4 target = targets(node);
    const bool solved = inside(at) && target.w <= 0.0;
    const vec3 own_colour = grid(node).xyz;
    for (int i = 0; i < BD_TAPS; i++) {
        taps[i * apart + lane] = 0.0;
    }
    // Loops stay loops: written out they are a hundred kilobytes that some drivers take a second for.
    [[dont_unroll]] for (int k = 0; k < 9; k++) {
        const ivec2 to = ivec2(k % 3, k / 3) - 1;
        const int middle = index_of(at + to);
        const vec4 a = windows(middle), b = windows(plane + middle), last = windows(2 * plane + middle);
        const float share = inside(at + to) ? last.y : 0.0;
        const vec3 own = whiten(own_colour, a, b, last);
        [[dont_unroll]] for (int j = 0; j < 9; j++) {
            const ivec2 tap = to + ivec2(j % 3, j / 3) - 1;
            const float like = 1.0 + dot(own, whiten(grid(index_of(at + tap)).xyz, a, b, last));
            taps[((tap.y + 2) * 5 + tap.x + 2) * apart + lane] -= share > 0.0 && inside(at + tap) ? like * share : 0.0;
        }
    }
    // Constants are solutions, to the last bit.
    float sum = 0.0;
    for (int i = 0; i < BD_TAPS; i++) {
        sum += i == BD_TAPS / 2 ? 0.0 : taps[i * apart + lane];
    }
    for (int i = 0; i < BD_TAPS; i++) {
        const float tap = i == BD_TAPS / 2 ? target.y - sum : taps[i * apart + lane];
        dst[first + i * apart] = solved ? tap : 0.0;
    }
}

// SPDX-License-Identifier: MIT
// One Jacobi step; see push/foreground.h.
#version 450
#include "include/tensor.glsl"
#include "push/foreground.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool fresh = false;
BD_READ_F32(BD_BIND_SRC, pairs)
BD_READ_F32(BD_BIND_WEIGHTS, level)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const vec4 own = level(at.y * push.dst_w + at.x);
    const ivec2 steps[4] = ivec2[4](ivec2(-1, 0), ivec2(1, 0), ivec2(0, -1), ivec2(0, 1));
    vec3 front = vec3(0.0), back = vec3(0.0);
    float total = 0.0;
    for (int i = 0; i < 4; i++) {
        const ivec2 near = clamp(at + steps[i], ivec2(0), ivec2(push.dst_w, push.dst_h) - 1);
        const vec4 other = level(near.y * push.dst_w + near.x);
        const float weight = 1e-3 + 0.03 * abs(own.w - other.w);
        const int pair = 2 * ((near.y >> push.shift) * push.src_w + (near.x >> push.shift));
        front += weight * (fresh ? other.xyz : pairs(pair).xyz);
        back += weight * (fresh ? other.xyz : pairs(pair + 1).xyz);
        total += weight;
    }
    // [[a a + S, a b], [a b, b b + S]] [F; B] = [a I + sum w F; b I + sum w B] with b = 1 - a, S = sum w: the weighted
    // means, each mended by its share of what they leave of I. The determinant's form loses digits where S is small.
    const float a = own.w, b = 1.0 - own.w;
    front /= total;
    back /= total;
    const vec3 left = (own.xyz - a * front - b * back) / (a * a + b * b + total);
    const int node = 2 * (at.y * push.dst_w + at.x);
    dst[node] = vec4(clamp(front + a * left, 0.0, 1.0), 0.0);
    dst[node + 1] = vec4(clamp(back + b * left, 0.0, 1.0), 0.0);
}

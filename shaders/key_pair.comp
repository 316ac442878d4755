// SPDX-License-Identifier: MIT
// The subject's light and the backdrop's around each node; see push/key.h.
#version 450
#include "include/tensor.glsl"
#include "push/key.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(0, backs)
BD_READ_F32(1, fronts)
BD_READ_F32(2, wide)
BD_READ_F32(3, record)
BD_WRITE(BD_BIND_DST, pairs, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    if (at.x + at.y == 0) {
        for (int i = 0; i < BD_KEY_VECTORS; i++) {
            pairs[2 * push.dst_w * push.dst_h + i] = record(i);
        }
    }
    const int node = at.y * push.dst_w + at.x;
    const vec4 back = backs(node) * push.gain_back, front = fronts(node) * push.gain_front, far = wide(node);
    const vec3 around = far.xyz / max(far.w, 1e-6);
    pairs[2 * node] = vec4((front.xyz + 1e-2 * around) / (front.w + 1e-2), 0.0);
    pairs[2 * node + 1] = vec4((back.xyz + 1e-4 * record(0).xyz) / (back.w + 1e-4), back.w);
}

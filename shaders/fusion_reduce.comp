// SPDX-License-Identifier: MIT
// Weighted colours of blocks of nodes; see push/fusion.h.
#version 450
#include "include/tensor.glsl"
#include "push/fusion.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, level)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const ivec2 begin = at * push.block, end = min(begin + push.block, ivec2(push.src_w, push.src_h));
    vec4 front = vec4(0.0), back = vec4(0.0);
    for (int y = begin.y; y < end.y; y++) {
        for (int x = begin.x; x < end.x; x++) {
            const vec4 v = level(y * push.src_w + x);
            front += vec4(v.xyz * v.w, v.w);
            back += vec4(v.xyz, 1.0) * (1.0 - v.w);
        }
    }
    const float share = 1.0 / float((end.x - begin.x) * (end.y - begin.y));
    const int node = 2 * (at.y * push.dst_w + at.x);
    dst[node] = front * share;
    dst[node + 1] = back * share;
}

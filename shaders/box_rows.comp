// SPDX-License-Identifier: MIT
// Means along x; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool doubt = false;
BD_READ_F32(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int row = at.y * push.dst_w;
    const int first = max(at.x - push.radius, 0), last = min(at.x + push.radius, push.dst_w - 1);
    vec4 sum = vec4(0.0);
    for (int x = first; x <= last; x++) {
        const vec4 v = src(row + x);
        sum += doubt ? vec4(4.0 * v.w * (1.0 - v.w)) : v;
    }
    dst[row + at.x] = sum / float(last - first + 1);
}

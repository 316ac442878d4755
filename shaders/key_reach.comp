// SPDX-License-Identifier: MIT
// The largest and the smallest probability nearby; see push/key.h.
#version 450
#include "include/tensor.glsl"
#include "include/plane.glsl"
#include "push/key.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, src)
BD_PLANE_AT(src, push.dst_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const ivec2 low = max(at - push.radius, 0), high = min(at + push.radius, ivec2(push.dst_w, push.dst_h) - 1);
    float largest = 0.0, smallest = 1.0;
    for (int y = low.y; y <= high.y; y++) {
        for (int x = low.x; x <= high.x; x++) {
            const float value = src_at(x, y);
            largest = max(largest, value);
            smallest = min(smallest, value);
        }
    }
    dst[at.y * push.dst_w + at.x] = vec4(largest, smallest, 0.0, 0.0);
}

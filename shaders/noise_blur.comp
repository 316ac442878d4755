// SPDX-License-Identifier: MIT
// A grid without its noise, along one axis; see push/noise.h.
#version 450
#include "include/tensor.glsl"
#include "push/noise.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool vertical = false;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_F32(BD_BIND_WEIGHTS, taps)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int own = at.y * push.dst_w + at.x, pitch = vertical ? push.dst_w : 1;
    const int before = vertical ? at.y : at.x, behind = (vertical ? push.dst_h : push.dst_w) - 1 - before;
    const vec4 tap = taps(0);
    vec4 sum = tap.x * grid(own);
    sum += tap.y * (grid(own - min(before, 1) * pitch) + grid(own + min(behind, 1) * pitch));
    sum += tap.z * (grid(own - min(before, 2) * pitch) + grid(own + min(behind, 2) * pitch));
    dst[own] = sum;
}

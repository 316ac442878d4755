// SPDX-License-Identifier: MIT
// Means along y, and the levels; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool levels = false;
BD_READ_F32(BD_BIND_SRC, src)
BD_READ_F32(BD_BIND_WEIGHTS, doubt)
BD_WRITE(BD_BIND_DST, dst, vec4)

float doubt_at(ivec2 at) {
    const bd_axis u = bd_axis_at(bd_source(at.x, push.scale_x, push.bias_x, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(at.y, push.scale_y, push.bias_y, float(push.src_h - 1)), push.src_h);
    const int top = v.low * push.src_w, bottom = v.high * push.src_w;
    return bd_lerp(doubt(top + u.low), doubt(top + u.high), doubt(bottom + u.low), doubt(bottom + u.high), u.fraction,
                   v.fraction).x;
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int first = max(at.y - push.radius, 0), last = min(at.y + push.radius, push.dst_h - 1);
    vec4 sum = vec4(0.0);
    for (int y = first; y <= last; y++) {
        sum += src(y * push.dst_w + at.x);
    }
    vec4 mean = sum / float(last - first + 1);
    if (levels) {
        const float level = push.level * clamp(1.0 - push.slope * max(doubt_at(at) - push.knee, 0.0), 0.0, 1.0);
        mean = (mean - vec4(0.0, 0.0, 0.0, level)) / (1.0 - 2.0 * level);
    }
    dst[at.y * push.dst_w + at.x] = mean;
}

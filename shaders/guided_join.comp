// SPDX-License-Identifier: MIT
// What the filter makes of a grid; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, lines)
BD_READ_F32(BD_BIND_WEIGHTS, grid)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const bd_axis u = bd_axis_at(bd_source(at.x, push.scale_x, push.bias_x, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(at.y, push.scale_y, push.bias_y, float(push.src_h - 1)), push.src_h);
    const int top = v.low * push.src_w, bottom = v.high * push.src_w;
    const vec4 line = bd_lerp(lines(top + u.low), lines(top + u.high), lines(bottom + u.low), lines(bottom + u.high),
                              u.fraction, v.fraction);
    const int node = at.y * push.dst_w + at.x;
    const vec3 colour = grid(node).xyz;
    dst[node] = vec4(colour, clamp(dot(line.xyz, colour) + line.w, 0.0, 1.0));
}

// SPDX-License-Identifier: MIT
// The first pass's colours, weighted for the second; see push/fusion.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "push/fusion.h"
#include "include/fusion.glsl"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, pairs)
BD_READ_F32(BD_BIND_WEIGHTS, level)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const bd_axis u = bd_axis_at(bd_source(at.x, push.scale, push.bias, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(at.y, push.scale, push.bias, float(push.src_h - 1)), push.src_h);
    const int tl = 2 * (v.low * push.src_w + u.low), tr = 2 * (v.low * push.src_w + u.high);
    const int bl = 2 * (v.high * push.src_w + u.low), br = 2 * (v.high * push.src_w + u.high);
    const int node = at.y * push.dst_w + at.x;
    const vec4 own = level(node);
    vec3 front = bd_over_weight(bd_lerp(pairs(tl), pairs(tr), pairs(bl), pairs(br), u.fraction, v.fraction), own.xyz);
    const vec3 back = bd_over_weight(
        bd_lerp(pairs(tl + 1), pairs(tr + 1), pairs(bl + 1), pairs(br + 1), u.fraction, v.fraction), own.xyz);
    front = bd_fused_front(front, back, own);
    dst[2 * node] = vec4(front * own.w, own.w);
    dst[2 * node + 1] = vec4(back, 1.0) * (1.0 - own.w);
}

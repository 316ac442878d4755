// SPDX-License-Identifier: MIT
// The key's matte where the network is not sure of the contrary; see push/key.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "push/key.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, reach)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer plane_block { vec4 plane[]; };

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const bd_axis v = bd_axis_at(bd_source(row + push.first, push.scale, push.bias, float(push.src_h - 1)), push.src_h);
    const int top = v.low * push.src_w, bottom = v.high * push.src_w;
    const vec4 before = plane[row * pitch + group];
    vec4 result;
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        const bd_axis u = bd_axis_at(bd_source(x, push.scale, push.bias, float(push.src_w - 1)), push.src_w);
        const vec4 near = bd_lerp(reach(top + u.low), reach(top + u.high), reach(bottom + u.low),
                                  reach(bottom + u.high), u.fraction, v.fraction);
        const float least = smoothstep(BD_KEY_INSIDE_LOW, BD_KEY_INSIDE_HIGH, near.y);
        const float most = smoothstep(BD_KEY_OUTSIDE_LOW, BD_KEY_OUTSIDE_HIGH, near.x);
        result = vec4(result.yzw, x < push.dst_w ? max(min(before[i], most), least) : 0.0);
    }
    plane[row * pitch + group] = result;
}

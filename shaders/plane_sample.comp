// SPDX-License-Identifier: MIT
// A plane at another size; see push/plane.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "include/plane.glsl"
#include "push/plane.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool nearest = false;
layout(constant_id = 1) const bool threshold = false;
BD_READ_F32(BD_BIND_SRC, src)
BD_PLANE_AT(src, push.src_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const float y = bd_source(row + push.first, push.scale_y, push.bias_y, float(push.src_h - 1));
    const bd_axis v = bd_axis_at(nearest ? floor(y + 0.5) : y, push.src_h);
    vec4 result = vec4(0.0);
    for (int i = 0; i < 4; i++) {
        const float x = bd_source(group * 4 + i, push.scale_x, push.bias_x, float(push.src_w - 1));
        const bd_axis u = bd_axis_at(nearest ? floor(x + 0.5) : x, push.src_w);
        float value = bd_lerp(vec4(src_at(u.low, v.low)), vec4(src_at(u.high, v.low)), vec4(src_at(u.low, v.high)),
                              vec4(src_at(u.high, v.high)), u.fraction, v.fraction).x;
        value = threshold ? float(value > 0.5) : value;
        result = vec4(result.yzw, group * 4 + i < push.dst_w ? value : 0.0);
    }
    dst[row * pitch + group] = result;
}

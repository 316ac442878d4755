// SPDX-License-Identifier: MIT
// Colours weighted by what is background, and back; see push/weigh.h.
#version 450
#include "include/tensor.glsl"
#include "include/plane.glsl"
#include "push/weigh.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool back = false;
BD_READ_U32(BD_BIND_SRC, src)
BD_READ_F32(BD_BIND_WEIGHTS, alpha)
BD_PLANE_AT(alpha, push.dst_w)
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int pixel = at.y * push.dst_w + at.x;
    const vec4 v = vec4(bd_unpack_u8(src(pixel)));
    vec4 result;
    if (back) {
        result = vec4(v.w > 0.0 ? v.xyz * (255.0 / v.w) : vec3(0.0), 255.0);
    } else {
        const float share = 1.0 - alpha_at(at.x, at.y);
        result = vec4(v.xyz * share, 255.0 * share);
    }
    dst[pixel] = bd_pack_u8(uvec4(min(result + 0.5, 255.0)));
}

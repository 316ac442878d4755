// SPDX-License-Identifier: MIT
// Means of what is background of a photo, in blocks; see push/weigh.h.
#version 450
#include "include/pixel.glsl"
#include "include/plane.glsl"
#include "push/weigh.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_PIXELS(BD_BIND_SRC, photo)
BD_READ_F32(BD_BIND_WEIGHTS, alpha)
BD_PLANE_AT(alpha, push.src_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const ivec2 begin = at * push.block, end = min(begin + push.block, ivec2(push.src_w, push.src_h));
    vec4 sum = vec4(0.0);
    for (int y = begin.y; y < end.y; y++) {
        for (int x = begin.x; x < end.x; x++) {
            const vec4 v = vec4(bd_unpack_pixel(photo(y * push.src_w + x))) * (1.0 / BD_PIXEL_FULL);
            const float share = v.w * (1.0 - bd_settled(alpha_at(x, y)));
            sum += vec4(v.xyz, 1.0) * share;
        }
    }
    dst[(at.y + push.first) * push.dst_w + at.x] = sum / float(push.block * push.block);
}

// SPDX-License-Identifier: MIT
// The subject's colours at the photo's pixels; see push/foreground.h.
#version 450
#include "include/pixel.glsl"
#include "include/bilinear.glsl"
#include "include/plane.glsl"
#include "push/foreground.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, pairs)
BD_READ_PIXELS(BD_BIND_WEIGHTS, photo)
BD_READ_F32(BD_BIND_BIAS, alpha)
BD_PLANE_AT(alpha, push.dst_w)
BD_WRITE(BD_BIND_DST, dst, BD_PIXEL)

vec3 pair(ivec2 low, ivec2 high, vec2 share, int which) {
    const int top = low.y * push.src_w, bottom = high.y * push.src_w;
    return bd_lerp(pairs(2 * (top + low.x) + which), pairs(2 * (top + high.x) + which),
                   pairs(2 * (bottom + low.x) + which), pairs(2 * (bottom + high.x) + which), share.x, share.y).xyz;
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int pixel = at.y * push.dst_w + at.x;
    uvec4 values = bd_unpack_pixel(photo(pixel));
    const float a = bd_settled(alpha_at(at.x, at.y));
    // A loop, not a branch: software devices skip one that no lane enters.
    for (int turn = a > 0.0 && a < 1.0 ? 0 : 1; turn < 1; turn++) {
        const ivec2 whole = at + ivec2(0, push.first);
        const ivec2 low = min(whole >> push.shift, ivec2(push.src_w, push.src_h) - 1);
        const ivec2 high = min(low + 1, ivec2(push.src_w, push.src_h) - 1);
        const vec2 share = vec2(whole - (low << push.shift)) / float(1 << push.shift);
        vec3 front = pair(low, high, share, 0);
        if (push.shift > 0) {
            // What the pair does not explain of the pixel goes to both by their shares, as blur fusion has it.
            const vec3 back = pair(low, high, share, 1);
            const vec3 rest = vec3(values.xyz) * (1.0 / BD_PIXEL_FULL) - a * front - (1.0 - a) * back;
            front += rest * (a / (a * a + (1.0 - a) * (1.0 - a)));
        }
        values.xyz = uvec3(clamp(front, 0.0, 1.0) * BD_PIXEL_FULL + 0.5);
    }
    dst[pixel] = bd_pack_pixel(values);
}

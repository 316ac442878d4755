// SPDX-License-Identifier: MIT
// Sums of colours over columns of samples; see push/harmonize.h.
#version 450
#include "include/pixel.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "include/plane.glsl"
#include "push/harmonize.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool subject = false;
layout(constant_id = 1) const bool premultiplied = false;
BD_READ_PIXELS(BD_BIND_SRC, picture)
BD_READ_F32(BD_BIND_WEIGHTS, alpha)
BD_PLANE_AT(alpha, push.src_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int x = min(at.x * push.block + push.block / 2, push.src_w - 1);
    const int first = at.y * BD_STATISTICS_ROWS, last = min(first + BD_STATISTICS_ROWS, push.count);
    vec4 sum = vec4(0.0), gray = vec4(0.0);
    for (int row = first; row < last; row++) {
        const int y = min(row * push.block + push.block / 2, push.src_h - 1);
        const vec4 pixel = vec4(bd_unpack_pixel(picture(y * push.src_w + x))) / BD_PIXEL_FULL;
        const vec3 srgb = premultiplied ? min(pixel.xyz / max(pixel.w, 1e-6), vec3(1.0)) : pixel.xyz;
        const vec3 lab = bd_oklab(bd_light(srgb));
        const float weight = subject ? pixel.w * alpha_at(x, y) : pixel.w;
        const float chroma = dot(lab.yz, lab.yz);
        sum += weight * vec4(lab.x, lab.x * lab.x, chroma, 1.0);
        gray += weight * lab.x * max(1.0 - chroma / (BD_HARMONIZE_GRAY * BD_HARMONIZE_GRAY), 0.0) * vec4(lab, 1.0);
    }
    const int item = 2 * ((push.first + at.y) * push.dst_w + at.x);
    dst[item] = sum;
    dst[item + 1] = gray;
}

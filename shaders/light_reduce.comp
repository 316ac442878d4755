// SPDX-License-Identifier: MIT
// The background's light past the subject, on a grid; see push/light.h.
#version 450
#include "include/pixel.glsl"
#include "include/light.glsl"
#include "include/plane.glsl"
#include "push/light.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool picture = false;
layout(constant_id = 1) const bool tile = false;
layout(constant_id = 2) const bool premultiplied = false;
BD_READ_PIXELS(BD_BIND_SRC, background)
BD_READ_F32(BD_BIND_WEIGHTS, alpha)
BD_PLANE_AT(alpha, push.src_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

int wrap(int at, int size) {
    const int rest = at - (at / size) * size;
    return rest < 0 ? rest + size : rest;
}

vec3 shed(uvec4 pixel, bool multiplied) {
    const vec4 v = vec4(pixel) / BD_PIXEL_FULL;
    return v.w * bd_light(multiplied ? min(v.xyz / max(v.w, 1e-6), vec3(1.0)) : v.xyz);
}

vec3 behind(int x, int y) {
    if (!picture) {
        return shed(bd_unpack_fill(push.fill, push.fill_low), false);
    }
    const ivec2 size = ivec2(push.bg_w, push.bg_h);
    ivec2 at = ivec2(x + push.offset_x, y + push.offset_y);
    at = tile ? ivec2(wrap(at.x, size.x), wrap(at.y, size.y)) : at;
    const ivec2 inside = clamp(at, ivec2(0), size - 1);
    const bool covered = at == inside;
    return shed(covered ? bd_unpack_pixel(background(inside.y * size.x + inside.x))
                    : bd_unpack_fill(push.fill, push.fill_low),
                covered && premultiplied);
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int step = (push.block + BD_LIGHT_SAMPLES - 1) / BD_LIGHT_SAMPLES;
    const ivec2 from = at * push.block, to = min(from + push.block, ivec2(push.src_w, push.src_h));
    vec4 sum = vec4(0.0);
    for (int y = from.y; y < to.y; y += step) {
        for (int x = from.x; x < to.x; x += step) {
            const float share = 1.0 - bd_settled(alpha_at(x, y));
            sum.w += 1.0;
            // A loop, not a branch: software devices skip one that no lane enters.
            for (int turn = share > 0.0 ? 0 : 1; turn < 1; turn++) {
                sum.xyz += share * behind(x, y);
            }
        }
    }
    dst[(at.y + push.first) * push.dst_w + at.x] = vec4(sum.xyz / sum.w, 0.0);
}

// SPDX-License-Identifier: MIT
// The subject's colours in the new background's light; see push/light.h.
#version 450
#include "include/pixel.glsl"
#include "include/bilinear.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "include/plane.glsl"
#include "push/light.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool harmonize = false;
layout(constant_id = 1) const bool wrap = false;
BD_READ_F32(BD_BIND_SRC, light)
BD_READ_PIXELS(BD_BIND_WEIGHTS, front)
BD_READ_F32(BD_BIND_BIAS, alpha)
BD_READ_F32(BD_BIND_RESIDUAL, map)
BD_PLANE_AT(alpha, push.dst_w)
BD_WRITE(BD_BIND_DST, dst, BD_PIXEL)

vec3 light_at(ivec2 at) {
    const bd_axis u = bd_axis_at(bd_source(at.x, push.scale_x, push.bias_x, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(at.y, push.scale_y, push.bias_y, float(push.src_h - 1)), push.src_h);
    const int top = v.low * push.src_w, bottom = v.high * push.src_w;
    return bd_lerp(light(top + u.low), light(top + u.high), light(bottom + u.low), light(bottom + u.high), u.fraction,
                   v.fraction).xyz;
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int pixel = at.y * push.dst_w + at.x;
    uvec4 values = bd_unpack_pixel(front(pixel));
    const bool inside = bd_settled(alpha_at(at.x, at.y)) > 0.0;
    vec3 veil = vec3(0.0);
    // Loops, not branches: software devices skip one that no lane enters.
    for (int turn = wrap && inside ? 0 : 1; turn < 1; turn++) {
        veil = BD_LIGHT_WRAP * light_at(at + ivec2(0, push.first));
    }
    const bool lit = max(veil.x, max(veil.y, veil.z)) > 0.0;
    for (int turn = inside && (harmonize || lit) ? 0 : 1; turn < 1; turn++) {
        vec3 color = bd_light(vec3(values.xyz) / BD_PIXEL_FULL);
        if (harmonize) {
            const vec4 lab = vec4(bd_oklab(color), 1.0);
            color = clamp(bd_light_of_oklab(vec3(dot(map(0), lab), dot(map(1), lab), dot(map(2), lab))), 0.0, 1.0);
        }
        color = 1.0 - (1.0 - color) * (1.0 - veil);
        values.xyz = uvec3(clamp(bd_srgb(color), 0.0, 1.0) * BD_PIXEL_FULL + 0.5);
    }
    dst[pixel] = bd_pack_pixel(values);
}

// SPDX-License-Identifier: MIT
// The subject's colours without the backdrop's; see push/key.h.
#version 450
#include "include/pixel.glsl"
#include "include/bilinear.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "include/plane.glsl"
#include "push/key.h"
#include "include/key.glsl"
#include "include/key_pair.glsl"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool shadow = false;
layout(constant_id = 1) const bool unmix = false;
layout(constant_id = 2) const bool network = false;
BD_READ_PIXELS(BD_BIND_WEIGHTS, photo)
BD_READ_F32(BD_BIND_BIAS, keyed)
BD_READ_F32(BD_BIND_RESIDUAL, alpha)
BD_PLANE_AT(keyed, push.dst_w)
BD_PLANE_AT(alpha, push.dst_w)
BD_WRITE(BD_BIND_DST, dst, BD_PIXEL)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int pixel = at.y * push.dst_w + at.x;
    uvec4 values = bd_unpack_pixel(photo(pixel));
    const float final = bd_settled(alpha_at(at.x, at.y));
    // A loop, not a branch: software devices skip one that no lane enters.
    for (int turn = final > 0.0 ? 0 : 1; turn < 1; turn++) {
        const bd_key key = bd_paired_key();
        const float own = bd_settled(keyed_at(at.x, at.y)), a = max(own, final);
        vec3 light = bd_light(vec3(values.xyz) / BD_PIXEL_FULL);
        const bool mixed = unmix && a < 1.0;
        if (mixed) {
            const bd_pair pair = bd_pair_at(at.x, at.y);
            const vec3 back = pair.back.xyz / (shadow ? bd_key_lit(key, pair.back.xyz) : 1.0);
            light = clamp((light - (1.0 - a) * back) / a, 0.0, 1.0);
            light = mix(light, pair.front.xyz, shadow ? 0.0 : BD_KEY_GUESS / (BD_KEY_GUESS + a * a));
        }
        const float share = push.spill * key.colourful * (network ? 1.0 - max(final - own, 0.0) : 1.0);
        const float excess = share * max(bd_key_excess(key, light), 0.0);
        if (mixed || excess > 0.0) {
            light += excess * (dot(key.u, bd_key_luminance) - key.u);
            values.xyz = uvec3(clamp(bd_srgb(clamp(light, 0.0, 1.0)), 0.0, 1.0) * BD_PIXEL_FULL + 0.5);
        }
    }
    dst[pixel] = bd_pack_pixel(values);
}

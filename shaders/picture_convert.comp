// SPDX-License-Identifier: MIT
// A picture of one form to one of another; see push/picture_convert.h.
#version 450
#include "include/tensor.glsl"
#include "include/light.glsl"
#include "push/picture_convert.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int from = BD_FORM_RGBA8;
layout(constant_id = 1) const int to = BD_FORM_RGBA8;
layout(constant_id = 2) const bool from_premultiplied = false;
layout(constant_id = 3) const bool to_premultiplied = false;
layout(constant_id = 4) const bool opaque = false;
BD_READ_U32(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, uint)

uint most_of(int form) {
    return form >= BD_FORM_RGBA16 ? 65535u : 255u;
}

// 65535 * 65535 + 32767 has 32 bits.
uvec4 divided(uvec4 pixel, uint most) {
    const uint alpha = max(pixel.w, 1u);
    const uvec3 colour = min(pixel.xyz, uvec3(alpha));
    return pixel.w == 0u ? uvec4(0u) : uvec4((colour * most + alpha / 2u) / alpha, pixel.w);
}

uvec4 multiplied(uvec4 pixel, uint most) {
    return uvec4((pixel.xyz * pixel.w + most / 2u) / most, pixel.w);
}

vec4 clamped(vec4 values) {
    return mix(vec4(0.0), min(values, vec4(1.0)), greaterThan(values, vec4(0.0)));
}

uvec4 from_light(vec4 light, uint most) {
    const float alpha = clamped(light).w;
    const vec3 colour = from_premultiplied ? (alpha > 0.0 ? light.xyz / alpha : vec3(0.0)) : light.xyz;
    const vec4 values = vec4(bd_srgb(clamped(vec4(colour, 0.0)).xyz), alpha);
    return uvec4(clamp(values, 0.0, 1.0) * float(most) + 0.5);
}

uvec4 loaded(int pixel) {
    if (from < BD_FORM_RGBA16) {
        uvec4 bytes = bd_unpack_u8(src(pixel));
        bytes.w = opaque ? 255u : bytes.w;
        return from == BD_FORM_BGRA8 ? bytes.zyxw : bytes;
    }
    const uvec2 words = uvec2(src(2 * pixel), src(2 * pixel + 1));
    if (from == BD_FORM_RGBA16F) {
        const vec4 light = vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
        return from_light(opaque ? vec4(light.xyz, 1.0) : light, most_of(to));
    }
    return uvec4(words.x & 65535u, words.x >> 16, words.y & 65535u, opaque ? 65535u : words.y >> 16);
}

void store(int pixel, uvec4 values) {
    if (to < BD_FORM_RGBA16) {
        dst[pixel] = bd_pack_u8(to == BD_FORM_BGRA8 ? values.zyxw : values);
        return;
    }
    uvec2 words = uvec2(values.x | (values.y << 16), values.z | (values.w << 16));
    if (to == BD_FORM_RGBA16F) {
        const vec4 shares = vec4(values) / float(most_of(from));
        const vec3 light = bd_light(shares.xyz) * (to_premultiplied ? shares.w : 1.0);
        words = uvec2(packHalf2x16(light.xy), packHalf2x16(vec2(light.z, shares.w)));
    }
    dst[2 * pixel] = words.x;
    dst[2 * pixel + 1] = words.y;
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int pixel = at.y * push.dst_w + at.x;
    uvec4 values = loaded(pixel);
    if (from_premultiplied && from != BD_FORM_RGBA16F) {
        values = divided(values, most_of(from));
    }
    if (from != BD_FORM_RGBA16F && to != BD_FORM_RGBA16F) {
        if (most_of(from) < most_of(to)) {
            values *= 257u;
        } else if (most_of(from) > most_of(to)) {
            values = (values * 255u + 32895u) >> 16;
        }
    }
    if (to_premultiplied && to != BD_FORM_RGBA16F) {
        values = multiplied(values, most_of(to));
    }
    store(pixel, values);
}

// SPDX-License-Identifier: MIT
// Photo over background: an invocation owns one pixel.
#version 450
#include "include/pixel.glsl"
#include "include/bilinear.glsl"
#include "include/light.glsl"
#include "include/plane.glsl"
#include "push/composite.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int mode = BD_COMPOSITE_PICTURE;
layout(constant_id = 1) const bool tile = false;
layout(constant_id = 2) const bool linear = false;
layout(constant_id = 3) const bool premultiplied = false;
layout(constant_id = 4) const bool of_photo = false;
layout(constant_id = 5) const bool keep_hidden = false;
BD_READ_F32(0, mask)
BD_READ_PIXELS(1, photo)
BD_READ_PIXELS(2, background)
BD_WRITE(BD_BIND_DST, dst, BD_PIXEL)

float mask_at(int column, int row) {
    return mask(row * ((push.mask_w + 3) / 4) + column / 4)[column & 3];
}

float alpha(int column, int row) {
    const bd_axis u =
        bd_axis_at(bd_source(column, push.scale_x, push.bias_x, float(push.mask_w - 1)), push.mask_w);
    const bd_axis v = bd_axis_at(bd_source(row, push.scale_y, push.bias_y, float(push.mask_h - 1)), push.mask_h);
    return bd_lerp(vec4(mask_at(u.low, v.low)), vec4(mask_at(u.high, v.low)), vec4(mask_at(u.low, v.high)),
                   vec4(mask_at(u.high, v.high)), u.fraction, v.fraction).x;
}

int wrap(int at, int size) {
    const int rest = at - (at / size) * size;
    return rest < 0 ? rest + size : rest;
}

uvec3 divided(uvec4 pixel) {
    const uint whole = max(pixel.w, 1u);
#if PIXEL16
    // Past 32 bits as integers.
    const vec3 values = floor(vec3(pixel.xyz) * (BD_PIXEL_FULL / float(whole)) + 0.5);
    return whole == BD_PIXEL_MOST ? pixel.xyz : uvec3(min(values, BD_PIXEL_FULL));
#else
    return min((pixel.xyz * 510u + whole) / (2u * whole), uvec3(255u));
#endif
}

uvec4 behind(int column, int row) {
    if (mode != BD_COMPOSITE_PICTURE) {
        return bd_unpack_fill(push.fill, push.fill_low);
    }
    ivec2 at = ivec2(column + push.offset_x, row + push.offset_y);
    const ivec2 size = ivec2(push.bg_w, push.bg_h);
    if (tile) {
        at = ivec2(wrap(at.x, size.x), wrap(at.y, size.y));
    }
    const ivec2 inside = clamp(at, ivec2(0), size - 1);
    uvec4 pixel = bd_unpack_pixel(background(inside.y * size.x + inside.x));
    if (premultiplied) {
        pixel.xyz = divided(pixel);
    }
    return at == inside ? pixel : bd_unpack_fill(push.fill, push.fill_low);
}

uvec4 rounded(vec4 values) {
    return uvec4(clamp(floor(values + 0.5), 0.0, BD_PIXEL_FULL));
}

void main() {
    const ivec2 node = bd_grid_node(push.photo_w);
    const int column = node.x, row = node.y;
    if (column >= push.photo_w || row >= push.photo_h) {
        return;
    }
    const int at = row * push.photo_w + column;
    const uvec4 front = bd_unpack_pixel(photo(at));
    const float p = bd_settled(alpha(column, row));
    uvec4 result;
    if (mode == BD_COMPOSITE_TRANSPARENT) {
        result = uvec4(front.xyz, rounded(vec4(p * float(front.w))).x);
    } else {
        const uvec4 back = behind(column, row);
        const float front_a = p * bd_pixel_share(front.w);
        const float back_a = bd_pixel_share(back.w) * (1.0 - (of_photo ? p : front_a));
        const float a = front_a + back_a;
        result = front_a <= 0.0 ? back : uvec4(front.xyz, rounded(vec4(a * BD_PIXEL_FULL)).x);
        // A loop, not a branch: software devices skip one that no lane enters.
        for (int turn = front_a > 0.0 && back_a > 0.0 ? 0 : 1; turn < 1; turn++) {
            vec3 over = linear ? bd_light(vec3(front.xyz) / BD_PIXEL_FULL) : vec3(front.xyz);
            const vec3 under = linear ? bd_light(vec3(back.xyz) / BD_PIXEL_FULL) : vec3(back.xyz);
            over = (over * front_a + under * back_a) / max(a, 1e-6);
            result.xyz = rounded(vec4(linear ? bd_srgb(over) * BD_PIXEL_FULL : over, 0.0)).xyz;
        }
    }
    dst[at] = bd_pack_pixel(keep_hidden || result.w > 0u ? result : uvec4(0u));
}

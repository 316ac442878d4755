// SPDX-License-Identifier: MIT
// How much of a pixel is not backdrop: an invocation owns four neighbours; see push/key.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "push/key.h"
#include "include/key.glsl"
#include "include/key_pair.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool shadow = false;
BD_READ_U32(BD_BIND_WEIGHTS, photo)
BD_WRITE(BD_BIND_DST, dst, vec4)

// 1 - q of light = p front + q back, and what is left of light: both weighted by how far it can be trusted.
float unmixed(bd_key key, vec3 light, vec3 front, vec3 back) {
    const float prior = BD_KEY_PRIOR;
    const float ff = dot(front, front) + prior, fb = dot(front, back) + prior, bb = dot(back, back) + prior;
    const float fi = dot(front, light) + prior, bi = dot(back, light) + prior;
    const float whole = max(ff * bb - fb * fb, 1e-9);
    const float p = (bb * fi - fb * bi) / whole, q = p < 0.0 ? bi / bb : (ff * bi - fb * fi) / whole;
    const vec3 rest = light - max(p, 0.0) * front - q * back;
    const float sure = exp2(-dot(rest, rest) / (BD_KEY_REST * BD_KEY_REST));
    const float other = mix(1.0, bd_key_difference(key, light, back), key.colourful);
    return mix(other, clamp(1.0 - q, 0.0, 1.0), sure);
}

float alpha(bd_key key, vec3 light, vec3 front, vec4 back) {
    const vec3 lab = bd_oklab(light);
    const float low = 0.96 - 0.06 * key.colourful, high = 1.06 + 0.08 * key.colourful;
    const float away = bd_key_distance(lab, bd_oklab(back.xyz), low, high);
    const float ramp = clamp((away - push.tolerance) / max(push.softness, 1e-4), 0.0, 1.0);
    float a = ramp * unmixed(key, light, front, back.xyz);
    const float edge = 2.0 * push.tolerance;
    a += (1.0 - a) * (1.0 - smoothstep(0.0, 0.05, back.w)) * smoothstep(edge, edge + 0.02, bd_key_far(key, lab));
    if (shadow) {
        const float lit = mix(bd_key_lit(key, light), bd_key_lit(key, back.xyz), ramp);
        a = 1.0 - (1.0 - a) * lit;
    }
    return a;
}

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const bd_key key = bd_paired_key();
    vec4 result;
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        const uint pixel = photo(row * push.dst_w + min(x, push.dst_w - 1));
        const bd_pair pair = bd_pair_at(x, row);
        const float a = alpha(key, bd_light(vec3(bd_unpack_u8(pixel).xyz) / 255.0), pair.front.xyz, pair.back);
        result = vec4(result.yzw, x < push.dst_w ? a : 0.0);
    }
    dst[row * pitch + group] = result;
}

// SPDX-License-Identifier: MIT
// What surely is backdrop, or subject, in blocks of pixels; see push/key.h.
#version 450
#include "include/tensor.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "push/key.h"
#include "include/key.glsl"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool front = false;
BD_READ_U32(BD_BIND_SRC, photo)
BD_READ_F32(BD_BIND_WEIGHTS, record)
BD_KEY_AT(record, key_at)
BD_WRITE(BD_BIND_DST, dst, vec4)

float weight(bd_key key, vec3 light) {
    const vec3 lab = bd_oklab(light);
    const float far = bd_key_far(key, lab), edge = 2.0 * push.tolerance;
    if (front) {
        const float difference = smoothstep(0.9, 1.0, bd_key_difference(key, light, key.light));
        return smoothstep(edge + 0.05, edge + 0.125, far) * mix(1.0, difference, key.colourful);
    }
    return max(1.0 - far / edge, 0.0) * exp2(BD_KEY_BRIGHT * (min(bd_key_place(lab, key.lab), 1.2) - 1.0));
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const bd_key key = key_at(0);
    const ivec2 begin = at * push.block, end = min(begin + push.block, ivec2(push.src_w, push.src_h));
    vec4 sum = vec4(0.0);
    for (int y = begin.y; y < end.y; y++) {
        for (int x = begin.x; x < end.x; x++) {
            const vec3 light = bd_light(vec3(bd_unpack_u8(photo(y * push.src_w + x)).xyz) / 255.0);
            sum += weight(key, light) * vec4(light, 1.0);
        }
    }
    dst[(at.y + push.first) * push.dst_w + at.x] = sum / float(push.block * push.block);
}

// SPDX-License-Identifier: MIT
// What probabilities and colours say, and how surely; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/node.glsl"
#include "include/bins.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool trimap = false;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_F32(BD_BIND_WEIGHTS, plane)
BD_READ_F32(BD_BIND_BIAS, bins)
BD_WRITE(BD_BIND_DST, dst, vec4)

vec2 counts_of(vec3 colour) {
    const vec3 place = clamp(colour, 0.0, 1.0) * float(BD_BINS - 1);
    const ivec3 low = min(ivec3(place), BD_BINS - 2);
    const vec3 share = place - vec3(low);
    vec2 sum = vec2(0.0);
    for (int i = 0; i < 8; i++) {
        const ivec3 step = ivec3(i & 1, i >> 1 & 1, i >> 2);
        const vec3 part = mix(1.0 - share, share, vec3(step));
        sum += part.x * part.y * part.z * bins(bd_bin(low + step)).xy;
    }
    return sum;
}

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    const vec4 own = grid(node);
    const float value = plane(at.y * ((push.dst_w + 3) / 4) + at.x / 4)[at.x & 3];
    const vec2 count = counts_of(own.xyz) + 10.0;
    const float odds = log((value + 1e-3) / (1.0 - value + 1e-3)) + push.beta * log(count.x / count.y);
    const float target = 1.0 / (1.0 + exp(-odds));
    const float sure = (2.0 * target - 1.0) * (2.0 * target - 1.0);
    const float most = max(min(value, 1.0 - value), min(own.w, 1.0 - own.w));
    const bool known = trimap && (value <= 0.0 || value >= 1.0);
    const bool unsettled = !known && (trimap || most > push.margin);
    dst[node] =
        known ? vec4(value, 0.0, 0.0, 1.0) : vec4(target, push.weight * sure * sure, float(unsettled), 0.0);
}

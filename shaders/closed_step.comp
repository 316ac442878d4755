// SPDX-License-Identifier: MIT
// How far to go, by one workgroup; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool first = false;
BD_READ_F32(BD_BIND_SRC, products)
BD_READ_F32(BD_BIND_WEIGHTS, last)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

shared vec2 parts[BD_LINEAR_GROUP];

void main() {
    const int lane = int(gl_LocalInvocationID.x), count = int(list(0));
    vec2 part = vec2(0.0);
    for (int i = lane; i < count; i += BD_LINEAR_GROUP) {
        part += products(i * BD_PRODUCTS + BD_FOURS).xy;
    }
    parts[lane] = part;
    barrier();
    if (lane > 0) {
        return;
    }
    for (int i = 1; i < BD_LINEAR_GROUP; i++) {
        part += parts[i];
    }
    const vec4 before = first ? vec4(0.0) : last(0);
    // Once the residual is nothing, so is every step.
    const float beta = before.x > 0.0 && before.y > 0.0 ? part.x / before.x : 0.0;
    const float curvature = before.y > 0.0 ? part.y - beta * part.x / before.y : part.y;
    const float alpha = part.x > 1e-20 && curvature > 0.0 ? part.x / curvature : 0.0;
    dst[0] = vec4(part.x, alpha, alpha > 0.0 ? beta : 0.0, 0.0);
}

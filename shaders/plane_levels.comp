// SPDX-License-Identifier: MIT
// Levels of a plane: an invocation owns four pixels. See push/levels.h.
#version 450
#include "include/tensor.glsl"
#include "push/levels.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer plane_block { vec4 plane[]; };

void main() {
    const int pitch = (push.w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.h) {
        return;
    }
    const vec4 alpha = plane[row * pitch + group];
    const vec4 ramp = clamp((alpha - push.low) / max(push.high - push.low, 1e-6), vec4(0.0), vec4(1.0));
    const vec4 cut = vec4(greaterThanEqual(alpha, vec4(push.low)));
    const vec4 values = push.high > push.low ? ramp : cut;
    plane[row * pitch + group] = mix(vec4(0.0), values, lessThan(ivec4(group * 4) + ivec4(0, 1, 2, 3), ivec4(push.w)));
}

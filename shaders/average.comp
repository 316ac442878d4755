// SPDX-License-Identifier: MIT
// Averages the probabilities of several runs: an invocation owns one pixel of the grid.
#version 450
#include "include/tensor.glsl"
#include "push/average.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool first = false;
layout(constant_id = 1) const bool last = false;
BD_READ_F32(BD_BIND_SRC, logits)
BD_READ_F32(BD_BIND_RESIDUAL, before)
BD_WRITE(BD_BIND_DST, sum, vec4)
#include "include/classes.glsl"

void main() {
    const ivec2 node = bd_grid_node(push.out_w);
    const int column = node.x, row = node.y;
    if (column >= push.out_w || row >= push.out_h) {
        return;
    }
    const bd_corners at = bd_corners_at(column, row);
    vec4 highest = vec4(BD_LOWEST);
    for (int k = 0; k * 4 < push.class_count; k++) {
        highest = max(highest, bd_class_values(at, k));
    }
    const float high = max(max(highest.x, highest.y), max(highest.z, highest.w));
    float total = 0.0;
    for (int k = 0; k * 4 < push.class_count; k++) {
        total += dot(exp(bd_class_values(at, k) - high), vec4(1.0));
    }
    const float share = push.share / total;
    const int to = (row * push.out_w + column) * push.c4;
    for (int k = 0; k < push.c4; k++) {
        vec4 value = exp(bd_class_values(at, k) - high) * share;
        if (!first) {
            value += before(to + k);
        }
        if (last) {
            // What no run thought possible stays finite.
            value = log(max(value, vec4(1e-30)));
            value = mix(vec4(0.0), value, lessThan(ivec4(k * 4) + ivec4(0, 1, 2, 3), ivec4(push.class_count)));
        }
        sum[to + k] = value;
    }
}

// SPDX-License-Identifier: MIT
// Colours of what is surely foreground or background; see push/closed_form.h. Whole numbers: the order of the additions
// does not show.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/node.glsl"
#include "include/bins.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_F32(BD_BIND_WEIGHTS, plane)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer count_block { uint counts[]; };

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const float value = plane(at.y * ((push.dst_w + 3) / 4) + at.x / 4)[at.x & 3];
    const float sure = (2.0 * value - 1.0) * (2.0 * value - 1.0);
    const float weight = 256.0 * sure * sure * sure;
    const int bin = bd_bin(ivec3(clamp(grid(at.y * push.dst_w + at.x).xyz, 0.0, 1.0) * float(BD_BINS - 1) + 0.5));
    const uint front = uint(weight * value + 0.5), back = uint(weight * (1.0 - value) + 0.5);
    if (front > 0u) {
        atomicAdd(counts[bin], front);
    }
    if (back > 0u) {
        atomicAdd(counts[BD_BINS * BD_BINS * BD_BINS + bin], back);
    }
}

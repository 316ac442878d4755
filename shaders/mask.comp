// SPDX-License-Identifier: MIT
// Mask of a set of classes: an invocation owns four neighbouring pixels, one vec4.
#version 450
#include "include/tensor.glsl"
#include "push/mask.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool hard = false;
BD_READ_F32(BD_BIND_SRC, logits)
BD_WRITE(BD_BIND_DST, mask, vec4)
#include "include/classes.glsl"

uint class_bits(int index) {
    const int word = index / 32;
    return (word < 4 ? push.classes_low[word & 3] : push.classes_high[word & 3]) >> uint(index & 31);
}

// The maximum is found on the way: what was summed before is scaled down when it grows.
float probability(int column, int row) {
    const bd_corners at = bd_corners_at(column, row);
    float highest = BD_LOWEST, total = 0.0, chosen = 0.0;
    for (int k = 0; k * 4 < push.class_count; k++) {
        const vec4 v = bd_class_values(at, k);
        const float high = max(max(max(v.x, v.y), max(v.z, v.w)), highest);
        const float shrink = exp(highest - high);
        const vec4 e = exp(v - high);
        const uint bits = class_bits(k * 4);
        total = total * shrink + dot(e, vec4(1.0));
        chosen = chosen * shrink + dot(e, vec4(bits & 1u, (bits >> 1) & 1u, (bits >> 2) & 1u, (bits >> 3) & 1u));
        highest = high;
    }
    return clamp(chosen / total, 0.0, 1.0);
}

float value(int column, int row) {
    if (column >= push.out_w) {
        return 0.0;
    }
    return hard ? float(class_bits(int(bd_class_at(column, row))) & 1u) : probability(column, row);
}

void main() {
    const int pitch = (push.out_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.out_h) {
        return;
    }
    vec4 values = vec4(0.0);
    for (int i = 0; i < 4; i++) {
        values = vec4(values.yzw, value(group * 4 + i, row));
    }
    mask[row * pitch + group] = values;
}

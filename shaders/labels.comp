// SPDX-License-Identifier: MIT
// Class map: an invocation owns four neighbouring pixels, one word.
#version 450
#include "include/tensor.glsl"
#include "push/labels.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, logits)
BD_WRITE(BD_BIND_DST, labels, uint)
layout(constant_id = 0) const bool integers = false;
#include "include/requantise.glsl"

vec4 steps(int index) {
    return integers ? floor(logits(index) * push.inverse_step + 0.5) : logits(index);
}

vec4 finish(vec4 v) {
    return integers ? bd_round(v, push.zero_point) : v;
}

#define BD_CLASS_READ steps
#define BD_CLASS_FINISH finish
#include "include/classes.glsl"

void main() {
    const int pitch = (push.out_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int word = node.x, row = node.y;
    if (word >= pitch || row >= push.out_h) {
        return;
    }
    uint packed = 0u;
    const int pixels = min(push.out_w - word * 4, 4);
    for (int i = 0; i < pixels; i++) {
        packed |= bd_class_at(word * 4 + i, row + push.first) << uint(i * 8);
    }
    labels[row * pitch + word] = packed;
}

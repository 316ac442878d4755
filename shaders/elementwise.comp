// SPDX-License-Identifier: MIT
// Element-wise arithmetic: an invocation owns one vec4.
#version 450
#include "include/tensor.glsl"
#include "include/requantise.glsl"
#include "push/elementwise.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int mode = BD_ELEMENTWISE_ADD;
layout(constant_id = 1) const bool broadcast = false;
layout(constant_id = 2) const bool away = false;
BD_READ_TENSOR(BD_BIND_SRC, a)
BD_READ_TENSOR(BD_BIND_RESIDUAL, b)
BD_WRITE_TENSOR(BD_BIND_DST, y)

bd_scale scale(int i) {
    return bd_scale(ivec4(push.multiplier[i]), ivec4(push.addend[i]), ivec4(push.shift[i]));
}

vec4 add_integers(vec4 first, vec4 second) {
    const int up = 1 << (20 + BD_SCALE_BITS_OPERAND + 1);
    ivec4 sum = bd_requantise(ivec4(first) * up, scale(0), BD_SCALE_BITS_OPERAND, away);
    sum += bd_requantise(ivec4(second) * up, scale(1), BD_SCALE_BITS_OPERAND, away);
    return vec4(bd_requantise(sum * (2 << BD_SCALE_BITS_SUM), scale(2), BD_SCALE_BITS_SUM, away));
}

void main() {
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    if (item >= push.count) {
        return;
    }
    vec4 value = a(item);
    if (mode == BD_ELEMENTWISE_ADD || mode == BD_ELEMENTWISE_MUL) {
        const vec4 other = b(broadcast ? item % push.c4 : item);
        value = mode == BD_ELEMENTWISE_MUL ? value * other : value + other;
    }
    if (mode == BD_ELEMENTWISE_ADD_INTEGERS) {
        value = add_integers(value, b(item));
    }
    if (mode == BD_ELEMENTWISE_REQUANTISE) {
        value = vec4(bd_requantise(ivec4(value) * (2 << BD_SCALE_BITS), scale(0), BD_SCALE_BITS, away));
    }
    if (mode == BD_ELEMENTWISE_HARD_SIGMOID || mode == BD_ELEMENTWISE_SIGMOID) {
        value = mode == BD_ELEMENTWISE_SIGMOID ? 1.0 / (1.0 + exp(-value)) : clamp(value + 3.0, 0.0, 6.0) * (1.0 / 6.0);
        // Neither maps zero to zero.
        const int left = push.channels - item % push.c4 * 4;
        y_store(item, mix(vec4(0.0), value, lessThan(ivec4(0, 1, 2, 3), ivec4(left))));
    } else if (mode == BD_ELEMENTWISE_HARD_SWISH) {
        y_store(item, value * (clamp(value + 3.0, 0.0, 6.0) * (1.0 / 6.0)));
    } else {
        y_store(item, clamp(value, push.lo, push.hi));
    }
}

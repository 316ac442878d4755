// SPDX-License-Identifier: MIT
// The last step of a product whose depth was split: an invocation owns one vec4 of the output.
#version 450
#include "include/tensor.glsl"
#include "push/split_reduce.h"
#include "include/activation.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool has_residual = false;
BD_READ_F32(BD_BIND_SRC, sums)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

void main() {
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    const int count = push.rows * push.c4;
    if (item >= count) {
        return;
    }
    vec4 sum = sums(item);
    for (int s = 1; s < push.splits; s++) {
        sum += sums(s * count + item);
    }
    const int c = item % push.c4;
    BD_SCALE(scale, residual_words, c, push.c4)
    y_store(item, bd_activate(sum + bias(c) + (has_residual ? residual(item) : vec4(0.0)), push.lo, push.hi, scale));
}

// SPDX-License-Identifier: MIT
// Pointwise convolution of a single pixel: a matrix times a vector. BD_VECTOR_LANES invocations share the sum of a vec4
// of output channels, which lie side by side, and halve it in shared memory (4 KiB).
#version 450
#include "include/tensor.glsl"
#include "push/conv1x1.h"
#include "include/activation.glsl"

layout(local_size_x = BD_VECTOR_C4, local_size_y = BD_VECTOR_LANES) in;
layout(constant_id = 0) const bool has_residual = false;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_READ_TENSOR(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

shared vec4 sums[BD_VECTOR_C4 * BD_VECTOR_LANES];

void main() {
    const int channel = int(gl_GlobalInvocationID.x);
    const int c = min(channel, push.out_c4 - 1);
    const int lane = int(gl_LocalInvocationID.y);
    const int slot = int(gl_LocalInvocationIndex);
    vec4 sum = vec4(0.0);
    for (int depth4 = lane; depth4 < push.in_c4; depth4 += BD_VECTOR_LANES) {
        const int at = depth4 * 4 * push.out_c4 + c;
        sum = bd_fma4(x(depth4), weights(at), weights(at + push.out_c4), weights(at + 2 * push.out_c4),
                      weights(at + 3 * push.out_c4), sum);
    }
    sums[slot] = sum;
    for (int half_lanes = BD_VECTOR_LANES / 2; half_lanes > 0; half_lanes /= 2) {
        barrier();
        if (lane < half_lanes) {
            sum += sums[slot + half_lanes * BD_VECTOR_C4];
            sums[slot] = sum;
        }
    }
    if (lane == 0 && channel < push.out_c4) {
        BD_SCALE(scale, residual_words, c, push.out_c4)
        y_store(c, bd_activate(sum + bias(c) + (has_residual ? residual(c) : vec4(0.0)), push.lo, push.hi, scale));
    }
}

// SPDX-License-Identifier: MIT
// 1x1 convolution for software devices: an invocation owns BD_CONV1X1_TEXEL_ROWS pixels of one vec4 of output channels
// in registers; lanes lie along the channels, so that a fetch of x is the same for all of them.
#version 450
#include "include/tensor.glsl"
#include "push/conv1x1.h"
#include "include/activation.glsl"

layout(local_size_x = BD_CONV1X1_TEXEL_C4) in;
layout(constant_id = 0) const bool has_residual = false;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, vec4)

// Arrays would live in memory: rows are named one by one.
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)

void main() {
    const int row = int(gl_WorkGroupID.x) * BD_CONV1X1_TEXEL_ROWS;
    const int last = push.rows - 1;
    const int column = int(gl_GlobalInvocationID.y * BD_CONV1X1_TEXEL_C4 + gl_LocalInvocationID.x);
    const int c = min(column, push.out_c4 - 1);
    const int in_c4 = push.in_c4;
    const int out_c4 = push.out_c4;
    const vec4 b = bias(c);
#define INIT(r)                                                                                                        \
    int at##r = min(row + r, last) * in_c4;                                                                            \
    vec4 sum##r = b;
    EACH_ROW(INIT)
    int w = c;
    for (int k = 0; k < in_c4; k++) {
        const vec4 w0 = weights(w);
        const vec4 w1 = weights(w + out_c4);
        const vec4 w2 = weights(w + 2 * out_c4);
        const vec4 w3 = weights(w + 3 * out_c4);
        w += 4 * out_c4;
#define STEP(r)                                                                                                        \
    const vec4 a##r = x(at##r + k);                                                                                    \
    sum##r += a##r.x * w0;                                                                                             \
    sum##r += a##r.y * w1;                                                                                             \
    sum##r += a##r.z * w2;                                                                                             \
    sum##r += a##r.w * w3;
        EACH_ROW(STEP)
    }
    BD_SCALE(scale, residual_words, c, out_c4)
    if (column < out_c4) {
#define STORE(r)                                                                                                       \
    if (row + r <= last) {                                                                                             \
        const int to = (row + r) * out_c4 + c;                                                                         \
        y[to] = bd_activate(sum##r + (has_residual ? residual(to) : vec4(0.0)), push.lo, push.hi, scale);              \
    }
        EACH_ROW(STORE)
    }
}

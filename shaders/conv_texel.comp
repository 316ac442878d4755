// SPDX-License-Identifier: MIT
// Dense convolution for software devices: an invocation owns BD_CONV_TEXEL_COLUMNS neighbouring pixels of one row and
// one vec4 of output channels; lanes lie along the channels. Taps in rows outside the input cost nothing.
#version 450
#include "include/tensor.glsl"
#include "push/conv.h"
#include "include/activation.glsl"

layout(local_size_x = BD_CONV_TEXEL_C4) in;
layout(constant_id = 0) const bool has_residual = false;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, vec4)

#define EACH_COLUMN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

void main() {
    const int ox = int(gl_WorkGroupID.x) * BD_CONV_TEXEL_COLUMNS;
    const int oy = int(gl_WorkGroupID.y);
    const int channel = int(gl_WorkGroupID.z * BD_CONV_TEXEL_C4 + gl_LocalInvocationID.x);
    const int c = min(channel, push.out_c4 - 1);
    const int in_c4 = push.in_c4;
    const int out_c4 = push.out_c4;
    const int last = push.in_w - 1;
    const vec4 b = bias(c);
#define INIT(n) vec4 sum##n = b;
    EACH_COLUMN(INIT)
    for (int ky = 0; ky < push.kernel_h; ky++) {
        const int iy = oy * push.stride_y - push.pad_top + ky * push.dilation_y;
        if (iy < 0 || iy >= push.in_h) {
            continue;
        }
        for (int kx = 0; kx < push.kernel_w; kx++) {
            const int ix = ox * push.stride_x - push.pad_left + kx * push.dilation_x;
            if (ix > last || ix + (BD_CONV_TEXEL_COLUMNS - 1) * push.stride_x < 0) {
                continue;
            }
#define PLACE(n)                                                                                                       \
    const int ix##n = ix + n * push.stride_x;                                                                          \
    const float inside##n = ix##n >= 0 && ix##n <= last ? 1.0 : 0.0;                                                   \
    const int at##n = (iy * push.in_w + clamp(ix##n, 0, last)) * in_c4;
            EACH_COLUMN(PLACE)
            int w = (ky * push.kernel_w + kx) * in_c4 * 4 * out_c4 + c;
            for (int k = 0; k < in_c4; k++) {
                const vec4 w0 = weights(w);
                const vec4 w1 = weights(w + out_c4);
                const vec4 w2 = weights(w + 2 * out_c4);
                const vec4 w3 = weights(w + 3 * out_c4);
                w += 4 * out_c4;
#define STEP(n)                                                                                                        \
    const vec4 a##n = x(at##n + k) * inside##n;                                                                        \
    sum##n += a##n.x * w0;                                                                                             \
    sum##n += a##n.y * w1;                                                                                             \
    sum##n += a##n.z * w2;                                                                                             \
    sum##n += a##n.w * w3;
                EACH_COLUMN(STEP)
            }
        }
    }
    BD_SCALE(scale, residual_words, c, out_c4)
    if (channel < out_c4) {
#define STORE(n)                                                                                                       \
    if (ox + n < push.out_w) {                                                                                         \
        const int to = (oy * push.out_w + ox + n) * out_c4 + c;                                                        \
        y[to] = bd_activate(sum##n + (has_residual ? residual(to) : vec4(0.0)), push.lo, push.hi, scale);              \
    }
        EACH_COLUMN(STORE)
    }
}

// SPDX-License-Identifier: MIT
// Depthwise convolution for software devices: an invocation owns BD_CONV_DW_TEXEL_COLUMNS neighbouring pixels of one
// row and one vec4 of channels; lanes lie along the channels.
#version 450
#include "include/tensor.glsl"
#include "push/conv_dw.h"
#include "include/activation.glsl"

layout(local_size_x = BD_CONV_DW_TEXEL_C4) in;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, vec4)

#define EACH_COLUMN(DO) DO(0) DO(1) DO(2) DO(3)

void main() {
    const int ox = int(gl_WorkGroupID.x) * BD_CONV_DW_TEXEL_COLUMNS;
    const int oy = int(gl_WorkGroupID.y);
    const int channel = int(gl_WorkGroupID.z * BD_CONV_DW_TEXEL_C4 + gl_LocalInvocationID.x);
    const int c4 = push.c4;
    const int c = min(channel, c4 - 1);
    const int last = push.in_w - 1;
    const vec4 b = bias(c);
#define INIT(n) vec4 sum##n = b;
    EACH_COLUMN(INIT)
    for (int ky = 0; ky < push.kernel_h; ky++) {
        const int iy = oy * push.stride_y - push.pad_top + ky * push.dilation_y;
        if (iy < 0 || iy >= push.in_h) {
            continue;
        }
        const int row = iy * push.in_w;
        int w = ky * push.kernel_w * c4 + c;
        int ix = ox * push.stride_x - push.pad_left;
        for (int kx = 0; kx < push.kernel_w; kx++) {
            const vec4 weight = weights(w);
#define STEP(n)                                                                                                        \
    const int ix##n = ix + n * push.stride_x;                                                                          \
    const float inside##n = ix##n >= 0 && ix##n <= last ? 1.0 : 0.0;                                                   \
    sum##n += x((row + clamp(ix##n, 0, last)) * c4 + c) * (weight * inside##n);
            EACH_COLUMN(STEP)
            w += c4;
            ix += push.dilation_x;
        }
    }
    BD_SCALE(scale, residual_words, c, c4)
    if (channel < c4) {
#define STORE(n)                                                                                                       \
    if (ox + n < push.out_w) {                                                                                         \
        y[(oy * push.out_w + ox + n) * c4 + c] = bd_activate(sum##n, push.lo, push.hi, scale);                         \
    }
        EACH_COLUMN(STORE)
    }
}

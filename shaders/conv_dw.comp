// SPDX-License-Identifier: MIT
// Depthwise convolution: an invocation owns one pixel and one vec4 of channels; a group's pixels are neighbours in a
// row, so that their windows share the cache.
#version 450
#include "include/tensor.glsl"
#include "push/conv_dw.h"
#include "include/activation.glsl"

layout(local_size_x = BD_CONV_DW_C4, local_size_y = BD_CONV_DW_COLUMNS) in;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_READ_TENSOR(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

void main() {
    const int c = int(gl_GlobalInvocationID.x);
    const int ox = int(gl_GlobalInvocationID.y);
    const int oy = int(gl_GlobalInvocationID.z);
    if (c >= push.c4 || ox >= push.out_w) {
        return;
    }
    vec4 sum = bias(c);
    for (int ky = 0; ky < push.kernel_h; ky++) {
        const int iy = oy * push.stride_y - push.pad_top + ky * push.dilation_y;
        if (iy < 0 || iy >= push.in_h) {
            continue;
        }
        for (int kx = 0; kx < push.kernel_w; kx++) {
            const int ix = ox * push.stride_x - push.pad_left + kx * push.dilation_x;
            if (ix >= 0 && ix < push.in_w) {
                sum += x((iy * push.in_w + ix) * push.c4 + c) * weights((ky * push.kernel_w + kx) * push.c4 + c);
            }
        }
    }
    BD_SCALE(scale, residual_words, c, push.c4)
    y_store((oy * push.out_w + ox) * push.c4 + c, bd_activate(sum, push.lo, push.hi, scale));
}

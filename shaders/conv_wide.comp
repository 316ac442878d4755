// SPDX-License-Identifier: MIT
// Dense convolution for software devices with eight lanes: conv1x1_wide with the taps of the window around its loop.
#version 450
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv.h"
#include "include/activation.glsl"

layout(local_size_x = BD_WIDE_LANES) in;
layout(constant_id = 0) const bool has_residual = false;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_F32(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, u64vec2)

void main() {
    const int lane = int(gl_SubgroupInvocationID);
    const int row = int(gl_WorkGroupID.y) * BD_CONV_WIDE_ROWS;
    const int out_w = push.out_w;
    const int last = out_w * push.out_h - 1;
    const int in_w = push.in_w;
    const int in_h = push.in_h;
    const int in_c4 = push.in_c4;
    const int out_c4 = push.out_c4;
    const int dilation_x = push.dilation_x;
    const int dilation_y = push.dilation_y;
    const int kernel_w = push.kernel_w;
    const float lo = push.lo;
    const float hi = push.hi;
    const int c = min(int(gl_WorkGroupID.x) * BD_WIDE_LANES + lane, out_c4 - 1);
    const vec4 b = bias(c);
#define INIT(r, g, l) vec4 sum##r = b;
    BD_WIDE_EACH_ROW(INIT)
#define PLACE(g)                                                                                                       \
    const int pixel##g = min(row + g * BD_WIDE_LANES + lane, last);                                                    \
    const int left##g = pixel##g % out_w * push.stride_x - push.pad_left;                                              \
    int y##g = pixel##g / out_w * push.stride_y - push.pad_top;                                                        \
    int x##g = left##g;
    PLACE(0)
    PLACE(1)
    int w = c;
    int kx = 0;
    int k = 0;
    const int steps = push.kernel_h * kernel_w * in_c4;
    for (int step = 0; step < steps; step++) {
#define FETCH(g)                                                                                                       \
    const bool inside##g = x##g >= 0 && x##g < in_w && y##g >= 0 && y##g < in_h;                                       \
    vec4 a##g = x(inside##g ? (y##g * in_w + x##g) * in_c4 + k : 0);                                                   \
    a##g = inside##g ? a##g : vec4(0.0);
        FETCH(0)
        FETCH(1)
        const vec4 w0 = weights(w);
        const vec4 w1 = weights(w + out_c4);
        const vec4 w2 = weights(w + 2 * out_c4);
        const vec4 w3 = weights(w + 3 * out_c4);
        w += 4 * out_c4;
#define STEP(r, g, l)                                                                                                  \
    sum##r += subgroupShuffle(a##g.x, l) * w0;                                                                         \
    sum##r += subgroupShuffle(a##g.y, l) * w1;                                                                         \
    sum##r += subgroupShuffle(a##g.z, l) * w2;                                                                         \
    sum##r += subgroupShuffle(a##g.w, l) * w3;
        BD_WIDE_EACH_ROW(STEP)
        k++;
        if (k == in_c4) {
            k = 0;
            kx++;
            x0 += dilation_x;
            x1 += dilation_x;
            if (kx == kernel_w) {
                kx = 0;
                x0 = left0;
                x1 = left1;
                y0 += dilation_y;
                y1 += dilation_y;
            }
        }
    }
#define STORE(r, g, l)                                                                                                 \
    {                                                                                                                  \
        const int to = min(row + r, last) * out_c4 + c;                                                                \
        if (has_residual) {                                                                                            \
            sum##r += residual(to);                                                                                    \
        }                                                                                                              \
        y[to] = bd_wide_pack(bd_activate(sum##r, lo, hi));                                                             \
    }
    BD_WIDE_EACH_ROW(STORE)
}

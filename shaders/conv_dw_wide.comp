// SPDX-License-Identifier: MIT
// Depthwise 3x3 for software devices with eight lanes, STRIDE 1 (any dilation) or 2 (dilation 1): an invocation owns one
// vec4 of channels and reads a window of 5 x 5 pixels, dilation apart, for 3 x 3 outputs (STRIDE 1) or 2 x 2. At
// dilation d the outputs of an invocation lie d apart too, so that neighbours in the window share their taps.
#version 450
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv_dw.h"
#include "include/activation.glsl"

layout(local_size_x = BD_WIDE_LANES) in;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_WRITE(BD_BIND_DST, y, u64vec2)

#if STRIDE == 1
#define TILE BD_CONV_DW_WIDE_TILE
#else
#define TILE BD_CONV_DW_WIDE_TILE_STRIDE2
#endif

void main() {
    const int c4 = push.c4;
    const int in_w = push.in_w;
    const int in_h = push.in_h;
    const int out_w = push.out_w;
    const int out_h = push.out_h;
    const int dx = push.dilation_x;
    const int dy = push.dilation_y;
    const float lo = push.lo;
    const float hi = push.hi;
    const int c = min(int(gl_WorkGroupID.x) * BD_WIDE_LANES + int(gl_LocalInvocationID.x), c4 - 1);
    const int tile_y = int(gl_WorkGroupID.y);
    const int tile_x = int(gl_WorkGroupID.z);
    const int out_y = tile_y / dy * (TILE * dy) + tile_y % dy;
    const int out_x = tile_x / dx * (TILE * dx) + tile_x % dx;
    if (out_y >= out_h || out_x >= out_w) {
        return;
    }
    const vec4 w00 = weights(c), w01 = weights(c4 + c), w02 = weights(2 * c4 + c);
    const vec4 w10 = weights(3 * c4 + c), w11 = weights(4 * c4 + c), w12 = weights(5 * c4 + c);
    const vec4 w20 = weights(6 * c4 + c), w21 = weights(7 * c4 + c), w22 = weights(8 * c4 + c);
    const vec4 b = bias(c);
    vec4 s00 = b, s01 = b, s10 = b, s11 = b;
#if STRIDE == 1
    vec4 s02 = b, s12 = b, s20 = b, s21 = b, s22 = b;
#endif
    const int in_y = out_y * STRIDE - push.pad_top;
    const int in_x = out_x * STRIDE - push.pad_left;
#define COLUMN(j)                                                                                                      \
    const int x##j = in_x + j * dx;                                                                                    \
    const bool inside##j = x##j >= 0 && x##j < in_w;                                                                   \
    const int at##j = clamp(x##j, 0, in_w - 1) * c4 + c;
    COLUMN(0)
    COLUMN(1)
    COLUMN(2)
    COLUMN(3)
    COLUMN(4)
#define FETCH(j)                                                                                                       \
    vec4 v##j = x(at + at##j);                                                                                         \
    v##j = inside && inside##j ? v##j : vec4(0.0);
#define ROW(i)                                                                                                         \
    const int yy = in_y + i * dy;                                                                                      \
    const bool inside = yy >= 0 && yy < in_h;                                                                          \
    const int at = clamp(yy, 0, in_h - 1) * in_w * c4;                                                                 \
    FETCH(0) FETCH(1) FETCH(2) FETCH(3) FETCH(4)
// Adds this row of the window, as row ky of the kernel, to row r of the outputs.
#define TAPS(to, va, vb, vc, ky)                                                                                       \
    to += va * w##ky##0;                                                                                               \
    to += vb * w##ky##1;                                                                                               \
    to += vc * w##ky##2;
#if STRIDE == 1
#define ADD(r, ky) TAPS(s##r##0, v0, v1, v2, ky) TAPS(s##r##1, v1, v2, v3, ky) TAPS(s##r##2, v2, v3, v4, ky)
    { ROW(0) ADD(0, 0) }
    { ROW(1) ADD(0, 1) ADD(1, 0) }
    { ROW(2) ADD(0, 2) ADD(1, 1) ADD(2, 0) }
    { ROW(3) ADD(1, 2) ADD(2, 1) }
    { ROW(4) ADD(2, 2) }
#else
#define ADD(r, ky) TAPS(s##r##0, v0, v1, v2, ky) TAPS(s##r##1, v2, v3, v4, ky)
    { ROW(0) ADD(0, 0) }
    { ROW(1) ADD(0, 1) }
    { ROW(2) ADD(0, 2) ADD(1, 0) }
    { ROW(3) ADD(1, 1) }
    { ROW(4) ADD(1, 2) }
#endif
#define STORE(r, j)                                                                                                    \
    if (out_y + r * dy < out_h && out_x + j * dx < out_w) {                                                            \
        y[((out_y + r * dy) * out_w + out_x + j * dx) * c4 + c] = bd_wide_pack(bd_activate(s##r##j, lo, hi));          \
    }
    STORE(0, 0)
    STORE(0, 1)
    STORE(1, 0)
    STORE(1, 1)
#if STRIDE == 1
    STORE(0, 2)
    STORE(1, 2)
    STORE(2, 0)
    STORE(2, 1)
    STORE(2, 2)
#endif
}

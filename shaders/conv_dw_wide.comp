// SPDX-License-Identifier: MIT
// Depthwise 3x3 for software devices with eight lanes, STRIDE 1 (any dilation) or 2 (dilation 1): an invocation owns
// COLUMNS (1, or 2 where c4 is even) neighbouring vec4 of channels and reads a window of 5 x 5 pixels, dilation apart,
// for 3 x 3 outputs (STRIDE 1) or 2 x 2. At dilation d the outputs of an invocation lie d apart too, so that neighbours
// in the window share their taps. Groups run over x before y: the next window overlaps the last one and lies beside it
// in memory. Two columns read whole runs of 256 bytes and halve what a store costs beside the storing.
#version 450
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv_dw.h"
#include "include/activation.glsl"

layout(local_size_x = BD_WIDE_LANES) in;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
#if COLUMNS == 2
BD_WRITE(BD_BIND_DST, y, u64vec4)
#else
BD_WRITE(BD_BIND_DST, y, u64vec2)
#endif

// DO(r, j): the outputs of a column.
#if STRIDE == 1
#define TILE BD_CONV_DW_WIDE_TILE
#define EACH(DO) DO(0, 0) DO(0, 1) DO(0, 2) DO(1, 0) DO(1, 1) DO(1, 2) DO(2, 0) DO(2, 1) DO(2, 2)
#else
#define TILE BD_CONV_DW_WIDE_TILE_STRIDE2
#define EACH(DO) DO(0, 0) DO(0, 1) DO(1, 0) DO(1, 1)
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
    const int lane = int(gl_SubgroupInvocationID);
    const int c = min((int(gl_WorkGroupID.x) * BD_WIDE_LANES + lane) * COLUMNS, c4 - COLUMNS);
    const int tile_x = int(gl_WorkGroupID.y);
    const int tile_y = int(gl_WorkGroupID.z);
    const int out_y = tile_y / dy * (TILE * dy) + tile_y % dy;
    const int out_x = tile_x / dx * (TILE * dx) + tile_x % dx;
    if (out_y >= out_h || out_x >= out_w) {
        return;
    }
    const int in_y = out_y * STRIDE - push.pad_top;
    const int in_x = out_x * STRIDE - push.pad_left;
#define PLACE(j)                                                                                                       \
    const int x##j = in_x + j * dx;                                                                                    \
    const bool inside##j = x##j >= 0 && x##j < in_w;                                                                   \
    const int at##j = clamp(x##j, 0, in_w - 1) * c4 + c;
    PLACE(0)
    PLACE(1)
    PLACE(2)
    PLACE(3)
    PLACE(4)
#define FETCH(j, column)                                                                                               \
    vec4 v##j = x(at + at##j + column);                                                                                \
    v##j = inside && inside##j ? v##j : vec4(0.0);
#define ROW(i, column)                                                                                                 \
    const int yy = in_y + i * dy;                                                                                      \
    const bool inside = yy >= 0 && yy < in_h;                                                                          \
    const int at = clamp(yy, 0, in_h - 1) * in_w * c4;                                                                 \
    FETCH(0, column) FETCH(1, column) FETCH(2, column) FETCH(3, column) FETCH(4, column)
// Adds this row of the window, as row ky of the kernel, to row r of the outputs.
#define TAPS(to, va, vb, vc, ky)                                                                                       \
    to += va * w##ky##0;                                                                                               \
    to += vb * w##ky##1;                                                                                               \
    to += vc * w##ky##2;
#if STRIDE == 1
#define ADD(s, r, ky) TAPS(s##r##0, v0, v1, v2, ky) TAPS(s##r##1, v1, v2, v3, ky) TAPS(s##r##2, v2, v3, v4, ky)
#define WINDOW(s, column)                                                                                              \
    { ROW(0, column) ADD(s, 0, 0) }                                                                                    \
    { ROW(1, column) ADD(s, 0, 1) ADD(s, 1, 0) }                                                                       \
    { ROW(2, column) ADD(s, 0, 2) ADD(s, 1, 1) ADD(s, 2, 0) }                                                          \
    { ROW(3, column) ADD(s, 1, 2) ADD(s, 2, 1) }                                                                       \
    { ROW(4, column) ADD(s, 2, 2) }
#else
#define ADD(s, r, ky) TAPS(s##r##0, v0, v1, v2, ky) TAPS(s##r##1, v2, v3, v4, ky)
#define WINDOW(s, column)                                                                                              \
    { ROW(0, column) ADD(s, 0, 0) }                                                                                    \
    { ROW(1, column) ADD(s, 0, 1) }                                                                                    \
    { ROW(2, column) ADD(s, 0, 2) ADD(s, 1, 0) }                                                                       \
    { ROW(3, column) ADD(s, 1, 1) }                                                                                    \
    { ROW(4, column) ADD(s, 1, 2) }
#endif
#define SUMS(s, column)                                                                                                \
    {                                                                                                                  \
        const int k = c + column;                                                                                      \
        const vec4 w00 = weights(k), w01 = weights(c4 + k), w02 = weights(2 * c4 + k);                                 \
        const vec4 w10 = weights(3 * c4 + k), w11 = weights(4 * c4 + k), w12 = weights(5 * c4 + k);                    \
        const vec4 w20 = weights(6 * c4 + k), w21 = weights(7 * c4 + k), w22 = weights(8 * c4 + k);                    \
        WINDOW(s, column)                                                                                              \
    }
#define INIT_P(r, j) vec4 p##r##j = b;
#define INIT_Q(r, j) vec4 q##r##j = b;
#define P_TO_INTEGERS(r, j) p##r##j = bd_to_integers(p##r##j, scale);
#define Q_TO_INTEGERS(r, j) q##r##j = bd_to_integers(q##r##j, scale);
    vec4 b = bias(c);
    EACH(INIT_P)
    SUMS(p, 0)
    if (ends_in_integers) {
        BD_SCALE(scale, residual_words, c, c4)
        EACH(P_TO_INTEGERS)
    }
#define P_VALUE(r, j) bd_wide_pack(bd_bend(p##r##j, lo, hi))
#if COLUMNS == 2
    b = bias(c + 1);
    EACH(INIT_Q)
    SUMS(q, 1)
    if (ends_in_integers) {
        BD_SCALE(scale, residual_words, c + 1, c4)
        EACH(Q_TO_INTEGERS)
    }
#define VALUE(r, j) u64vec4(P_VALUE(r, j), bd_wide_pack(bd_bend(q##r##j, lo, hi)))
#else
#define VALUE(r, j) P_VALUE(r, j)
#endif
#define STORE(r, j)                                                                                                    \
    if (out_y + r * dy < out_h && out_x + j * dx < out_w) {                                                            \
        y[(((out_y + r * dy) * out_w + out_x + j * dx) * c4 + c) / COLUMNS] = VALUE(r, j);                             \
    }
    EACH(STORE)
}

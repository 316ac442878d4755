// SPDX-License-Identifier: MIT
// Dense convolution for software devices with eight lanes: the product of conv1x1_wide over the taps of the window.
// Taps that lie outside the image for all sixteen pixels of a group are left out: at the rates of ASPP that is up to
// half of them. The loop runs over (tap, four input channels) flattened, two steps at a time, so that short sums such
// as a stem's cost no more than long ones.
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
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, u64vec2)

// The taps (first, last) of one axis that meet the image for some output in out_first .. out_last.
ivec2 live_taps(int out_first, int out_last, int in_size, int taps, int stride, int dilation, int pad) {
    const int before = pad - out_last * stride;                  // tap * dilation >= before
    const int after = in_size - 1 + pad - out_first * stride;    // tap * dilation <= after
    const int first = max(before + dilation - 1, 0) / dilation;
    return ivec2(first, after < 0 ? -1 : min(after / dilation, taps - 1));
}

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
    const int panel = int(gl_WorkGroupID.x);
    const int c = min(panel * BD_WIDE_LANES + lane, out_c4 - 1);
    const int column = c - panel * BD_WIDE_LANES;
    const vec4 b = bias(c);
#define INIT(g, j) vec4 sum##g##j = b;
    BD_WIDE_EACH_ROW(INIT)

    const int end = min(row + BD_CONV_WIDE_ROWS - 1, last);
    const ivec2 rows = ivec2(row / out_w, end / out_w);
    const bool one_row = rows.x == rows.y;
    const ivec2 ky_live = live_taps(rows.x, rows.y, in_h, push.kernel_h, push.stride_y, dilation_y, push.pad_top);
    const ivec2 kx_live = live_taps(one_row ? row % out_w : 0, one_row ? end % out_w : out_w - 1, in_w, kernel_w,
                                    push.stride_x, dilation_x, push.pad_left);
    const int live = max(ky_live.y - ky_live.x + 1, 0) * max(kx_live.y - kx_live.x + 1, 0);
    const int left = kx_live.x;
    const int right = kx_live.y;
#define PLACE(g)                                                                                                       \
    const int pixel##g = min(row + g * BD_WIDE_LANES + lane, last);                                                    \
    const int left##g = pixel##g % out_w * push.stride_x - push.pad_left + left * dilation_x;                          \
    const int top##g = pixel##g / out_w * push.stride_y - push.pad_top + ky_live.x * dilation_y;                       \
    int x##g = left##g;                                                                                                \
    int y##g = top##g;
    PLACE(0)
    PLACE(1)
    // Where the weights of the panel and of the first live tap begin, in steps of 4 x 8 vec4.
    const int base = panel * ((push.kernel_h * kernel_w * in_c4 + 1) / 2 * 2);
    int step_w = base + (ky_live.x * kernel_w + left) * in_c4;
    int kx = left;
    int k = 0;
    int steps = live * in_c4;
    do {
#define FETCH(g)                                                                                                       \
    const bool inside##g = steps > 0 && x##g >= 0 && x##g < in_w && y##g >= 0 && y##g < in_h;                          \
    vec4 a##g = x(inside##g ? (y##g * in_w + x##g) * in_c4 + k : 0);                                                   \
    a##g = inside##g ? a##g : vec4(0.0);
#define SUM(g, j)                                                                                                      \
    sum##g##j += BD_WIDE_SWAP(a##g.x, j) * w0;                                                                         \
    sum##g##j += BD_WIDE_SWAP(a##g.y, j) * w1;                                                                         \
    sum##g##j += BD_WIDE_SWAP(a##g.z, j) * w2;                                                                         \
    sum##g##j += BD_WIDE_SWAP(a##g.w, j) * w3;
// Past the last step, steps is 0: weights of the first tap meet zeros.
#define STEP                                                                                                           \
    {                                                                                                                  \
        FETCH(0)                                                                                                       \
        FETCH(1)                                                                                                       \
        const int w = (steps > 0 ? step_w : base) * 32 + column;                                                       \
        const vec4 w0 = weights(w);                                                                                    \
        const vec4 w1 = weights(w + 8);                                                                                \
        const vec4 w2 = weights(w + 16);                                                                               \
        const vec4 w3 = weights(w + 24);                                                                               \
        BD_WIDE_EACH_ROW(SUM)                                                                                          \
        steps--;                                                                                                       \
        step_w++;                                                                                                      \
        k++;                                                                                                           \
        const bool next_tap = k == in_c4;                                                                              \
        k = next_tap ? 0 : k;                                                                                          \
        kx += next_tap ? 1 : 0;                                                                                        \
        const bool next_row = kx > right;                                                                              \
        kx = next_row ? left : kx;                                                                                     \
        step_w += next_row ? (kernel_w - 1 - right + left) * in_c4 : 0;                                                \
        x0 = next_row ? left0 : x0 + (next_tap ? dilation_x : 0);                                                      \
        x1 = next_row ? left1 : x1 + (next_tap ? dilation_x : 0);                                                      \
        y0 += next_row ? dilation_y : 0;                                                                               \
        y1 += next_row ? dilation_y : 0;                                                                               \
    }
        STEP
        STEP
    } while (steps > 0);
#define PLACE_OF(g, j) (min(row + g * BD_WIDE_LANES + (lane ^ j), last) * out_c4 + c)
#define ADD_RESIDUAL(g, j) sum##g##j += residual(PLACE_OF(g, j));
#define TO_INTEGERS(g, j) sum##g##j = bd_to_integers(sum##g##j, scale);
#define STORE(g, j) y[PLACE_OF(g, j)] = bd_wide_pack(bd_bend(sum##g##j, lo, hi));
    if (has_residual) {
        BD_WIDE_EACH_ROW(ADD_RESIDUAL)
    }
    if (ends_in_integers) {
        BD_SCALE(scale, residual_words, c, out_c4)
        BD_WIDE_EACH_ROW(TO_INTEGERS)
    }
    BD_WIDE_EACH_ROW(STORE)
}

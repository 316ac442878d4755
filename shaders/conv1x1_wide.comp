// SPDX-License-Identifier: MIT
// 1x1 convolution for software devices with eight lanes: an invocation owns sixteen pixels of one vec4 of output
// channels. Lanes lie along the output channels; each fetches two of the sixteen pixels and they are handed round, so
// that eight weights and four pixel fetches feed 16 x 8 x 4 x 8 multiply-adds. Past the last pixel or channel the last
// one is computed and stored again, the same value at the same place, so that no store needs a mask.
//
// The sums do not fit the registers. DEEP (in_c4 a multiple of four) adds eight channels to a sum while it is in one and
// takes sixteen a turn, so that half as much is written back and masked; what it reads twice, the weights, costs less.
#version 450
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv1x1.h"
#include "include/activation.glsl"

layout(local_size_x = BD_WIDE_LANES) in;
layout(constant_id = 0) const bool has_residual = false;
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, u64vec2)

void main() {
    const int lane = int(gl_SubgroupInvocationID);
    const int row = int(gl_WorkGroupID.y) * BD_CONV1X1_WIDE_ROWS;
    const int last = push.rows - 1;
    const int in_c4 = push.in_c4;
    const int out_c4 = push.out_c4;
    const float lo = push.lo;
    const float hi = push.hi;
    const int first = int(gl_WorkGroupID.x) * BD_WIDE_LANES;
    const int c = min(first + lane, out_c4 - 1);
    const vec4 b = bias(c);
    // A panel of weights holds eight columns for every input channel, rounded up to the eight of a step.
    int w = first * ((in_c4 + 1) / 2 * 2) * 4 + c - first;
    const int at0 = min(row + lane, last) * in_c4;
    const int at1 = min(row + BD_WIDE_LANES + lane, last) * in_c4;
#define INIT(g, j) vec4 sum##g##j = b;
    BD_WIDE_EACH_ROW(INIT)
#define FETCH(n, k, w)                                                                                                 \
    const vec4 a0_##n = x(at0 + k);                                                                                    \
    const vec4 a1_##n = x(at1 + k);                                                                                    \
    const vec4 w0_##n = weights(w);                                                                                    \
    const vec4 w1_##n = weights(w + 8);                                                                                \
    const vec4 w2_##n = weights(w + 16);                                                                               \
    const vec4 w3_##n = weights(w + 24);
#define ADD(n, g, j)                                                                                                   \
    sum##g##j += BD_WIDE_SWAP(a##g##_##n.x, j) * w0_##n;                                                               \
    sum##g##j += BD_WIDE_SWAP(a##g##_##n.y, j) * w1_##n;                                                               \
    sum##g##j += BD_WIDE_SWAP(a##g##_##n.z, j) * w2_##n;                                                               \
    sum##g##j += BD_WIDE_SWAP(a##g##_##n.w, j) * w3_##n;
    int k = 0;
    do { // a test at the top would cost a whole masked iteration more
#if DEEP
#define STEP(g, j) ADD(0, g, j) ADD(1, g, j)
#define OCTET(k, w)                                                                                                    \
    {                                                                                                                  \
        FETCH(0, k, w)                                                                                                 \
        FETCH(1, k + 1, w + 32)                                                                                        \
        BD_WIDE_EACH_ROW(STEP)                                                                                         \
    }
        OCTET(k, w)
        OCTET(k + 2, w + 64)
        w += 128;
        k += 4;
#else
        const int next = min(k + 1, in_c4 - 1); // an odd last one meets weights of zero
// Four channels at a time: their sixteen weights fit the registers of AVX-512VL, those of eight channels do not.
#define STEP(g, j) ADD(0, g, j)
#define QUAD(k, w)                                                                                                     \
    {                                                                                                                  \
        FETCH(0, k, w)                                                                                                 \
        BD_WIDE_EACH_ROW(STEP)                                                                                         \
    }
        QUAD(k, w)
        QUAD(next, w + 32)
        w += 64;
        k += 2;
#endif
    } while (k < in_c4);
#define PLACE_OF(g, j) (min(row + g * BD_WIDE_LANES + (lane ^ j), last) * out_c4 + c)
#define ADD_RESIDUAL(g, j)                                                                                             \
    sum##g##j = mix(sum##g##j, sum##g##j + residual(PLACE_OF(g, j) * push.adds), bvec4(push.adds != 0));
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

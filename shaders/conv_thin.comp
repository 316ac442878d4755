// SPDX-License-Identifier: MIT
// Convolution of at most four input channels, a network's first: an invocation owns TILE_X outputs side by side and four
// output channels, of 16 bits eight where they come in eights. A tiled product would fill its depth with zeros.
// Invocations run along the channels first.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "push/conv.h"
#include "include/activation.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool has_residual = false;
layout(constant_id = 2) const int TILE_X = 2;
#if HALF
layout(constant_id = 3) const bool PAIRED = true;
const int UNIT_C4 = PAIRED ? 2 : 1;
#else
const int UNIT_C4 = 1;
#endif
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_READ_RAW(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

vec4 finish(int to, int c, vec4 sum) {
    BD_SCALE(scale, residual_words, c, push.out_c4)
    return bd_activate(sum + (has_residual ? residual(to) : vec4(0.0)), push.lo, push.hi, scale);
}

void main() {
    const uint units = uint(push.out_c4) / uint(UNIT_C4);
    const uint tiles_x = (uint(push.out_w) + uint(TILE_X) - 1u) / uint(TILE_X);
    const uint item = uint(bd_grid_group()) * uint(BD_LINEAR_GROUP) + gl_LocalInvocationID.x;
    if (item >= units * tiles_x * uint(push.out_h)) {
        return;
    }
    const uint tile = item / units;
    const int c = int(item - tile * units) * UNIT_C4;
    const int oy = int(tile / tiles_x);
    const int first_x = int(tile - uint(oy) * tiles_x) * TILE_X;
    vec4 sum[TILE_X * UNIT_C4];
    [[unroll]] for (int i = 0; i < TILE_X * UNIT_C4; i++) {
        sum[i] = bias(c + i % UNIT_C4);
    }
    for (int ky = 0; ky < push.kernel_h; ky++) {
        const int iy = oy * push.stride_y - push.pad_top + ky * push.dilation_y;
        if (iy < 0 || iy >= push.in_h) {
            continue;
        }
        for (int kx = 0; kx < push.kernel_w; kx++) {
            const int row = (ky * push.kernel_w + kx) * 4;
            BD_RAW w[4];
            [[unroll]] for (int i = 0; i < 4; i++) {
                w[i] = weights((row + i) * push.out_c4 + c);
            }
            [[unroll]] for (int t = 0; t < TILE_X; t++) {
                const int ix = (first_x + t) * push.stride_x - push.pad_left + kx * push.dilation_x;
                const vec4 value = x(iy * push.in_w + clamp(ix, 0, push.in_w - 1));
                const vec4 v = ix >= 0 && ix < push.in_w ? value : vec4(0.0);
                [[unroll]] for (int u = 0; u < UNIT_C4; u++) {
                    sum[t * UNIT_C4 + u] = bd_fma4(v, bd_unraw(w[0], u), bd_unraw(w[1], u), bd_unraw(w[2], u),
                                                   bd_unraw(w[3], u), sum[t * UNIT_C4 + u]);
                }
            }
        }
    }
    [[unroll]] for (int t = 0; t < TILE_X; t++) {
        const int to = (oy * push.out_w + first_x + t) * push.out_c4 + c;
        if (first_x + t < push.out_w) {
            const vec4 first = finish(to, c, sum[t * UNIT_C4]);
            if (UNIT_C4 == 2) {
                y_store_pair(to, first, finish(to + 1, c + 1, sum[t * UNIT_C4 + UNIT_C4 - 1]));
            } else {
                y_store(to, first);
            }
        }
    }
}

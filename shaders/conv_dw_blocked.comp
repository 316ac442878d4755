// SPDX-License-Identifier: MIT
// Depthwise 3x3 in registers: an invocation owns one vec4 of channels of TILE_Y x TILE_X outputs that lie a dilation
// apart, so that windows of neighbours share what is read at every dilation. Invocations run along the channels first.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "push/conv_dw.h"
#define BD_CONSTANT_ACTIVATION 3
#include "include/activation.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int STRIDE = 1;
layout(constant_id = 1) const int TILE_Y = 1;
layout(constant_id = 2) const int TILE_X = 4;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_READ_TENSOR(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

const int WINDOW_Y = (TILE_Y - 1) * STRIDE + 3;
const int WINDOW_X = (TILE_X - 1) * STRIDE + 3;

void main() {
    const int dx = push.dilation_x;
    const int dy = push.dilation_y;
    const int tiles_x = (push.out_w + TILE_X * dx - 1) / (TILE_X * dx) * dx;
    const int tiles_y = (push.out_h + TILE_Y * dy - 1) / (TILE_Y * dy) * dy;
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    if (item >= push.c4 * tiles_x * tiles_y) {
        return;
    }
    const int tile = item / push.c4;
    const int c = item - tile * push.c4;
    const int tile_y = tile / tiles_x;
    const int tile_x = tile - tile_y * tiles_x;
    const int out_y = tile_y / dy * (TILE_Y * dy) + tile_y % dy;
    const int out_x = tile_x / dx * (TILE_X * dx) + tile_x % dx;
    if (out_y >= push.out_h || out_x >= push.out_w) {
        return;
    }
    vec4 w[9];
    [[unroll]] for (int tap = 0; tap < 9; tap++) {
        w[tap] = weights(tap * push.c4 + c);
    }
    const vec4 start = bias(c);
    vec4 sum[TILE_Y * TILE_X];
    [[unroll]] for (int i = 0; i < TILE_Y * TILE_X; i++) {
        sum[i] = start;
    }
    const int in_y = out_y * STRIDE - push.pad_top;
    const int in_x = out_x * STRIDE - push.pad_left;
    [[unroll]] for (int i = 0; i < WINDOW_Y; i++) {
        const int iy = in_y + i * dy;
        vec4 row[WINDOW_X];
        [[unroll]] for (int j = 0; j < WINDOW_X; j++) {
            const int ix = in_x + j * dx;
            const bool inside = iy >= 0 && iy < push.in_h && ix >= 0 && ix < push.in_w;
            row[j] = inside ? x((iy * push.in_w + ix) * push.c4 + c) : vec4(0.0);
        }
        [[unroll]] for (int r = 0; r < TILE_Y; r++) {
            const int ky = i - r * STRIDE;
            if (ky >= 0 && ky < 3) {
                [[unroll]] for (int q = 0; q < TILE_X; q++) {
                    [[unroll]] for (int kx = 0; kx < 3; kx++) {
                        sum[r * TILE_X + q] += row[q * STRIDE + kx] * w[clamp(ky, 0, 2) * 3 + kx];
                    }
                }
            }
        }
    }
    BD_SCALE(scale, residual_words, c, push.c4)
    [[unroll]] for (int r = 0; r < TILE_Y; r++) {
        [[unroll]] for (int q = 0; q < TILE_X; q++) {
            const int oy = out_y + r * dy;
            const int ox = out_x + q * dx;
            if (oy < push.out_h && ox < push.out_w) {
                y_store((oy * push.out_w + ox) * push.c4 + c,
                        bd_activate(sum[r * TILE_X + q], push.lo, push.hi, scale));
            }
        }
    }
}

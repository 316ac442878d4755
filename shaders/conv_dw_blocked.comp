// SPDX-License-Identifier: MIT
// Depthwise 3x3 in registers: an invocation owns four channels (of 16 bits eight, where they come in eights) of TILE_Y x
// TILE_X outputs that lie a dilation apart, so that windows of neighbours share what is read at every dilation.
// Invocations run along the channels first.
#version 450
#extension GL_EXT_control_flow_attributes : require
#if PACKED
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#include "include/tensor.glsl"
#include "push/conv_dw.h"
#define BD_CONSTANT_ACTIVATION 3
#include "include/activation.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int STRIDE = 1;
layout(constant_id = 1) const int TILE_Y = 1;
layout(constant_id = 2) const int TILE_X = 4;
#if HALF
layout(constant_id = 4) const bool PAIRED = true;
const int UNIT_C4 = PAIRED ? 2 : 1;
#else
const int UNIT_C4 = 1;
#endif
BD_READ_RAW(BD_BIND_SRC, x)
BD_READ_RAW(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

const int WINDOW_Y = (TILE_Y - 1) * STRIDE + 3;
const int WINDOW_X = (TILE_X - 1) * STRIDE + 3;
const int OUTPUTS = TILE_Y * TILE_X;

#if PACKED
#define VALUE(raw, part) bd_halves(bd_four(raw, part))
#define SUM(i) (vec4(sum[i]) + bias(c + (i) % UNIT_C4))
#else
#define VALUE(raw, part) bd_unraw(raw, part)
#define SUM(i) sum[i]
#endif

void main() {
    const uint dx = uint(push.dilation_x);
    const uint dy = uint(push.dilation_y);
    const uint tiles_x = (uint(push.out_w) + TILE_X * dx - 1u) / (TILE_X * dx) * dx;
    const uint tiles_y = (uint(push.out_h) + TILE_Y * dy - 1u) / (TILE_Y * dy) * dy;
    const uint item = uint(bd_grid_group()) * uint(BD_LINEAR_GROUP) + gl_LocalInvocationID.x;
    const uint units = uint(push.c4) / uint(UNIT_C4);
    if (item >= units * tiles_x * tiles_y) {
        return;
    }
    const uint tile = item / units;
    const int c = int(item - tile * units) * UNIT_C4;
    const uint tile_y = tile / tiles_x;
    const uint tile_x = tile - tile_y * tiles_x;
    const int out_y = int(tile_y / dy * (TILE_Y * dy) + tile_y % dy);
    const int out_x = int(tile_x / dx * (TILE_X * dx) + tile_x % dx);
    if (out_y >= push.out_h || out_x >= push.out_w) {
        return;
    }
    BD_RAW w[9];
    [[unroll]] for (int tap = 0; tap < 9; tap++) {
        w[tap] = weights(tap * push.c4 + c);
    }
#if PACKED
    f16vec4 sum[OUTPUTS * UNIT_C4];
    [[unroll]] for (int i = 0; i < OUTPUTS * UNIT_C4; i++) {
        sum[i] = f16vec4(0.0);
    }
#else
    vec4 sum[OUTPUTS * UNIT_C4];
    [[unroll]] for (int i = 0; i < OUTPUTS * UNIT_C4; i++) {
        sum[i] = bias(c + i % UNIT_C4);
    }
#endif
    const int in_y = out_y * STRIDE - push.pad_top;
    const int in_x = out_x * STRIDE - push.pad_left;
    [[unroll]] for (int i = 0; i < WINDOW_Y; i++) {
        const int iy = in_y + i * push.dilation_y;
        const int line = clamp(iy, 0, push.in_h - 1) * push.in_w;
        BD_RAW row[WINDOW_X];
        [[unroll]] for (int j = 0; j < WINDOW_X; j++) {
            const int ix = in_x + j * push.dilation_x;
            const bool inside = iy >= 0 && iy < push.in_h && ix >= 0 && ix < push.in_w;
            const BD_RAW raw = x((line + clamp(ix, 0, push.in_w - 1)) * push.c4 + c);
            row[j] = inside ? raw : BD_RAW(0);
        }
        [[unroll]] for (int r = 0; r < TILE_Y; r++) {
            const int ky = i - r * STRIDE;
            if (ky >= 0 && ky < 3) {
                [[unroll]] for (int q = 0; q < TILE_X * UNIT_C4; q++) {
                    const int at = r * TILE_X * UNIT_C4 + q;
                    [[unroll]] for (int kx = 0; kx < 3; kx++) {
                        sum[at] = fma(VALUE(row[q / UNIT_C4 * STRIDE + kx], q % UNIT_C4),
                                      VALUE(w[clamp(ky, 0, 2) * 3 + kx], q % UNIT_C4), sum[at]);
                    }
                }
            }
        }
    }
    BD_SCALE(scale, residual_words, c, push.c4)
    BD_SCALE(second_scale, residual_words, c + UNIT_C4 - 1, push.c4)
    [[unroll]] for (int i = 0; i < OUTPUTS; i++) {
        const int oy = out_y + i / TILE_X * push.dilation_y;
        const int ox = out_x + i % TILE_X * push.dilation_x;
        if (oy < push.out_h && ox < push.out_w) {
            const int to = (oy * push.out_w + ox) * push.c4 + c;
            const vec4 first = bd_activate(SUM(i * UNIT_C4), push.lo, push.hi, scale);
            if (UNIT_C4 == 2) {
                y_store_pair(to, first, bd_activate(SUM(i * UNIT_C4 + UNIT_C4 - 1), push.lo, push.hi, second_scale));
            } else {
                y_store(to, first);
            }
        }
    }
}

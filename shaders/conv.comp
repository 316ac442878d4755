// SPDX-License-Identifier: MIT
// Dense convolution as an implicit matrix product (include/gemm.glsl): rows are output pixels, the depth runs over taps,
// then input channels.
#version 450
#include "include/tensor.glsl"
#include "push/conv.h"
#include "include/activation.glsl"

layout(constant_id = 0) const bool has_residual = false;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_READ_TENSOR(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

#define GEMM_ROWS (push.out_w * push.out_h)
#define GEMM_DEPTH4 (push.kernel_w * push.kernel_h * push.in_c4)
#define GEMM_LO push.lo
#define GEMM_HI push.hi
#include "include/gemm.glsl"

vec4 gemm_x(int row, int depth4) {
    const int tap = depth4 / push.in_c4;
    const int ky = tap / push.kernel_w;
    const int kx = tap - ky * push.kernel_w;
    const int oy = row / push.out_w;
    const int ox = row - oy * push.out_w;
    const int iy = oy * push.stride_y - push.pad_top + ky * push.dilation_y;
    const int ix = ox * push.stride_x - push.pad_left + kx * push.dilation_x;
    const bool inside = iy >= 0 && iy < push.in_h && ix >= 0 && ix < push.in_w;
    const int at = clamp(iy, 0, push.in_h - 1) * push.in_w + clamp(ix, 0, push.in_w - 1);
    const vec4 value = x(at * push.in_c4 + depth4 - tap * push.in_c4);
    return inside ? value : vec4(0.0);
}

void main() {
    gemm();
}

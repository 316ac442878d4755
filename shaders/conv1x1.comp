// SPDX-License-Identifier: MIT
// 1x1 convolution as a tiled matrix product (include/gemm.glsl).
#version 450
#include "include/tensor.glsl"
#include "push/conv1x1.h"
#include "include/activation.glsl"

layout(constant_id = 0) const bool has_residual = false;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_READ_TENSOR(BD_BIND_WEIGHTS, weights)
BD_READ_F32(BD_BIND_BIAS, bias)
BD_READ_RESIDUAL(BD_BIND_RESIDUAL, residual)
BD_WRITE_TENSOR(BD_BIND_DST, y)

#define GEMM_ROWS push.rows
#define GEMM_DEPTH4 push.in_c4
#define GEMM_LO push.lo
#define GEMM_HI push.hi
#include "include/gemm.glsl"

vec4 gemm_x(int row, int depth4) {
    return x(row * push.in_c4 + depth4);
}

void main() {
    gemm();
}

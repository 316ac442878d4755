// SPDX-License-Identifier: MIT
// The rate of matrix units: products that wait for nothing but themselves, operands and sums in registers. MATRIX: 1
// GL_NV_cooperative_matrix, 2 GL_KHR_cooperative_matrix.
#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#if MATRIX == 1
#extension GL_NV_cooperative_matrix : require
#else
#extension GL_KHR_cooperative_matrix : require
#endif
#include "include/tensor.glsl"
#include "push/peak.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const int M = 16;
layout(constant_id = 2) const int N = 16;
layout(constant_id = 3) const int K = 16;
layout(set = 0, binding = BD_BIND_DST, std430) writeonly restrict buffer y_block { float y[]; };

#if MATRIX == 1
#define MATRIX_A fcoopmatNV<16, gl_ScopeSubgroup, M, K>
#define MATRIX_B fcoopmatNV<16, gl_ScopeSubgroup, K, N>
#define MATRIX_SUM fcoopmatNV<32, gl_ScopeSubgroup, M, N>
#define MATRIX_ADD(a, b, sum) coopMatMulAddNV(a, b, sum)
#define MATRIX_STORE(sum, at) coopMatStoreNV(sum, y, at, N, false)
#else
#define MATRIX_A coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA>
#define MATRIX_B coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>
#define MATRIX_ADD(a, b, sum) coopMatMulAdd(a, b, sum)
#define MATRIX_STORE(sum, at) coopMatStore(sum, y, at, N, gl_CooperativeMatrixLayoutRowMajor)
#endif

void main() {
    const MATRIX_A a = MATRIX_A(float16_t(push.scale));
    const MATRIX_B b = MATRIX_B(float16_t(push.shift));
    MATRIX_SUM sums[BD_PEAK_PRODUCTS];
    [[unroll]] for (int p = 0; p < BD_PEAK_PRODUCTS; p++) {
        sums[p] = MATRIX_SUM(push.salt * float(p));
    }
    for (int i = 0; i < push.iterations; i++) {
        [[unroll]] for (int u = 0; u < BD_PEAK_UNROLL; u++) {
            [[unroll]] for (int p = 0; p < BD_PEAK_PRODUCTS; p++) {
                sums[p] = MATRIX_ADD(a, b, sums[p]);
            }
        }
    }
    [[unroll]] for (int p = 1; p < BD_PEAK_PRODUCTS; p++) {
        sums[0] = sums[0] + sums[p];
    }
    MATRIX_STORE(sums[0], int(gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID) * M * N);
}

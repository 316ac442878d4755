// SPDX-License-Identifier: MIT
#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
layout(local_size_x = 32) in;
layout(constant_id = 0) const int SIZE = 16;
layout(set = 0, binding = 4, std430) buffer y_block { float y[]; };
shared uvec4 tile[64];

void main() {
    coopmat<float16_t, gl_ScopeSubgroup, SIZE, SIZE, gl_MatrixUseA> a;
    coopmat<float16_t, gl_ScopeSubgroup, SIZE, SIZE, gl_MatrixUseB> b;
    coopMatLoad(a, tile, 0, 2, gl_CooperativeMatrixLayoutRowMajor);
    coopMatLoad(b, tile, 0, 2, gl_CooperativeMatrixLayoutRowMajor);
    coopmat<float, gl_ScopeSubgroup, SIZE, SIZE, gl_MatrixUseAccumulator> sum =
        coopmat<float, gl_ScopeSubgroup, SIZE, SIZE, gl_MatrixUseAccumulator>(0.0);
    sum = coopMatMulAdd(a, b, sum);
    coopMatStore(sum, y, 0, 16, gl_CooperativeMatrixLayoutRowMajor);
}

// SPDX-License-Identifier: MIT
#version 450
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
layout(local_size_x = 32) in;
layout(constant_id = 0) const int SIZE = 16;
layout(set = 0, binding = 4, std430) buffer y_block { float y[]; };
shared uvec4 tile[64];

void main() {
    fcoopmatNV<16, gl_ScopeSubgroup, SIZE, SIZE> a;
    coopMatLoadNV(a, tile, 0, 2, false);
    fcoopmatNV<32, gl_ScopeSubgroup, SIZE, SIZE> sum = fcoopmatNV<32, gl_ScopeSubgroup, SIZE, SIZE>(0.0);
    sum = coopMatMulAddNV(a, a, sum);
    coopMatStoreNV(sum, y, 0, 16, false);
}

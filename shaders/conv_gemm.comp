// SPDX-License-Identifier: MIT
// Convolutions as products of tiles (push/conv_gemm.h). SOURCE: 0 conv1x1, 1 conv, 2 block, 3 expand. MATRIX: 0
// simt, 1 GL_NV_cooperative_matrix, 2 GL_KHR_cooperative_matrix, 3 the same code on plain arithmetic, to check it where
// no matrix unit is. HALF=1 with any MATRIX. PACKED=1: simt on packed halves.
#version 450
#extension GL_EXT_control_flow_attributes : require
#if MATRIX
#extension GL_KHR_shader_subgroup_basic : require
#endif
#if MATRIX == 1 || MATRIX == 2 || PACKED
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#if MATRIX == 1
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#elif MATRIX == 2
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#endif
#include "include/tensor.glsl"
#include "push/conv_gemm.h"
#define BD_CONSTANT_ACTIVATION BD_GEMM_ACTIVATION
#include "include/activation.glsl"

#define SOURCE_ROWS 0
#define SOURCE_TAPS 1
#define SOURCE_DEPTHWISE 2
#define SOURCE_EXPANSION 3

#include "include/gemm_source.glsl"
#if SOURCE == SOURCE_EXPANSION
#include "include/gemm_window.glsl"
#endif
#if MATRIX
#include "include/gemm_matrix.glsl"
#else
#include "include/gemm_simt.glsl"
#endif

void main() {
    gemm();
}

/* SPDX-License-Identifier: MIT
 * Lets C and GLSL read one definition of each push-constant block. In GLSL the members are push.<name>. vec4 members
 * come first so that both languages lay the block out alike. */
#ifndef BD_PUSH_TYPES_H
#define BD_PUSH_TYPES_H

#ifdef __STDC_VERSION__
#include <stdint.h>
typedef uint32_t bd_uint;
typedef int32_t bd_int;
typedef float bd_float;
typedef uint64_t bd_address; /* of a binding's buffer, filled in when the dispatch is recorded */
typedef struct bd_vec4 {
    float x, y, z, w;
} bd_vec4;
typedef struct bd_uvec4 {
    uint32_t x, y, z, w;
} bd_uvec4;
typedef struct bd_ivec4 {
    int32_t x, y, z, w;
} bd_ivec4;
#define BD_PUSH_BEGIN(op) typedef struct bd_push_##op {
#define BD_PUSH_END(op, bytes)                                                                                         \
    }                                                                                                                  \
    bd_push_##op;                                                                                                      \
    _Static_assert(sizeof(bd_push_##op) == (bytes) && (bytes) <= 128, #op ": push constants as GLSL lays them out");
#else
#define bd_uint uint
#define bd_int int
#define bd_float float
#define bd_address uvec2
#define bd_vec4 vec4
#define bd_uvec4 uvec4
#define bd_ivec4 ivec4
#define BD_PUSH_BEGIN(op) layout(push_constant, std430) uniform bd_push_block {
#define BD_PUSH_END(op, bytes)                                                                                         \
    }                                                                                                                  \
    push;
#endif

/* Bindings, the same in every shader; those that a shader does not use are left out of its layout. */
#define BD_BIND_SRC 0
#define BD_BIND_WEIGHTS 1
#define BD_BIND_BIAS 2
#define BD_BIND_RESIDUAL 3
#define BD_BIND_DST 4

/* How a convolution ends, its constant 1 (include/activation.glsl): clamped to lo..hi, or v * clamp(v + 3, 0, 6) / 6,
 * or brought to another scale by include/requantise.glsl and clamped. The last two have no residual: the binding holds
 * ivec4 [3][out_c4] in its place, multiplier, addend and shift for BD_SCALE_BITS. */
#define BD_ACTIVATION_CLAMP 0
#define BD_ACTIVATION_HARD_SWISH 1
#define BD_ACTIVATION_ROUND_UP 2
#define BD_ACTIVATION_ROUND_AWAY 3
#define BD_SCALE_BITS 6

/* Constant of the 16-bit variants: the output is float32 (bool). */
#define BD_CONSTANT_F32 7

/* Invocations of a group in the shaders that take items one by one. */
#define BD_LINEAR_GROUP_BITS 6
#define BD_LINEAR_GROUP (1 << BD_LINEAR_GROUP_BITS)

#endif

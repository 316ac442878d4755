// SPDX-License-Identifier: MIT
// For software devices whose subgroups are eight lanes wide and that have 64-bit integers: a value of one lane goes to
// all of them by a shuffle with a constant index, and a vec4 is stored as two 64-bit words (half as many scalar stores).
#ifndef BD_WIDE_GLSL
#define BD_WIDE_GLSL

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#define BD_WIDE_LANES 8

// DO(row, group, lane): sixteen rows, of which lane `lane` has loaded number `group * 8 + lane`. Arrays would live in
// memory, so rows are named one by one.
#define BD_WIDE_EACH_ROW(DO)                                                                                           \
    DO(0, 0, 0) DO(1, 0, 1) DO(2, 0, 2) DO(3, 0, 3) DO(4, 0, 4) DO(5, 0, 5) DO(6, 0, 6) DO(7, 0, 7)                    \
    DO(8, 1, 0) DO(9, 1, 1) DO(10, 1, 2) DO(11, 1, 3) DO(12, 1, 4) DO(13, 1, 5) DO(14, 1, 6) DO(15, 1, 7)

u64vec2 bd_wide_pack(vec4 v) {
    const uvec4 bits = floatBitsToUint(v);
    return u64vec2(packUint2x32(bits.xy), packUint2x32(bits.zw));
}

#endif

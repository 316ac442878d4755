// SPDX-License-Identifier: MIT
// For software devices whose subgroups are eight lanes wide and that have 64-bit integers: values go from lane to lane by
// shuffles with constant indices, and a vec4 is stored as two 64-bit words (half as many scalar stores).
#ifndef BD_WIDE_GLSL
#define BD_WIDE_GLSL

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#define BD_WIDE_LANES 8

// A group's rows come in blocks of eight, and lane l has loaded row l of each. BD_WIDE_SWAP(v, j) hands lane l what lane
// l ^ j holds: by j = 0 .. 7 every lane meets every row of a block, each time another one, with one cheap shuffle per
// value where spreading one lane's value to all takes two. Sums and stores then belong to row l ^ j.
#define BD_WIDE_SWAP(v, j) subgroupShuffle(v, gl_SubgroupInvocationID ^ (j))

// DO(block, j): arrays would live in memory, so rows are named one by one.
#define BD_WIDE_EACH_ROW(DO)                                                                                           \
    DO(0, 0) DO(0, 1) DO(0, 2) DO(0, 3) DO(0, 4) DO(0, 5) DO(0, 6) DO(0, 7)                                            \
    DO(1, 0) DO(1, 1) DO(1, 2) DO(1, 3) DO(1, 4) DO(1, 5) DO(1, 6) DO(1, 7)

u64vec2 bd_wide_pack(vec4 v) {
    const uvec4 bits = floatBitsToUint(v);
    return u64vec2(packUint2x32(bits.xy), packUint2x32(bits.zw));
}

#endif

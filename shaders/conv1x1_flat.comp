// SPDX-License-Identifier: MIT
// 1x1 convolution for software devices with eight lanes, which lie along the output channels: an invocation owns eight
// pixels of one channel, and the input's channels are all written out. See push/conv1x1_flat.h. Sums are in the order of
// conv1x1_wide, to the bit.
//
// llvmpipe turns a load whose address is known to be uniform into a scalar load, but only outside control flow: an
// activation becomes the memory operand of a multiplication, and eight weights that follow each other, each chosen for
// its lane, one vector load. It takes for uniform what is made of push constants, wherever they are indexed; of these a
// vector's component, unlike an array's element, may be indexed by what differs within a group. Long sums come in slices
// between barriers: there the subgroups of a group take turns, so that a slice's code is decoded once for all of them.
//
// Mesa makes NIR of this anew in every process, in passes over all that is written out; hence: loads are volatile, or
// each would be compared with every other; the counter of the inner loop lies outside of main, where most passes do not
// yet see that it could be written out (glslc -O would move it, hence PRIVATE in variants.txt); and every constant condition stands
// once, as of several in a row a pass takes out every second.
#version 450
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv1x1_flat.h"
#include "include/activation.glsl"

layout(local_size_x = BD_WIDE_LANES, local_size_y_id = 4) in;
layout(constant_id = 0) const bool may_add = false;
layout(constant_id = 2) const int in_c4 = 1;
layout(constant_id = 3) const int slices = 1;
layout(buffer_reference, std430, buffer_reference_align = 16) volatile readonly buffer bd_columns { vec4 at[]; };
BD_WRITE(BD_BIND_DST, y, u64vec2)

int step_of_slice;

#define OCTAL(n, i) (push.numbers[((n) >> (3 * i)) & 7] << (3 * i))
#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

float for_lane(vec4 low, vec4 high) {
    const uint lane = gl_SubgroupInvocationID;
    float v = mix(low.x, low.y, lane == 1);
    v = mix(v, low.z, lane == 2);
    v = mix(v, low.w, lane == 3);
    v = mix(v, high.x, lane == 4);
    v = mix(v, high.y, lane == 5);
    v = mix(v, high.z, lane == 6);
    return mix(v, high.w, lane == 7);
}

vec4 low_lanes(float v) {
    return vec4(subgroupShuffle(v, 0), subgroupShuffle(v, 1), subgroupShuffle(v, 2), subgroupShuffle(v, 3));
}

vec4 high_lanes(float v) {
    return vec4(subgroupShuffle(v, 4), subgroupShuffle(v, 5), subgroupShuffle(v, 6), subgroupShuffle(v, 7));
}

void main() {
    const uint lane = gl_SubgroupInvocationID;
    const bvec4 is1 = bvec4(lane == 1), is2 = bvec4(lane == 2), is3 = bvec4(lane == 3), is4 = bvec4(lane == 4);
    const bvec4 is5 = bvec4(lane == 5), is6 = bvec4(lane == 6), is7 = bvec4(lane == 7);
    const int x_id = int(gl_WorkGroupID.x), y_id = int(gl_WorkGroupID.y), block_id = int(gl_LocalInvocationID.y);
    const int panel = OCTAL(x_id, 0) + OCTAL(x_id, 1) + OCTAL(x_id, 2);
    const int group = OCTAL(y_id, 0) + OCTAL(y_id, 1) + OCTAL(y_id, 2) + OCTAL(y_id, 3);
    const int block = group * int(gl_WorkGroupSize.y) + push.digits[block_id & 3] + 4 * push.digits[block_id >> 2];
    // Past the last row the last ones are computed and stored again.
    const int first = min(block * BD_CONV1X1_FLAT_ROWS, push.rows - BD_CONV1X1_FLAT_ROWS);
    const int column = min(panel * 2, push.out_c4 - 2);
    const float lo = push.lo, hi = push.hi;
    const uint64_t weights = packUint2x32(push.weights) + uint64_t(panel * in_c4 * 128);
    const uint64_t rows = packUint2x32(push.x) + uint64_t(first * in_c4 * 16);
    bd_columns bias = bd_columns(packUint2x32(push.bias) + uint64_t(column * 16));
    bd_columns residual = bd_columns(packUint2x32(push.residual));
    const float start = for_lane(bias.at[0], bias.at[1]);
#define INIT(j) float sum##j = start;
    EACH(INIT)
#define LANE(n, v0, v1, v2, v3) w = mix(w, vec4(v0, v1, v2, v3), is##n);
#define MULTIPLY_ADD(j)                                                                                                \
    {                                                                                                                  \
        const vec4 v = x.at[j * in_c4];                                                                                \
        sum##j += v.x * w.x;                                                                                           \
        sum##j += v.y * w.y;                                                                                           \
        sum##j += v.z * w.z;                                                                                           \
        sum##j += v.w * w.w;                                                                                           \
    }
#define SLICE                                                                                                          \
    [[unroll]] for (step_of_slice = 0; step_of_slice < in_c4 / slices; step_of_slice++) {                              \
        bd_columns of = bd_columns(weights + k * 128), x = bd_columns(rows + k * 16);                                  \
        const vec4 a0 = of.at[0], b0 = of.at[1], a1 = of.at[2], b1 = of.at[3];                                         \
        const vec4 a2 = of.at[4], b2 = of.at[5], a3 = of.at[6], b3 = of.at[7];                                         \
        vec4 w = vec4(a0.x, a1.x, a2.x, a3.x);                                                                         \
        LANE(1, a0.y, a1.y, a2.y, a3.y)                                                                                \
        LANE(2, a0.z, a1.z, a2.z, a3.z)                                                                                \
        LANE(3, a0.w, a1.w, a2.w, a3.w)                                                                                \
        LANE(4, b0.x, b1.x, b2.x, b3.x)                                                                                \
        LANE(5, b0.y, b1.y, b2.y, b3.y)                                                                                \
        LANE(6, b0.z, b1.z, b2.z, b3.z)                                                                                \
        LANE(7, b0.w, b1.w, b2.w, b3.w)                                                                                \
        EACH(MULTIPLY_ADD)                                                                                             \
        k++;                                                                                                           \
    }
    uint64_t k = 0;
    SLICE
    [[unroll]] for (int s = 1; s < slices; s++) {
        barrier();
        SLICE
    }
    if (may_add) {
#define ADD_RESIDUAL(j)                                                                                                \
    {                                                                                                                  \
        const int from = ((first + j) * push.out_c4 + column) * push.adds;                                             \
        const float added = sum##j + for_lane(residual.at[from], residual.at[from + 1]);                               \
        sum##j = mix(sum##j, added, push.adds != 0);                                                                   \
    }
        EACH(ADD_RESIDUAL)
    }
    vec4 low = vec4(sum0, sum1, sum2, sum3), high = vec4(sum4, sum5, sum6, sum7);
    if (ends_in_integers) {
#define WORDS(c) ivec4(floatBitsToInt(for_lane(residual.at[c], residual.at[(c) + 1])))
        BD_SCALE(scale, WORDS, column, push.out_c4)
        low = bd_to_integers(low, scale);
        high = bd_to_integers(high, scale);
    }
    low = bd_bend(low, lo, hi);
    high = bd_bend(high, lo, hi);
    // Each store is a branch, behind which sums would sink and leave their products in memory: all are used before.
    low.x = mix(low.x, dot(low, high), push.rows < 0);
#define STORE(j, v)                                                                                                    \
    {                                                                                                                  \
        const int to = (first + j) * push.out_c4 + column;                                                             \
        y[to] = bd_wide_pack(low_lanes(v));                                                                            \
        y[to + 1] = bd_wide_pack(high_lanes(v));                                                                       \
    }
    STORE(0, low.x)
    STORE(1, low.y)
    STORE(2, low.z)
    STORE(3, low.w)
    STORE(4, high.x)
    STORE(5, high.y)
    STORE(6, high.z)
    STORE(7, high.w)
}

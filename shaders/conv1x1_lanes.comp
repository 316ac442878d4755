// SPDX-License-Identifier: MIT
// 1x1 convolution for software devices with eight lanes, which lie along the output channels: an invocation owns sixteen
// pixels of one channel, and a slice of the input's channels is all written out. See push/conv1x1_lanes.h.
//
// llvmpipe turns a load whose address is known to be uniform into a scalar load, but only outside control flow: an
// activation becomes the memory operand of a multiplication, and eight weights that follow each other, each chosen for
// its lane, one vector load. It takes for uniform what is made of push constants, wherever they are indexed; a vector's
// component, unlike an array's element, may be indexed by what differs within a group.
#version 450
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv1x1_lanes.h"

layout(local_size_x = BD_WIDE_LANES, local_size_y_id = 4) in;
layout(constant_id = 0) const bool may_add = false;
layout(constant_id = 2) const int in_c4 = 1;
layout(constant_id = 3) const int slices = 1;
const int slice_c4 = in_c4 / slices;
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer bd_columns { vec4 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer bd_block { vec4 at; };
BD_WRITE(BD_BIND_DST, y, u64vec2)

shared vec4 partial[slices == 1 ? 1 : 2 * BD_CONV1X1_LANES_ROWS * int(gl_WorkGroupSize.y)];

#define DIGIT(n, i) (push.digits[((n) >> (2 * i)) & 3] << (2 * i))
#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)

// Zero, which Mesa sees only after it has turned references into addresses: until then it cannot write the loop out, and
// half of its passes see one turn of it.
int nothing_yet() {
    const uint64_t here = packUint2x32(push.bias);
    return int(uint64_t(bd_block(here) + 1) - (here + 16));
}

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

void finish(float sum, int row, int column, bd_columns residual) {
    if (may_add) {
        const int from = push.adds * (row * push.out_c4 + column);
        sum = mix(sum, sum + for_lane(residual.at[from], residual.at[from + 1]), push.adds != 0);
    }
    sum = clamp(sum, push.lo, push.hi);
    const int to = row * push.out_c4 + column;
    y[to] = bd_wide_pack(low_lanes(sum));
    y[to + 1] = bd_wide_pack(high_lanes(sum));
}

void main() {
    const uint lane = gl_SubgroupInvocationID;
    const int x_id = int(gl_WorkGroupID.x), y_id = int(gl_WorkGroupID.y), subgroup_id = int(gl_LocalInvocationID.y);
    const int panel = DIGIT(x_id, 0) + DIGIT(x_id, 1) + DIGIT(x_id, 2) + DIGIT(x_id, 3);
    const int group = DIGIT(y_id, 0) + DIGIT(y_id, 1) + DIGIT(y_id, 2) + DIGIT(y_id, 3) + DIGIT(y_id, 4) +
                      DIGIT(y_id, 5) + DIGIT(y_id, 6);
    const int subgroup = DIGIT(subgroup_id, 0) + DIGIT(subgroup_id, 1) + DIGIT(subgroup_id, 2);
    const int blocks = int(gl_WorkGroupSize.y) / slices;
    const int block = subgroup / slices, part = subgroup % slices;
    const int first = min((group * blocks + block) * BD_CONV1X1_LANES_ROWS, push.rows - BD_CONV1X1_LANES_ROWS);
    const int column = min(panel * 2, push.out_c4 - 2);
    bd_columns weights = bd_columns(packUint2x32(push.weights) + uint64_t((panel * in_c4 + part * slice_c4) * 128));
    bd_columns bias = bd_columns(packUint2x32(push.bias) + uint64_t(column * 16));
    bd_columns residual = bd_columns(packUint2x32(push.residual));
    bd_columns x = bd_columns(packUint2x32(push.x) + uint64_t((first * in_c4 + part * slice_c4) * 16));
    const float start = slices == 1 ? for_lane(bias.at[0], bias.at[1]) : 0.0;
#define INIT(j) float sum##j = start;
    EACH(INIT)
    [[unroll]] for (int k = 0; k < slice_c4 + nothing_yet(); k++) {
        const vec4 a0 = weights.at[8 * k], b0 = weights.at[8 * k + 1], a1 = weights.at[8 * k + 2];
        const vec4 b1 = weights.at[8 * k + 3], a2 = weights.at[8 * k + 4], b2 = weights.at[8 * k + 5];
        const vec4 a3 = weights.at[8 * k + 6], b3 = weights.at[8 * k + 7];
#define LANE(n, v0, v1, v2, v3) w = mix(w, vec4(v0, v1, v2, v3), bvec4(lane == n));
        vec4 w = vec4(a0.x, a1.x, a2.x, a3.x);
        LANE(1, a0.y, a1.y, a2.y, a3.y)
        LANE(2, a0.z, a1.z, a2.z, a3.z)
        LANE(3, a0.w, a1.w, a2.w, a3.w)
        LANE(4, b0.x, b1.x, b2.x, b3.x)
        LANE(5, b0.y, b1.y, b2.y, b3.y)
        LANE(6, b0.z, b1.z, b2.z, b3.z)
        LANE(7, b0.w, b1.w, b2.w, b3.w)
#define MAC(j) sum##j += dot(x.at[j * in_c4 + k], w);
        EACH(MAC)
    }
    // Each store is a branch, behind which sums would sink and leave their products in memory: all are used before.
    float all = 0;
#define ADD(j) all += sum##j;
    EACH(ADD)
    sum0 = mix(sum0, all, push.rows < 0);
    if (slices == 1) {
#define FINISH(j) finish(sum##j, first + j, column, residual);
        EACH(FINISH)
    } else {
        const int at = subgroup * (2 * BD_CONV1X1_LANES_ROWS);
#define KEEP(j)                                                                                                        \
    partial[at + 2 * j] = low_lanes(sum##j);                                                                           \
    partial[at + 2 * j + 1] = high_lanes(sum##j);
        EACH(KEEP)
        barrier();
        const int rows = (BD_CONV1X1_LANES_ROWS + slices - 1) / slices;
        const int from = block * slices * (2 * BD_CONV1X1_LANES_ROWS);
        [[unroll]] for (int r = 0; r < rows; r++) {
            const int row = min(part * rows + r, BD_CONV1X1_LANES_ROWS - 1);
            float sum = for_lane(bias.at[0], bias.at[1]);
            [[unroll]] for (int s = 0; s < slices; s++) {
                const int one = from + 2 * (s * BD_CONV1X1_LANES_ROWS + row);
                sum += for_lane(partial[one], partial[one + 1]);
            }
            finish(sum, first + row, column, residual);
        }
    }
}

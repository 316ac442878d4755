// SPDX-License-Identifier: MIT
// 1x1 convolution for software devices with eight lanes: an invocation owns a pixel of four vec4 of output channels, and
// its input channels are all written out. See push/conv1x1_flat.h.
//
// llvmpipe turns a weight whose address is known to be uniform into the memory operand of a multiplication, eight lanes
// from one float, but only outside control flow; there sums are not masked either. It takes push constants for uniform
// wherever they are indexed, hence the digits. Long sums come in slices between barriers: at a barrier the subgroups of
// a group take turns, so that a slice's code is decoded once for all of them.
#version 450
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "include/wide.glsl"
#include "push/conv1x1_flat.h"
#include "include/activation.glsl"

layout(local_size_x = BD_WIDE_LANES, local_size_y_id = 4) in;
layout(constant_id = 0) const bool has_residual = false;
layout(constant_id = 2) const int in_c4 = 1;
layout(constant_id = 3) const int slice = 1;
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer bd_columns { vec4 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer bd_words { ivec4 at[]; };
BD_READ_F32(BD_BIND_SRC, x)
BD_READ_F32(BD_BIND_RESIDUAL, residual)
BD_WRITE(BD_BIND_DST, y, u64vec2)

#define C4 BD_CONV1X1_FLAT_C4
#define MAC(element, n)                                                                                                \
    sum0 += element * weights.at[(4 * k + n) * C4];                                                                    \
    sum1 += element * weights.at[(4 * k + n) * C4 + 1];                                                                \
    sum2 += element * weights.at[(4 * k + n) * C4 + 2];                                                                \
    sum3 += element * weights.at[(4 * k + n) * C4 + 3];
#define WORDS(index) words.at[index]
#define STORE(c)                                                                                                       \
    BD_SCALE(scale##c, WORDS, c, push.out_c4)                                                                          \
    if (has_residual) {                                                                                                \
        sum##c += residual(to + c);                                                                                    \
    }                                                                                                                  \
    y[to + c] = bd_wide_pack(bd_activate(sum##c, lo, hi, scale##c));

void main() {
    const int id = int(gl_WorkGroupID.x);
    const int panel = push.digits[id & 15] + 16 * push.digits[id >> 4];
    const int block = int(gl_WorkGroupID.y * gl_WorkGroupSize.y + gl_LocalInvocationID.y);
    // Past the last row the last one is computed and stored again.
    const int row = min(block * BD_WIDE_LANES + int(gl_LocalInvocationID.x), push.rows - 1);
    const int column = min(panel * C4, push.out_c4 - C4);
    const float lo = push.lo, hi = push.hi;
    bd_columns weights = bd_columns(packUint2x32(push.weights) + uint64_t(panel * (in_c4 * 4 * C4 * 16)));
    bd_columns bias = bd_columns(packUint2x32(push.bias) + uint64_t(column * 16));
    vec4 sum0 = bias.at[0], sum1 = bias.at[1], sum2 = bias.at[2], sum3 = bias.at[3];
    bd_words words = bd_words(packUint2x32(push.scales) + uint64_t(column * 16));
    const int from = row * in_c4;
    vec4 v = x(from);
    [[unroll]] for (int k = 0; k < in_c4; k++) {
        if (k > 0 && k % slice == 0) {
            barrier();
        }
        const vec4 now = v;
        v = x(from + min(k + 1, in_c4 - 1));
        MAC(now.x, 0)
        MAC(now.y, 1)
        MAC(now.z, 2)
        MAC(now.w, 3)
    }
    const int to = row * push.out_c4 + column;
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
}

// SPDX-License-Identifier: MIT
// Average of a whole map. Storage: a group's lanes along y each sum every BD_POOL_MAP_LANES-th row, then halve in
// shared memory (4 KiB). Texel: one invocation sums a vec4 of channels alone, in runs.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "include/tensor.glsl"
#include "include/requantise.glsl"
#include "push/pool_map.h"

#if READ_TEXEL
#define C4 BD_POOL_MAP_TEXEL_C4
#define LANES 1
#else
#define C4 BD_POOL_MAP_C4
#define LANES BD_POOL_MAP_LANES
#endif
#define RUN 64
#define BLOCK 8 // llvmpipe ends an invocation's loops after 65535 turns: maps may be larger

layout(local_size_x = C4, local_size_y = LANES) in;
layout(constant_id = 0) const bool integers = false;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_WRITE_TENSOR(BD_BIND_DST, y)

#if !READ_TEXEL
shared vec4 sums[C4 * LANES]; // integers as their bits
#endif

// Runs are exact as floats; the whole of a large map is not.
vec4 add(vec4 sum, vec4 more) {
    return integers ? intBitsToFloat(floatBitsToInt(sum) + floatBitsToInt(more)) : sum + more;
}

void main() {
    const int channel = int(gl_GlobalInvocationID.x);
    const int c = min(channel, push.c4 - 1);
    const int lane = int(gl_LocalInvocationID.y);
    vec4 sum = vec4(0.0);
    for (int first = lane; first < push.rows; first += LANES * RUN) {
        // Partial sums: long sums of one float lose digits.
        vec4 run = vec4(0.0);
        const int end = min(first + LANES * RUN, push.rows);
        for (int row = first; row < end; row += LANES * BLOCK) {
            [[unroll]] for (int i = 0; i < BLOCK; i++) {
                const int at = row + i * LANES;
                const vec4 v = x(min(at, push.rows - 1) * push.c4 + c);
                run += at < end ? v : vec4(0.0);
            }
        }
        sum = add(sum, integers ? intBitsToFloat(ivec4(run)) : run);
    }
#if !READ_TEXEL
    const int slot = int(gl_LocalInvocationIndex);
    sums[slot] = sum;
    for (int half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        barrier();
        if (lane < half_lanes) {
            sum = add(sum, sums[slot + half_lanes * C4]);
            sums[slot] = sum;
        }
    }
#endif
    if (lane == 0 && channel < push.c4) {
        y_store(c, integers ? bd_mean(floatBitsToInt(sum), push.rows, push.zero_point) : sum / float(push.rows));
    }
}

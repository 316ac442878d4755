// SPDX-License-Identifier: MIT
// One source of a concatenation: an invocation owns one vec4 (or, SCALAR=1, one channel) of the output.
#version 450
#include "include/tensor.glsl"
#include "push/concat.h"

#ifndef SCALAR
#define SCALAR 0
#endif

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, x)
#if SCALAR
BD_WRITE(BD_BIND_DST, y, float)
#else
BD_WRITE(BD_BIND_DST, y, vec4)
#endif

void main() {
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    const int items = SCALAR != 0 ? push.write : push.write / 4;
    if (item >= push.rows * items) {
        return;
    }
    const int row = item / items;
    const int i = item - row * items;
#if SCALAR
    const vec4 value = x(row * push.src_c4 + min(i / 4, push.src_c4 - 1));
    y[row * push.dst_c4 * 4 + push.offset + i] = i < push.channels ? value[i & 3] : 0.0;
#else
    const bvec4 channel = lessThan(ivec4(i * 4) + ivec4(0, 1, 2, 3), ivec4(push.channels));
    y[row * push.dst_c4 + push.offset / 4 + i] = mix(vec4(0.0), x(row * push.src_c4 + min(i, push.src_c4 - 1)), channel);
#endif
}

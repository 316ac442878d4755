// SPDX-License-Identifier: MIT
// One source of a concatenation: an invocation owns one vec4 (or, SCALAR=1, one channel) of the output.
#version 450
#include "include/tensor.glsl"
#include "push/concat.h"

#ifndef SCALAR
#define SCALAR 0
#endif

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_TENSOR(BD_BIND_SRC, x)
#if SCALAR && HALF
// Words hold two channels, so an invocation owns a vec4 here; the first may begin with what the last source wrote.
layout(constant_id = BD_CONSTANT_F32) const bool f32 = false;
layout(set = 0, binding = BD_BIND_DST, std430) buffer y_block { uvec2 y_half[]; };
layout(set = 0, binding = BD_BIND_DST, std430) buffer y_f32_block { vec4 y_full[]; };
#elif SCALAR
BD_WRITE(BD_BIND_DST, y, float)
#else
BD_WRITE_TENSOR(BD_BIND_DST, y)
#endif

void main() {
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
#if SCALAR && HALF
    const int first = push.offset / 4;
    const int items = (push.offset + push.write + 3) / 4 - first;
#else
    const int items = SCALAR != 0 ? push.write : push.write / 4;
#endif
    if (item >= push.rows * items) {
        return;
    }
    const int row = item / items;
    const int i = item - row * items;
#if SCALAR && HALF
    const int to = row * push.dst_c4 + first + i;
    vec4 value = f32 ? y_full[to] : bd_unpack_half(y_half[to]);
    for (int k = 0; k < 4; k++) {
        const int from = (first + i) * 4 + k - push.offset;
        if (from >= 0) {
            value[k] = from < push.channels ? x(row * push.src_c4 + min(from / 4, push.src_c4 - 1))[from & 3] : 0.0;
        }
    }
    if (f32) {
        y_full[to] = value;
    } else {
        y_half[to] = bd_pack_half(value);
    }
#elif SCALAR
    const vec4 value = x(row * push.src_c4 + min(i / 4, push.src_c4 - 1));
    y[row * push.dst_c4 * 4 + push.offset + i] = i < push.channels ? value[i & 3] : 0.0;
#else
    const bvec4 channel = lessThan(ivec4(i * 4) + ivec4(0, 1, 2, 3), ivec4(push.channels));
    y_store(row * push.dst_c4 + push.offset / 4 + i,
            mix(vec4(0.0), x(row * push.src_c4 + min(i, push.src_c4 - 1)), channel));
#endif
}

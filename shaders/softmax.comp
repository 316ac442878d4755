// SPDX-License-Identifier: MIT
// Softmax: an invocation owns one row.
#version 450
#include "include/tensor.glsl"
#include "push/softmax.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_WRITE_TENSOR(BD_BIND_DST, y)

#define LOWEST (-3.402823466e38)

vec4 read(int row, int k) {
    const bvec4 channel = lessThan(ivec4(k * 4) + ivec4(0, 1, 2, 3), ivec4(push.channels));
    return mix(vec4(LOWEST), x(row * push.c4 + k), channel);
}

void main() {
    const int row = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    if (row >= push.rows) {
        return;
    }
    vec4 high = vec4(LOWEST);
    for (int k = 0; k < push.c4; k++) {
        high = max(high, read(row, k));
    }
    const float highest = max(max(high.x, high.y), max(high.z, high.w));
    vec4 sum = vec4(0.0);
    for (int k = 0; k < push.c4; k++) {
        sum += exp(read(row, k) - highest);
    }
    const float total = dot(sum, vec4(1.0));
    for (int k = 0; k < push.c4; k++) {
        y_store(row * push.c4 + k, exp(read(row, k) - highest) / total);
    }
}

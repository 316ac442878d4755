// SPDX-License-Identifier: MIT
// Partial sums of the products; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, products)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int at = int(gl_GlobalInvocationID.x);
    const int count = int(list(0)) * BD_TILE * BD_TILE;
    vec4 sum = vec4(0.0);
    for (int i = at; i < count; i += BD_SUMS) {
        sum += products(i);
    }
    dst[at] = sum;
}

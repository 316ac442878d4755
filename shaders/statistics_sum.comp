// SPDX-License-Identifier: MIT
// Sums of sums; see push/harmonize.h.
#version 450
#include "include/tensor.glsl"
#include "push/harmonize.h"

layout(local_size_x = BD_STATISTICS_SUMS) in;
BD_READ_F32(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int lane = int(gl_GlobalInvocationID.x);
    vec4 sum = vec4(0.0), gray = vec4(0.0);
    for (int i = lane; i < push.count; i += BD_STATISTICS_SUMS) {
        sum += src(2 * i);
        gray += src(2 * i + 1);
    }
    dst[2 * lane] = sum;
    dst[2 * lane + 1] = gray;
}

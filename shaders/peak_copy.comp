// SPDX-License-Identifier: MIT
// The rate of reading and writing: an invocation owns BD_PEAK_COPY_EACH vec4s, a group's lie side by side.
#version 450
#include "include/tensor.glsl"
#include "push/peak.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, x)
BD_WRITE(BD_BIND_DST, y, vec4)

void main() {
    const int first = bd_grid_group() * BD_LINEAR_GROUP * BD_PEAK_COPY_EACH + int(gl_LocalInvocationID.x);
    for (int i = 0; i < BD_PEAK_COPY_EACH; i++) {
        const int item = first + i * BD_LINEAR_GROUP;
        if (item < push.count) {
            y[item] = x(item) + push.salt;
        }
    }
}

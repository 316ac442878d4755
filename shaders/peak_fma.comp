// SPDX-License-Identifier: MIT
// The rate of multiply-adds: chains that wait for nothing but themselves, in registers.
#version 450
#include "include/tensor.glsl"
#include "push/peak.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_WRITE(BD_BIND_DST, y, float)

#define STEP                                                                                                           \
    a = a * push.scale + push.shift;                                                                                   \
    b = b * push.scale + push.shift;                                                                                   \
    c = c * push.scale + push.shift;
#define STEPS STEP STEP STEP STEP

void main() {
    // Zero, but the compiler does not know.
    const float start = float(gl_LocalInvocationID.x) * push.salt;
    vec4 a = vec4(start);
    vec4 b = vec4(start + 1.0);
    vec4 c = vec4(start + 2.0);
    for (int i = 0; i < push.iterations; i++) {
        STEPS STEPS STEPS STEPS
    }
    const vec4 sum = a + b + c;
    y[bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x)] = sum.x + sum.y + sum.z + sum.w;
}

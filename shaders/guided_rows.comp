// SPDX-License-Identifier: MIT
// The guided filter's moments, summed along x; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int row = at.y * push.dst_w;
    const int last = min(at.x + push.radius, push.dst_w - 1);
    vec4 first_moments = vec4(0.0), mixed = vec4(0.0), second = vec4(0.0);
    float blue = 0.0;
    for (int x = max(at.x - push.radius, 0); x <= last; x++) {
        const vec4 v = grid(row + x);
        // Colours around zero: less is lost when the product of the means is taken away.
        const vec3 c = v.xyz - 0.5;
        first_moments += vec4(v.w, c);
        mixed += vec4(c * v.w, c.x * c.x);
        second += vec4(c.x * c.y, c.x * c.z, c.y * c.y, c.y * c.z);
        blue += c.z * c.z;
    }
    const int plane = push.dst_w * push.dst_h;
    const int node = row + at.x;
    dst[node] = first_moments;
    dst[plane + node] = mixed;
    dst[2 * plane + node] = second;
    dst[3 * plane + node] = vec4(blue, 0.0, 0.0, 0.0);
}

// SPDX-License-Identifier: MIT
// Sums along y; see push/fusion.h.
#version 450
#include "include/tensor.glsl"
#include "push/fusion.h"
#include "include/fusion.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool finish = false;
BD_READ_F32(BD_BIND_SRC, pairs)
BD_READ_F32(BD_BIND_WEIGHTS, level)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 node = bd_grid_node(push.dst_w);
    const int column = node.x;
    const int size = push.dst_h, pitch = 2 * push.dst_w;
    const int first = BD_FUSION_RUN * node.y, line = 2 * column;
    if (first >= size || column >= push.dst_w) {
        return;
    }
    // Running sums: two fetches a node, whatever the radius.
    vec4 front = vec4(0.0), back = vec4(0.0);
    for (int i = max(first - push.radius, 0); i < min(first + push.radius, size); i++) {
        front += pairs(line + i * pitch);
        back += pairs(line + i * pitch + 1);
    }
    for (int i = first; i < min(first + BD_FUSION_RUN, size); i++) {
        const int enters = line + min(i + push.radius, size - 1) * pitch, leaves = line + max(i - push.radius, 0) * pitch;
        const float more = i + push.radius < size ? 1.0 : 0.0, less = i >= push.radius ? 1.0 : 0.0;
        front += more * pairs(enters);
        back += more * pairs(enters + 1);
        vec4 one = front, other = back;
        if (finish) {
            const vec4 own = level(i * push.dst_w + column);
            other = vec4(bd_over_weight(back, own.xyz), 0.0);
            one = vec4(bd_fused_front(bd_over_weight(front, own.xyz), other.xyz, own), 0.0);
        }
        dst[line + i * pitch] = one;
        dst[line + i * pitch + 1] = other;
        front -= less * pairs(leaves);
        back -= less * pairs(leaves + 1);
    }
}

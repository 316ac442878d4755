// SPDX-License-Identifier: MIT
// Sums along x; see push/fusion.h.
#version 450
#include "include/tensor.glsl"
#include "push/fusion.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, pairs)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 node = bd_grid_node((push.dst_w + BD_FUSION_RUN - 1) / BD_FUSION_RUN);
    const int row = node.y;
    const int size = push.dst_w, pitch = 2;
    const int first = BD_FUSION_RUN * node.x, line = 2 * row * push.dst_w;
    if (first >= size || row >= push.dst_h) {
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
        dst[line + i * pitch] = front;
        dst[line + i * pitch + 1] = back;
        front -= less * pairs(leaves);
        back -= less * pairs(leaves + 1);
    }
}

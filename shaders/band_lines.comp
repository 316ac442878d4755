// SPDX-License-Identifier: MIT
// Lines of a matte become constant where it is certain: an invocation owns one node. See push/band.h.
#version 450
#include "include/tensor.glsl"
#include "push/band.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, certain)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer lines_block { vec4 lines[]; };
#include "include/band.glsl"

void main() {
    const ivec2 node = bd_grid_node(push.dst_w);
    const int x = node.x, y = node.y;
    if (x >= push.dst_w || y >= push.dst_h) {
        return;
    }
    const float known = bd_band_at(x, y);
    if (known != 0.5) {
        lines[y * push.dst_w + x] = vec4(0.0, 0.0, 0.0, known);
    }
}

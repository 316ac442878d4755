// SPDX-License-Identifier: MIT
// Values of a matte where it is certain, and apart from those where it is not: an invocation owns four nodes. See
// push/band.h.
#version 450
#include "include/tensor.glsl"
#include "push/band.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, certain)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer plane_block { vec4 plane[]; };
#include "include/band.glsl"

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const vec4 before = plane[row * pitch + group];
    vec4 values = vec4(0.0);
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        const float known = bd_band_at(x, row);
        const float value = known == 0.5 ? clamp(before[i], push.low, 1.0 - push.low) : known;
        values = vec4(values.yzw, x < push.dst_w ? value : 0.0);
    }
    plane[row * pitch + group] = values;
}

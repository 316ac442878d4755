// SPDX-License-Identifier: MIT
// What colours say as a plane: an invocation owns four neighbours; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, targets)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    vec4 result;
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        const float target = targets(row * push.dst_w + min(x, push.dst_w - 1)).x;
        result = vec4(result.yzw, x < push.dst_w ? target : 0.0);
    }
    dst[row * pitch + group] = result;
}

// SPDX-License-Identifier: MIT
// A grid's values by themselves: an invocation owns four neighbours; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/coarse.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const int pitch = bd_tiles().x * 2;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= bd_tiles().y * BD_TILE) {
        return;
    }
    vec4 result;
    for (int i = 0; i < 4; i++) {
        const int x = min(group * 4 + i, push.dst_w - 1), y = min(row, push.dst_h - 1);
        result = vec4(result.yzw, grid(y * push.dst_w + x).w);
    }
    dst[row * pitch + group] = result;
}

// SPDX-License-Identifier: MIT
// What is not kept goes, with all that is nearer to it than to what is; see push/components.h.
#version 450
#include "include/tensor.glsl"
#include "push/components.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool background = false;
BD_READ_U32(BD_BIND_SRC, state)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer plane_block { vec4 plane[]; };

void main() {
    const int pitch = (push.src_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.src_h || state(BD_COMPONENTS_REMOVED) == 0u) {
        return;
    }
    const int nodes = push.grid_w * push.grid_h;
    const int line = BD_COMPONENTS_NEAREST(nodes, push.from) + (push.first + row / push.block) * push.grid_w;
    bvec4 gone;
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        const bool goes = x < push.src_w && (state(line + min(x, push.src_w - 1) / push.block) & 1u) == 0u;
        gone = bvec4(gone.yzw, goes);
    }
    if (any(gone)) {
        plane[row * pitch + group] = mix(plane[row * pitch + group], vec4(background ? 1.0 : 0.0), gone);
    }
}

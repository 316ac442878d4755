// SPDX-License-Identifier: MIT
// The next level of the pyramid; see push/foreground.h.
#version 450
#include "include/tensor.glsl"
#include "push/foreground.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, level)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (!bd_outside(at)) {
        dst[at.y * push.dst_w + at.x] = level(at.y * 2 * push.src_w + at.x * 2);
    }
}

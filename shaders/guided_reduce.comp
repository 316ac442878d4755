// SPDX-License-Identifier: MIT
// Means of blocks of the photo; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, photo)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const ivec2 from = at * push.block;
    const ivec2 to = min(from + push.block, ivec2(push.src_w, push.src_h));
    uvec3 sum = uvec3(0);
    for (int y = from.y; y < to.y; y++) {
        const int row = (y + push.above) * push.src_w;
        for (int x = from.x; x < to.x; x++) {
            sum += bd_unpack_u8(photo(row + x)).xyz;
        }
    }
    const ivec2 size = to - from;
    dst[(at.y + push.first) * push.dst_w + at.x] = vec4(vec3(sum) / (255.0 * float(size.x * size.y)), 0.0);
}

// SPDX-License-Identifier: MIT
// What a trimap knows; see push/trimap.h.
#version 450
#include "include/tensor.glsl"
#include "push/trimap.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, trimap)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer plane_block { vec4 plane[]; };

float pinned(float value, uint least, uint most) {
    return most == 0u ? 0.0 : least == 255u ? 1.0 : clamp(value, push.low, 1.0 - push.low);
}

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const int words = (push.src_w + 3) / 4;
    uvec4 least = uvec4(255u), most = uvec4(0u);
    if (push.block == 1) {
        least = bd_unpack_u8(trimap(row * words + group));
        most = least;
    } else {
        const int x = group * 4 * push.block;
        for (int y = row * push.block; y < min((row + 1) * push.block, push.src_h); y++) {
            for (int i = 0; i < 4; i++) {
                const int from = x + i * push.block, to = min(from + push.block, push.src_w);
                uint low = 255u, high = 0u;
                for (int u = from; u < to; u++) {
                    const uint byte = trimap(y * words + (u >> 2)) >> ((u & 3) << 3) & 255u;
                    low = min(low, byte);
                    high = max(high, byte);
                }
                least[i] = min(least[i], low);
                most[i] = max(most[i], high);
            }
        }
    }
    const vec4 before = plane[row * pitch + group];
    vec4 result;
    for (int i = 0; i < 4; i++) {
        result[i] = group * 4 + i < push.dst_w ? pinned(before[i], least[i], most[i]) : 0.0;
    }
    plane[row * pitch + group] = result;
}

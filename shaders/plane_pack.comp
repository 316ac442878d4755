// SPDX-License-Identifier: MIT
// A plane as bytes or words of 16 bits; see push/plane.h.
#version 450
#include "include/tensor.glsl"
#include "push/plane.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool sixteen = false;
BD_READ_F32(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const int at = row * pitch + group;
    const uvec4 values = uvec4(clamp(src(at), 0.0, 1.0) * (sixteen ? 65535.0 : 255.0) + 0.5);
    if (sixteen) {
        dst[2 * at] = values.x | (values.y << 16);
        dst[2 * at + 1] = values.z | (values.w << 16);
    } else {
        dst[at] = bd_pack_u8(values);
    }
}

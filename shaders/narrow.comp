// SPDX-License-Identifier: MIT
// The 8-bit picture of a 16-bit one; see push/narrow.h.
#version 450
#include "include/pixel.glsl"
#include "push/narrow.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_PIXELS(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int pixel = at.y * push.dst_w + at.x;
    dst[pixel] = bd_pack_u8((bd_unpack_pixel(src(pixel)) * 255u + 32895u) >> 16);
}

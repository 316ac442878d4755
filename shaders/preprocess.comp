// SPDX-License-Identifier: MIT
// Photo bytes to the network's input: an invocation owns one pixel.
#version 450
#include "include/tensor.glsl"
#include "push/preprocess.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool mirrored = false;
layout(constant_id = 1) const bool bgr = false;
BD_READ_U32(BD_BIND_SRC, photo)
BD_WRITE_TENSOR(BD_BIND_DST, y)

void main() {
    const ivec2 node = bd_grid_node(push.net_w);
    const int column = node.x, row = node.y;
    if (column >= push.net_w || row >= push.net_h) {
        return;
    }
    const bool inside = column < push.photo_w && row < push.photo_h;
    const int from = min(column, push.photo_w - 1);
    const uint pixel = photo(min(row, push.photo_h - 1) * push.photo_w + (mirrored ? push.photo_w - 1 - from : from));
    const vec4 rgba = vec4(bd_unpack_u8(pixel));
    precise const vec4 value = (bgr ? rgba.bgra : rgba) * push.scale + push.offset;
    y_store(row * push.net_w + column, inside ? value : push.outside);
}

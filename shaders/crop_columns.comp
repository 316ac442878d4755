// SPDX-License-Identifier: MIT
// Rows of the crop, of its columns: an invocation owns one pixel. See push/crop.h.
#version 450
#include "include/tensor.glsl"
#include "push/crop.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, columns)
BD_READ_U32(BD_BIND_WEIGHTS, words)
BD_WRITE(BD_BIND_DST, y, uint)
#include "include/crop.glsl"
#include "include/cubic.glsl"

void main() {
    const ivec2 node = bd_grid_node(push.net_w);
    const int column = node.x, row = node.y;
    if (column >= push.net_w || row >= push.net_h) {
        return;
    }
    const bd_crop crop = bd_crop_of_box();
    if (!crop.taken) {
        return;
    }
    const float wide = max(crop.scale, 1.0), reach = BD_CROP_REACH * wide;
    const float centre = crop.corner.y + (float(row) + 0.5) * crop.scale;
    const float right = crop.corner.x + (float(column) + 0.5) * crop.scale;
    if (centre >= float(push.photo_h) || right >= float(push.photo_w)) {
        y[row * push.net_w + column] = push.outside;
        return;
    }
    const int from = max(int(floor(centre - reach)), 0), to = min(int(ceil(centre + reach)), push.photo_h - 1);
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (int line = from; line <= to; line++) {
        const float weight = bd_cubic((float(line) + 0.5 - centre) / wide);
        sum += weight * vec4(bd_unpack_u8(columns(line * push.net_w + column)));
        total += weight;
    }
    y[row * push.net_w + column] = bd_pack_u8(uvec4(clamp(sum / total + 0.5, vec4(0.0), vec4(255.0))));
}

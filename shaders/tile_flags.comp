// SPDX-License-Identifier: MIT
// Tiles that hold an unsettled node; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, targets)
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const ivec2 tiles = (ivec2(push.dst_w, push.dst_h) + (BD_TILE - 1)) / BD_TILE;
    const ivec2 tile = bd_grid_node(tiles.x);
    if (tile.x >= tiles.x || tile.y >= tiles.y) {
        return;
    }
    const ivec2 from = tile * BD_TILE, to = min(from + BD_TILE, ivec2(push.dst_w, push.dst_h));
    float most = 0.0;
    for (int y = from.y; y < to.y; y++) {
        for (int x = from.x; x < to.x; x++) {
            most = max(most, targets(y * push.dst_w + x).z);
        }
    }
    dst[tile.y * tiles.x + tile.x] = uint(most > 0.0);
}

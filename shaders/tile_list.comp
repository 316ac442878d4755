// SPDX-License-Identifier: MIT
// The tiles to be worked on, in one order whatever the device does first; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool ring = false;
BD_READ_U32(BD_BIND_SRC, flags)
BD_READ_U32(BD_BIND_WEIGHTS, counts)
#include "include/listed.glsl"
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const int row = int(gl_GlobalInvocationID.x);
    if (row >= push.dst_h) {
        return;
    }
    uint place = 0u;
    for (int y = 0; y < row; y++) {
        place += counts(y);
    }
    for (int x = 0; x < push.dst_w; x++) {
        if (bd_listed(x, row)) {
            dst[BD_TILE_HEADER + place++] = uint(row) << 16 | uint(x);
        }
    }
    if (row == push.dst_h - 1) {
        dst[0] = place;
        dst[1] = 1u;
        dst[2] = 1u;
        dst[BD_TILE_FOURS] = (place + BD_TILES_A_GROUP - 1u) / BD_TILES_A_GROUP;
        dst[BD_TILE_FOURS + 1] = 1u;
        dst[BD_TILE_FOURS + 2] = 1u;
    }
}

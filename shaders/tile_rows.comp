// SPDX-License-Identifier: MIT
// Listed tiles of each row of tiles; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool ring = false;
BD_READ_U32(BD_BIND_SRC, flags)
#include "include/listed.glsl"
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const int row = int(gl_GlobalInvocationID.x);
    if (row >= push.dst_h) {
        return;
    }
    uint count = 0u;
    for (int x = 0; x < push.dst_w; x++) {
        count += uint(bd_listed(x, row));
    }
    dst[row] = count;
}

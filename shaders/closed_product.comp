// SPDX-License-Identifier: MIT
// The matrix times a vector, without the matrix; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
layout(constant_id = 0) const bool first = false;
BD_READ_F32(BD_BIND_SRC, lines)
BD_READ_F32(BD_BIND_WEIGHTS, grid)
BD_READ_F32(BD_BIND_BIAS, targets)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + int(gl_WorkGroupID.x)));
    if (bd_outside(at)) {
        dst[bd_tile_slot()] = vec4(0.0);
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    vec4 sum = vec4(0.0);
    float count = 0.0;
    for (int y = max(at.y - 1, 0); y <= min(at.y + 1, push.dst_h - 1); y++) {
        for (int x = max(at.x - 1, 0); x <= min(at.x + 1, push.dst_w - 1); x++) {
            sum += lines(y * push.dst_w + x);
            count += 1.0;
        }
    }
    const vec4 own = grid(node), target = targets(node);
    const float q = count * own.w - dot(sum.xyz, own.xyz - 0.5) - sum.w + target.y * own.w;
    const vec4 result =
        first ? vec4(target.y * target.x - q, 0.0, 0.0, 0.0) : vec4(q, own.w * own.w, q * own.w, 0.0);
    dst[bd_tile_slot()] = target.w > 0.0 ? vec4(0.0) : result;
}

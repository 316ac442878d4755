// SPDX-License-Identifier: MIT
// One step of the conjugate gradients; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
layout(constant_id = 0) const bool first = false;
BD_READ_F32(BD_BIND_SRC, state)
BD_READ_F32(BD_BIND_WEIGHTS, products)
BD_READ_F32(BD_BIND_BIAS, steps)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + int(gl_WorkGroupID.x)));
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x;
    const int plane = push.dst_w * push.dst_h;
    vec4 grid = state(node), own = state(plane + node);
    const float product = products(bd_tile_slot()).x;
    if (first) {
        grid.w = product;
    } else {
        const vec4 by = steps(0);
        own.y = grid.w + by.z * own.y;
        own.z = product + by.z * own.z;
        own.x += by.y * own.y;
        grid.w -= by.y * own.z;
    }
    dst[node] = grid;
    dst[plane + node] = own;
}

// SPDX-License-Identifier: MIT
// Log-odds of a set of classes: an invocation owns one node. See push/odds.h.
#version 450
#include "include/tensor.glsl"
#include "push/odds.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool first = true;
BD_READ_F32(BD_BIND_SRC, logits)
BD_READ_F32(BD_BIND_RESIDUAL, before)
BD_WRITE(BD_BIND_DST, grid, vec4)
#include "include/classes.glsl"
#include "include/odds.glsl"

void main() {
    const ivec2 node = bd_grid_node(push.out_w);
    const int column = node.x, row = node.y;
    if (column < push.out_w && row < push.out_h) {
        const int at = row * push.out_w + column;
        const vec4 odds = vec4(push.share * bd_log_odds(bd_corners_at(column, row)), 0.0, 0.0);
        grid[at] = first ? odds : odds + before(at);
    }
}

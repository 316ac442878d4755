// SPDX-License-Identifier: MIT
// Log-odds of a photo and of a larger look at it: an invocation owns one node. See push/crop.h.
#version 450
#include "include/tensor.glsl"
#include "push/crop_merge.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool alone = false;
BD_READ_F32(BD_BIND_SRC, logits)
BD_READ_U32(BD_BIND_WEIGHTS, words)
BD_READ_F32(BD_BIND_BIAS, first)
BD_WRITE(BD_BIND_DST, grid, vec4)
#include "include/classes.glsl"
#include "include/odds.glsl"
#include "include/crop.glsl"

void main() {
    const ivec2 node = bd_grid_node(push.out_w);
    const int column = node.x, row = node.y;
    if (column >= push.out_w || row >= push.out_h) {
        return;
    }
    const int at = row * push.out_w + column;
    vec4 odds = first(at);
    const float weight = push.weight * bd_larger_share(alone);
    if (weight > 0.0) {
        odds.xy = mix(odds.xy, bd_log_odds(bd_corners_at(column, row)), weight);
    }
    grid[at] = odds;
}

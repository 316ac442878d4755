// SPDX-License-Identifier: MIT
// One step of jump flooding; see push/components.h.
#version 450
#include "include/tensor.glsl"
#include "push/components.h"
#include "include/components.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 1) const bool fresh = false;

uint seed(ivec2 at) {
    const int node = at.y * push.grid_w + at.x;
    if (!fresh) {
        return state[BD_COMPONENTS_NEAREST(bd_nodes(), push.from) + node];
    }
    const uint root = state[BD_COMPONENTS_LABELS(bd_nodes()) + node];
    if (root == BD_COMPONENTS_NONE) {
        return BD_COMPONENTS_NONE;
    }
    const uint kept = state[BD_COMPONENTS_AREAS(bd_nodes()) + root] / BD_COMPONENTS_KEPT;
    return uint(at.y) << 16 | uint(at.x) << 1 | kept;
}

void main() {
    const ivec2 at = bd_grid_node(push.grid_w);
    if (at.x >= push.grid_w || at.y >= push.grid_h || state[BD_COMPONENTS_REMOVED] == 0u) {
        return;
    }
    uint best = BD_COMPONENTS_NONE;
    int nearest = 0x7fffffff;
    for (int i = 0; i < 9; i++) {
        const ivec2 from = at + (ivec2(i % 3, i / 3) - 1) * push.step;
        if (from.x < 0 || from.y < 0 || from.x >= push.grid_w || from.y >= push.grid_h) {
            continue;
        }
        const uint found = seed(from);
        if (found == BD_COMPONENTS_NONE) {
            continue;
        }
        const ivec2 away = ivec2(int(found >> 1 & 0x7fffu), int(found >> 16)) - at;
        const int distance = away.x * away.x + away.y * away.y;
        if (distance < nearest || (distance == nearest && found < best)) {
            nearest = distance;
            best = found;
        }
    }
    state[BD_COMPONENTS_NEAREST(bd_nodes(), push.to) + at.y * push.grid_w + at.x] = best;
}

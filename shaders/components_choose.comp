// SPDX-License-Identifier: MIT
// Which components stay; see push/components.h.
#version 450
#include "include/tensor.glsl"
#include "push/components.h"
#include "include/components.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 1) const int stage = BD_COMPONENTS_RANK;

bool keeps(uint node, uint area) {
    switch (push.keep) {
    case BD_COMPONENTS_LARGEST: return node == state[BD_COMPONENTS_WINNER];
    case BD_COMPONENTS_AT: return node == state[BD_COMPONENTS_LABELS(bd_nodes()) + push.point];
    case BD_COMPONENTS_EDGE: return area != 0u;
    default: return float(area) >= push.share * float(state[BD_COMPONENTS_AREA]);
    }
}

void main() {
    const ivec2 at = bd_grid_node(push.grid_w);
    if (at.x >= push.grid_w || at.y >= push.grid_h) {
        return;
    }
    const uint node = uint(at.y * push.grid_w + at.x);
    const int labels = BD_COMPONENTS_LABELS(bd_nodes()), own = BD_COMPONENTS_AREAS(bd_nodes()) + int(node);
    if (stage == BD_COMPONENTS_JUDGE && push.keep != BD_COMPONENTS_EDGE && node == 0u) {
        const bool there = state[labels + push.point] != BD_COMPONENTS_NONE;
        state[BD_COMPONENTS_FOUND] = push.keep == BD_COMPONENTS_AT ? uint(there) : state[BD_COMPONENTS_AREA];
    }
    if (state[labels + node] != node) {
        return;
    }
    const uint area = state[own];
    if (stage == BD_COMPONENTS_RANK) {
        atomicMax(state[BD_COMPONENTS_AREA], area);
    } else if (stage == BD_COMPONENTS_ELECT) {
        if (area == state[BD_COMPONENTS_AREA]) {
            atomicMin(state[BD_COMPONENTS_WINNER], node);
        }
    } else if (keeps(node, area)) {
        state[own] = area | BD_COMPONENTS_KEPT;
    } else {
        atomicOr(state[BD_COMPONENTS_REMOVED], 1u);
    }
}

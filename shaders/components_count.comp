// SPDX-License-Identifier: MIT
// Labels become roots, and roots learn their areas; see push/components.h.
#version 450
#include "include/tensor.glsl"
#include "push/components.h"
#include "include/components.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool background = false;

void add(uint root, uint count) {
    if (count == 0u) {
        return;
    }
    const int at = BD_COMPONENTS_AREAS(bd_nodes()) + int(root);
    if (background) {
        atomicOr(state[at], 1u);
    } else {
        atomicAdd(state[at], count);
    }
}

void main() {
    const int labels = BD_COMPONENTS_LABELS(bd_nodes());
    const ivec2 node = bd_grid_node((push.grid_w + BD_COMPONENTS_STRIP - 1) / BD_COMPONENTS_STRIP);
    const int first = node.x * BD_COMPONENTS_STRIP, row = node.y;
    if (first >= push.grid_w || row >= push.grid_h) {
        return;
    }
    const int end = min(first + BD_COMPONENTS_STRIP, push.grid_w);
    uint root = BD_COMPONENTS_NONE, count = 0u;
    for (int x = first; x < end; x++) {
        const uint node = uint(row * push.grid_w + x);
        if (state[labels + node] == BD_COMPONENTS_NONE) {
            continue;
        }
        const uint own = bd_root(node);
        state[labels + node] = own;
        if (own != root) {
            add(root, count);
            root = own;
            count = 0u;
        }
        const bool edge = x == 0 || row == 0 || x == push.grid_w - 1 || row == push.grid_h - 1;
        count += background ? uint(edge) : 1u;
    }
    add(root, count);
}

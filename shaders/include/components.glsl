// SPDX-License-Identifier: MIT
// The buffer of push/components.h, read and written by the kernels that make it.
#ifndef BD_COMPONENTS_GLSL
#define BD_COMPONENTS_GLSL

layout(set = 0, binding = BD_BIND_DST, std430) coherent buffer bd_state_block { uint state[]; };

int bd_nodes() {
    return push.grid_w * push.grid_h;
}

// Labels only ever fall and point inside the component: a stale one is an ancestor all the same.
uint bd_root(uint node) {
    const int labels = BD_COMPONENTS_LABELS(bd_nodes());
    uint above = state[labels + node];
    while (above != node) {
        node = above;
        above = state[labels + node];
    }
    return node;
}

#endif

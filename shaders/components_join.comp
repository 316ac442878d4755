// SPDX-License-Identifier: MIT
// Neighbours inside get one root; see push/components.h.
#version 450
#include "include/tensor.glsl"
#include "push/components.h"
#include "include/components.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool background = false;

bool inside(ivec2 at) {
    return at.x >= 0 && at.x < push.grid_w && at.y >= 0 &&
           state[BD_COMPONENTS_LABELS(bd_nodes()) + at.y * push.grid_w + at.x] != BD_COMPONENTS_NONE;
}

// The greater root is hung below the smaller one; what it hung below until then, if another invocation was faster, is
// joined in its place.
void join(ivec2 from, ivec2 to) {
    const int labels = BD_COMPONENTS_LABELS(bd_nodes());
    uint a = uint(from.y * push.grid_w + from.x), b = uint(to.y * push.grid_w + to.x);
    for (;;) {
        a = bd_root(a);
        b = bd_root(b);
        if (a == b) {
            return;
        }
        const uint high = max(a, b), low = min(a, b);
        const uint before = atomicMin(state[labels + high], low);
        if (before == high) {
            return;
        }
        a = before;
        b = low;
    }
}

void main() {
    const ivec2 at = bd_grid_node(push.grid_w);
    if (at.x >= push.grid_w || at.y >= push.grid_h || !inside(at)) {
        return;
    }
    const ivec2 west = at + ivec2(-1, 0), north = at + ivec2(0, -1);
    const bool on_west = inside(west), on_north = inside(north);
    if (on_west) {
        join(at, west);
    }
    // What meets over a third node is joined there.
    const bool on_north_west = inside(at + ivec2(-1, -1));
    if (on_north) {
        if (!(on_west && on_north_west)) {
            join(at, north);
        }
    } else if (!background) {
        if (on_north_west && !on_west) {
            join(at, at + ivec2(-1, -1));
        }
        if (inside(at + ivec2(1, -1))) {
            join(at, at + ivec2(1, -1));
        }
    }
}

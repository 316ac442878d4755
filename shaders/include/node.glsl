// SPDX-License-Identifier: MIT
// One invocation per node of a (dst_h, dst_w) grid.
#ifndef BD_NODE_GLSL
#define BD_NODE_GLSL

ivec2 bd_node() {
    return bd_grid_node(push.dst_w);
}

bool bd_outside(ivec2 at) {
    return at.x >= push.dst_w || at.y >= push.dst_h;
}

#endif

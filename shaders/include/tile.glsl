// SPDX-License-Identifier: MIT
// One workgroup per tile of a list, one invocation per node of it: eight neighbours along x lie side by side.
#ifndef BD_TILE_GLSL
#define BD_TILE_GLSL

ivec2 bd_tile_node(uint tile) {
    const int lane = int(gl_LocalInvocationID.x);
    return ivec2(int(tile & 0xffffu), int(tile >> 16)) * BD_TILE + ivec2(lane & (BD_TILE - 1), lane / BD_TILE);
}

// Where the node's product is.
int bd_tile_slot() {
    return int(gl_WorkGroupID.x) * BD_TILE * BD_TILE + int(gl_LocalInvocationID.x);
}

bool bd_outside(ivec2 at) {
    return at.x >= push.dst_w || at.y >= push.dst_h;
}

#endif

// SPDX-License-Identifier: MIT
// Tiles of a list. A workgroup takes one, an invocation per node (eight neighbours along x lie side by side), or
// BD_TILES_A_GROUP of them, an invocation per four neighbours: these are what tensors by tile hold as one vec4.
#ifndef BD_TILE_GLSL
#define BD_TILE_GLSL

#define BD_FOURS (BD_TILE * BD_TILE / 4)

ivec2 bd_tile_place(uint tile) {
    return ivec2(int(tile & 0xffffu), int(tile >> 16));
}

ivec2 bd_tile_node(uint tile) {
    const int lane = int(gl_LocalInvocationID.x);
    return bd_tile_place(tile) * BD_TILE + ivec2(lane & (BD_TILE - 1), lane / BD_TILE);
}

bool bd_outside(ivec2 at) {
    return at.x >= push.dst_w || at.y >= push.dst_h;
}

// The entry of the list that an invocation per four neighbours works on, which of the tile's fours, and its first node.
int bd_tile_entry() {
    return int(gl_WorkGroupID.x) * BD_TILES_A_GROUP + int(gl_LocalInvocationID.x) / BD_FOURS;
}

int bd_tile_four() {
    return int(gl_LocalInvocationID.x) % BD_FOURS;
}

ivec2 bd_tile_first(uint tile) {
    return bd_tile_place(tile) * BD_TILE + ivec2(bd_tile_four() % 2 * 4, bd_tile_four() / 2);
}

#endif

// SPDX-License-Identifier: MIT
// The two coarse grids of the preconditioner: their nodes lie at corners of tiles, or of BD_SPREAD x BD_SPREAD tiles.
#ifndef BD_COARSE_GLSL
#define BD_COARSE_GLSL

ivec2 bd_tiles() {
    return (ivec2(push.dst_w, push.dst_h) + (BD_TILE - 1)) / BD_TILE;
}

int bd_spread(int level) {
    return level == 0 ? 1 : BD_SPREAD;
}

// Nodes of a coarse grid, along each axis.
ivec2 bd_coarse_size(int level) {
    return (bd_tiles() + (bd_spread(level) - 1)) / bd_spread(level) + 1;
}

int bd_coarse_node(int level, ivec2 at) {
    const ivec2 fine = bd_coarse_size(0);
    return (level == 0 ? 0 : fine.x * fine.y) + at.y * bd_coarse_size(level).x + at.x;
}

// How far a node lies from the first of the corners around its tile, in spacings of the coarse grid.
vec2 bd_coarse_share(int level, ivec2 node, ivec2 tile) {
    const int spread = bd_spread(level);
    return (vec2(node - tile / spread * spread * BD_TILE) + 0.5) / float(spread * BD_TILE);
}

// The hat around a corner (x: bit 0, y: bit 1), at a node that may lie beyond the corners.
float bd_hat(vec2 share, int corner) {
    const vec2 away = max(1.0 - abs(share - vec2(float(corner & 1), float(corner >> 1))), 0.0);
    return away.x * away.y;
}

#endif

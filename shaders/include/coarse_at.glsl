// SPDX-License-Identifier: MIT
// A node of the coarse grids, and the tiles under its hat.
#ifndef BD_COARSE_AT_GLSL
#define BD_COARSE_AT_GLSL

struct bd_coarse {
    int level; // 2: none
    ivec2 at, first, end;
};

bd_coarse bd_coarse_at(int node) {
    bd_coarse result;
    for (result.level = 0; result.level < 2; result.level++) {
        const ivec2 size = bd_coarse_size(result.level);
        if (node < size.x * size.y) {
            const int spread = bd_spread(result.level);
            result.at = ivec2(node % size.x, node / size.x);
            result.first = max((result.at - 1) * spread, ivec2(0));
            result.end = min((result.at + 1) * spread, bd_tiles());
            break;
        }
        node -= size.x * size.y;
    }
    return result;
}

// Which of the parts of all tiles is a tile's for that node.
int bd_coarse_part(bd_coarse of, ivec2 tile) {
    const ivec2 corner = of.at - tile / bd_spread(of.level);
    return ((tile.y * bd_tiles().x + tile.x) * 2 + of.level) * 4 + corner.y * 2 + corner.x;
}

#endif

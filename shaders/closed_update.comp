// SPDX-License-Identifier: MIT
// One step of the conjugate gradients; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"
#include "include/coarse.glsl"

layout(local_size_x = BD_TILES_A_GROUP * BD_FOURS) in;
layout(constant_id = 0) const bool first = false;
BD_READ_F32(BD_BIND_SRC, plane)
BD_READ_F32(BD_BIND_WEIGHTS, products)
BD_READ_F32(BD_BIND_BIAS, other)
BD_READ_U32(BD_BIND_RESIDUAL, list)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer state_block { vec4 state[]; };

void main() {
    const int entry = bd_tile_entry();
    if (entry >= int(list(0))) {
        return;
    }
    const int to = entry * BD_STATES * BD_FOURS + bd_tile_four();
    const vec4 product = products(entry * BD_PRODUCTS + bd_tile_four());
    if (first) {
        const vec4 diagonal = other((entry * BD_TAPS + BD_TAPS / 2) * BD_FOURS + bd_tile_four());
        for (int i = 0; i < BD_STATE_R; i++) {
            state[to + i * BD_FOURS] = vec4(0.0);
        }
        state[to + BD_STATE_R * BD_FOURS] = product;
        state[to + BD_STATE_D * BD_FOURS] =
            mix(vec4(0.0), 1.0 / max(diagonal, 1e-6), greaterThan(diagonal, vec4(0.0)));
        return;
    }
    const ivec2 at = bd_tile_first(list(BD_TILE_HEADER + entry));
    const vec4 by = other(0), own = plane(at.y * bd_tiles().x * 2 + at.x / 4);
    const vec4 p = own + by.z * state[to + BD_STATE_P * BD_FOURS];
    const vec4 s = product + by.z * state[to + BD_STATE_S * BD_FOURS];
    state[to + BD_STATE_P * BD_FOURS] = p;
    state[to + BD_STATE_S * BD_FOURS] = s;
    state[to + BD_STATE_X * BD_FOURS] += by.y * p;
    state[to + BD_STATE_R * BD_FOURS] -= by.y * s;
}

// SPDX-License-Identifier: MIT
// Colours of the photo's border; see push/key.h. Whole numbers: the order of the additions does not show.
#version 450
#include "include/tensor.glsl"
#include "include/light.glsl"
#include "include/oklab.glsl"
#include "push/key.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, photo)
layout(set = 0, binding = BD_BIND_DST, std430) restrict buffer count_block { uint counts[]; };

void main() {
    const ivec2 at = bd_node() * push.block;
    if (bd_outside(bd_node()) || at.x >= push.src_w || at.y >= push.src_h) {
        return;
    }
    const int x = min(at.x, push.src_w - 1 - at.x), row = at.y + push.first;
    if (min(x, min(row, push.rows - 1 - row)) >= push.radius) {
        return;
    }
    const uvec4 pixel = bd_unpack_u8(photo(at.y * push.src_w + at.x));
    const vec3 lab = bd_oklab(bd_light(vec3(pixel.xyz) / 255.0));
    const vec2 hue = lab.yz / max(lab.x, 0.1);
    const ivec2 bin = clamp(ivec2((hue - BD_KEY_LOW) / BD_KEY_STEP_HUE), 0, BD_KEY_HUES - 1);
    const int level = clamp(int(lab.x / BD_KEY_STEP_L), 0, BD_KEY_LEVELS - 1);
    const int own = 4 * ((level * BD_KEY_HUES + bin.y) * BD_KEY_HUES + bin.x);
    atomicAdd(counts[own], 1u);
    atomicAdd(counts[own + 1], pixel.x);
    atomicAdd(counts[own + 2], pixel.y);
    atomicAdd(counts[own + 3], pixel.z);
}

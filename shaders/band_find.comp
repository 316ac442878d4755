// SPDX-License-Identifier: MIT
// What is certain of a coarse mask: an invocation owns four nodes. See push/band.h.
#version 450
#include "include/tensor.glsl"
#include "include/plane.glsl"
#include "push/band.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, src)
BD_PLANE_AT(src, push.src_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

float certainty(int x, int y) {
    const int reach = int(max(push.inner, push.outer));
    bool all_inside = push.inner >= 0.0, none_inside = push.outer >= 0.0;
    for (int v = max(y - reach, 0); v <= min(y + reach, push.src_h - 1); v++) {
        for (int u = max(x - reach, 0); u <= min(x + reach, push.src_w - 1); u++) {
            const float square = float((u - x) * (u - x) + (v - y) * (v - y));
            const bool inside = src_at(u, v) > 0.5;
            all_inside = all_inside && (inside || square > push.inner * push.inner);
            none_inside = none_inside && !(inside && square <= push.outer * push.outer);
        }
    }
    return all_inside ? 1.0 : none_inside ? 0.0 : 0.5;
}

void main() {
    const int pitch = (push.src_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.src_h) {
        return;
    }
    vec4 values = vec4(0.0);
    for (int i = 0; i < 4; i++) {
        const int x = group * 4 + i;
        values = vec4(values.yzw, x < push.src_w ? certainty(x, row) : 0.0);
    }
    dst[row * pitch + group] = values;
}

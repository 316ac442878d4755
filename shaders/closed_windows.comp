// SPDX-License-Identifier: MIT
// Colours of each 3x3 window; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_F32(BD_BIND_WEIGHTS, targets)
BD_READ_U32(BD_BIND_BIAS, flags)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + int(gl_WorkGroupID.x)));
    if (bd_outside(at)) {
        return;
    }
    const int node = at.y * push.dst_w + at.x, plane = push.dst_w * push.dst_h;
    const vec3 own = grid(node).xyz;
    vec3 mean = vec3(0.0), diagonal = vec3(0.0), mixed = vec3(0.0);
    float count = 0.0;
    for (int y = max(at.y - 1, 0); y <= min(at.y + 1, push.dst_h - 1); y++) {
        for (int x = max(at.x - 1, 0); x <= min(at.x + 1, push.dst_w - 1); x++) {
            // Colours around the middle one's: little is lost when the product of the means is taken away.
            const vec3 c = grid(y * push.dst_w + x).xyz - own;
            mean += c;
            diagonal += c * c;
            mixed += c.xxy * c.yzz;
            count += 1.0;
        }
    }
    const float share = 1.0 / count, eps = push.eps * share;
    mean *= share;
    diagonal = diagonal * share - mean * mean + eps;
    mixed = mixed * share - mean.xxy * mean.yzz;
    const float l00 = sqrt(max(diagonal.x, eps));
    const float l10 = mixed.x / l00, l20 = mixed.y / l00;
    const float l11 = sqrt(max(diagonal.y - l10 * l10, eps * 0.5));
    const float l21 = (mixed.z - l20 * l10) / l11;
    const float l22 = sqrt(max(diagonal.z - l20 * l20 - l21 * l21, eps * 0.5));
    const float w00 = 1.0 / l00, w11 = 1.0 / l11, w22 = 1.0 / l22;
    const float w10 = -l10 * w00 * w11, w21 = -l21 * w11 * w22;
    const float w20 = -(l20 * w00 + l21 * w10) * w22;
    dst[node] = vec4(mean + own, w00);
    dst[plane + node] = vec4(w10, w11, w20, w21);
    const ivec2 tile = at / BD_TILE;
    const bool solved = flags(tile.y * ((push.dst_w + BD_TILE - 1) / BD_TILE) + tile.x) != 0u && targets(node).w <= 0.0;
    dst[2 * plane + node] = vec4(w22, share, 0.0, 0.0);
    dst[3 * plane + node] = solved ? vec4(own - 0.5, 1.0) : vec4(0.0);
}

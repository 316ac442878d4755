// SPDX-License-Identifier: MIT
// The line of each 3x3 window; see push/closed_form.h.
#version 450
#include "include/tensor.glsl"
#include "push/closed_form.h"
#include "include/tile.glsl"

layout(local_size_x = BD_TILE * BD_TILE) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_U32(BD_BIND_RESIDUAL, list)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_tile_node(list(BD_TILE_HEADER + int(gl_WorkGroupID.x)));
    if (bd_outside(at)) {
        return;
    }
    const vec3 own = grid(at.y * push.dst_w + at.x).xyz;
    vec4 first_moments = vec4(0.0), mixed = vec4(0.0), second = vec4(0.0);
    float blue = 0.0, count = 0.0;
    for (int y = max(at.y - 1, 0); y <= min(at.y + 1, push.dst_h - 1); y++) {
        for (int x = max(at.x - 1, 0); x <= min(at.x + 1, push.dst_w - 1); x++) {
            const vec4 v = grid(y * push.dst_w + x);
            // Colours around the middle one's: little is lost when the product of the means is taken away.
            const vec3 c = v.xyz - own;
            first_moments += vec4(v.w, c);
            mixed += vec4(c * v.w, c.x * c.x);
            second += vec4(c.x * c.y, c.x * c.z, c.y * c.y, c.y * c.z);
            blue += c.z * c.z;
            count += 1.0;
        }
    }
    const float share = 1.0 / count, eps = push.eps * share;
    first_moments *= share;
    mixed *= share;
    second *= share;
    blue *= share;
    const vec3 mean = first_moments.yzw;
    const vec3 covariance = mixed.xyz - mean * first_moments.x;
    const float rr = mixed.w - mean.x * mean.x + eps;
    const float rg = second.x - mean.x * mean.y;
    const float rb = second.y - mean.x * mean.z;
    const float gg = second.z - mean.y * mean.y + eps;
    const float gb = second.w - mean.y * mean.z;
    const float bb = blue - mean.z * mean.z + eps;
    const float l00 = sqrt(max(rr, eps));
    const float l10 = rg / l00, l20 = rb / l00;
    const float l11 = sqrt(max(gg - l10 * l10, eps * 0.5));
    const float l21 = (gb - l20 * l10) / l11;
    const float l22 = sqrt(max(bb - l20 * l20 - l21 * l21, eps * 0.5));
    const float y0 = covariance.x / l00;
    const float y1 = (covariance.y - l10 * y0) / l11;
    const float y2 = (covariance.z - l20 * y0 - l21 * y1) / l22;
    const float az = y2 / l22;
    const float ay = (y1 - l21 * az) / l11;
    const float ax = (y0 - l10 * ay - l20 * az) / l00;
    const vec3 a = vec3(ax, ay, az);
    dst[at.y * push.dst_w + at.x] = vec4(a, first_moments.x - dot(a, mean + own - 0.5));
}

// SPDX-License-Identifier: MIT
// Log-odds of both looks on one grid: an invocation owns one node. See push/crop.h.
#version 450
#include "include/tensor.glsl"
#include "push/crop_merge.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, logits)
BD_READ_U32(BD_BIND_WEIGHTS, words)
BD_READ_F32(BD_BIND_BIAS, first)
BD_WRITE(BD_BIND_DST, grid, vec4)
#include "include/classes.glsl"
#include "include/odds.glsl"
#include "include/crop.glsl"

vec4 first_at(vec2 at) {
    const bd_axis u = bd_axis_at(at.x, push.nodes_w), v = bd_axis_at(at.y, push.nodes_h);
    const int top = v.low * push.nodes_w, bottom = v.high * push.nodes_w;
    return bd_lerp(first(top + u.low), first(top + u.high), first(bottom + u.low), first(bottom + u.high), u.fraction,
                   v.fraction);
}

// How much of the crop counts at a point of it, 0 .. 1 over its sides; on the photo's own sides it does not fade.
float fade(bd_crop crop, vec2 at) {
    const vec2 net = vec2(push.net_w, push.net_h), photo = vec2(push.photo_w, push.photo_h);
    const vec2 size = net * crop.scale, width = BD_CROP_FADE * net;
    const vec2 low = mix(clamp(at / width, 0.0, 1.0), vec2(1.0), lessThanEqual(crop.corner, vec2(0.0)));
    const vec2 high = mix(clamp((net - at) / width, 0.0, 1.0), vec2(1.0),
                          greaterThanEqual(crop.corner + size, photo - 1e-3 * crop.scale));
    return min(min(low.x, low.y), min(high.x, high.y));
}

void main() {
    const ivec2 node = bd_grid_node(push.out_w);
    const int column = node.x, row = node.y;
    if (column >= push.out_w || row >= push.out_h) {
        return;
    }
    const vec2 nodes = vec2(push.nodes_w, push.nodes_h), photo = vec2(push.photo_w, push.photo_h);
    const vec2 share = vec2(column, row) / max(vec2(push.out_w, push.out_h) - 1.0, vec2(1.0));
    vec4 odds = first_at(clamp(share * (nodes - 1.0), vec2(0.0), nodes - 1.0));
    const bd_crop crop = bd_crop_of_box();
    // From the crop's corner, in its pixels.
    const vec2 at = (share * (photo - 1.0) + 0.5 - crop.corner) / crop.scale;
    const float weight = push.weight * fade(crop, at);
    if (crop.taken && weight > 0.0) {
        const float x = clamp((at.x - 0.5) * push.scale_x + push.bias_x, 0.0, push.max_x);
        const float y = clamp((at.y - 0.5) * push.scale_y + push.bias_y, 0.0, push.max_y);
        odds.xy = mix(odds.xy, bd_log_odds(bd_corners_from(x, y)), weight);
    }
    grid[row * push.out_w + column] = odds;
}

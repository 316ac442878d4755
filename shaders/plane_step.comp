// SPDX-License-Identifier: MIT
// A plane and itself some pixels away; see push/plane_step.h.
#version 450
#include "include/tensor.glsl"
#include "push/plane_step.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int kind = BD_PLANE_STEP_MEAN;
BD_READ_F32(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, vec4)

vec4 combine(vec4 own, vec4 before, vec4 after) {
    const vec4 other = kind == BD_PLANE_STEP_MEAN ? 0.5 * (before + after)
                       : kind == BD_PLANE_STEP_MAX ? max(own, max(before, after))
                                                   : min(own, min(before, after));
    return mix(own, other, push.amount);
}

// Four pixels that all lie inside; dx is the same for all invocations.
vec4 four_at(int group, int y, int dx) {
    const int row = (y - push.src_first) * ((push.w + 3) / 4);
    const int at = row + group + (dx >> 2), shift = dx & 3;
    const vec4 a = src(at);
    if (shift == 0) {
        return a;
    }
    const vec4 b = src(at + 1);
    return shift == 1 ? vec4(a.yzw, b.x) : shift == 2 ? vec4(a.zw, b.xy) : vec4(a.w, b.xyz);
}

float one_at(ivec2 at) {
    at = clamp(at, ivec2(0), ivec2(push.w - 1, push.h - 1));
    return src((at.y - push.src_first) * ((push.w + 3) / 4) + at.x / 4)[at.x & 3];
}

void main() {
    const int pitch = (push.w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.rows) {
        return;
    }
    const int x = group * 4, y = row + push.first;
    const int dx = push.dir_x * push.step, dy = push.dir_y * push.step;
    const vec4 own = src((y - push.src_first) * pitch + group);
    vec4 result = vec4(0.0);
    // What lies past the width is 0, and stays so.
    const bool inside = dx == 0 || (x - abs(dx) >= 0 && x + 3 + abs(dx) < push.w);
    if (inside && y - abs(dy) >= 0 && y + abs(dy) < push.h) {
        result = combine(own, four_at(group, y - dy, -dx), four_at(group, y + dy, dx));
    } else {
        vec4 before = vec4(0.0), after = vec4(0.0);
        for (int i = 0; i < 4; i++) {
            const bool own_pixel = x + i < push.w;
            before = vec4(before.yzw, own_pixel ? one_at(ivec2(x + i - dx, y - dy)) : 0.0);
            after = vec4(after.yzw, own_pixel ? one_at(ivec2(x + i + dx, y + dy)) : 0.0);
        }
        result = combine(own, before, after);
    }
    dst[row * pitch + group] = result;
}

// SPDX-License-Identifier: MIT
// Bilinear resize: an invocation owns one vec4 of the output.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "include/requantise.glsl"
#include "push/resize.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool rounds = false;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_WRITE_TENSOR(BD_BIND_DST, y)

bd_axis source(int at, float scale, int size) {
    precise const float from = (float(at) + push.shift) * scale - push.shift;
    return bd_axis_at(clamp(from, 0.0, float(size - 1)), size);
}

void main() {
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    if (item >= push.out_h * push.out_w * push.c4) {
        return;
    }
    const int pixel = item / push.c4;
    const int c = item - pixel * push.c4;
    const int oy = pixel / push.out_w;
    const bd_axis v = source(oy, push.scale_y, push.in_h);
    const bd_axis u = source(pixel - oy * push.out_w, push.scale_x, push.in_w);
    const int top = v.low * push.in_w;
    const int bottom = v.high * push.in_w;
    const vec4 value = bd_lerp(x((top + u.low) * push.c4 + c), x((top + u.high) * push.c4 + c),
                               x((bottom + u.low) * push.c4 + c), x((bottom + u.high) * push.c4 + c), u.fraction,
                               v.fraction);
    y_store(item, rounds ? bd_round(value, push.zero_point) : value);
}

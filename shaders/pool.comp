// SPDX-License-Identifier: MIT
// Pooling: an invocation owns one vec4 of the output.
#version 450
#include "include/tensor.glsl"
#include "include/requantise.glsl"
#include "push/pool.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const int mode = BD_POOL_AVERAGE;
BD_READ_TENSOR(BD_BIND_SRC, x)
BD_WRITE_TENSOR(BD_BIND_DST, y)

void main() {
    const int item = bd_grid_group() * BD_LINEAR_GROUP + int(gl_LocalInvocationID.x);
    if (item >= push.out_h * push.out_w * push.c4) {
        return;
    }
    const int pixel = item / push.c4;
    const int c = item - pixel * push.c4;
    const int oy = pixel / push.out_w;
    const int ox = pixel - oy * push.out_w;
    const int top = oy * push.stride_y - push.pad_top;
    const int left = ox * push.stride_x - push.pad_left;
    const int y0 = max(top, 0), y1 = min(top + push.kernel_h, push.in_h);
    const int x0 = max(left, 0), x1 = min(left + push.kernel_w, push.in_w);
    ivec4 total = ivec4(0);
    vec4 result = mode == BD_POOL_MAX ? vec4(-3.402823466e38) : vec4(0.0);
    for (int iy = y0; iy < y1; iy++) {
        // Row sums of their own: long sums of one float lose digits.
        vec4 row = result;
        if (mode != BD_POOL_MAX) {
            row = vec4(0.0);
        }
        for (int ix = x0; ix < x1; ix++) {
            const vec4 v = x((iy * push.in_w + ix) * push.c4 + c);
            row = mode == BD_POOL_MAX ? max(row, v) : row + v;
        }
        result = mode == BD_POOL_MAX ? row : result + row;
        if (mode == BD_POOL_INTEGERS) {
            total += ivec4(row); // a row is exact as floats; the whole of a large map is not
        }
    }
    const int count = max((y1 - y0) * (x1 - x0), 1);
    if (mode == BD_POOL_AVERAGE) {
        result /= float(count);
    } else if (mode == BD_POOL_INTEGERS) {
        result = bd_mean(total, count, push.zero_point);
    }
    y_store(item, result);
}

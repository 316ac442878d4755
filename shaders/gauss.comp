// SPDX-License-Identifier: MIT
// A Gaussian along one axis; see push/weigh.h.
#version 450
#include "include/tensor.glsl"
#include "push/weigh.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool vertical = false;
BD_READ_F32(BD_BIND_SRC, src)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    // What is fetched once serves BD_GAUSS_RUN nodes.
    const ivec2 node = bd_grid_node(vertical ? push.dst_w : (push.dst_w + BD_GAUSS_RUN - 1) / BD_GAUSS_RUN);
    const int run = node.x, row = node.y;
    const int first = BD_GAUSS_RUN * (vertical ? row : run);
    const int size = vertical ? push.dst_h : push.dst_w;
    if (first >= size || (vertical ? run : row) >= (vertical ? push.dst_w : push.dst_h)) {
        return;
    }
    const int line = vertical ? run : row * push.dst_w, pitch = vertical ? push.dst_w : 1;
    const int from = max(first - push.radius, 0), to = min(first + BD_GAUSS_RUN - 1 + push.radius, size - 1);
    vec4 sum0 = vec4(0.0), sum1 = vec4(0.0), sum2 = vec4(0.0), sum3 = vec4(0.0);
    for (int i = from; i <= to; i++) {
        const vec4 far = abs(vec4(float(i - first)) - vec4(0.0, 1.0, 2.0, 3.0));
        const vec4 share = exp2(push.falloff * far * far) * (1.0 - step(float(push.radius) + 0.5, far));
        const vec4 v = src(line + i * pitch);
        sum0 += share.x * v;
        sum1 += share.y * v;
        sum2 += share.z * v;
        sum3 += share.w * v;
    }
    const int own = line + first * pitch, count = size - first;
    dst[own] = sum0;
    if (count > 1) {
        dst[own + pitch] = sum1;
    }
    if (count > 2) {
        dst[own + 2 * pitch] = sum2;
    }
    if (count > 3) {
        dst[own + 3 * pitch] = sum3;
    }
}

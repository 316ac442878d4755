// SPDX-License-Identifier: MIT
// The line p = a . colour + b of each window; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "push/guided.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, sums)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const int plane = push.dst_w * push.dst_h;
    const int top = max(at.y - push.radius, 0), bottom = min(at.y + push.radius, push.dst_h - 1);
    const int left = max(at.x - push.radius, 0), right = min(at.x + push.radius, push.dst_w - 1);
    vec4 s0 = vec4(0.0), s1 = vec4(0.0), s2 = vec4(0.0);
    float s3 = 0.0;
    for (int y = top; y <= bottom; y++) {
        const int node = y * push.dst_w + at.x;
        s0 += sums(node);
        s1 += sums(plane + node);
        s2 += sums(2 * plane + node);
        s3 += sums(3 * plane + node).x;
    }
    const float share = 1.0 / float((bottom - top + 1) * (right - left + 1));
    s0 *= share;
    s1 *= share;
    s2 *= share;
    s3 *= share;
    const vec3 mean = s0.yzw;
    const vec3 covariance = s1.xyz - mean * s0.x;
    const float rr = s1.w - mean.x * mean.x + push.eps;
    const float rg = s2.x - mean.x * mean.y;
    const float rb = s2.y - mean.x * mean.z;
    const float gg = s2.z - mean.y * mean.y + push.eps;
    const float gb = s2.w - mean.y * mean.z;
    const float bb = s3 - mean.z * mean.z + push.eps;
    // Cholesky: symmetric positive definite, and stable where cofactors cancel.
    const float l00 = sqrt(max(rr, push.eps));
    const float l10 = rg / l00, l20 = rb / l00;
    const float l11 = sqrt(max(gg - l10 * l10, push.eps * 0.5));
    const float l21 = (gb - l20 * l10) / l11;
    const float l22 = sqrt(max(bb - l20 * l20 - l21 * l21, push.eps * 0.5));
    const float y0 = covariance.x / l00;
    const float y1 = (covariance.y - l10 * y0) / l11;
    const float y2 = (covariance.z - l20 * y0 - l21 * y1) / l22;
    const float az = y2 / l22;
    const float ay = (y1 - l21 * az) / l11;
    const float ax = (y0 - l10 * ay - l20 * az) / l00;
    const vec3 a = vec3(ax, ay, az);
    dst[at.y * push.dst_w + at.x] = vec4(a, s0.x - dot(a, mean + 0.5));
}

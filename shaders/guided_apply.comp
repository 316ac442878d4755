// SPDX-License-Identifier: MIT
// The lines of the coarse grid at every pixel of the photo: an invocation owns four neighbours; see push/guided.h.
#version 450
#include "include/tensor.glsl"
#include "include/bilinear.glsl"
#include "push/guided.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
layout(constant_id = 0) const bool coarse = false;
layout(constant_id = 1) const bool noisy = false;
BD_READ_F32(BD_BIND_SRC, lines)
BD_READ_U32(BD_BIND_WEIGHTS, photo)
BD_READ_F32(BD_BIND_BIAS, taps)
BD_WRITE(BD_BIND_DST, dst, vec4)

vec3 colours[4];

vec3 photo_at(int x, int y) {
    return vec3(bd_unpack_u8(photo(y * push.dst_w + x)).xyz);
}

void read_colours(int x, int row) {
    for (int i = 0; i < 4; i++) {
        colours[i] = photo_at(min(x + i, push.dst_w - 1), row) * (1.0 / 255.0);
    }
}

void blur_colours(int x, int row) {
    const vec4 tap = taps(0);
    vec3 sums[8];
    for (int c = 0; c < 8; c++) {
        sums[c] = vec3(0.0);
    }
    for (int v = -2; v <= 2; v++) {
        const int y = clamp(row + v, 0, push.src_rows - 1);
        const float share = v == 0 ? tap.x : abs(v) == 1 ? tap.y : tap.z;
        for (int c = 0; c < 8; c++) {
            sums[c] += share * photo_at(clamp(x - 2 + c, 0, push.dst_w - 1), y);
        }
    }
    for (int i = 0; i < 4; i++) {
        const vec3 sum = tap.x * sums[i + 2] + tap.y * (sums[i + 1] + sums[i + 3]) + tap.z * (sums[i] + sums[i + 4]);
        colours[i] = sum * (1.0 / 255.0);
    }
}

float value(int x, vec3 colour, vec4 line) {
    return x >= push.dst_w ? 0.0 : clamp(dot(line.xyz, colour) + line.w, 0.0, 1.0);
}

void main() {
    const int pitch = (push.dst_w + 3) / 4;
    const ivec2 node = bd_grid_node(pitch);
    const int group = node.x, row = node.y;
    if (group >= pitch || row >= push.dst_h) {
        return;
    }
    const bd_axis v =
        bd_axis_at(bd_source(row + push.first, push.scale_y, push.bias_y, float(push.src_h - 1)), push.src_h);
    const int top = v.low * push.src_w, bottom = v.high * push.src_w;
    const int x = group * 4;
    if (noisy) {
        blur_colours(x, row + push.above);
    } else {
        read_colours(x, row + push.above);
    }
    vec4 result;
    if (coarse) {
        // A node is at least four pixels wide: four pixels meet three nodes at most, fetched and blended once.
        const float s0 = bd_source(x, push.scale_x, push.bias_x, float(push.src_w - 1));
        const int n0 = clamp(int(s0), 0, push.src_w - 1);
        const int n1 = min(n0 + 1, push.src_w - 1), n2 = min(n0 + 2, push.src_w - 1);
        const vec4 l0 = mix(lines(top + n0), lines(bottom + n0), v.fraction);
        const vec4 l1 = mix(lines(top + n1), lines(bottom + n1), v.fraction);
        const vec4 l2 = mix(lines(top + n2), lines(bottom + n2), v.fraction);
        for (int i = 0; i < 4; i++) {
            const float s = bd_source(x + i, push.scale_x, push.bias_x, float(push.src_w - 1)) - float(n0);
            const vec4 line = s < 1.0 ? mix(l0, l1, s) : mix(l1, l2, s - 1.0);
            result = vec4(result.yzw, value(x + i, colours[i], line));
        }
    } else {
        for (int i = 0; i < 4; i++) {
            const bd_axis u =
                bd_axis_at(bd_source(x + i, push.scale_x, push.bias_x, float(push.src_w - 1)), push.src_w);
            const vec4 line = bd_lerp(lines(top + u.low), lines(top + u.high), lines(bottom + u.low),
                                      lines(bottom + u.high), u.fraction, v.fraction);
            result = vec4(result.yzw, value(x + i, colours[i], line));
        }
    }
    dst[row * pitch + group] = result;
}

// SPDX-License-Identifier: MIT
// Pillow's resampling, vertical pass: an invocation owns one pixel.
#version 450
#include "include/pixel.glsl"
#include "push/resample.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_PIXELS(BD_BIND_SRC, src)
BD_READ_I32(BD_BIND_WEIGHTS, coefficients)
BD_READ_I32X2(BD_BIND_BIAS, bounds)
BD_WRITE(BD_BIND_DST, dst, BD_PIXEL)

void main() {
    const ivec2 node = bd_grid_node(push.dst_w);
    const int column = node.x, row = node.y;
    if (column >= push.dst_w || row >= push.dst_h) {
        return;
    }
    const ivec2 bound = bounds(row);
    const int first = clamp(bound.x - push.first_row, 0, push.src_h - 1);
    const int count = min(bound.y, min(push.taps, push.src_h - first));
    const int from = first * push.src_w + column;
    const int table = row * push.taps;
    ivec4 sum = ivec4(1 << (BD_RESAMPLE_BITS - 1));
#if PIXEL16
    // High and low bytes by themselves: no sum leaves 32 bits.
    ivec4 high = ivec4(0);
    for (int t = 0; t < count; t++) {
        const uvec4 pixel = bd_unpack_pixel(src(from + t * push.src_w));
        const int coefficient = coefficients(table + t);
        high += ivec4(pixel >> 8) * coefficient;
        sum += ivec4(pixel & 255u) * coefficient;
    }
    // (256 high + sum) >> BITS, where the upper bits of high are whole steps of the result already.
    const int split = BD_RESAMPLE_BITS - 8;
    sum = (high >> split) + (((high & ((1 << split) - 1)) * 256 + sum) >> BD_RESAMPLE_BITS);
#else
    for (int t = 0; t < count; t++) {
        sum += ivec4(bd_unpack_pixel(src(from + t * push.src_w))) * coefficients(table + t);
    }
    sum >>= BD_RESAMPLE_BITS;
#endif
    dst[row * push.dst_w + column] = bd_pack_pixel(uvec4(clamp(sum, 0, int(BD_PIXEL_MOST))));
}

// SPDX-License-Identifier: MIT
// Pillow's resampling, vertical pass: an invocation owns one pixel.
#version 450
#include "include/tensor.glsl"
#include "push/resample.h"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_U32(BD_BIND_SRC, src)
BD_READ_I32(BD_BIND_WEIGHTS, coefficients)
BD_READ_I32X2(BD_BIND_BIAS, bounds)
BD_WRITE(BD_BIND_DST, dst, uint)

void main() {
    const int column = int(gl_GlobalInvocationID.x);
    const int row = bd_grid_row();
    if (column >= push.dst_w || row >= push.dst_h) {
        return;
    }
    const ivec2 bound = bounds(row);
    const int first = clamp(bound.x - push.first_row, 0, push.src_h - 1);
    const int count = min(bound.y, min(push.taps, push.src_h - first));
    const int from = first * push.src_w + column;
    const int table = row * push.taps;
    ivec4 sum = ivec4(1 << (BD_RESAMPLE_BITS - 1));
    for (int t = 0; t < count; t++) {
        sum += ivec4(bd_unpack_u8(src(from + t * push.src_w))) * coefficients(table + t);
    }
    dst[row * push.dst_w + column] = bd_pack_u8(uvec4(clamp(sum >> BD_RESAMPLE_BITS, 0, 255)));
}

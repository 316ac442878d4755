// SPDX-License-Identifier: MIT
// The background's colours at the photo's pixels; see push/weigh.h.
#version 450
#include "include/pixel.glsl"
#include "include/bilinear.glsl"
#include "push/weigh.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_F32(BD_BIND_SRC, grid)
BD_READ_PIXELS(BD_BIND_WEIGHTS, photo)
BD_WRITE(BD_BIND_DST, dst, BD_PIXEL)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const bd_axis u = bd_axis_at(bd_source(at.x, push.scale, push.bias_x, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(at.y, push.scale, push.bias_y, float(push.src_h - 1)), push.src_h);
    const int top = v.low * push.src_w, bottom = v.high * push.src_w;
    const vec4 sum = bd_lerp(grid(top + u.low), grid(top + u.high), grid(bottom + u.low), grid(bottom + u.high),
                             u.fraction, v.fraction);
    const int pixel = at.y * push.dst_w + at.x;
    uvec4 values = bd_unpack_pixel(photo(pixel));
    if (sum.w > 0.0) {
        values.xyz = uvec3(clamp(sum.xyz / sum.w, 0.0, 1.0) * BD_PIXEL_FULL + 0.5);
    }
    dst[pixel] = bd_pack_pixel(values);
}

// SPDX-License-Identifier: MIT
// The photo and its matte on a level of the pyramid; see push/foreground.h.
#version 450
#include "include/pixel.glsl"
#include "include/plane.glsl"
#include "push/foreground.h"
#include "include/node.glsl"

layout(local_size_x = BD_LINEAR_GROUP) in;
BD_READ_PIXELS(BD_BIND_SRC, photo)
BD_READ_F32(BD_BIND_WEIGHTS, alpha)
BD_PLANE_AT(alpha, push.src_w)
BD_WRITE(BD_BIND_DST, dst, vec4)

void main() {
    const ivec2 at = bd_node();
    if (bd_outside(at)) {
        return;
    }
    const ivec2 pixel = at << push.shift;
    const vec3 colour = vec3(bd_unpack_pixel(photo(pixel.y * push.src_w + pixel.x)).xyz) * (1.0 / BD_PIXEL_FULL);
    dst[(at.y + push.first) * push.dst_w + at.x] = vec4(colour, alpha_at(pixel.x, pixel.y));
}

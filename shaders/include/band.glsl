// SPDX-License-Identifier: MIT
// What push/band.h's plane says at a pixel of another grid: 1, 0, or 1/2 where its nodes do not agree. The includer has
// a reader `certain`.
#ifndef BD_BAND_GLSL
#define BD_BAND_GLSL
#include "include/bilinear.glsl"
#include "include/plane.glsl"

BD_PLANE_AT(certain, push.src_w)

float bd_band_at(int x, int y) {
    const bd_axis u = bd_axis_at(bd_source(x, push.scale_x, push.bias_x, float(push.src_w - 1)), push.src_w);
    const bd_axis v = bd_axis_at(bd_source(y, push.scale_y, push.bias_y, float(push.src_h - 1)), push.src_h);
    const float sum = certain_at(u.low, v.low) + certain_at(u.high, v.low) + certain_at(u.low, v.high) +
                      certain_at(u.high, v.high);
    return sum == 4.0 ? 1.0 : sum == 0.0 ? 0.0 : 0.5;
}

#endif

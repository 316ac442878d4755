/* SPDX-License-Identifier: MIT
 * Bilinear resize in TensorFlow's arithmetic: source = (out + shift) * scale - shift per axis.
 *   legacy              shift 0,   scale in / out
 *   align_corners       shift 0,   scale (in - 1) / (out - 1), 0 where out is 1
 *   half_pixel_centers  shift 0.5, scale in / out
 *
 * Bindings   0 x [in_h][in_w][c4], 4 y [out_h][out_w][c4]; all vec4.
 * Constants  0: y + zero_point to the nearest integer, halves away from zero, - zero_point (bool).
 * Groups     x * y >= ceil(out_h * out_w * c4 / BD_LINEAR_GROUP), each below 65536.
 * Reference  bd_ref_resize. */
#ifndef BD_PUSH_RESIZE_H
#define BD_PUSH_RESIZE_H

#include "push/types.h"

BD_PUSH_BEGIN(resize)
bd_int in_w, in_h, out_w, out_h;
bd_int c4;
bd_float scale_x, scale_y;
bd_float shift;
bd_float zero_point;
BD_PUSH_END(resize, 36)

#endif

/* SPDX-License-Identifier: MIT
 * Planes of one float per pixel, four neighbours in a vec4: vec4 [h][ceil(w / 4)], zero past w.
 *
 * plane_sample    0 src plane -> 4 dst plane [dst_h][ceil(dst_w / 4)]: bilinear at clamp(x * scale_x + bias_x, 0,
 *                 src_w - 1), y likewise with row first + y; constant 0: nearest (bool), the node whose cell holds the
 *                 coordinate; constant 1: threshold (bool), 1 above one half, else 0.
 * plane_pack      0 src plane [dst_h][ceil(dst_w / 4)] -> 4 uint, rounded to nearest: bytes [dst_h][ceil(dst_w / 4)]
 *                 (four pixels in each), or with constant 0 (sixteen, bool) words of 16 bits
 *                 [dst_h][ceil(dst_w / 4) * 2] (two in each).
 * Groups          bd_grid_node's of ceil(dst_w / 4) x dst_h. An invocation owns one vec4.
 * Reference       engine/reference/ref_matte.c. */
#ifndef BD_PUSH_PLANE_H
#define BD_PUSH_PLANE_H

#include "push/types.h"

BD_PUSH_BEGIN(plane)
bd_int src_w, src_h, dst_w, dst_h;
bd_int first;
bd_float scale_x, bias_x, scale_y, bias_y;
BD_PUSH_END(plane, 36)

#endif

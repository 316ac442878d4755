/* SPDX-License-Identifier: MIT
 * What is certain of a coarse mask by its distance to the mask's edge, and matte grids that are made to say so. Plane P
 * has its corner nodes on the middles of the photo's corner pixels; inside is P > 1/2. What lies beyond the photo is no
 * edge.
 *
 * band_find     0 plane P vec4 [src_h][ceil(src_w / 4)] -> 4 plane of the same size: 1 where all nodes within `inner`
 *               nodes are inside, 0 where none within `outer` is, else 1/2. A distance below 0: never.
 * band_lines    0 plane of band_find, 4 grid vec4 [dst_h][dst_w] of lines (push/guided.h), in place: alpha 1 where all
 *               four nodes of the plane around it say 1, alpha 0 where all say 0. x of the grid lies at
 *               clamp(x * scale_x + bias_x, 0, src_w - 1) of the plane, y likewise.
 * band_plane    the same on a plane vec4 [dst_h][ceil(dst_w / 4)]: 1 and 0; elsewhere low .. 1 - low.
 * An invocation owns one vec4. Groups bd_grid_node's of vec4s of a row x rows.
 * Reference     bd_ref_band_find, bd_ref_band_at. */
#ifndef BD_PUSH_BAND_H
#define BD_PUSH_BAND_H

#include "push/types.h"

BD_PUSH_BEGIN(band)
bd_int src_w, src_h, dst_w, dst_h;
bd_float inner, outer;
bd_float scale_x, bias_x, scale_y, bias_y;
bd_float low;
BD_PUSH_END(band, 44)

#endif

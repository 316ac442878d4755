/* SPDX-License-Identifier: MIT
 * The colour guided filter (He, Sun, Tang, TPAMI 2013) on a coarse grid whose nodes are means of block x block pixels,
 * as arXiv 1505.00996 has it. A grid holds (h, w) vec4: the photo's red, green and blue in 0 .. 1 and in w the value
 * that is filtered. An invocation owns one node (guided_apply: four neighbouring pixels). Windows are (2 radius + 1)
 * squared, clipped at the edges: means count what lies inside.
 *
 * guided_reduce   0 photo uint [src_h][src_w]
 *                 -> 4 vec4 [][dst_w]: means of blocks that begin at row `above` of the bound part, which has src_h rows
 *                 from there on; dst_h rows are written from row `first` on; w is 0.
 * guided_start    0 grid vec4 [dst_h][dst_w], 1 plane vec4 [dst_h][ceil(dst_w / 4)]
 *                 -> 4 vec4 [dst_h][dst_w]: the grid with the plane in w, level .. 1 - level stretched to 0 .. 1.
 * guided_rows     0 grid
 *                 -> 4 vec4 [4][dst_h][dst_w]: sums along x of (p, c), (c p, rr), (rg, rb, gg, gb), (bb, 0, 0, 0) with
 *                 c = colour - 0.5.
 * guided_solve    0 those sums
 *                 -> 4 vec4 [dst_h][dst_w]: a.rgb and b of p = a . colour + b in each window; eps.
 * box_rows        0 vec4
 *                 -> 4 vec4: means along x.
 *                 Constant 0: true replaces v by 4 v.w (1 - v.w) in every channel.
 * box_columns     0 vec4, 1 doubt vec4 [src_h][src_w], bilinear at clamp(x * scale_x + bias_x, 0, src_w - 1) (y
 *                 likewise)
 *                 -> 4 vec4: means along y; with level > 0 then (a, b) becomes (a, b - l) / (1 - 2 l), which stretches
 *                 l .. 1 - l to 0 .. 1, with l = level * clamp(1 - slope * max(u - knee, 0), 0, 1) and u the doubt.
 * guided_join     0 (a, b) vec4 [src_h][src_w], bilinear as above, 1 grid vec4 [dst_h][dst_w]
 *                 -> 4 the grid with clamp(a . colour + b, 0, 1) in w.
 * guided_apply    0 (a, b) vec4 [src_h][src_w], 1 photo uint [src_rows][dst_w], 2 the taps of noise_taps as vec4
 *                 (push/noise.h), read with constant 1 only
 *                 -> 4 plane vec4 [dst_h][ceil(dst_w / 4)], zero past dst_w; its row y is row first + y of the whole and
 *                 above + y of the bound part of the photo.
 *                 Constant 0: a node is at least four pixels wide. 1: colours are blurred by the taps; of the
 *                 photo's bound part two rows more on either side are read.
 * Groups          bd_grid_node's of dst_w x dst_h (guided_apply: of ceil(dst_w / 4)).
 * Reference       engine/reference/ref_matte.c. */
#ifndef BD_PUSH_GUIDED_H
#define BD_PUSH_GUIDED_H

#include "push/types.h"

BD_PUSH_BEGIN(guided)
bd_int src_w, src_h, dst_w, dst_h;
bd_int radius, block, first;
bd_float eps;
bd_float scale_x, bias_x, scale_y, bias_y;
bd_float level, knee, slope;
bd_int src_rows, above;
BD_PUSH_END(guided, 68)

#endif

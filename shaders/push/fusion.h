/* SPDX-License-Identifier: MIT
 * The subject's own colours under a soft matte, the quick way (Forte and Pitie, Approximate Fast Foreground Colour
 * Estimation, ICIP 2021): F = sum(a I) / sum(a) and B = sum((1 - a) I) / sum(1 - a) over a window, and what they leave
 * unexplained of the pixel, I - a F - (1 - a) B, goes to F times a / (a^2 + (1 - a)^2): both take their shares by least
 * squares, where the paper has a. The first pass has wide windows, on blocks of nodes; the second small ones, over the
 * first's F and B. A level holds (h, w) vec4 = (r, g, b, a); pairs (h, w, 2) vec4 = weighted F and B with their weights
 * in w. Where there is next to no weight the colour is the node's own.
 *
 * fusion_reduce   0 level [src_h][src_w] -> 4 pairs [dst_h][dst_w]: means over block x block nodes of (a I, a) and
 *                 ((1 - a) I, 1 - a).
 * fusion_rows     0 pairs [dst_h][dst_w] -> 4 pairs: sums over -radius .. radius along x of what lies inside.
 * fusion_columns  0 pairs [dst_h][dst_w], 1 level [dst_h][dst_w] -> 4 pairs: along y. Constant 0 (bool), finish: then
 *                 (F, 0), (B, 0) with F in 0 .. 1; else binding 1 is not read.
 * fusion_spread   0 pairs [src_h][src_w], bilinear at clamp(x * scale + bias, 0, src_w - 1) (y likewise), 1 level
 *                 [dst_h][dst_w] -> 4 pairs [dst_h][dst_w]: (a F, a), ((1 - a) B, 1 - a).
 * Groups          bd_grid_node's of dst_w x dst_h; rows and columns take ceil(size / BD_FUSION_RUN)
 *                 for their axis: an invocation owns that many nodes along it, else one.
 * Reference       engine/reference/ref_fusion.c. */
#ifndef BD_PUSH_FUSION_H
#define BD_PUSH_FUSION_H

#include "push/types.h"

#define BD_FUSION_RUN 16

BD_PUSH_BEGIN(fusion)
bd_int src_w, src_h, dst_w, dst_h;
bd_int block, radius;
bd_float scale, bias;
BD_PUSH_END(fusion, 32)

#endif

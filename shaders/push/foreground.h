/* SPDX-License-Identifier: MIT
 * The subject's own colours under a soft matte (Germer et al., arXiv 2006.14970, with a lower weight of the gradient):
 * on each level of a pyramid F and B that blend to the photo and change little where alpha changes little, in Jacobi
 * steps. Level l has ceil(size / 2^l) nodes a side; node (x, y) is pixel (x << l, y << l). An invocation owns one node.
 * Pictures of 16 bits (include/pixel.glsl) have uvec2 in the place of uint.
 *
 * foreground_pick   0 photo uint [src_h][src_w], 1 alpha plane
 *                   -> 4 vec4 [][dst_w] = (r, g, b, alpha): dst_h rows from row `first` on, each 1 << shift rows of the
 *                   bound parts apart.
 * foreground_half   0 level vec4 [src_h][src_w]
 *                   -> 4 level vec4 [dst_h][dst_w], its even nodes.
 * foreground_step   0 pairs vec4 [src_h][src_w][2] = F, B, 1 level vec4 [dst_h][dst_w]
 *                   -> 4 pairs vec4 [dst_h][dst_w][2]. Node (x, y) starts from pair (x >> shift, y >> shift).
 *                   Constant 0 (bool): there are no pairs yet, F and B start as the colour.
 * foreground_apply  0 pairs vec4 [src_h][src_w][2] of level `shift`, bilinear, 1 photo uint [dst_h][dst_w],
 *                   2 alpha plane
 *                   -> 4 uint [dst_h][dst_w]: F where 0 < alpha < 1, else the photo's own bytes. Row y of the bound
 *                   parts is row first + y of the whole.
 * Groups            bd_grid_node's of dst_w x dst_h.
 * Reference         engine/reference/ref_matte.c. */
#ifndef BD_PUSH_FOREGROUND_H
#define BD_PUSH_FOREGROUND_H

#include "push/types.h"

BD_PUSH_BEGIN(foreground)
bd_int src_w, src_h, dst_w, dst_h;
bd_int first, shift;
BD_PUSH_END(foreground, 24)

#endif

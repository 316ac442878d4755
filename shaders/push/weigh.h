/* SPDX-License-Identifier: MIT
 * A blur of the background alone: its pixels weigh (1 - alpha) times the photo's own alpha, alpha settled. A grid holds
 * (h, w) vec4: colours in 0 .. 1 times their weight, and the weight; past its edges there is nothing. An invocation
 * owns one node or pixel, gauss's BD_GAUSS_RUN nodes along its axis. Pictures of 16 bits (include/pixel.glsl) have
 * uvec2 in the place of uint.
 *
 * weigh      0 photo uint [src_h][src_w], 1 alpha plane vec4 [src_h][ceil(src_w / 4)] -> 4 grid [][dst_w]: sums over
 *            blocks of block x block pixels, over block * block; dst_h rows are written from row `first` on.
 * gauss      0 grid [dst_h][dst_w] -> 4 grid [dst_h][dst_w]: sums of v(i) * 2^(falloff * i * i) with i in -radius ..
 *            radius along x. Constant 0 (bool): along y.
 * unweigh    0 grid [src_h][src_w], bilinear at clamp(x * scale + bias_x, 0, src_w - 1) (y likewise), 1 photo uint
 *            [dst_h][dst_w] -> 4 uint [dst_h][dst_w]: colours over their weight (where that is 0, the photo's) and the
 *            photo's alpha.
 * Groups     bd_grid_node's of dst_w x dst_h; gauss takes ceil(size / BD_GAUSS_RUN) for its axis.
 * Reference  engine/reference/ref_blur.c. */
#ifndef BD_PUSH_WEIGH_H
#define BD_PUSH_WEIGH_H

#include "push/types.h"

#define BD_GAUSS_RUN 4

BD_PUSH_BEGIN(weigh)
bd_int src_w, src_h, dst_w, dst_h;
bd_int first, block, radius;
bd_float falloff;
bd_float scale, bias_x, bias_y;
BD_PUSH_END(weigh, 44)

#endif

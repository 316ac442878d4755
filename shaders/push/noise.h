/* SPDX-License-Identifier: MIT
 * The luma noise of a photo, and the Gaussian that takes it out of a matte's guide.
 *
 * noise_patches   0 photo uint [src_h][src_w]
 *                 -> 4 uint [][dst_w]: for every patch of 8 x 8 pixels the median of their absolute Laplacians of luma,
 *                 by Immerkaer's mask (1 -2 1, -2 4 -2, 1 -2 1), in 1/16 of a level, at most BD_NOISE_NONE - 1; or
 *                 BD_NOISE_NONE where most of them have a saturated pixel under the mask. Patch (x, y) begins at pixel
 *                 (x, y) * block + 1 of the bound part; dst_h rows are written from row `first` on.
 * noise_level     0 uint [count], those medians
 *                 -> 4 vec4 [1]: the standard deviation of luma's noise, of 255, in x: the lower quartile of the
 *                 medians over BD_NOISE_SCALE; 0 for less than BD_NOISE_LEAST patches. One group.
 * noise_taps      0 that vec4
 *                 -> 4 uvec4 [3]: the bits of four floats: what a Gaussian gives to the node itself, its neighbours and
 *                 theirs, and 0; the groups (wide, high, deep), or 0 where there is nothing to be blurred, as the
 *                 neighbour would get less than BD_NOISE_TAP; 0, or the groups there. The sigma, in nodes, is gain times
 *                 that of share times the noise, and at least least. One group.
 * noise_blur      0 grid vec4 [dst_h][dst_w], 1 the taps as vec4
 *                 -> 4 that grid blurred along x, or with constant 0 (vertical, bool) along y; what lies outside is as
 *                 the edge.
 * Groups          noise_patches: x = dst_w, y = dst_h; the others bd_grid_node's of dst_w x dst_h.
 * Reference       engine/reference/ref_noise.c.
 * Source          Immerkaer, Fast noise variance estimation, Computer Vision and Image Understanding 64, 1996: the
 *                 mask's answer to white noise has 6 times its deviation. The median of its absolute value is 0.6745 of
 *                 that, and the lower quartile of such medians over 64 pixels 0.89 of theirs. */
#ifndef BD_PUSH_NOISE_H
#define BD_PUSH_NOISE_H

#include "push/types.h"

#define BD_NOISE_SIDE 8
#define BD_NOISE_NONE 4096
#define BD_NOISE_LEAST 16
#define BD_NOISE_SCALE (16.0 * 6.0 * 0.6745 * 0.89)
#define BD_NOISE_TAP 1e-3
#define BD_NOISE_TAPS_VECTORS 3
#define BD_NOISE_GROUPS_AT 16 /* bytes: of what blurs */
#define BD_NOISE_CLEAN_GROUPS_AT 32

/* Noise, and the sigma that each takes: linear between them, 0 below the first. */
#define BD_NOISE_LEVELS 1.0, 1.4, 3.0, 6.0
#define BD_NOISE_SIGMAS 0.0, 0.5, 0.75, 0.95

BD_PUSH_BEGIN(noise)
bd_int src_w, src_h, dst_w, dst_h;
bd_int block, first, count;
bd_int wide, high, deep;
bd_float share, gain, least;
BD_PUSH_END(noise, 52)

#endif

/* SPDX-License-Identifier: MIT
 * Colours of the subject drawn towards the new background's: statistics of both in Oklab (Ottosson 2020), after
 * Reinhard et al., Color transfer between images, 2001, and from them one bounded affine map. The colour of light is
 * looked for where things are nearly grey: a red coat says nothing about it. Sums are taken in an order that does not
 * depend on the device: every run gives the same picture. Pictures of 16 bits (include/pixel.glsl) have uvec2 in the
 * place of uint.
 *
 * statistics        0 picture uint [src_h][src_w], 1 alpha plane -> 4 vec4 [][dst_w][2], dst_h rows of items from row
 *                   `first` on: sums over BD_STATISTICS_ROWS rows of a column of samples, `block` pixels apart and
 *                   `count` rows of them, of w (L, L^2, a^2 + b^2, 1) and n (L, a, b, 1) with n = w L max(1 -
 *                   (a^2 + b^2) / BD_HARMONIZE_GRAY^2, 0). An invocation owns one item. Constants 0: subject (bool): w
 *                   is the plane's alpha times the picture's, else the picture's alone and binding 1 is not read; 1:
 *                   premultiplied (bool): the picture's colours are.
 * statistics_sum    0 vec4 [count][2] -> 4 vec4 [BD_STATISTICS_SUMS][2]: item i is the sum of items i,
 *                   i + BD_STATISTICS_SUMS, ... One group.
 * harmonize_solve   0 and 1 such sums of the subject and of the background -> 4 vec4 [3]: rows of the map, (L, a, b)
 *                   becomes row.xyz . (L, a, b) + row.w. Constant 0: full (bool). One invocation.
 *                   In the cube roots of cone responses, where light changes by factors: exposure is (ratio of mean
 *                   L)^BD_HARMONIZE_SHARE within BD_HARMONIZE_DARKER .. BD_HARMONIZE_BRIGHTER; tint multiplies each by
 *                   (its ratio over that of L, both of n's means)^(BD_HARMONIZE_SHARE c) within 1 -+ BD_HARMONIZE_TINT,
 *                   c = min(1, n / w / BD_HARMONIZE_SURE) of the less sure one. full: lightness spreads around its mean
 *                   by (ratio of deviations)^BD_HARMONIZE_SHARE within 1 -+ BD_HARMONIZE_CONTRAST, a and b around 0 by
 *                   (ratio of root mean squares)^BD_HARMONIZE_SHARE within 1 -+ BD_HARMONIZE_COLOR. Where one of them
 *                   has no pixels the map changes nothing.
 * Groups            statistics: bd_grid_node's of dst_w x dst_h.
 * Reference         engine/reference/ref_light.c. */
#ifndef BD_PUSH_HARMONIZE_H
#define BD_PUSH_HARMONIZE_H

#include "push/types.h"

#define BD_STATISTICS_ROWS 8
#define BD_STATISTICS_SUMS BD_LINEAR_GROUP

#define BD_HARMONIZE_SHARE 0.4
#define BD_HARMONIZE_DARKER 0.9
#define BD_HARMONIZE_BRIGHTER 1.06
#define BD_HARMONIZE_GRAY 0.08
#define BD_HARMONIZE_SURE 0.04
#define BD_HARMONIZE_TINT 0.03
#define BD_HARMONIZE_CONTRAST 0.08
#define BD_HARMONIZE_COLOR 0.12

BD_PUSH_BEGIN(harmonize)
bd_int src_w, src_h, dst_w, dst_h;
bd_int first, block, count;
BD_PUSH_END(harmonize, 28)

#endif

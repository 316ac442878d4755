/* SPDX-License-Identifier: MIT
 * A matte from the colour of a uniform backdrop. Light is linear sRGB, lab its Oklab (Ottosson 2020). With u the unit
 * vector of the key's light without its grey and v perpendicular to u and to grey, the excess of a light c is c . u -
 * |c . v| / sqrt(3): for a green key twice (g - max(r, b)) / sqrt(6), Vlahos' colour difference, for another hue the
 * same after turning it. The distance of c from a colour is that of its lab from low .. high times the colour's lab:
 * what light and shade make of a surface lies on that ray. colourful is a smoothstep of the key's chroma from
 * BD_KEY_GREY to BD_KEY_COLOURFUL.
 *
 * A key holds vec4 [BD_KEY_VECTORS]: (light, share of the border), (lab, colourful), (u, 0), (v, 0). Grids hold vec4 of
 * nodes of block x block pixels. Pairs hold vec4 [h][w][2]: (light of the subject nearby, 0), (light of the backdrop
 * nearby, how much of it there is); and behind them the key.
 *
 * key_count    0 photo uint [src_h][src_w], whose first row is row `first` of `rows` -> 4 uint [bins][4], which is added
 *              to: pixels, sums of red, green, blue. Of every block-th pixel in both directions that lies within
 *              `radius` pixels of the photo's border; bins are BD_KEY_STEP_HUE wide in a / L and b / L, which shade
 *              does not change, from BD_KEY_LOW on, and BD_KEY_STEP_L in L.
 * key_choose   0 those -> 4 key: the mean colour of the window of 3 x 3 x 5 bins with the most pixels, of equals the
 *              first. Constant 0 (given, bool): of the colour push.color, share 0; binding 0 is not read. One group.
 * key_reduce   0 photo, 1 key -> 4 grid [][dst_w], dst_h rows from row `first` on: means of w (light, 1). w of the
 *              backdrop: max(1 - distance / (2 tolerance), 0) 2^(BD_KEY_BRIGHT (t - 1)), t the place on the ray, at most
 *              1.2, so that hair does not darken it; with constant 0 (front, bool) of the subject: smoothstep of the
 *              distance from 2 tolerance + 0.05 to + 0.125, and of the colour difference's alpha from 0.9 to 1 where
 *              the key is colourful. low, high: 1 - 0.07 - 0.33 colourful, 1.08 + 0.1 colourful.
 * key_pair     0 grid of the backdrop, 1 of the subject, 2 of the subject in a wider circle, 3 key -> 4 pairs. gain_back,
 *              gain_front: what makes the sums of Gaussians means.
 * key_matte    0 pairs [src_h][src_w], bilinear as in guided_apply, 1 photo uint [dst_h][dst_w] -> 4 plane of alpha. With
 *              the pair f, b: the light I = p f + q b in least squares with p + q near 1 (BD_KEY_PRIOR) gives 1 - q; the
 *              more of I it leaves unexplained (BD_KEY_REST), the more the colour difference counts, 1 - excess(I) /
 *              excess(b), or, where the key is grey, 1. All times a ramp of the distance from b, from tolerance to
 *              tolerance + softness; far from any backdrop what is no key is opaque. Constant 0 (shadow, bool): the
 *              backdrop's shade, below BD_KEY_LIT, counts as alpha of black.
 * key_reach    0 plane of probabilities [dst_h][ceil(dst_w / 4)] -> 4 grid: (largest, smallest within radius, 0, 0).
 * key_gate     0 that grid [src_h][src_w], bilinear, 4 plane of alpha [dst_h][ceil(dst_w / 4)], which is read, too: at
 *              least a smoothstep of the smallest over BD_KEY_INSIDE, at most one of the largest over BD_KEY_OUTSIDE.
 * key_front    0 pairs, 1 photo, 2 plane of the key's alpha, 3 plane of the matte's -> 4 photo with the subject's colours
 *              where the matte is not 0. With constant 1 (unmix, bool) (I - (1 - a) b) / a, a the larger of both alphas,
 *              drawn to f by BD_KEY_GUESS / (BD_KEY_GUESS + a^2); then without `spill` of its excess, of which u goes
 *              and luminance stays. Constants 0: shadow, as above: b has its light back, and nothing is drawn to f; 2:
 *              network (bool): what it adds to the key's alpha keeps its excess.
 * Groups       bd_grid_node's of dst_w x dst_h, of planes of ceil(dst_w / 4) x dst_h.
 * Reference    engine/reference/ref_key.c.
 * Source       Smith, Blinn, Blue screen matting, SIGGRAPH 1996; Vlahos, US patent 3595987, 1971. */
#ifndef BD_PUSH_KEY_H
#define BD_PUSH_KEY_H

#include "push/types.h"

#define BD_KEY_VECTORS 4
#define BD_KEY_HUES 26
#define BD_KEY_LEVELS 25
#define BD_KEY_BINS (BD_KEY_HUES * BD_KEY_HUES * BD_KEY_LEVELS)
#define BD_KEY_STEP_HUE 0.05
#define BD_KEY_STEP_L 0.04
#define BD_KEY_LOW (-0.775)

#define BD_KEY_GREY 0.03
#define BD_KEY_COLOURFUL 0.10
#define BD_KEY_BRIGHT 12.0
#define BD_KEY_PRIOR 0.05
#define BD_KEY_REST 0.03
#define BD_KEY_LIT 0.9
#define BD_KEY_GUESS 0.05
#define BD_KEY_INSIDE_LOW 0.6
#define BD_KEY_INSIDE_HIGH 0.9
#define BD_KEY_OUTSIDE_LOW 0.02
#define BD_KEY_OUTSIDE_HIGH 0.2

BD_PUSH_BEGIN(key)
bd_int src_w, src_h, dst_w, dst_h;
bd_int first, rows, block, radius;
bd_uint color;
bd_float tolerance, softness, spill;
bd_float gain_back, gain_front;
bd_float scale, bias;
BD_PUSH_END(key, 64)

#endif

/* SPDX-License-Identifier: MIT
 * The photo over its new background, straight alpha. p = mask at clamp(x * scale_x + bias_x, 0, mask_w - 1), bilinear
 * (y likewise); scale 1 and bias 0 read single texels; what rounds to a byte of 0 or 255 is 0 or 1. fa = p * photo.a;
 * a = fa + bg.a * (1 - fa); rgb = (photo * fa + bg * bg.a * (1 - fa)) / a, rounded to nearest. fa = 0 gives the
 * background's bytes, fa = 1 the photo's. Transparent: the photo's rgb with alpha p * photo.a. Pixel (x, y) sees the
 * background's pixel (x + offset_x, y + offset_y). Pictures of 16 bits (include/pixel.glsl) have uvec2 in the place of
 * uint.
 *
 * Bindings   0 mask vec4 [mask_h][ceil(mask_w / 4)] (four neighbours each), 1 photo uint [photo_h][photo_w],
 *            2 background uint [bg_h][bg_w] (read by BD_COMPOSITE_PICTURE only, else bind anything),
 *            4 dst uint [photo_h][photo_w].
 * Constants  0: BD_COMPOSITE_PICTURE, _COLOR or _TRANSPARENT.
 *            1: tile (bool): the picture repeats, else fill surrounds it.
 *            2: linear (bool): colours are mixed in light (IEC 61966-2-1), else as they are.
 *            3: premultiplied (bool): the picture's colours are divided by its alpha first.
 *            4: of_photo (bool): the background lies inside the photo, whose alpha it has: a = fa + bg.a * (1 - p).
 *            5: keep_hidden (bool): colours stay where the result's alpha is 0, else they become 0.
 * Groups     bd_grid_node's of photo_w x photo_h.
 * Reference  bd_ref_composite. */
#ifndef BD_PUSH_COMPOSITE_H
#define BD_PUSH_COMPOSITE_H

#include "push/types.h"

#define BD_COMPOSITE_PICTURE 0
#define BD_COMPOSITE_COLOR 1
#define BD_COMPOSITE_TRANSPARENT 2

BD_PUSH_BEGIN(composite)
bd_int mask_w, mask_h;
bd_int photo_w, photo_h;
bd_int bg_w, bg_h;
bd_int offset_x, offset_y;
bd_uint fill, fill_low; /* RGBA, red in the low byte; bytes, and what 16 bits have below them */
bd_float scale_x, bias_x;
bd_float scale_y, bias_y;
BD_PUSH_END(composite, 56)

#endif

/* SPDX-License-Identifier: MIT
 * A picture of one form to one of another. Between integers all is exact: numbers of 16 bits are 257 times those of 8,
 * the other way they are rounded to nearest; colours are divided or multiplied by alpha in the integers of the side that
 * is premultiplied, rounded to nearest, 0 where alpha is 0. Floats are light (IEC 61966-2-1), clamped to 0..1, and what is
 * no number is 0; their colours are divided by alpha as light.
 *
 * Forms      BD_FORM_RGBA8 and _BGRA8: uint [h][w], the first channel in the low byte. BD_FORM_RGBA16 (u16) and
 *            _RGBA16F (floats of 16 bits): uint [h][w][2].
 * Bindings   0 src, 4 dst.
 * Constants  0: form of src. 1: form of dst; one of both is an integer's. 2: src is premultiplied (bool). 3: dst is.
 *            4: src is opaque (bool): its alpha is not looked at, and counts as full.
 * Groups     bd_grid_node's of w x h. An invocation owns one pixel.
 * Reference  bd_ref_convert. */
#ifndef BD_PUSH_PICTURE_CONVERT_H
#define BD_PUSH_PICTURE_CONVERT_H

#include "push/types.h"

#define BD_FORM_RGBA8 0
#define BD_FORM_BGRA8 1
#define BD_FORM_RGBA16 2
#define BD_FORM_RGBA16F 3

BD_PUSH_BEGIN(picture_convert)
bd_int dst_w, dst_h;
BD_PUSH_END(picture_convert, 8)

#endif

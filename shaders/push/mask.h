/* SPDX-License-Identifier: MIT
 * How much of every output pixel belongs to a set of classes, 0 .. 1: the sum of their softmax probabilities at the
 * bilinearly interpolated logits, or 1 and 0 as the argmax (first of equals) is in the set. Coordinates as in labels.
 *
 * Bindings   0 logits vec4 [logits_h][logits_w][c4], 4 mask vec4 [out_h][ceil(out_w / 4)], four neighbours in a vec4:
 *            float rows of ceil(out_w / 4) * 4; what lies past out_w is 0.
 * Constants  0: hard (bool).
 * Groups     bd_grid_node's of ceil(out_w / 4) x out_h.
 * Reference  bd_ref_resize and bd_ref_softmax or bd_ref_argmax. */
#ifndef BD_PUSH_MASK_H
#define BD_PUSH_MASK_H

#include "push/types.h"

BD_PUSH_BEGIN(mask)
bd_uvec4 classes_low, classes_high; /* bit c % 32 of word c / 32 */
bd_int logits_w, logits_h, c4;
bd_int class_count; /* 1 .. 256 */
bd_int out_w, out_h;
bd_float scale_x, bias_x, max_x;
bd_float scale_y, bias_y, max_y;
BD_PUSH_END(mask, 80)

#endif

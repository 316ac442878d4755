/* SPDX-License-Identifier: MIT
 * The class of every output pixel: argmax over the classes of the bilinearly interpolated logits (first of equals).
 * Source coordinate of pixel x: clamp(x * scale_x + bias_x, 0, max_x); y likewise, of row first + y. max_x <= logits_w -
 * 1.
 *
 * Bindings   0 logits vec4 [logits_h][logits_w][c4], 4 labels u8 x 4 in uint [out_h][ceil(out_w / 4)]; the bytes past
 *            out_w in a row's last word are 0.
 * Constants  0: integers (bool): the logits are whole multiples of 1 / inverse_step. These are interpolated, and with
 *            zero_point added rounded, halves away from zero, before the argmax.
 * Groups     bd_grid_node's of ceil(out_w / 4) x out_h.
 * Reference  bd_ref_labels. */
#ifndef BD_PUSH_LABELS_H
#define BD_PUSH_LABELS_H

#include "push/types.h"

BD_PUSH_BEGIN(labels)
bd_int logits_w, logits_h, c4;
bd_int class_count; /* 1 .. 256 */
bd_int out_w, out_h;
bd_float scale_x, bias_x, max_x;
bd_float scale_y, bias_y, max_y;
bd_float inverse_step, zero_point;
bd_int first;
BD_PUSH_END(labels, 60)

#endif

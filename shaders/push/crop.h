/* SPDX-License-Identifier: MIT
 * A second look at the part of the photo that holds the subject, where that shows it larger.
 *
 * The box of push/rule.h, in nodes whose corners lie on the middles of the photo's corner pixels, is grown by
 * BD_CROP_GROWTH of its longer side on each side. The crop has the aspect of the network's input and holds the box; its
 * middle is the box's unless it would leave the photo. What of it is larger than the photo lies beyond its right and
 * lower side. gain = photo pixels that a pixel of the whole photo's look has, over those of the crop's; the second look
 * is taken at BD_CROP_GAIN and above.
 *
 * crop_gate     0 words of push/rule.h, 1 uint [count]: groups of dispatches, 4 uint [count]: the same, or zeros where
 *               there is no such look. Constant 0 (larger, bool): that of larger_merge, not the second; constant 1: alone.
 *               Groups x = ceil(count / BD_LINEAR_GROUP), y.
 * crop_rows     0 photo u8 [src_h][photo_w], rows from `first`; 1 words; 4 u8 [src_h][net_w]: the crop's columns, by
 *               Catmull-Rom's cubic, widened where pixels are made fewer. Rows that no pixel of the crop reads, and all where
 *               there is no second look, are left as they are.
 * crop_columns  0 u8 [photo_h][net_w], of crop_rows; 1 words; 4 u8 [net_h][net_w]: the crop. Beyond the photo it is
 *               push.outside.
 * crop_merge    0 logits of the crop, as push/odds.h has them; 1 words; 2 grid vec4 [nodes_h][nodes_w], log-odds of the
 *               first look; 4 grid vec4 [out_h][out_w] over the same photo: those of the first look, interpolated, and
 *               push.weight of the crop's, which falls to 0 over BD_CROP_FADE of the crop at sides that are not the
 *               photo's.
 * larger_merge   0 logits of the whole photo at a larger size, as push/odds.h has them; 1 words; 2 grid vec4 [out_h][out_w],
 *               log-odds of the first look, on whose nodes the box is told; 4 grid likewise: moved towards the larger
 *               look's by push.weight where bodies are thin: where area / edge, in cells of the first look's logits, is at
 *               most BD_LARGER_THIN; less above, and not at all from BD_LARGER_THICK on. What fills the photo is seen
 *               worse for its size, and what the crop is for is left to that. Constant 0 (alone, bool): no crop is looked at.
 * An invocation owns one pixel or node: groups bd_grid_node's of columns x rows.
 * Reference     bd_ref_crop, bd_ref_crop_picture, bd_ref_crop_merge, bd_ref_larger_share. */
#ifndef BD_PUSH_CROP_H
#define BD_PUSH_CROP_H

#include "push/body.h"

BD_PUSH_BEGIN(crop)
bd_int photo_w, photo_h;
bd_int nodes_w, nodes_h; /* that the box is told in */
bd_int net_w, net_h;
bd_int src_h, first; /* of crop_rows */
bd_int count;        /* of crop_gate */
bd_uint outside;
bd_float cell; /* of crop_gate: cells of the first look's logits that nodes are apart */
BD_PUSH_END(crop, 44)

#endif

/* SPDX-License-Identifier: MIT
 * Of crop_merge and larger_merge; see push/crop.h. */
#ifndef BD_PUSH_CROP_MERGE_H
#define BD_PUSH_CROP_MERGE_H

#include "push/body.h"

BD_PUSH_BEGIN(crop_merge)
bd_uvec4 classes_low, classes_high; /* bit c % 32 of word c / 32 */
bd_int logits_w, logits_h, c4;
bd_int class_count; /* 1 .. 256 */
bd_int out_w, out_h;
bd_int photo_w, photo_h;
bd_int nodes_w, nodes_h;
bd_int net_w, net_h;
bd_float scale_x, bias_x, max_x; /* from the crop's pixels, or the nodes, to the logits */
bd_float scale_y, bias_y, max_y;
bd_int background; /* -1: none */
bd_float weight;
bd_float cell; /* of larger_merge: cells of the first look's logits that nodes are apart */
BD_PUSH_END(crop_merge, 116)

#endif

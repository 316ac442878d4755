/* SPDX-License-Identifier: MIT
 * Photo bytes to the network's input: y = u8 * scale + offset inside the photo, outside where the photo has ended.
 * The w components are to be 0.
 *
 * Bindings   0 photo uint [photo_h][photo_w], 4 y vec4 [net_h][net_w].
 * Constants  0: mirrored (bool): left and right of the photo change places, 1: bgr (bool): red and blue do.
 * Groups     bd_grid_node's of net_w x net_h.
 * Reference  bd_ref_preprocess. */
#ifndef BD_PUSH_PREPROCESS_H
#define BD_PUSH_PREPROCESS_H

#include "push/types.h"

BD_PUSH_BEGIN(preprocess)
bd_vec4 scale, offset, outside;
bd_int photo_w, photo_h, net_w, net_h;
BD_PUSH_END(preprocess, 64)

#endif

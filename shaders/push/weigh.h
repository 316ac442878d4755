/* SPDX-License-Identifier: MIT
 * For a blur of the background alone: its pixels weigh 1 - alpha, and so do the blurred ones what lay under them.
 *
 * weigh      0 src uint [h][w], 1 alpha plane vec4 [h][ceil(w / 4)] -> 4 dst uint [h][w]: colours times 1 - alpha, and
 *            1 - alpha as the fourth byte.
 * Constants  0: back (bool): colours divided by the fourth byte instead (0 where that is 0), which becomes 255; binding
 *            1 is not read.
 * Groups     x = ceil(w / BD_LINEAR_GROUP), y * z >= h. An invocation owns one pixel.
 * Reference  bd_ref_weigh. */
#ifndef BD_PUSH_WEIGH_H
#define BD_PUSH_WEIGH_H

#include "push/types.h"

BD_PUSH_BEGIN(weigh)
bd_int dst_w, dst_h;
BD_PUSH_END(weigh, 8)

#endif

/* SPDX-License-Identifier: MIT
 * A picture of 16 bits to one of 8, v * 255 / 65535 rounded to nearest: what the network and the matte see of it.
 *
 * Bindings   0 src uvec2 [h][w], 4 dst uint [h][w].
 * Groups     bd_grid_node's of w x h. An invocation owns one pixel.
 * Reference  bd_ref_narrow. */
#ifndef BD_PUSH_NARROW_H
#define BD_PUSH_NARROW_H

#include "push/types.h"

BD_PUSH_BEGIN(narrow)
bd_int dst_w, dst_h;
BD_PUSH_END(narrow, 8)

#endif

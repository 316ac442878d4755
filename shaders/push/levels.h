/* SPDX-License-Identifier: MIT
 * Levels of a plane, in place: clamp((alpha - low) / (high - low), 0, 1); where high is not above low, 1 at low and above,
 * else 0.
 *
 * Bindings   4 plane vec4 [h][ceil(w / 4)]. What lies past w stays 0.
 * Groups     bd_grid_node's of ceil(w / 4) x h. An invocation owns one vec4.
 * Reference  bd_ref_levels. */
#ifndef BD_PUSH_LEVELS_H
#define BD_PUSH_LEVELS_H

#include "push/types.h"

BD_PUSH_BEGIN(levels)
bd_int w, h;
bd_float low, high;
BD_PUSH_END(levels, 16)

#endif

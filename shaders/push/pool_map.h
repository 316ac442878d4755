/* SPDX-License-Identifier: MIT
 * Average of a whole map: y[k] = mean of x[.][k].
 *
 * Bindings   0 x [rows][c4], 4 y [c4]; all vec4.
 * Constants  0: integers (bool), as BD_POOL_INTEGERS of push/pool.h.
 * Groups     storage: x = ceil(c4 / BD_POOL_MAP_C4): few channels a group, so that there are many groups.
 *            texel: x = ceil(c4 / BD_POOL_MAP_TEXEL_C4).
 * Reference  bd_ref_pool with the map as window. */
#ifndef BD_PUSH_POOL_MAP_H
#define BD_PUSH_POOL_MAP_H

#include "push/types.h"

#define BD_POOL_MAP_C4 2
#define BD_POOL_MAP_LANES 128 /* invocations that share a sum */
#define BD_POOL_MAP_TEXEL_C4 8

BD_PUSH_BEGIN(pool_map)
bd_int rows;
bd_int c4;
bd_int zero_point;
BD_PUSH_END(pool_map, 12)

#endif

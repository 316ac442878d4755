/* SPDX-License-Identifier: MIT
 * A plane and itself `step` pixels away on both sides along (dir_x, dir_y), each -1, 0 or 1: v becomes v + amount *
 * (u - v), where u is the mean of the two neighbours (constant 0: BD_PLANE_STEP_MEAN), or the greatest or smallest of
 * all three (_MAX, _MIN). Outside the plane its border goes on. Steps of growing length make wide windows in few
 * passes: three windows of n pixels overlap or touch when they are at most n apart.
 *
 * Bindings   0 src plane, whose bound part begins with row src_first, 4 dst plane, whose bound part has the rows
 *            first .. first + rows - 1; both of w x h, vec4 [h][ceil(w / 4)], zero past w.
 * Constants  0: what u is.
 * Groups     bd_grid_node's of ceil(w / 4) x rows. An invocation owns one vec4.
 * Reference  engine/reference/ref_components.c. */
#ifndef BD_PUSH_PLANE_STEP_H
#define BD_PUSH_PLANE_STEP_H

#include "push/types.h"

#define BD_PLANE_STEP_MEAN 0
#define BD_PLANE_STEP_MAX 1
#define BD_PLANE_STEP_MIN 2

BD_PUSH_BEGIN(plane_step)
bd_int w, h, first, rows, src_first;
bd_int dir_x, dir_y, step;
bd_float amount;
BD_PUSH_END(plane_step, 36)

#endif

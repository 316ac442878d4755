/* SPDX-License-Identifier: MIT
 * Average (padding is not counted) or maximum over windows. Windows must hold at least one pixel.
 *
 * Bindings   0 x [in_h][in_w][c4], 4 y [out_h][out_w][c4]; all vec4.
 * Constants  0: BD_POOL_*.
 * Groups     x * y >= ceil(out_h * out_w * c4 / BD_LINEAR_GROUP), each below 65536.
 * Reference  bd_ref_pool. */
#ifndef BD_PUSH_POOL_H
#define BD_PUSH_POOL_H

#include "push/types.h"

#define BD_POOL_AVERAGE 0
#define BD_POOL_MAX 1
#define BD_POOL_INTEGERS 2 /* average of x + zero_point, rounded, halves away from zero, - zero_point */

BD_PUSH_BEGIN(pool)
bd_int in_w, in_h, out_w, out_h;
bd_int c4;
bd_int kernel_w, kernel_h;
bd_int stride_x, stride_y;
bd_int pad_left, pad_top;
bd_int zero_point;
BD_PUSH_END(pool, 48)

#endif

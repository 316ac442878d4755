/* SPDX-License-Identifier: MIT
 * Softmax over the channels of each row, maximum subtracted. Padding channels become zero.
 *
 * Bindings   0 x [rows][c4], 4 y [rows][c4]; all vec4.
 * Groups     x * y >= ceil(rows / BD_LINEAR_GROUP), each below 65536.
 * Reference  bd_ref_softmax. */
#ifndef BD_PUSH_SOFTMAX_H
#define BD_PUSH_SOFTMAX_H

#include "push/types.h"

BD_PUSH_BEGIN(softmax)
bd_int rows;
bd_int c4;
bd_int channels;
BD_PUSH_END(softmax, 12)

#endif

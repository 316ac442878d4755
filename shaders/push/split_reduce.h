/* SPDX-License-Identifier: MIT
 * What is left of a product whose depth was split: y = clamp(sum over the splits + bias [+ residual], lo, hi), always
 * in the same order.
 *
 * Bindings   0 sums [splits][rows][c4] float32, 2 bias [c4], 3 residual like y, 4 y [rows][c4].
 * Constants  0: has_residual (bool); 1: BD_ACTIVATION_*, but for the hard-swish.
 * Groups     x * y >= ceil(rows * c4 / BD_LINEAR_GROUP), each below 65536.
 * Reference  bd_ref_conv, with push/conv_gemm.h. */
#ifndef BD_PUSH_SPLIT_REDUCE_H
#define BD_PUSH_SPLIT_REDUCE_H

#include "push/types.h"

BD_PUSH_BEGIN(split_reduce)
bd_int rows, c4;
bd_int splits;
bd_float lo, hi;
BD_PUSH_END(split_reduce, 20)

#endif

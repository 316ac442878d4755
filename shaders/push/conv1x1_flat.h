/* SPDX-License-Identifier: MIT
 * 1x1 convolution for software devices, without a loop: y = min(max(sum_k x[r][k] w[k][c] + bias + residual, lo), hi).
 *
 * Bindings   0 x [rows][in_c4], 3 residual [rows][out_c4], 4 y [rows][out_c4]; all vec4. Without a residual bind
 *            anything there. Weights, bias and scales are read by their device addresses: weights in panels of
 *            BD_CONV1X1_FLAT_C4 columns, [panel][in_c4 * 4][column], and bias [out_c4], vec4; panel p begins at column
 *            min(p * BD_CONV1X1_FLAT_C4, out_c4 - BD_CONV1X1_FLAT_C4).
 * Constants  0: has_residual (bool); 1: BD_ACTIVATION_*; 2: in_c4; 3: vec4 columns of the input between two barriers;
 *            4: blocks of eight rows to a group.
 * Groups     x = ceil(out_c4 / BD_CONV1X1_FLAT_C4), at most BD_CONV1X1_FLAT_PANELS; y = ceil(rows / (8 * blocks)).
 * Reference  bd_ref_conv. */
#ifndef BD_PUSH_CONV1X1_FLAT_H
#define BD_PUSH_CONV1X1_FLAT_H

#include "push/types.h"

#define BD_CONV1X1_FLAT_C4 4
#define BD_CONV1X1_FLAT_SLICE 20 /* vec4 columns of the input whose code fits the cache of decoded instructions */
#define BD_CONV1X1_FLAT_PANELS 256

BD_PUSH_BEGIN(conv1x1_flat)
bd_address weights, bias, scales;
bd_int digits[16]; /* 0 .. 15 */
bd_int rows, out_c4;
bd_float lo, hi;
BD_PUSH_END(conv1x1_flat, 104)

#endif

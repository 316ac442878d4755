/* SPDX-License-Identifier: MIT
 * 1x1 convolution for software devices, without a loop: y = min(max(sum_k x[r][k] w[k][c] + bias + residual, lo), hi).
 *
 * Bindings   4 y [rows][out_c4] vec4. Everything else is read by its device address: weights in panels of
 *            BD_CONV1X1_FLAT_CHANNELS channels, [panel][in_c4 * 4][channel], bias [out_c4], residual [rows][out_c4] or,
 *            where it ends in integers, scales in its place, x [rows][in_c4], all vec4. Panel p begins at vec4 column
 *            min(2 * p, out_c4 - 2). Without a residual any address will do.
 * Constants  0: there may be a residual (bool); 1: BD_ACTIVATION_*; 2: in_c4; 3: slices of the input's columns, of which
 *            in_c4 is a multiple, with a barrier between two; 4: blocks of BD_CONV1X1_FLAT_ROWS rows to a group, at most
 *            16.
 * Groups     x = ceil(out_c4 / 2), at most BD_CONV1X1_FLAT_PANELS; y = ceil(rows / (BD_CONV1X1_FLAT_ROWS * blocks)), at
 *            most BD_CONV1X1_FLAT_GROUPS.
 * Reference  bd_ref_conv. */
#ifndef BD_PUSH_CONV1X1_FLAT_H
#define BD_PUSH_CONV1X1_FLAT_H

#include "push/types.h"

#define BD_CONV1X1_FLAT_CHANNELS 8
#define BD_CONV1X1_FLAT_ROWS 8
#define BD_CONV1X1_FLAT_SLICE 48 /* vec4 columns of the input whose code fits the cache of decoded instructions */
#define BD_CONV1X1_FLAT_PANELS 512
#define BD_CONV1X1_FLAT_GROUPS 4096

BD_PUSH_BEGIN(conv1x1_flat)
bd_address weights, bias, residual, x;
bd_int numbers[8]; /* 0 .. 7 */
bd_ivec4 digits;   /* 0 .. 3 */
bd_int rows, out_c4;
bd_int adds; /* 1: there is a residual */
bd_float lo, hi;
bd_int unused;
BD_PUSH_END(conv1x1_flat, 104)

#endif

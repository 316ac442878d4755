/* SPDX-License-Identifier: MIT
 * 1x1 convolution for software devices, without a loop: y = min(max(sum_k x[r][k] w[k][c] + bias + residual, lo), hi).
 *
 * Bindings   4 y [rows][out_c4] vec4. Everything else is read by its device address: weights in panels of eight
 *            channels, [panel][in_c4 * 4][channel], bias [out_c4] vec4, residual [rows][out_c4] vec4, x [rows][in_c4]
 *            vec4; panel p begins at vec4 column min(2 * p, out_c4 - 2).
 * Constants  0: whether there may be a residual (bool); 2: in_c4; 3: slices of the input's channels, of which in_c4 is
 * a multiple; 4: subgroups of a group, a multiple of the slices. Groups     x = ceil(out_c4 / 2), at most
 * BD_CONV1X1_LANES_PANELS; y = ceil(rows / (BD_CONV1X1_LANES_ROWS * subgroups / slices)), at most
 * BD_CONV1X1_LANES_BLOCKS. Reference  bd_ref_conv. */
#ifndef BD_PUSH_CONV1X1_LANES_H
#define BD_PUSH_CONV1X1_LANES_H

#include "push/types.h"

#define BD_CONV1X1_LANES_ROWS 16
#define BD_CONV1X1_LANES_PANELS 256
#define BD_CONV1X1_LANES_BLOCKS 16384
#define BD_CONV1X1_LANES_SUBGROUPS 64

#ifdef __STDC_VERSION__
typedef struct bd_ivec4 {
    int32_t at[4];
} bd_ivec4;
#else
#define bd_ivec4 ivec4
#endif

BD_PUSH_BEGIN(conv1x1_lanes)
bd_address weights, bias, residual, x;
bd_ivec4 digits;           /* 0, 1, 2, 3 */
bd_int rows, out_c4, adds; /* adds: there is a residual */
bd_float lo, hi;
bd_int unused;
BD_PUSH_END(conv1x1_lanes, 72)

#endif

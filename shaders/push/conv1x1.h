/* SPDX-License-Identifier: MIT
 * 1x1 convolution with stride 1: a matrix product over pixels. y = clamp(x * weights + bias [+ residual], lo, hi).
 *
 * Bindings   0 x [rows][in_c4], 1 weights [in_c4 * 4][out_c4], 2 bias [out_c4], 3 residual [rows][out_c4],
 *            4 y [rows][out_c4]; all vec4. Without a residual bind anything there (the weights).
 * Constants  0: has_residual (bool; deep: true, and push.adds says it); 1: BD_ACTIVATION_*; the hard-swish ignores lo
 *            and hi.
 * Groups     storage: x = ceil(rows / BD_GEMM_ROWS), y = ceil(out_c4 / BD_GEMM_C4).
 *            texel: x = ceil(rows / BD_CONV1X1_TEXEL_ROWS), y = ceil(out_c4 / BD_CONV1X1_TEXEL_C4).
 *            texel_wide8: x = ceil(out_c4 / 8), y = ceil(rows / BD_CONV1X1_WIDE_ROWS); weights in panels of 8 columns,
 *            [ceil(out_c4 / 8)][ceil(in_c4 / 2) * 8][8], zero past the last channel. deep: in_c4 a multiple of 4.
 *            vector (rows is 1): x = ceil(out_c4 / BD_VECTOR_C4).
 * Reference  bd_ref_conv. */
#ifndef BD_PUSH_CONV1X1_H
#define BD_PUSH_CONV1X1_H

#include "push/gemm.h"
#include "push/types.h"

#define BD_VECTOR_C4 8
#define BD_VECTOR_LANES 32 /* invocations that share a sum */
#define BD_CONV1X1_TEXEL_ROWS 16
#define BD_CONV1X1_TEXEL_C4 8
#define BD_CONV1X1_WIDE_ROWS 16
#define BD_CONV1X1_WIDE_DEEP 24 /* in_c4 from which on the deep kernel serves */

BD_PUSH_BEGIN(conv1x1)
bd_int rows;
bd_int in_c4, out_c4;
bd_float lo, hi;
bd_int adds; /* 1: there is a residual; of texel_wide8 alone */
BD_PUSH_END(conv1x1, 24)

#endif

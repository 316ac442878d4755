/* SPDX-License-Identifier: MIT
 * Dense convolution of any window, stride, dilation and padding. y = clamp(sum + bias [+ residual], lo, hi).
 *
 * Bindings   0 x [in_h][in_w][in_c4], 1 weights [(ky * kernel_w + kx) * in_c4 * 4 + ic][out_c4], 2 bias [out_c4],
 *            3 residual like y, 4 y [out_h][out_w][out_c4]; all vec4. Without a residual bind anything there.
 * Constants  0: has_residual (bool); 1: BD_ACTIVATION_*; the hard-swish ignores lo and hi.
 * Groups     storage: x = ceil(out_w * out_h / BD_GEMM_ROWS), y = ceil(out_c4 / BD_GEMM_C4) (push/gemm.h).
 *            texel: x = ceil(out_w / BD_CONV_TEXEL_COLUMNS), y = out_h, z = ceil(out_c4 / BD_CONV_TEXEL_C4).
 *            texel_wide8: x = ceil(out_c4 / 8), y = ceil(out_w * out_h / BD_CONV_WIDE_ROWS); weights in panels of 8
 *            columns, [ceil(out_c4 / 8)][(ky * kernel_w + kx) * in_c4 * 4 + ic, rounded up to 8][8], zero past the
 *            last.
 *            thin (in_c4 is 1): x * y >= ceil(out_c4 / u * ceil(out_w / TILE_X) * out_h / BD_LINEAR_GROUP); constants 2
 *            TILE_X, of 16 bits 3 whether out_c4 is even; u = 2 then, else 1.
 * Reference  bd_ref_conv. */
#ifndef BD_PUSH_CONV_H
#define BD_PUSH_CONV_H

#include "push/gemm.h"
#include "push/types.h"

#define BD_CONV_TEXEL_COLUMNS 8
#define BD_CONV_TEXEL_C4 8
#define BD_CONV_WIDE_ROWS 16

BD_PUSH_BEGIN(conv)
bd_int in_w, in_h, out_w, out_h;
bd_int in_c4, out_c4;
bd_int kernel_w, kernel_h;
bd_int stride_x, stride_y;
bd_int dilation_x, dilation_y;
bd_int pad_left, pad_top;
bd_float lo, hi;
BD_PUSH_END(conv, 64)

#endif

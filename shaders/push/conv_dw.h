/* SPDX-License-Identifier: MIT
 * Depthwise convolution with multiplier 1. y = clamp(sum + bias, lo, hi).
 *
 * Bindings   0 x [in_h][in_w][c4], 1 weights [ky * kernel_w + kx][c4], 2 bias [c4], 4 y [out_h][out_w][c4]; all vec4.
 * Constants  1: BD_ACTIVATION_*; the hard-swish ignores lo and hi. Binding 3 holds what integers end by, else nothing.
 * Groups     storage: x = ceil(c4 / BD_CONV_DW_C4), y = ceil(out_w / BD_CONV_DW_COLUMNS), z = out_h.
 *            texel: x = ceil(out_w / BD_CONV_DW_TEXEL_COLUMNS), y = out_h, z = ceil(c4 / BD_CONV_DW_TEXEL_C4).
 *            texel_wide8 (3x3; stride1: any dilation d, T = BD_CONV_DW_WIDE_TILE; stride2: d = 1,
 *            T = BD_CONV_DW_WIDE_TILE_STRIDE2): x = ceil(c4 / 8), y = ceil(out_w / (T * d)) * d, z = the same of out_h.
 *            pairs (c4 even): x = ceil(c4 / 16).
 *            blocked (3x3, one stride): x * y >= ceil(c4 / u * tiles_y * tiles_x / BD_LINEAR_GROUP),
 *            tiles_y = ceil(out_h / (TILE_Y * d)) * d, tiles_x likewise; constants 0 stride, 1 TILE_Y, 2 TILE_X, 3
 *            the BD_ACTIVATION_*, of 16 bits 4 whether c4 is even; u = 2 then, else 1.
 * Reference  bd_ref_depthwise. */
#ifndef BD_PUSH_CONV_DW_H
#define BD_PUSH_CONV_DW_H

#include "push/types.h"

#define BD_CONV_DW_COLUMNS 8
#define BD_CONV_DW_C4 8
#define BD_CONV_DW_TEXEL_COLUMNS 4
#define BD_CONV_DW_TEXEL_C4 8
#define BD_CONV_DW_WIDE_TILE 3
#define BD_CONV_DW_WIDE_TILE_STRIDE2 2

BD_PUSH_BEGIN(conv_dw)
bd_int in_w, in_h, out_w, out_h;
bd_int c4;
bd_int kernel_w, kernel_h;
bd_int stride_x, stride_y;
bd_int dilation_x, dilation_y;
bd_int pad_left, pad_top;
bd_float lo, hi;
BD_PUSH_END(conv_dw, 60)

#endif

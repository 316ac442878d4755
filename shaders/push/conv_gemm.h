/* SPDX-License-Identifier: MIT
 * Convolutions as products of tiles: rows are output pixels, columns output channels, the depth runs over taps, then
 * input channels. y = clamp(sum + bias [+ residual], lo, hi). Four sources of the left operand:
 *   conv1x1  x itself
 *   conv     what the window sees of x; a tap that lies outside the input for a whole tile is left out
 *   block    conv1x1 over a depthwise convolution (3x3, multiplier 1, clamped to mid_lo..mid_hi) that is computed on
 *            the way
 *   expand   the pixels that the windows of a depthwise convolution (3x3, multiplier 1) see: what conv1x1 makes of them,
 *            clamped to mid_lo..mid_hi or ended by a hard-swish, stays in shared memory and is what that convolution
 *            reads; y = clamp(window + bias [+ residual], lo, hi)
 * Three ways to multiply: "simt" (float32 in shared memory), "packed" (simt with 16 bits in shared memory, products and
 * the sums of 16 of them in halves, float32 beyond) and matrix units (16 bits in shared memory, float32 sums).
 *
 * For expand kernel, stride, dilation and padding are the depthwise convolution's, in_w x in_h its map, in_c4 the
 * channels of x before they are expanded. A tile of TILE_ROWS is a rectangle of TILE_WIDTH pixels a row, each a dilation
 * from the next, and has (TILE_WIDTH - 3) / stride + 1 outputs a row, likewise down.
 *
 * Bindings   0  x [in_h][in_w][in_c4]
 *            1  weights, rows = taps * depth of them, zero past the last channel of either side; simt, packed: panels
 *               [ceil(out_c4 / 8)][rows][8] vec4; matrix: [ceil(out_c4 / 8)][rows / 16][32 columns][16 rows] halves
 *            2  bias [out_c4] float32; for block followed by the depthwise bias [in_c4] float32 and the depthwise
 *               weights [kernel_h * kernel_w][in_c4] vec4, of the tensors' type; for expand the depthwise bias [out_c4],
 *               the expansion's [out_c4] and the depthwise weights [kernel_h * kernel_w][out_c4] likewise
 *            3  residual like y
 *            4  y [out_h][out_w][out_c4]; when split [split][out_h * out_w][out_c4] float32 of bare sums
 * Constants  BD_GEMM_* below. conv1x1 takes pixels as out_w, 1 as out_h.
 * Groups     x = tiles of pixels: ceil(out_w * out_h / TILE_ROWS), or with a width ceil(out_w / width) *
 *            ceil(out_h / (TILE_ROWS / width)); for expand with its outputs a row and down in their place, along each axis
 *            ceil(out / (outputs * dilation)) * dilation; y = ceil(out_c4 * 4 / TILE_COLUMNS); z = splits.
 * Shared     bytes. simt: 2 * TILE_DEPTH * (TILE_ROWS + TILE_COLUMNS) * 4; packed: half of that, for
 *            expand at least TILE_ROWS * TILE_COLUMNS * 4 or half of that; matrix: the larger of
 *            BUFFERS * (TILE_ROWS + TILE_COLUMNS) * (TILE_DEPTH + 8) * 2 (direct: without the columns) and
 *            slices * TILE_ROWS * (TILE_COLUMNS + 4) * 4.
 * Reference  bd_ref_conv, bd_ref_depthwise. */
#ifndef BD_PUSH_CONV_GEMM_H
#define BD_PUSH_CONV_GEMM_H

#include "push/types.h"

#define BD_GEMM_THREADS 1      /* invocations of a group, as constant 0 (its size) */
#define BD_GEMM_TILE_ROWS 2    /* pixels of a tile */
#define BD_GEMM_TILE_COLUMNS 3 /* channels of a tile */
#define BD_GEMM_TILE_DEPTH 4   /* a multiple of 16, divides depth */
#define BD_GEMM_TILE_WIDTH 5   /* pixels along x of a tile; 0: runs of pixels */
#define BD_GEMM_RESIDUAL 6     /* bool; 7 is BD_CONSTANT_F32 */
#define BD_GEMM_SPLIT 8        /* bool: bare sums of a part of the depth */
#define BD_GEMM_SHARE 9        /* simt: rows an invocation; matrix: subgroups along the rows of a tile */
#define BD_GEMM_ACTIVATION 10  /* how it ends (push/types.h) */
#define BD_GEMM_PAIRED 11      /* bool, 16 bits: input channels come in eights */
#define BD_GEMM_M 12           /* of a matrix unit's product; k divides 16 */
#define BD_GEMM_N 13
#define BD_GEMM_K 14
#define BD_GEMM_SUBGROUP 15 /* invocations of a subgroup */
#define BD_GEMM_DIRECT 16   /* bool, matrix: the right operand does not go through shared memory */
#define BD_GEMM_ACTIVE 17   /* matrix: subgroups that cover the tile; as many again sum another slice of each step */
#define BD_GEMM_BUFFERS 18  /* matrix: 2, or 1 where the whole depth is one step */
#define BD_GEMM_SWISH 19    /* bool, expand: the expansion ends in a hard-swish */
#define BD_GEMM_STRIDE 20   /* expand: the window's, along both axes */
#define BD_GEMM_CONSTANTS 21

#define BD_GEMM_DEPTH_ALIGN 16

BD_PUSH_BEGIN(conv_gemm)
bd_int in_w, in_h, out_w, out_h;
bd_int in_c4, out_c4;
bd_int kernel_w, kernel_h;
bd_int stride_x, stride_y;
bd_int dilation_x, dilation_y;
bd_int pad_left, pad_top;
bd_float lo, hi;
bd_float mid_lo, mid_hi;
bd_int depth;       /* of a tap: input channels, rounded up to BD_GEMM_DEPTH_ALIGN */
bd_int split_steps; /* tiles along the depth that a split sums */
BD_PUSH_END(conv_gemm, 80)

#endif

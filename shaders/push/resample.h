/* SPDX-License-Identifier: MIT
 * One pass of Pillow's 8-bit resampling, bit exact: 2^21 + sum of pixel * coefficient, shifted right by
 * BD_RESAMPLE_BITS, clamped to a byte; the four channels alike. Pictures of 16 bits (include/pixel.glsl) have uvec2 in
 * the place of uint, and are as exact.
 *
 * Bindings   0 src uint [src_h][src_w], 1 coefficients int [out][taps], 2 bounds ivec2 [out] = (first, count),
 *            4 dst uint [dst_h][dst_w]. out = dst_w (horizontal) or dst_h (vertical).
 * Rows       horizontal: row y of dst is made of row first_row + y of src.
 *            vertical: dst_w == src_w; first_row is subtracted from the bounds' first rows (src starts at that row of
 *            the picture).
 * Groups     bd_grid_node's of dst_w x dst_h.
 * Reference  bd_ref_resample_horizontal, bd_ref_resample_vertical. */
#ifndef BD_PUSH_RESAMPLE_H
#define BD_PUSH_RESAMPLE_H

#include "push/types.h"

#define BD_RESAMPLE_BITS 22

BD_PUSH_BEGIN(resample)
bd_int src_w, src_h, dst_w, dst_h;
bd_int taps;
bd_int first_row;
BD_PUSH_END(resample, 24)

#endif

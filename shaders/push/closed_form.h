/* SPDX-License-Identifier: MIT
 * The closed-form matte (Levin, Lischinski, Weiss, TPAMI 2008) by conjugate gradients without its matrix, as He, Sun,
 * Tang (CVPR 2010) have it: (L + D) x = D t, where (L p)_i is the sum over the 3x3 windows around i of p_i - a . c_i -
 * b with the window's own line of p over colours, and D weighs what colours and probabilities say by themselves. Dots
 * are taken once per step (Chronopoulos, Gear, 1989).
 *
 * A grid holds (h, w) vec4: red, green, blue in 0 .. 1, and a value. Tiles are BD_TILE x BD_TILE nodes; tiles that are
 * to be solved, and those plus the ring around them, are listed. A state is two planes of (h, w) vec4: (colour, r),
 * zero beyond the tiles to be solved, and (x, p, s, 0). Products are vec4 [tile of the list][BD_TILE][BD_TILE], zero
 * outside the picture. Bins are BD_BINS^3, red first, nodes at both ends of 0 .. 1.
 *
 * colour_count    0 grid, 1 plane of probabilities v -> 4 uint [2][bins], which is added to: 256 v |2 v - 1|^6 of the
 *                 nearest bin, then with 1 - v for v.
 * colour_blur     0 uint [2][bins] -> 4 vec4 [bins]: both counts / 256 under a Gaussian of sigma 1, 7 taps an axis.
 * closed_target   0 grid, 1 plane v, 2 vec4 [bins] -> 4 vec4 (t, d, unsettled, known): t = the probability whose log
 *                 odds are v's plus beta times the colour's; d = weight (2 t - 1)^4; unsettled 1: v or the grid's
 *                 value lies more than `margin` from 0 and 1; known 0. Constant 0 (trimap, bool): where v is 0 or 1,
 *                 t = v, d = 0, unsettled 0, known 1; all else is unsettled.
 * closed_prior    0 (t, d, unsettled, known) -> 4 plane of t. x = ceil(ceil(dst_w / 4) / BD_LINEAR_GROUP).
 * closed_pin      0 (t, d, unsettled, known) -> 4 grid, whose value becomes t where known.
 * tile_flags      0 (t, d, unsettled, known) -> 4 uint [ceil(h / BD_TILE)][ceil(w / BD_TILE)]: any node is unsettled.
 * tile_rows       0 flags uint [dst_h][dst_w] -> 4 uint [dst_h]: tiles of each row that are listed; constant 0 (ring,
 *                 bool): a tile is listed when it or one of its eight neighbours is flagged.
 * tile_list       0 flags, 1 those counts -> 4 uint: groups for an indirect dispatch (count, 1, 1), and from word
 *                 BD_TILE_HEADER on y << 16 | x of each tile, row by row; constant 0 as above.
 * The rest takes a workgroup per tile of the list at binding 3:
 * closed_start    0 grid -> 4 state: r, p, s 0; x the grid's value.
 * closed_lines    0 grid -> 4 vec4 [h][w]: (a, b) of the 3x3 window around each node, over colour - 0.5; eps.
 * closed_product  0 lines, 1 grid, 2 (t, d, unsettled, known) -> 4 products (q, r r, q r, 0) with q = (L + D) r of the
 *                 grid's value r. Constant 0 (first, bool): (D t - (L + D) r, 0, 0, 0). Zero where known.
 * closed_sum      0 products, 3 the list -> 4 vec4 [BD_SUMS]: sums of every BD_SUMS-th product.
 * closed_step     0 those sums, 1 the last (gamma, alpha, beta, 0) -> 4 the next; constant 0 (first): beta 0.
 * closed_update   0 state, 1 products, 2 (gamma, alpha, beta, 0) -> 4 the next state; constant 0 (first): r = q.
 * closed_finish   0 grid, 1 a state, 2 flags -> 4 grid with the solution, level .. 1 - level stretched to 0 .. 1, in
 *                 flagged tiles. Not by list.
 * Groups          x = ceil(dst_w / BD_LINEAR_GROUP), y * z >= dst_h; closed_sum BD_SUMS / BD_LINEAR_GROUP;
 *                 closed_step 1.
 * Reference       engine/reference/ref_closed_form.c. */
#ifndef BD_PUSH_CLOSED_FORM_H
#define BD_PUSH_CLOSED_FORM_H

#include "push/types.h"

#define BD_TILE 8
#define BD_TILE_HEADER 64
#define BD_BINS 16
#define BD_SUMS 1024

BD_PUSH_BEGIN(closed_form)
bd_int dst_w, dst_h;
bd_float eps, beta, weight, margin, level;
BD_PUSH_END(closed_form, 28)

#endif

/* SPDX-License-Identifier: MIT
 * The closed-form matte (Levin, Lischinski, Weiss, TPAMI 2008) by conjugate gradients: (L + D) x = D t, where L is the
 * matting Laplacian of 3x3 windows and D weighs what colours and probabilities say by themselves. Dots are taken once
 * per step (Chronopoulos, Gear, 1989).
 *
 * The preconditioner adds to the diagonal's inverse those of two coarse grids (Bramble, Pasciak, Xu, 1990), whose nodes
 * hold a line over colours, as locally such a line is what the Laplacian leaves alone: x_i = sum of w_iJ (a_J . c_i +
 * b_J) with w bilinear in between. Of the matrix on such a grid, each node's own 4x4 block is inverted.
 *
 * A grid holds (h, w) vec4: red, green, blue in 0 .. 1, and a value. Tiles are BD_TILE x BD_TILE nodes; tiles that are
 * to be solved, and those plus the ring around them, are listed. What is kept by tile follows the list of tiles to be
 * solved: fours are vec4 of four neighbours along x, [BD_TILE][BD_TILE / 4] of them a tile. A plane is fours of the whole
 * picture, [th * BD_TILE][tw * BD_TILE / 4] with tw x th tiles. Coarse nodes lie at the tiles' corners, [th + 1][tw + 1],
 * then at those of BD_SPREAD x BD_SPREAD tiles, [ceil(th / BD_SPREAD) + 1][..]. Bins are BD_BINS^3, red first, nodes at
 * both ends of 0 .. 1.
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
 * tile_list       0 flags, 1 those counts -> 4 uint: groups for an indirect dispatch (count, 1, 1), from word
 *                 BD_TILE_FOURS on (ceil(count / BD_TILES_A_GROUP), 1, 1), and from word BD_TILE_HEADER on y << 16 | x
 *                 of each tile, row by row; constant 0 as above.
 * closed_start    0 grid -> 4 plane of the values; past the edges those of the nearest node.
 * closed_invert   0 parts vec4 [tile of the picture][2][4][3] -> 4 vec4 [coarse node][4]: the inverse of the sum of the
 *                 parts of the tiles under a node's hat, with 1e-4 of its last element added to the other three of the
 *                 diagonal; 0 where that is no more than 1e-12.
 * closed_coarse   0 parts vec4 [tile of the picture][2][4], 1 those inverses -> 4 vec4 [coarse node]: the inverse times
 *                 the sum of such parts.
 * closed_step     0 products, 1 the last (gamma, alpha, beta, 0), 3 the list -> 4 the next; constant 0 (first): beta 0.
 * By the list at binding 3, a workgroup a tile:
 * closed_windows  0 grid, 1 (t, d, unsettled, known), 2 flags -> 4 vec4 [4][h][w]: of the 3x3 window around each node
 *                 the mean colour and W (00; 10, 11, 20, 21; 22), the inverse of the lower Cholesky factor of the
 *                 covariance + eps / n; then 1 / n, n the nodes in the picture. Last, where the node itself is to be
 *                 solved, its colour less 0.5, and 1; else 0.
 * closed_matrix   0 those windows, 1 grid, 2 (t, d, unsettled, known) -> 4 float [tile][BD_TAPS][BD_TILE][BD_TILE]: a
 *                 node's row of L + D over the 5x5 nodes around it; the middle one is d - the sum of the others. All 0
 *                 where known.
 * closed_blocks   0 matrix, 1 windows -> 4 vec4 [tile of the picture][2][4][3]: per coarse grid and corner J
 *                 (x: bit 0) the sum over the tile's nodes i and all j to be solved of w_iJ (c_i, 1) A_ij w_jJ (c_j, 1)',
 *                 a symmetric 4x4: (00, 01, 02, 03), (11, 12, 13, 33), (22, 23, 0, 0). Colours less 0.5.
 * closed_restrict 0 state, 1 grid -> 4 vec4 [tile of the picture][2][4]: sums of w_iJ (c_i, 1) r_i.
 * closed_finish   0 state -> 4 grid, whose value becomes that plus share x, level .. 1 - level stretched to 0 .. 1.
 * By that list, a workgroup BD_TILES_A_GROUP tiles and an invocation four neighbours. A state holds fours of x, p, s, r
 * and 1 / the diagonal (0 where known), [tile][BD_STATES]; products are fours of q and a vec4 of dots, [tile]:
 * closed_product  0 matrix, 1 plane u, 2 state -> 4 products q = (L + D) u, (u r, u q, 0, 0). Constant 0 (first, bool):
 *                 2 (t, d, unsettled, known) -> 4 D t - (L + D) u, 0.
 * closed_update   0 plane u, 1 products, 2 (gamma, alpha, beta, 0) -> 4 state, one step on. Constant 0 (first):
 *                 2 matrix -> 4 state with r = q and the diagonal, all else 0.
 * closed_prolong  0 state, 1 lines vec4 [coarse node], 2 grid -> 4 plane u: r over the diagonal plus the lines of both
 *                 grids at the node's colour; 0 where known.
 * Groups          bd_grid_node's of dst_w x dst_h; of coarse nodes ceil(nodes / BD_LINEAR_GROUP);
 *                 closed_step 1.
 * Reference       engine/reference/ref_closed_form.c. */
#ifndef BD_PUSH_CLOSED_FORM_H
#define BD_PUSH_CLOSED_FORM_H

#include "push/types.h"

#define BD_TILE 8
#define BD_TILE_HEADER 64
#define BD_TILE_FOURS 4
#define BD_TILES_A_GROUP 4
#define BD_SPREAD 4
#define BD_TAPS 25
#define BD_BINS 16

/* Fours of a state, and vec4 of a tile's products. */
#define BD_STATE_X 0
#define BD_STATE_P 1
#define BD_STATE_S 2
#define BD_STATE_R 3
#define BD_STATE_D 4
#define BD_STATES 5
#define BD_PRODUCTS 17

BD_PUSH_BEGIN(closed_form)
bd_int dst_w, dst_h;
bd_float eps, beta, weight, margin, level;
bd_float share; /* of x that is taken in the end */
BD_PUSH_END(closed_form, 32)

#endif

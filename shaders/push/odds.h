/* SPDX-License-Identifier: MIT
 * Log-odds of a set of classes at every node of a grid: at the bilinearly interpolated logits v,
 *
 *     o = logsumexp(v of the set) - logsumexp(v of the others)
 *     n = logsumexp(v of all but the background) - v of the background
 *
 * both in -BD_ODDS_MOST .. BD_ODDS_MOST. Several looks are averaged: each adds its share. Coordinates as in labels.
 *
 * Bindings   0 logits vec4 [logits_h][logits_w][c4], 3 grid so far vec4 [out_h][out_w] (not read in the first look),
 *            4 grid: o, n, 0, 0. Without a background class, or where the set has it, n is -BD_ODDS_MOST.
 * Constants  0: first (bool).
 * Groups     bd_grid_node's of out_w x out_h.
 * Reference  bd_ref_odds. */
#ifndef BD_PUSH_ODDS_H
#define BD_PUSH_ODDS_H

#include "push/body.h"

BD_PUSH_BEGIN(odds)
bd_uvec4 classes_low, classes_high; /* bit c % 32 of word c / 32 */
bd_int logits_w, logits_h, c4;
bd_int class_count; /* 1 .. 256 */
bd_int out_w, out_h;
bd_float scale_x, bias_x, max_x;
bd_float scale_y, bias_y, max_y;
bd_int background; /* -1: none */
bd_float share;    /* of one look: 1 / looks */
BD_PUSH_END(odds, 88)

#endif

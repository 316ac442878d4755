/* SPDX-License-Identifier: MIT
 * Softmax probabilities of several runs of a network, other sizes or mirrored, averaged on one grid: sum += probability
 * of the bilinearly interpolated logits; the last run turns the sum into logits again, log(sum / runs), so that what
 * follows reads them as those of one run (Chen et al. 2017, arXiv 1706.05587, section 4: multi-scale inputs and
 * left-right flips). Coordinates as in labels; scale_x is negative for a mirrored run.
 *
 * Bindings   0 logits vec4 [logits_h][logits_w][c4], 3 sum so far vec4 [out_h][out_w][c4] (not read in the first run),
 *            4 sum. Channels beyond class_count are 0 in the end.
 * Constants  0: first (bool), 1: last (bool).
 * Groups     bd_grid_node's of out_w x out_h.
 * Reference  bd_ref_average. */
#ifndef BD_PUSH_AVERAGE_H
#define BD_PUSH_AVERAGE_H

#include "push/types.h"

BD_PUSH_BEGIN(average)
bd_int logits_w, logits_h, c4;
bd_int class_count; /* 1 .. 256 */
bd_int out_w, out_h;
bd_float scale_x, bias_x, max_x;
bd_float scale_y, bias_y, max_y;
bd_float share; /* of one run: 1 / runs */
BD_PUSH_END(average, 52)

#endif

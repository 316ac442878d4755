/* SPDX-License-Identifier: MIT
 * Which nodes of a coarse mask are a body, on a grid of log-odds o and n (push/odds.h) of at most BD_RULE_MOST_SIDE
 * nodes a side. Parts hang together over sides and corners.
 *
 *     keep   parts of o > BD_RULE_LOW that hold a node of o > BD_RULE_HIGH; where there is none, the part with the largest
 *            o (Canny's hysteresis, PAMI 1986, on log-odds)
 *     r      max(o, n) over those parts of (n > 0 and not keep) of whose ring, the nodes next to it, more than half is
 *            in keep, and over which the mean of sigmoid(o) is at least .1: what is worn or held, and has a class of its
 *            own; else o
 *     keep2  the same as keep, of r
 *     loose  r > BD_RULE_LOW and not keep2
 *     P      sigmoid(2 (r + bias)); nodes with a loose node next to them, or loose, and none of keep2: r at most
 *            BD_RULE_DROP
 *
 * One buffer holds all (BD_RULE_WORDS uints): the box of push/body.h, then one uint per node for each of the parts
 * below. The sum of sigmoids is taken in whole numbers, so that it is the same in any order.
 *
 * rule         0 grid vec4 [h][w], 4 the buffer: marks and r, by one group. Constant 0: its invocations; constant 1
 *              (locates, bool): the box becomes that of all parts of r > BD_RULE_BOX_LEVEL with at least
 *              one in BD_RULE_BOX_SHARE of the largest one's nodes, and its area and edge are told.
 * rule_apply   0 the buffer, 4 plane vec4 [h][ceil(w / 4)]: P. An invocation owns four nodes; groups
 *              bd_grid_node's of ceil(w / 4) x h.
 * Reference    bd_ref_rule. */
#ifndef BD_PUSH_RULE_H
#define BD_PUSH_RULE_H

#include "push/body.h"

#define BD_RULE_LOW (-1.0)
#define BD_RULE_HIGH 2.0
#define BD_RULE_DROP (-4.0)
#define BD_RULE_STEEPNESS 2.0
#define BD_RULE_BOX_LEVEL (-0.3)
#define BD_RULE_BOX_SHARE 20u /* one in so many */

/* Sigmoids in whole numbers, whose sum fits a signed word: what one is, and the least mean. */
#define BD_RULE_ONE 20000
#define BD_RULE_LEAST 2000

#define BD_RULE_MOST_SIDE 255 /* rings are counted in 16 bits */
#define BD_RULE_NONE 0xffffffffu

/* Bits of marks. */
#define BD_RULE_KEEP 1u
#define BD_RULE_KEEP2 2u
#define BD_RULE_LOOSE 4u

/* Where its parts begin: labels, the root of each node; sums and rings, of roots; marks; r as floats. */
#define BD_RULE_LABELS(nodes) BD_BOX_WORDS
#define BD_RULE_SUMS(nodes) (BD_BOX_WORDS + (nodes))
#define BD_RULE_RINGS(nodes) (BD_BOX_WORDS + 2 * (nodes))
#define BD_RULE_MARKS(nodes) (BD_BOX_WORDS + 3 * (nodes))
#define BD_RULE_VALUES(nodes) (BD_BOX_WORDS + 4 * (nodes))
#define BD_RULE_WORDS(nodes) (BD_BOX_WORDS + 5 * (nodes))

BD_PUSH_BEGIN(rule)
bd_int w, h;
bd_float bias;
BD_PUSH_END(rule, 12)

#endif

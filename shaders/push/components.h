/* SPDX-License-Identifier: MIT
 * Connected components of a plane on a grid of at most 2^15 nodes a side, and what becomes of them. Each node stands
 * for block x block values of the plane and is inside when one of them is: at least push.level, or, with constant 0
 * (background, bool), below it. Foreground hangs together over corners, background over sides only, so that the two
 * do not cross. Labels are found by union-find with atomics: the tree's roots are the smallest node of each component,
 * whatever the order that invocations run in.
 *
 * One buffer holds all (BD_COMPONENTS_WORDS uints, binding 4 but for components_apply): a header, then one uint per
 * node for each of: label (the root's node, or NONE outside), area (of a root: nodes inside; background: 1 where it
 * meets the grid's edge; BD_COMPONENTS_KEPT once it is chosen), and two of the nearest node inside, taken in turns:
 * y << 16 | x << 1 | kept, or NONE.
 *
 * components_start    0 plane vec4 [src_h][ceil(src_w / 4)], the part that begins at grid row `first`: labels are the
 *                     nodes themselves, areas 0, the header empty (its FOUND only without constant 0).
 * components_join     neighbours inside get one root. An invocation owns one node.
 * components_count    labels become roots, areas are summed. An invocation owns BD_COMPONENTS_STRIP nodes of a row.
 * components_choose   by constant 1, BD_COMPONENTS_RANK: the largest area; _ELECT: its first component; _JUDGE: which
 *                     components are kept, by push.keep, and whether any is not. An invocation owns one node.
 * components_spread   the nearest node inside, one step of jump flooding (Rong, Tan, I3D 2006): of nine nodes `step`
 *                     apart, from part `from` to part `to` of the buffer; the nearer, then the smaller word.
 *                     Constant 1 (fresh, bool): from the labels. Nothing is done where all components are kept.
 * components_apply    0 the buffer, 4 plane, the part that begins at grid row `first`: values whose nearest component
 *                     is not kept become 0, or with constant 0 (background) 1. An invocation owns four values.
 * Groups              bd_grid_node's of items x rows.
 * Reference           engine/reference/ref_components.c. */
#ifndef BD_PUSH_COMPONENTS_H
#define BD_PUSH_COMPONENTS_H

#include "push/types.h"

#define BD_COMPONENTS_RANK 0
#define BD_COMPONENTS_ELECT 1
#define BD_COMPONENTS_JUDGE 2

/* push.keep */
#define BD_COMPONENTS_SHARE 0   /* those with at least push.share of the largest area */
#define BD_COMPONENTS_LARGEST 1 /* the largest; of equals the one with the first node */
#define BD_COMPONENTS_AT 2      /* the one with node push.point */
#define BD_COMPONENTS_EDGE 3    /* background: those that meet the grid's edge */

#define BD_COMPONENTS_STRIP 16
#define BD_COMPONENTS_NONE 0xffffffffu
#define BD_COMPONENTS_KEPT 0x80000000u

/* Words of the header. */
#define BD_COMPONENTS_AREA 0    /* of the largest */
#define BD_COMPONENTS_WINNER 1  /* its label */
#define BD_COMPONENTS_REMOVED 2 /* 1: not all are kept */
#define BD_COMPONENTS_FOUND 3   /* foreground: 1: push.point is inside; without such a point the largest area */
#define BD_COMPONENTS_HEADER 64

/* Where its parts begin, given the nodes. */
#define BD_COMPONENTS_LABELS(nodes) BD_COMPONENTS_HEADER
#define BD_COMPONENTS_AREAS(nodes) (BD_COMPONENTS_HEADER + (nodes))
#define BD_COMPONENTS_NEAREST(nodes, which) (BD_COMPONENTS_HEADER + (2 + (which)) * (nodes))
#define BD_COMPONENTS_WORDS(nodes) (BD_COMPONENTS_HEADER + 4 * (nodes))

BD_PUSH_BEGIN(components)
bd_int src_w, src_h, grid_w, grid_h;
bd_int block, first, step;
bd_int from, to; /* 0 or 1 */
bd_int keep, point;
bd_float share;
bd_float level;
BD_PUSH_END(components, 52)

#endif

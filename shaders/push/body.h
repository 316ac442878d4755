/* SPDX-License-Identifier: MIT
 * What push/odds.h, push/rule.h, push/crop.h and push/crop_merge.h share: bounds of log-odds, and the box of the subject. */
#ifndef BD_PUSH_BODY_H
#define BD_PUSH_BODY_H

#include "push/types.h"

#define BD_ODDS_MOST 80.0

/* Words in front of push/rule.h's buffer: the box's first node and last one; left > right: there is none. */
#define BD_BOX_LEFT 0
#define BD_BOX_TOP 1
#define BD_BOX_RIGHT 2
#define BD_BOX_BOTTOM 3
/* Nodes of the parts in it, and those of them with a node next to them, over sides, that is in no part. */
#define BD_BOX_AREA 4
#define BD_BOX_EDGE 5
#define BD_BOX_WORDS 64

/* The crop: see push/crop.h. */
#define BD_CROP_GROWTH 0.12
#define BD_CROP_GAIN 1.2
#define BD_CROP_FADE 0.06
#define BD_CROP_REACH 2.0 /* of the cubic, in pixels */
#define BD_LARGER_THIN 6.0
#define BD_LARGER_THICK 8.0

#endif

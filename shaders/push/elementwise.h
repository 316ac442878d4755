/* SPDX-License-Identifier: MIT
 * y = clamp(a op b, lo, hi), element by element.
 *
 * Bindings   0 a [count], 3 b [count] or [c4], 4 y [count]; all vec4. BD_ELEMENTWISE_CLAMP reads no b: bind anything.
 * Constants  0: BD_ELEMENTWISE_ADD, _MUL or _CLAMP; 1: broadcast (bool): b is one vector of c4.
 * Groups     x * y >= ceil(count / BD_LINEAR_GROUP), each below 65536.
 * Reference  bd_ref_run's ADD, MUL, CLAMP. */
#ifndef BD_PUSH_ELEMENTWISE_H
#define BD_PUSH_ELEMENTWISE_H

#include "push/types.h"

#define BD_ELEMENTWISE_ADD 0
#define BD_ELEMENTWISE_MUL 1
#define BD_ELEMENTWISE_CLAMP 2

BD_PUSH_BEGIN(elementwise)
bd_int count; /* vec4s */
bd_int c4;
bd_float lo, hi;
BD_PUSH_END(elementwise, 16)

#endif

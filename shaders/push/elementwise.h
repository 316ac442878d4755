/* SPDX-License-Identifier: MIT
 * y = clamp(a op b, lo, hi) or an activation of a, element by element. Channels of padding are written as zero.
 *
 * Bindings   0 a [count], 3 b [count] or [c4], 4 y [count]; all vec4. Where b is not read bind anything.
 * Constants  0: BD_ELEMENTWISE_*; 1: broadcast (bool): b is one vector of c4; 2: halves go away from zero (bool).
 * Groups     x * y >= ceil(count / BD_LINEAR_GROUP), each below 65536.
 * Reference  bd_ref_run's ADD, MUL, CLAMP; bd_ref_activation, bd_ref_add_integers, bd_ref_requantise. */
#ifndef BD_PUSH_ELEMENTWISE_H
#define BD_PUSH_ELEMENTWISE_H

#include "push/types.h"

#define BD_ELEMENTWISE_ADD 0
#define BD_ELEMENTWISE_MUL 1
#define BD_ELEMENTWISE_CLAMP 2
#define BD_ELEMENTWISE_HARD_SIGMOID 3
#define BD_ELEMENTWISE_HARD_SWISH 4
#define BD_ELEMENTWISE_SIGMOID 5
#define BD_ELEMENTWISE_ADD_INTEGERS 6 /* a * 2^20 by scale 0 plus b * 2^20 by scale 1, the sum by scale 2 */
#define BD_ELEMENTWISE_REQUANTISE 7   /* a by scale 0 */

/* Of the scales of operands and sum, as of BD_SCALE_BITS (include/requantise.glsl); what is added leaves room. */
#define BD_SCALE_BITS_OPERAND 2
#define BD_SCALE_BITS_SUM 1

BD_PUSH_BEGIN(elementwise)
bd_int count; /* vec4s */
bd_int c4, channels;
bd_float lo, hi;
bd_int multiplier[3], addend[3], shift[3];
BD_PUSH_END(elementwise, 56)

#endif

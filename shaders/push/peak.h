/* SPDX-License-Identifier: MIT
 * Yardsticks, not operations: what the device does at most. No reference: peaks.c checks what they write.
 *
 * peak_copy  y[i] = x[i] + salt: reads and writes 16 bytes per vec4.
 *   Bindings   0 x [count], 4 y [count]; all vec4.
 *   Groups     x * y >= ceil(count / (BD_LINEAR_GROUP * BD_PEAK_COPY_EACH)), each below 65536.
 * peak_fma   y[i] = sum of the components of BD_PEAK_CHAINS vec4s after iterations * BD_PEAK_UNROLL steps of
 *            v = v * scale + shift from v = (k, k, k, k), k = 0, 1, ..., the same in every invocation.
 *   Bindings   4 y [groups * BD_LINEAR_GROUP] float.
 *   Groups     any along x.
 * peak_matrix  y[s] = the sum, in every element, of BD_PEAK_PRODUCTS matrices after iterations * BD_PEAK_UNROLL steps
 *            of v += A * B from v = salt * k, k = 0, 1, ...; every element of A is scale, of B shift.
 *   Constants  0 invocations of a group, a multiple of a subgroup's; 1, 2, 3 m, n, k of the product.
 *   Bindings   4 y [subgroups of all groups][m][n] float.
 *   Groups     any along x. */
#ifndef BD_PUSH_PEAK_H
#define BD_PUSH_PEAK_H

#include "push/types.h"

#define BD_PEAK_COPY_EACH 4
/* Three vec4s: the twelve 8-lane registers that leave room for scale and shift among AVX2's sixteen, and enough
 * independent sums to hide the latency of a GPU. */
#define BD_PEAK_CHAINS 3
#define BD_PEAK_UNROLL 16
#define BD_PEAK_PRODUCTS 8

BD_PUSH_BEGIN(peak)
bd_int count; /* vec4s */
bd_int iterations;
bd_float salt;
bd_float scale, shift;
BD_PUSH_END(peak, 20)

#endif

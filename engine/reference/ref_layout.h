/* SPDX-License-Identifier: MIT
 * Arranging tensors, and broadcasting. */
#ifndef BD_REF_LAYOUT_H
#define BD_REF_LAYOUT_H

#include "graph/graph.h"

/* op is ADD, SUB, MUL, DIV, MAXIMUM or MINIMUM; a and b are broadcast to out's shape. */
void bd_ref_binary(bd_op op, const float *a, const bd_shape *a_shape, const float *b, const bd_shape *b_shape, float *y,
                   const bd_shape *out);
/* y[i] = x[begin + i * stride] in each of shape's dimensions; the caller checked the bounds. A negative begin with
 * stride 1 pads: what lies outside x is zero. */
void bd_ref_window(const float *x, const bd_shape *shape, const int32_t *begin, const int32_t *stride, float *y,
                   const bd_shape *out);
/* x (n,h,w,c) -> (n*block_h*block_w, out_h, out_w, c); zero outside x. pad: top, left. */
void bd_ref_space_to_batch(const float *x, const bd_shape *shape, const int32_t block[2], const int32_t pad[2],
                           float *y, const bd_shape *out);
/* The inverse; crop: top, left. */
void bd_ref_batch_to_space(const float *x, const bd_shape *shape, const int32_t block[2], const int32_t crop[2],
                           float *y, const bd_shape *out);

#endif

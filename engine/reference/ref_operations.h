/* SPDX-License-Identifier: MIT
 * Operations of networks. Tensors are dense NHWC float32. */
#ifndef BD_REF_OPERATIONS_H
#define BD_REF_OPERATIONS_H

#include "graph/graph.h"

/* x (h,w,c), weights (kh,kw,ic,oc), bias (oc) or NULL, residual like y or NULL -> y (out_h,out_w,oc). */
void bd_ref_conv(const float *x, int32_t h, int32_t w, int32_t ic, const float *weights, const float *bias,
                 const float *residual, const bd_conv_attrs *attrs, float *y, int32_t out_h, int32_t out_w, int32_t oc);
/* weights (kh,kw,c). */
void bd_ref_depthwise(const float *x, int32_t h, int32_t w, int32_t c, const float *weights, const float *bias,
                      const bd_conv_attrs *attrs, float *y, int32_t out_h, int32_t out_w);
/* Averages count only what lies inside x. */
void bd_ref_pool(const float *x, int32_t h, int32_t w, int32_t c, const bd_conv_attrs *attrs, bool max, float *y,
                 int32_t out_h, int32_t out_w);
void bd_ref_resize(const float *x, int32_t h, int32_t w, int32_t c, bool align_corners, bool half_pixel_centers,
                   float *y, int32_t out_h, int32_t out_w);
/* Of one operand: HARD_SIGMOID, HARD_SWISH, SIGMOID; not a number for another op. */
float bd_ref_activation(bd_op op, float x);
void bd_ref_softmax(const float *x, size_t rows, int32_t c, float *y);
/* First of equal maxima, as TensorFlow. */
void bd_ref_argmax(const float *x, size_t rows, int32_t c, int32_t *y);

#endif

/* SPDX-License-Identifier: MIT
 * The integers that TensorFlow Lite's kernels compute with, as its own code derives them from the scales of a model:
 * multipliers, shifts, and where it works in float or in double, since the last digit counts. A network of integers
 * gives the very same labels. Source: tensorflow/lite/kernels (quantization_util.cc, kernel_util.cc, add.cc,
 * quantize.cc, internal/reference/concatenation.h) at v2.9, compared with that library's outputs, operation by
 * operation. */
#ifndef BD_TFLITE_INTEGERS_H
#define BD_TFLITE_INTEGERS_H

#include "model/tflite/tflite_context.h"

/* Bias and scales of a convolution of integers, whose sums are proved to be exact in float32. */
bd_result bd_tflite_sums(const bd_tflite_conversion *of, bool depthwise, uint32_t *bias, uint32_t *scales);
/* x as integers of another scale: appends a node where something has to be done. */
bd_result bd_tflite_requantise(const bd_tflite_conversion *of, const bd_tflite_tensor *x, uint32_t *node);
/* Likewise, as CONCATENATION of uint8 does it. */
bd_result bd_tflite_rescale(const bd_tflite_conversion *of, const bd_tflite_tensor *x, uint32_t k, uint32_t *node);
/* The scales of a sum of two tensors of integers. */
bd_result bd_tflite_sum_scales(const bd_tflite_conversion *of, bd_scale scales[3]);

#endif

/* SPDX-License-Identifier: MIT
 * Constants of TensorFlow Lite models: dequantised, widened, and laid out as the graph wants them. */
#ifndef BD_TFLITE_WEIGHTS_H
#define BD_TFLITE_WEIGHTS_H

#include "model/tflite/tflite_context.h"

/* The graph's node of constant tensor index in one of its roles, appended once. integers: stored - zero point, in place
 * of real numbers. */
bd_result bd_tflite_constant(bd_tflite *tflite, uint32_t index, bd_tflite_role role, bool integers, uint32_t *node);
/* The same of a convolution's bias. An int32 tensor without scales of its own has those of the products. */
bd_result bd_tflite_bias(bd_tflite *tflite, uint32_t index, const bd_tflite_tensor *x, const bd_tflite_tensor *weights,
                         uint32_t *node);

/* Room in the graph's pool for what is made of a constant; NULL with the reason in *result. */
void *bd_tflite_reserve(bd_tflite *tflite, const bd_tflite_tensor *tensor, size_t bytes, bd_result *result);
/* Whether a constant of the file has the bytes that its shape and type need, and how many elements they are. */
bd_result bd_tflite_check(const bd_tflite *tflite, const bd_tflite_tensor *tensor, size_t *elements);

#endif

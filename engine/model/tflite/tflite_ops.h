/* SPDX-License-Identifier: MIT
 * TensorFlow Lite's operations into the graph's. A quantised network runs in integers, as TensorFlow Lite runs it
 * (tflite_integers.h), or in float: then what the limits of each tensor's type cut off is cut off here too (TOCO leaves
 * ReLU6 to them), but nothing is rounded. */
#ifndef BD_TFLITE_OPS_H
#define BD_TFLITE_OPS_H

#include "model/tflite/tflite_context.h"

/* Appends what an operation does to the graph, whose inputs are there already. */
bd_result bd_tflite_convert(bd_tflite *tflite, const bd_tflite_operator *op);

#endif

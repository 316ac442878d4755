/* SPDX-License-Identifier: MIT
 * TensorFlow Lite's convolutions and pools into the graph's. The number of inputs is within the range of the table in
 * tflite_ops.c. */
#ifndef BD_TFLITE_WINDOWS_H
#define BD_TFLITE_WINDOWS_H

#include "model/tflite/tflite_context.h"

bd_result bd_tflite_convert_conv(bd_tflite_conversion *of);
bd_result bd_tflite_convert_pool(bd_tflite_conversion *of);

#endif

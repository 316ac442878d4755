/* SPDX-License-Identifier: MIT
 * TensorFlow Lite's metadata (tflite-support, metadata_schema.fbs): a FlatBuffer in a buffer of the model, and files in a
 * ZIP archive behind it. */
#ifndef BD_TFLITE_METADATA_H
#define BD_TFLITE_METADATA_H

#include "model/tflite/tflite_context.h"

/* What a model says beside its graph: how its input is scaled goes to the graph's feed, the names of its classes to the
 * graph's labels. input, output: which of the subgraph's they are. Without the archive's directory, or what does not fit
 * the schema, the graph gets a note and the model goes on without. Fails for want of memory alone. */
bd_result bd_tflite_read_metadata(bd_tflite *tflite, const bd_fb_table *model, uint32_t input, uint32_t output);

#endif

/* SPDX-License-Identifier: MIT
 * TensorFlow Lite models: the file, its tensors, and which operations the output needs. */
#ifndef BD_TFLITE_H
#define BD_TFLITE_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

/* Parameters are those of every importer (model/import.h); shards stays empty.
 *
 * Quantised networks become networks of integers (bd_rounding) where all of one has an integer form, its sums are exact
 * in float32 and graph->in_float is not set. Otherwise weights and biases are dequantised, and tensors keep to the
 * limits of their types. float32 that needs no other layout points into the file; all else is copied to the pool, 20
 * bytes a byte of the file at most, and 8 more where an attempt at integers failed. */
bd_result bd_model_import_tflite(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                 bd_shards *shards, bd_error *error);
bool bd_model_is_tflite(const uint8_t *data, size_t bytes); /* identifier TFL3 */

#endif

/* SPDX-License-Identifier: MIT
 * ONNX models: the output that is meant, and the order of the nodes. */
#ifndef BD_ONNX_H
#define BD_ONNX_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

/* A ModelProto of opset 8 or later, weights inside or in files beside it; parameters are those of every importer
 * (model/import.h).
 *
 * Sizes that the input leaves open become graph->open_height and open_width (0: 513; 520 for PyTorch's), and every node
 * but the constants is inferred: arithmetic on shapes is done here. All weights are copied to the pool, rearranged.
 * Quantised networks (QuantizeLinear around operations, operations on integers, dynamic quantisation) run in float:
 * weights and biases are dequantised, and tensors keep to the limits of their types. Of onnxruntime's own operations
 * those of domain com.microsoft that its quantiser and its fusions of convolutions write are known. */
bd_result bd_model_import_onnx(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                               bd_error *error);
bool bd_model_is_onnx(const uint8_t *data, size_t bytes);

#endif

/* SPDX-License-Identifier: MIT
 * Importers: one file per exported form, every byte hostile. */
#ifndef BD_MODEL_H
#define BD_MODEL_H

#include "graph/graph.h"
#include "model/bytes/shards.h"
#include "model/onnx/onnx.h"
#include "model/tensorflow/graphdef.h"
#include "model/tensorflow/tfjs.h"
#include "model/tflite/tflite.h"
#include "model/torch/safetensors.h"
#include "model/torch/torch.h"

/* Opens an exported network of any form: which one is told by its first bytes, never by its name.
 *
 * graph    initialised, empty. Gets the nodes that the output needs in topological order, input and output; nothing is
 *          inferred. On failure it is good for bd_graph_finish only.
 * shards   written: the mapped files that constants point into. Empty on failure.
 * form     the form's name, static; may be NULL.
 * Errors   BD_ERR_FILE_FORMAT (no form that is read here), _CORRUPT, _NOT_FOUND, _READ, BD_ERR_MODEL_UNSUPPORTED,
 *          BD_ERR_OUT_OF_MEMORY. The message names the file, and the node where there is one.
 */
bd_result bd_model_import(const char *path, bd_graph *graph, bd_shards *shards, const char **form, bd_error *error);

/* What a file is that no form recognises, and what to do about it, in words; NULL when its bytes do not say (nor, for
 * checkpoints' values, its name). versioned: of those that begin as ONNX does. */
const char *bd_model_name_foreign(const uint8_t *data, size_t bytes, const char *path);
const char *bd_model_name_versioned(const uint8_t *data, size_t bytes);

/* ---- the importers, each also a fuzzer's door ----
 * data     the file in memory. It must outlive the graph: constants may point into it.
 * path     where files beside it are looked for, and what messages call the file.
 * The rest is as above. */

#endif

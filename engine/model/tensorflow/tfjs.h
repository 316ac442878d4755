/* SPDX-License-Identifier: MIT
 * TensorFlow.js graph models. */
#ifndef BD_TFJS_H
#define BD_TFJS_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

#define BD_MODEL_MAX_JSON_BYTES ((size_t)16 << 20) /* parsed JSON takes up to 45 times its text */

/* model.json (GraphDef as JSON and weightsManifest) with its shards beside it; parameters are those
 * of every importer (model/import.h).
 *
 * Constants that are float32, int32, uint8 or bool, aligned and inside one shard point into the mapping; the others
 * (quantised to uint8, uint16 or float16, split over shards, unaligned) are copied to the pool. An open batch size
 * becomes 1. The kernel size of a convolution is taken from its weights where they are constant. The JSON parser
 * (cJSON) allocates with the C library; its memory is released before return. */
bd_result bd_model_import_tfjs(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                               bd_error *error);

#endif

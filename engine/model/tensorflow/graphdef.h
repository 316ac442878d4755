/* SPDX-License-Identifier: MIT
 * TensorFlow's frozen GraphDef, binary protobuf. */
#ifndef BD_GRAPHDEF_H
#define BD_GRAPHDEF_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

/* Parameters are those of every importer (model/import.h); shards stays empty.
 *
 * Constants of float32, int32, uint8 or bool whose bytes lie aligned in the file point into it; the others (int64,
 * narrowed; float16, widened; unaligned; single values) are copied to the pool: at most 4 bytes a byte of the file, and
 * 16 MiB for constants that repeat one value. */
bd_result bd_model_import_graphdef(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                   bd_shards *shards, bd_error *error);
bool bd_model_is_graphdef(const uint8_t *data, size_t bytes);

#endif

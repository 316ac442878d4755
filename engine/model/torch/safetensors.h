/* SPDX-License-Identifier: MIT
 * safetensors (github.com/huggingface/safetensors, README "Format"): a 64-bit length, that many bytes of JSON that name
 * each tensor's type, shape and place, then the data without gaps. */
#ifndef BD_SAFETENSORS_H
#define BD_SAFETENSORS_H

#include "graph/graph.h"
#include "model/bytes/shards.h"

/* The networks of bd_model_import_torch from the same parameters. Arguments are those of every importer
 * (model/import.h); shards stays empty. */
bd_result bd_model_import_safetensors(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                      bd_shards *shards, bd_error *error);

#endif

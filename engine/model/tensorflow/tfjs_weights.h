/* SPDX-License-Identifier: MIT
 * weightsManifest of TensorFlow.js: which bytes of which shards are which constant. */
#ifndef BD_TFJS_WEIGHTS_H
#define BD_TFJS_WEIGHTS_H

#include <cjson/cJSON.h>

#include "graph/graph.h"
#include "model/bytes/shards.h"

typedef enum bd_tfjs_kind { /* as stored */
                            BD_TFJS_F32,
                            BD_TFJS_I32,
                            BD_TFJS_U8,
                            BD_TFJS_U16,
                            BD_TFJS_F16,
                            BD_TFJS_OPAQUE /* string, complex64, too many dimensions: takes room, cannot be used */
} bd_tfjs_kind;

typedef struct bd_tfjs_weight {
    const char *name; /* first: bd_tf_compare_names */
    bd_shape shape;
    size_t elements;
    bd_tfjs_kind kind;
    bd_dtype dtype; /* after dequantisation */
    bool quantised; /* value = stored * scale + minimum */
    double scale, minimum;
    uint32_t group;
    size_t offset, bytes; /* in the group's shards put end to end */
} bd_tfjs_weight;

typedef struct bd_tfjs_group {
    uint32_t first, count; /* shards */
    size_t bytes;
} bd_tfjs_group;

typedef struct bd_tfjs_weights {
    const char *file;
    bd_pool *pool; /* for the time of the import */
    const bd_shards *shards;
    const char **paths; /* of shards */
    bd_tfjs_weight *items;
    size_t count;
    bd_tfjs_group *groups;
    uint32_t group_count;
} bd_tfjs_weights;

/* Reads weightsManifest, maps the shards and checks that they hold exactly what is listed. weights lives in pool and
 * borrows names from root. */
bd_result bd_tfjs_weights_read(bd_tfjs_weights *weights, const cJSON *root, const char *file, bd_pool *pool,
                               bd_shards *shards, bd_error *error);
/* Appends the constant called name to graph. */
bd_result bd_tfjs_weights_add(const bd_tfjs_weights *weights, const char *name, bd_graph *graph, uint32_t *index,
                              bd_error *error);

/* An integer as JSON writes it: a number or, as protobuf does for 64 bits, a decimal string. */
bool bd_tfjs_integer(const cJSON *json, int64_t *value);

#endif

/* SPDX-License-Identifier: MIT
 * Small frozen graphs written field by field, and one of them at a time imported. */
#ifndef BD_SUPPORT_GRAPHDEF_H
#define BD_SUPPORT_GRAPHDEF_H

#include "model/tensorflow/graphdef.h"

/* ---- writing: the graph in hand grows at its end ---- */

enum { GD_FLOAT = 1, GD_INT32 = 3, GD_UINT8 = 4, GD_STRING = 7, GD_INT64 = 9, GD_BOOL = 10, GD_HALF = 19 };

typedef struct graphdef_file {
    uint8_t *bytes;
    size_t count;
    size_t ends[4096]; /* where each node ends */
    uint32_t node_count;
} graphdef_file;
extern graphdef_file written;

void gd_begin(void);       /* an empty graph */
void gd_begin_photo(void); /* "photo" of 8 rows of 9 floats */
void gd_end(void);         /* releases it */

/* A node begins; inputs are separated by spaces. Attributes that follow are its own. */
void gd_node(const char *name, const char *op, const char *inputs);
void gd_integer(const char *name, int64_t value);
void gd_real(const char *name, float value);
void gd_flag(const char *name, bool value);
void gd_type(const char *name, int type);
void gd_text(const char *name, const char *text);
void gd_texts(const char *name, const char *const *texts, uint32_t count);
void gd_integers(const char *name, const int64_t *values, uint32_t count, bool packed);
void gd_shape(const char *name, const int64_t *dims, uint32_t rank);
/* A TensorProto of tensor_content. */
void gd_content(const char *name, int type, const int64_t *dims, uint32_t rank, const void *bytes, size_t count);
/* One of a single value, repeated to its shape, in the field of its type. */
void gd_single(const char *name, int type, const int64_t *dims, uint32_t rank, uint64_t bits);
/* An attribute whose value is these bytes. */
void gd_raw(const char *name, const void *bytes, size_t count);
/* A field of the node, or of the graph. */
void gd_node_field(uint32_t number, const void *bytes, size_t count);
void gd_graph_field(uint32_t number, const void *bytes, size_t count);

/* Common nodes. */
void gd_photo(const char *name, int type, int64_t h, int64_t w);
void gd_floats(const char *name, const int64_t *dims, uint32_t rank, const float *values);
void gd_int32s(const char *name, const int32_t *values, uint32_t count);
void gd_conv(const char *name, const char *op, const char *inputs);
/* Photo, 3x3 convolution as Conv2D, bias, Relu6, argmax; constants in front. */
void gd_network(void);
/* One network as (n, h, w, c) or with channels first: behind a transposition, or from a photo that is (1, 3, h, w). */
void gd_layouts(bool first, bool photo_first);

/* ---- reading ---- */

typedef struct graphdef_fixture {
    bd_allocator allocator;
    int64_t live, until_failure; /* allocations; -1: never fails */
    size_t bytes, most_bytes;    /* allocated */
    bool loaded;
    bd_graph graph;
    bd_shards shards;
    bd_error error;
} graphdef_fixture;
extern graphdef_fixture opened;

/* Releases what is imported; every allocation must be back. */
void gd_unload(void);
/* gd_unload and gd_end, as the teardown of a test. */
int gd_clean_up(void **state);
/* Without a copy. */
bd_result gd_import(const uint8_t *data, size_t bytes);
/* What is written up to there, from a copy of exactly that size, 16-byte aligned plus shift. */
bd_result gd_import_written(size_t bytes, size_t shift);
/* Fails the test unless what is written imports; unless it fails so, the message containing that. */
void gd_good(void);
void gd_bad(bd_result code, const char *message);
const bd_node *gd_called(const char *name);
const bd_node *gd_input(const bd_node *node, uint32_t input);

#endif

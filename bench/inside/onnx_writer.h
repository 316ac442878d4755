/* SPDX-License-Identifier: MIT
 * Writes ONNX (opset 13). ONNX needs two of protobuf's kinds of field, so the writer of these is here, too. */
#ifndef BD_BENCH_ONNX_WRITER_H
#define BD_BENCH_ONNX_WRITER_H

#include "graph/graph.h"

#include <stdio.h>

/* Bytes of a protobuf message. */
typedef struct onnx_buffer {
    uint8_t *data;
    size_t bytes, room;
    bool failed; /* out of memory: looked at once, at the end */
} onnx_buffer;

typedef enum onnx_type { ONNX_FLOAT = 1, ONNX_INT64 = 7 } onnx_type;
typedef struct onnx_initializer onnx_initializer; /* a constant of the file */

/* A file before it is written; zeroed at first. */
typedef struct onnx_file {
    onnx_buffer nodes; /* GRAPH_NODE fields */
    bd_pool pool;      /* initializers, and values that had to be turned round */
    onnx_initializer *first, *last;
    bool failed; /* out of memory */
} onnx_file;

/* The data stay the caller's until the file is written. */
void onnx_add_initializer(onnx_file *to, const char *name, onnx_type type, const int64_t *dims, uint32_t rank,
                          const void *data, size_t bytes);
/* A node: its inputs, then its operation and output, then its attributes. */
void onnx_add_input(onnx_buffer *node, const char *input);
void onnx_name_node(onnx_buffer *node, const char *op, const char *output);
onnx_buffer onnx_begin_node(const char *op, const char *output, const char *const *inputs, uint32_t input_count);
void onnx_add_ints(onnx_buffer *node, const char *name, const int64_t *values, uint32_t count);
void onnx_add_int(onnx_buffer *node, const char *name, int64_t value);
void onnx_add_text(onnx_buffer *node, const char *name, const char *value);
void onnx_end_node(onnx_file *to, onnx_buffer *node); /* takes the node over */

/* The file's input is "x", what preprocess gives, its output "logits". False: it cannot be written, or memory is out.
 */
bool onnx_write(const onnx_file *from, const char *producer, const bd_node *preprocess, const bd_shape *logits,
                FILE *file);
void onnx_finish(onnx_file *file);

#endif

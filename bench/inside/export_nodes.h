/* SPDX-License-Identifier: MIT
 * Nodes of a graph as ONNX's. */
#ifndef BD_BENCH_EXPORT_NODES_H
#define BD_BENCH_EXPORT_NODES_H

#include "graph/graph.h"
#include "onnx_writer.h"

typedef struct exporter {
    const bd_graph *graph;
    onnx_file file;
    bd_error *error;
} exporter;

/* Adds it to the file; constants go with the nodes that take them. */
bd_result export_node(exporter *e, uint32_t index);

#endif

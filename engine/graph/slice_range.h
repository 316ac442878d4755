/* SPDX-License-Identifier: MIT
 * What slices take of their input. */
#ifndef BD_SLICE_RANGE_H
#define BD_SLICE_RANGE_H

#include "graph/graph.h"

/* What STRIDED_SLICE and SLICE take of each of x's dimensions: count elements from start, stride apart. shape is the
 * output's. */
typedef struct bd_slice_range {
    int32_t start[BD_MAX_RANK], stride[BD_MAX_RANK], count[BD_MAX_RANK];
    bd_shape shape;
} bd_slice_range;
bd_result bd_graph_slice_range(const bd_graph *graph, uint32_t index, bd_slice_range *range, bd_error *error);

#endif

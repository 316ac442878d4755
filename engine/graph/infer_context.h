/* SPDX-License-Identifier: MIT
 * What all of shape inference needs. */
#ifndef BD_INFER_CONTEXT_H
#define BD_INFER_CONTEXT_H

#include "graph/graph.h"

#define BD_INFER_WINDOW_MOST (1 << 24) /* of a window's extent, stride and padding: sums stay far from 2^31 */

/* A node whose shape is asked for; the shapes of its inputs are known. */
typedef struct bd_inference {
    bd_graph *graph;
    uint32_t index;
    bd_node *node;
    bd_error *error;
} bd_inference;

#define BD_INFER_FAIL(of, ...) bd_graph_fail((of)->graph, (of)->index, (of)->error, __VA_ARGS__)

/* The node that an input names; NULL where it has none there. */
const bd_node *bd_infer_input(const bd_inference *of, uint32_t input);
/* Ends with this shape and type, unless the tensor is too large. */
bd_result bd_infer_finish(const bd_inference *of, const bd_shape *shape, bd_dtype dtype);
/* Counts an axis from the front; false: it lies past the rank. */
bool bd_infer_wrap_axis(int32_t *axis, uint32_t rank);
/* The value of a constant input that is one axis. */
bd_result bd_infer_read_axis(const bd_inference *of, uint32_t input, int32_t *axis);
/* Limits of integers that hold 0, where channels of padding lie. */
bool bd_infer_fits_limits(float low, float high);
bool bd_infer_fits_scale(int32_t multiplier, int32_t shift, int32_t most_shift);

#endif

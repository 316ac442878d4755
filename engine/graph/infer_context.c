/* SPDX-License-Identifier: MIT */
#include "graph/infer_context.h"

#include <math.h>

const bd_node *bd_infer_input(const bd_inference *of, uint32_t input) {
    uint32_t index = bd_graph_input(of->graph, of->index, input);
    return index == BD_NO_NODE ? NULL : &of->graph->nodes[index];
}

bd_result bd_infer_finish(const bd_inference *of, const bd_shape *shape, bd_dtype dtype) {
    if (bd_shape_elements(shape) < 0) {
        return BD_INFER_FAIL(of, "makes a tensor of more than 2^31-1 elements");
    }
    of->node->shape = *shape;
    of->node->dtype = dtype;
    return BD_OK;
}

bool bd_infer_wrap_axis(int32_t *axis, uint32_t rank) {
    if (*axis < 0) {
        *axis += (int32_t)rank;
    }
    return *axis >= 0 && *axis < (int32_t)rank;
}

bd_result bd_infer_read_axis(const bd_inference *of, uint32_t input, int32_t *axis) {
    if (bd_graph_read_i32(of->graph, bd_graph_input(of->graph, of->index, input), axis, 1) != 1) {
        return BD_INFER_FAIL(of, "needs a constant axis");
    }
    return BD_OK;
}

bool bd_infer_fits_limits(float low, float high) {
    return low > -INFINITY && low <= 0 && high >= 0 && high < INFINITY;
}

bool bd_infer_fits_scale(int32_t multiplier, int32_t shift, int32_t most_shift) {
    return multiplier >= 0 && shift >= -31 && shift <= most_shift;
}

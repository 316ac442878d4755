/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/graphs.h"

uint32_t test_add_map(bd_graph *graph, bd_op op, const uint32_t *inputs, uint32_t count, int32_t h, int32_t w,
                      int32_t c) {
    uint32_t index = bd_graph_add(graph, op, "node", inputs, count);
    assert_int_not_equal(index, BD_NO_NODE);
    const int32_t dims[] = {1, h, w, c};
    graph->nodes[index].dtype = BD_F32;
    graph->nodes[index].shape = bd_shape_make(4, dims);
    return index;
}

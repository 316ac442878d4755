/* SPDX-License-Identifier: MIT
 * Exports for engines without dilation write an atrous kernel out with zeros between its taps: 5x5 for rate 2, 9x9 for
 * rate 4. Read as what it was, it costs a 3x3 again. */
#include "graph/pass_unstuff.h"

#include <string.h>

#include "graph/pass_compact.h"

/* The rates of a kernel: taps lie that far apart, 1 where they are dense. */
typedef struct stuffing {
    int32_t rate_h, rate_w;
} stuffing;

/* Whether every row (or column) of taps that is no multiple of rate from the first is zero. */
static bool is_stuffed(const bd_node *weights, int32_t rate, bool rows) {
    const int32_t *dims = weights->shape.dims;
    size_t taps = (size_t)dims[2] * (size_t)dims[3];
    const float *tap = weights->data;
    for (int32_t y = 0; y < dims[0]; y++) {
        for (int32_t x = 0; x < dims[1]; x++, tap += taps) {
            bool between = (rows ? y : x) % rate != 0;
            for (size_t i = 0; between && i < taps; i++) {
                if (tap[i] != 0) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* At least 3 taps are left: fewer are rather a kernel with small weights. */
static int32_t find_rate(const bd_node *weights, bool rows) {
    int32_t last = weights->shape.dims[rows ? 0 : 1] - 1;
    for (int32_t rate = last / 2; rate > 1; rate--) {
        if (last % rate == 0 && is_stuffed(weights, rate, rows)) {
            return rate;
        }
    }
    return 1;
}

/* BD_NO_NODE: memory is short. The copy is at most 3/5 of the weights. */
static uint32_t pick_taps(bd_graph *graph, uint32_t index, const stuffing *found) {
    const bd_node *weights = &graph->nodes[index];
    bd_shape shape = weights->shape;
    shape.dims[0] = (shape.dims[0] - 1) / found->rate_h + 1;
    shape.dims[1] = (shape.dims[1] - 1) / found->rate_w + 1;
    size_t taps = (size_t)shape.dims[2] * (size_t)shape.dims[3], row = (size_t)weights->shape.dims[1] * taps;
    float *picked = bd_pool_alloc(&graph->pool, (size_t)bd_shape_elements(&shape) * sizeof *picked);
    if (!picked) {
        return BD_NO_NODE;
    }
    const float *from = weights->data;
    float *to = picked;
    for (int32_t y = 0; y < shape.dims[0]; y++) {
        for (int32_t x = 0; x < shape.dims[1]; x++, to += taps) {
            size_t at = (size_t)(y * found->rate_h) * row + (size_t)(x * found->rate_w) * taps;
            memcpy(to, from + at, taps * sizeof *to);
        }
    }
    return bd_graph_add_const(graph, weights->name, BD_F32, &shape, picked);
}

/* Each constant is looked at once, however many convolutions read it. */
static bd_result unstuff(bd_graph *graph, uint32_t index, uint32_t *picked, stuffing *rates, bd_error *error) {
    enum { EXTENT_MOST = 1 << 20 };
    const uint32_t from = graph->nodes[index].inputs[1];
    const bd_node *weights = &graph->nodes[from];
    const int32_t *dims = weights->shape.dims;
    if (weights->op != BD_OP_CONST || !weights->data || weights->dtype != BD_F32 || weights->shape.rank != 4 ||
        (dims[0] < 5 && dims[1] < 5) || dims[0] > EXTENT_MOST || dims[1] > EXTENT_MOST) {
        return BD_OK;
    }
    if (!rates[from].rate_h) {
        rates[from] = (stuffing){find_rate(weights, true), find_rate(weights, false)};
        picked[from] = from;
        if (rates[from].rate_h > 1 || rates[from].rate_w > 1) {
            picked[from] = pick_taps(graph, from, &rates[from]);
        }
    }
    if (picked[from] == BD_NO_NODE) {
        return bd_graph_fail_memory(graph, error);
    }
    bd_node *conv = &graph->nodes[index];
    conv->inputs[1] = picked[from];
    conv->u.conv.kernel_h = graph->nodes[picked[from]].shape.dims[0];
    conv->u.conv.kernel_w = graph->nodes[picked[from]].shape.dims[1];
    conv->u.conv.dilation_h *= rates[from].rate_h;
    conv->u.conv.dilation_w *= rates[from].rate_w;
    return BD_OK;
}

bd_result bd_pass_unstuff(bd_graph *graph, bd_error *error) {
    const bd_allocator *allocator = graph->pool.allocator;
    const uint32_t count = graph->count;
    uint32_t *picked = bd_alloc_array(allocator, count, sizeof *picked);
    stuffing *rates = bd_alloc_array(allocator, count, sizeof *rates);
    bd_result result = picked && rates ? BD_OK : bd_graph_fail_memory(graph, error);
    for (uint32_t i = 0; !result && i < count; i++) {
        if (graph->nodes[i].op == BD_OP_CONV || graph->nodes[i].op == BD_OP_DEPTHWISE) {
            result = unstuff(graph, i, picked, rates, error);
        }
    }
    bd_free(allocator, picked);
    bd_free(allocator, rates);
    return result ? result : bd_pass_compact(graph, error);
}

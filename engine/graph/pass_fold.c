/* SPDX-License-Identifier: MIT
 * A small evaluator for what depends on constants and shapes only: the arithmetic by which exports compute paddings,
 * sizes and folded weights. */
#include "graph/pass_fold.h"

#include <math.h>
#include <string.h>

#include "graph/infer.h"
#include "graph/pass_compact.h"
#include "graph/slice_range.h"

#define FOLD_MOST (4 << 20)           /* elements of one folded tensor */
#define FOLD_MOST_TOGETHER (32 << 20) /* elements written by one pass: bounds time and memory on hostile graphs */

typedef struct folding {
    bd_graph *graph;
    uint32_t index;
    bd_node *node;
    unsigned char *to;
    bd_error *error;
} folding;

static const bd_node *input_node(const folding *of, uint32_t input) {
    return &of->graph->nodes[of->node->inputs[input]];
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

/* double holds every U8, I32 and F32, and one operation in double rounded to float is that operation in float. */
static double load(const bd_node *node, size_t i) {
    float f;
    int32_t n;
    switch (node->dtype) {
    case BD_F32: memcpy(&f, (const unsigned char *)node->data + i * sizeof f, sizeof f); return (double)f;
    case BD_I32: memcpy(&n, (const unsigned char *)node->data + i * sizeof n, sizeof n); return n;
    case BD_U8: break;
    }
    return ((const unsigned char *)node->data)[i];
}

static bool store(const folding *of, size_t i, double value) {
    float f;
    int32_t n;
    switch (of->node->dtype) {
    case BD_F32:
        f = (float)value;
        memcpy(of->to + i * sizeof f, &f, sizeof f);
        return true;
    case BD_I32:
        if (!(value > (double)INT32_MIN - 1 && value < (double)INT32_MAX + 1)) {
            return false;
        }
        n = (int32_t)value;
        memcpy(of->to + i * sizeof n, &n, sizeof n);
        return true;
    case BD_U8: break;
    }
    if (!(value > -1 && value < 256)) {
        return false;
    }
    of->to[i] = (unsigned char)value;
    return true;
}

static double calculate(bd_op op, double a, double b) {
    switch (op) {
    case BD_OP_ADD: return a + b;
    case BD_OP_SUB: return a - b;
    case BD_OP_MUL: return a * b;
    case BD_OP_DIV: return a / b;
    case BD_OP_MAXIMUM: return a > b ? a : b;
    case BD_OP_MINIMUM: return a < b ? a : b;
    default: return NAN;
    }
}

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

/* Steps per output dimension through an input that broadcasts to it. */
static void broadcast_steps(const bd_shape *in, const bd_shape *out, size_t *steps) {
    size_t step = 1;
    for (uint32_t back = 1; back <= out->rank; back++) {
        int32_t dim = back <= in->rank ? in->dims[in->rank - back] : 1;
        steps[out->rank - back] = dim == 1 ? 0 : step;
        step *= (size_t)dim;
    }
}

static bd_result fold_binary(const folding *of, size_t elements) {
    const bd_node *a = input_node(of, 0), *b = input_node(of, 1);
    const bd_shape *shape = &of->node->shape;
    size_t steps_a[BD_MAX_RANK], steps_b[BD_MAX_RANK];
    broadcast_steps(&a->shape, shape, steps_a);
    broadcast_steps(&b->shape, shape, steps_b);
    for (size_t i = 0; i < elements; i++) {
        size_t at_a = 0, at_b = 0, rest = i;
        for (uint32_t d = shape->rank; d-- > 0;) {
            size_t at = rest % (size_t)shape->dims[d];
            rest /= (size_t)shape->dims[d];
            at_a += at * steps_a[d];
            at_b += at * steps_b[d];
        }
        if (!store(of, i, calculate(of->node->op, load(a, at_a), load(b, at_b)))) {
            return bd_graph_fail(of->graph, of->index, of->error, "overflows on constants");
        }
    }
    return BD_OK;
}

/* In float, as TensorFlow computes it: the values between two steps fall to the same one. */
static double quantise(const bd_node *node, double value) {
    float low = node->u.quant.low, x = (float)BD_MIN(BD_MAX(value, (double)low), (double)node->u.quant.high);
    float inverse = 1 / node->u.quant.step;
    return (double)(floorf((x - low) * inverse + 0.5f) * node->u.quant.step + low);
}

static bd_result fold_unary(const folding *of, size_t elements) {
    const bd_node *x = input_node(of, 0);
    for (size_t i = 0; i < elements; i++) {
        double value = load(x, i);
        if (of->node->op == BD_OP_CLAMP) {
            value = BD_MIN(BD_MAX(value, (double)of->node->u.clamp.low), (double)of->node->u.clamp.high);
        } else if (of->node->op == BD_OP_RSQRT) {
            value = 1 / sqrt(value);
        } else if (of->node->op == BD_OP_FAKE_QUANT) {
            value = quantise(of->node, value);
        }
        for (uint32_t k = 1; of->node->op == BD_OP_ADD_N && k < of->node->input_count; k++) {
            value = load(input_node(of, k), i) + (of->node->dtype == BD_F32 ? (double)(float)value : value);
        }
        if (!store(of, i, value)) {
            return bd_graph_fail(of->graph, of->index, of->error, "overflows on constants");
        }
    }
    return BD_OK;
}

/* ---- arrangement ------------------------------------------------------------------------------------------------ */

typedef struct block {
    uint32_t rank;
    int32_t dims[BD_MAX_RANK];
    int64_t from, from_steps[BD_MAX_RANK]; /* in elements */
    int64_t to, to_steps[BD_MAX_RANK];
} block;

static void row_major(const bd_shape *shape, int64_t *steps) {
    int64_t step = 1;
    for (uint32_t d = shape->rank; d-- > 0;) {
        steps[d] = step;
        step *= shape->dims[d];
    }
}

static void copy_block(const folding *of, const bd_node *from, const block *b) {
    size_t bytes = bd_dtype_bytes(from->dtype);
    int64_t elements = 1;
    for (uint32_t d = 0; d < b->rank; d++) {
        elements *= b->dims[d];
    }
    for (int64_t i = 0; i < elements; i++) {
        int64_t at_from = b->from, at_to = b->to, rest = i;
        for (uint32_t d = b->rank; d-- > 0;) {
            int64_t at = rest % b->dims[d];
            rest /= b->dims[d];
            at_from += at * b->from_steps[d];
            at_to += at * b->to_steps[d];
        }
        memcpy(of->to + (size_t)at_to * bytes, (const unsigned char *)from->data + (size_t)at_from * bytes, bytes);
    }
}

static void fold_reshaped(const folding *of, size_t elements) {
    if (elements) {
        memcpy(of->to, input_node(of, 0)->data, elements * bd_dtype_bytes(of->node->dtype));
    }
}

static bd_result fold_slice(const folding *of) {
    const bd_node *x = input_node(of, 0);
    bd_slice_range range;
    bd_result result = bd_graph_slice_range(of->graph, of->index, &range, of->error);
    if (result) {
        return result;
    }
    block b = {.rank = x->shape.rank};
    row_major(&x->shape, b.from_steps);
    const bd_shape taken = bd_shape_make(b.rank, range.count);
    row_major(&taken, b.to_steps);
    for (uint32_t d = 0; d < b.rank; d++) {
        b.dims[d] = range.count[d];
        b.from += range.start[d] * b.from_steps[d];
        b.from_steps[d] *= range.stride[d];
    }
    copy_block(of, x, &b);
    return BD_OK;
}

static void fold_pad(const folding *of) {
    const bd_node *x = input_node(of, 0);
    int32_t pads[2 * BD_MAX_RANK];
    bd_graph_read_i32(of->graph, of->node->inputs[1], pads, 2 * BD_MAX_RANK);
    block b = {.rank = x->shape.rank};
    row_major(&x->shape, b.from_steps);
    row_major(&of->node->shape, b.to_steps);
    for (uint32_t d = 0; d < b.rank; d++) {
        b.dims[d] = x->shape.dims[d];
        b.to += pads[2 * d] * b.to_steps[d];
    }
    copy_block(of, x, &b);
}

static void fold_transpose(const folding *of) {
    const bd_node *x = input_node(of, 0);
    int32_t order[BD_MAX_RANK];
    int64_t steps[BD_MAX_RANK];
    bd_graph_read_i32(of->graph, of->node->inputs[1], order, BD_MAX_RANK);
    row_major(&x->shape, steps);
    block b = {.rank = x->shape.rank};
    row_major(&of->node->shape, b.to_steps);
    for (uint32_t d = 0; d < b.rank; d++) {
        b.dims[d] = of->node->shape.dims[d];
        b.from_steps[d] = steps[order[d] + (order[d] < 0 ? (int32_t)b.rank : 0)];
    }
    copy_block(of, x, &b);
}

static void fold_joined(const folding *of) {
    uint32_t axis = (uint32_t)of->node->u.axis;
    bool pack = of->node->op == BD_OP_PACK;
    int64_t steps[BD_MAX_RANK], start = 0;
    row_major(&of->node->shape, steps);
    for (uint32_t k = 0; k < of->node->input_count; k++) {
        const bd_node *x = input_node(of, k);
        block b = {.rank = x->shape.rank, .to = start * steps[axis]};
        row_major(&x->shape, b.from_steps);
        for (uint32_t d = 0; d < b.rank; d++) {
            b.dims[d] = x->shape.dims[d];
            b.to_steps[d] = steps[d + (pack && d >= axis)];
        }
        copy_block(of, x, &b);
        start += pack ? 1 : x->shape.dims[axis];
    }
}

static void fold_shape(const folding *of) {
    const bd_shape *shape = &input_node(of, 0)->shape;
    memcpy(of->to, shape->dims, shape->rank * sizeof shape->dims[0]);
}

/* ---- the pass --------------------------------------------------------------------------------------------------- */

static bool can_fold(bd_op op) {
    switch (op) {
    case BD_OP_IDENTITY:
    case BD_OP_CAST:
    case BD_OP_SHAPE:
    case BD_OP_STRIDED_SLICE:
    case BD_OP_SLICE:
    case BD_OP_PACK:
    case BD_OP_CONCAT:
    case BD_OP_RESHAPE:
    case BD_OP_SQUEEZE:
    case BD_OP_EXPAND_DIMS:
    case BD_OP_PAD:
    case BD_OP_ADD:
    case BD_OP_SUB:
    case BD_OP_MUL:
    case BD_OP_DIV:
    case BD_OP_MAXIMUM:
    case BD_OP_MINIMUM:
    case BD_OP_ADD_N:
    case BD_OP_RSQRT:
    case BD_OP_FAKE_QUANT:
    case BD_OP_TRANSPOSE:
    case BD_OP_CLAMP: return true;
    default: return false;
    }
}

static bool is_constant(const bd_graph *graph, const bd_node *node) {
    for (uint32_t k = 0; node->op != BD_OP_SHAPE && k < node->input_count; k++) {
        if (graph->nodes[node->inputs[k]].op != BD_OP_CONST) {
            return false;
        }
    }
    return can_fold(node->op) && !(node->op == BD_OP_ADD && node->u.requantise.rounding);
}

static bd_result evaluate(const folding *of, size_t elements) {
    switch (of->node->op) {
    case BD_OP_SHAPE: fold_shape(of); return BD_OK;
    case BD_OP_IDENTITY:
    case BD_OP_RESHAPE:
    case BD_OP_SQUEEZE:
    case BD_OP_EXPAND_DIMS: fold_reshaped(of, elements); return BD_OK;
    case BD_OP_STRIDED_SLICE:
    case BD_OP_SLICE: return fold_slice(of);
    case BD_OP_PACK:
    case BD_OP_CONCAT: fold_joined(of); return BD_OK;
    case BD_OP_PAD: fold_pad(of); return BD_OK;
    case BD_OP_TRANSPOSE: fold_transpose(of); return BD_OK;
    case BD_OP_CAST:
    case BD_OP_ADD_N:
    case BD_OP_RSQRT:
    case BD_OP_FAKE_QUANT:
    case BD_OP_CLAMP: return fold_unary(of, elements);
    default: return fold_binary(of, elements);
    }
}

bd_result bd_fold_node(bd_graph *graph, uint32_t index, int64_t *budget, bd_error *error) {
    bd_result result = bd_graph_infer_node(graph, index, error);
    bd_node *node = &graph->nodes[index];
    if (result || !is_constant(graph, node)) {
        return result;
    }
    int64_t elements = bd_shape_elements(&node->shape);
    if (elements > FOLD_MOST || elements > *budget) {
        return BD_OK;
    }
    *budget -= elements;
    folding of = {graph, index, node, bd_pool_alloc(&graph->pool, (size_t)elements * bd_dtype_bytes(node->dtype)),
                  error};
    if (!of.to) {
        return bd_graph_fail_memory(graph, error);
    }
    result = evaluate(&of, (size_t)elements);
    if (!result) {
        node->op = BD_OP_CONST;
        node->data = of.to;
        node->input_count = 0;
    }
    return result;
}

bd_result bd_pass_fold(bd_graph *graph, bd_error *error) {
    int64_t budget = FOLD_MOST_TOGETHER;
    bd_result result = BD_OK;
    for (uint32_t i = 0; !result && i < graph->count; i++) {
        result = bd_fold_node(graph, i, &budget, error);
    }
    return result ? result : bd_pass_compact(graph, error);
}

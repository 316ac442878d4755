/* SPDX-License-Identifier: MIT
 * Exports from before hard-swish and hard-sigmoid were operations spell them out. Here they become one node each:
 * clamp(x + 3, 0, 6) / 6, clamp(x / 6 + 0.5, 0, 1), x times either of them, x * clamp(x + 3, 0, 6) / 6. */
#include "graph/pass_activate.h"

#include <math.h>

#include "graph/pass_compact.h"

#define VALUES_MOST 65536 /* of a constant that is looked through */

static uint32_t past_identities(const bd_graph *graph, uint32_t index) {
    while (graph->nodes[index].op == BD_OP_IDENTITY) {
        index = graph->nodes[index].inputs[0];
    }
    return index;
}

/* Whether a constant is one value everywhere, and that value is `wanted` up to rounding. */
static bool is_value(const bd_graph *graph, uint32_t index, double wanted) {
    const bd_node *node = &graph->nodes[index];
    int64_t count = bd_shape_elements(&node->shape);
    if (node->op != BD_OP_CONST || node->dtype != BD_F32 || count < 1 || count > VALUES_MOST) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        if (!(fabs((double)((const float *)node->data)[i] - wanted) <= 1e-6 * fabs(wanted))) {
            return false;
        }
    }
    return true;
}

/* What node index, an operation op or its other form, combines with the constant `value`; BD_NO_NODE. */
static uint32_t other_operand(const bd_graph *graph, uint32_t index, bd_op op, double value) {
    const bd_node *node = &graph->nodes[index];
    bool inverse = (op == BD_OP_MUL && node->op == BD_OP_DIV) || (op == BD_OP_ADD && node->op == BD_OP_SUB);
    if (node->op != op && !inverse) {
        return BD_NO_NODE;
    }
    double wanted = !inverse ? value : op == BD_OP_MUL ? 1 / value : -value;
    for (uint32_t k = 0; k < (inverse ? 1u : 2u); k++) {
        uint32_t x = past_identities(graph, node->inputs[k]);
        if (is_value(graph, past_identities(graph, node->inputs[k ^ 1]), wanted) &&
            bd_shape_equal(&graph->nodes[index].shape, &graph->nodes[x].shape)) {
            return x;
        }
    }
    return BD_NO_NODE;
}

static uint32_t clamped(const bd_graph *graph, uint32_t index, float low, float high) {
    const bd_node *node = &graph->nodes[index];
    bool fits = node->op == BD_OP_CLAMP && node->u.clamp.low == low && node->u.clamp.high == high;
    return fits ? past_identities(graph, node->inputs[0]) : BD_NO_NODE;
}

/* x of clamp(x + 3, 0, 6); BD_NO_NODE. */
static uint32_t six_gate(const bd_graph *graph, uint32_t index) {
    uint32_t sum = clamped(graph, index, 0, 6);
    return sum == BD_NO_NODE ? BD_NO_NODE : other_operand(graph, sum, BD_OP_ADD, 3);
}

/* x of x * gate(x), where gate gives its own x for a node; BD_NO_NODE. */
static uint32_t gated(const bd_graph *graph, uint32_t index, uint32_t (*gate)(const bd_graph *, uint32_t)) {
    const bd_node *node = &graph->nodes[index];
    for (uint32_t k = 0; node->op == BD_OP_MUL && k < 2; k++) {
        uint32_t x = past_identities(graph, node->inputs[k]);
        if (gate(graph, past_identities(graph, node->inputs[k ^ 1])) == x &&
            bd_shape_equal(&graph->nodes[index].shape, &graph->nodes[x].shape)) {
            return x;
        }
    }
    return BD_NO_NODE;
}

static uint32_t hard_sigmoid(const bd_graph *graph, uint32_t index) {
    const bd_node *node = &graph->nodes[index];
    if (node->op == BD_OP_HARD_SIGMOID) {
        return past_identities(graph, node->inputs[0]);
    }
    uint32_t sixfold = other_operand(graph, index, BD_OP_MUL, 1.0 / 6);
    if (sixfold != BD_NO_NODE) {
        return six_gate(graph, sixfold);
    }
    uint32_t sum = clamped(graph, index, 0, 1);
    uint32_t share = sum == BD_NO_NODE ? BD_NO_NODE : other_operand(graph, sum, BD_OP_ADD, 0.5);
    return share == BD_NO_NODE ? BD_NO_NODE : other_operand(graph, share, BD_OP_MUL, 1.0 / 6);
}

static uint32_t hard_swish(const bd_graph *graph, uint32_t index) {
    uint32_t sixfold = other_operand(graph, index, BD_OP_MUL, 1.0 / 6);
    uint32_t x = sixfold == BD_NO_NODE ? BD_NO_NODE : gated(graph, sixfold, six_gate);
    return x == BD_NO_NODE ? gated(graph, index, hard_sigmoid) : x;
}

bd_result bd_pass_activate(bd_graph *graph, bd_error *error) {
    for (uint32_t i = 0; i < graph->count; i++) {
        bd_node *node = &graph->nodes[i];
        bool may = node->op == BD_OP_MUL || node->op == BD_OP_DIV || node->op == BD_OP_CLAMP;
        if (!may || node->dtype != BD_F32) {
            continue;
        }
        bd_op op = BD_OP_HARD_SWISH;
        uint32_t x = hard_swish(graph, i);
        if (x == BD_NO_NODE) {
            op = BD_OP_HARD_SIGMOID;
            x = hard_sigmoid(graph, i);
        }
        if (x == BD_NO_NODE) {
            continue;
        }
        uint32_t *inputs = bd_pool_alloc(&graph->pool, sizeof *inputs);
        if (!inputs) {
            return bd_graph_fail_memory(graph, error);
        }
        inputs[0] = x;
        node->op = op;
        node->inputs = inputs;
        node->input_count = 1;
    }
    return bd_pass_compact(graph, error);
}

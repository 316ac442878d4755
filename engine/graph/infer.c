/* SPDX-License-Identifier: MIT */
#include "graph/infer.h"

#include "graph/infer_elements.h"
#include "graph/infer_layout.h"
#include "graph/infer_window.h"

/* INPUT, CONST and PREPROCESS have their shape from the start. */
static bd_result infer_source(const bd_inference *of) {
    const bd_node *node = of->node;
    if (node->shape.rank > BD_MAX_RANK || bd_shape_elements(&node->shape) < 0) {
        return BD_INFER_FAIL(of, "has an open size or more than 2^31-1 elements");
    }
    if (node->op == BD_OP_CONST && !node->data && bd_shape_elements(&node->shape)) {
        return BD_INFER_FAIL(of, "has no data");
    }
    return BD_OK;
}

typedef struct op_rule {
    uint32_t least, most; /* inputs; the first `least` are not optional, every other one is when most is finite */
    bd_result (*infer)(const bd_inference *of);
    bd_kernel_demand demand;
} op_rule;

static const op_rule rules[BD_OP_COUNT] = {
    [BD_OP_INPUT] = {0, 0, infer_source, BD_DEMAND_NOTHING},
    [BD_OP_CONST] = {0, 0, infer_source, BD_DEMAND_NOTHING},
    [BD_OP_IDENTITY] = {1, 1, bd_infer_same, BD_DEMAND_NO_KERNEL},
    [BD_OP_CAST] = {1, 1, bd_infer_same, BD_DEMAND_NO_KERNEL},
    [BD_OP_SHAPE] = {1, 1, bd_infer_shape_of, BD_DEMAND_NO_KERNEL},
    [BD_OP_STRIDED_SLICE] = {4, 4, bd_infer_slice, BD_DEMAND_NO_KERNEL},
    [BD_OP_SLICE] = {3, 3, bd_infer_slice, BD_DEMAND_NO_KERNEL},
    [BD_OP_PACK] = {1, UINT32_MAX, bd_infer_pack, BD_DEMAND_NO_KERNEL},
    [BD_OP_CONCAT] = {1, UINT32_MAX, bd_infer_concat, BD_DEMAND_ALL_MAPS},
    [BD_OP_RESHAPE] = {2, 2, bd_infer_reshape, BD_DEMAND_NO_KERNEL},
    [BD_OP_SQUEEZE] = {1, 1, bd_infer_squeeze, BD_DEMAND_NO_KERNEL},
    [BD_OP_EXPAND_DIMS] = {2, 2, bd_infer_expand_dims, BD_DEMAND_NO_KERNEL},
    [BD_OP_TRANSPOSE] = {2, 2, bd_infer_transpose, BD_DEMAND_NO_KERNEL},
    [BD_OP_PAD] = {2, 2, bd_infer_pad, BD_DEMAND_NO_KERNEL},
    [BD_OP_ADD] = {2, 2, bd_infer_add, BD_DEMAND_EQUAL_MAPS},
    [BD_OP_SUB] = {2, 2, bd_infer_binary, BD_DEMAND_NO_KERNEL},
    [BD_OP_MUL] = {2, 2, bd_infer_binary, BD_DEMAND_EQUAL_MAPS},
    [BD_OP_DIV] = {2, 2, bd_infer_binary, BD_DEMAND_NO_KERNEL},
    [BD_OP_MAXIMUM] = {2, 2, bd_infer_binary, BD_DEMAND_NO_KERNEL},
    [BD_OP_MINIMUM] = {2, 2, bd_infer_binary, BD_DEMAND_NO_KERNEL},
    [BD_OP_RSQRT] = {1, 1, bd_infer_float, BD_DEMAND_NO_KERNEL},
    [BD_OP_FAKE_QUANT] = {1, 1, bd_infer_float, BD_DEMAND_NO_KERNEL},
    [BD_OP_ADD_N] = {1, UINT32_MAX, bd_infer_add_n, BD_DEMAND_NO_KERNEL},
    [BD_OP_CLAMP] = {1, 1, bd_infer_same, BD_DEMAND_MAP},
    [BD_OP_HARD_SIGMOID] = {1, 1, bd_infer_float, BD_DEMAND_MAP},
    [BD_OP_HARD_SWISH] = {1, 1, bd_infer_float, BD_DEMAND_MAP},
    [BD_OP_SIGMOID] = {1, 1, bd_infer_float, BD_DEMAND_MAP},
    [BD_OP_CONV] = {2, 5, bd_infer_conv, BD_DEMAND_MAP_WEIGHTS},
    [BD_OP_DEPTHWISE] = {2, 4, bd_infer_conv, BD_DEMAND_MAP_WEIGHTS},
    [BD_OP_POOL_AVERAGE] = {1, 1, bd_infer_pool, BD_DEMAND_MAP},
    [BD_OP_POOL_MAX] = {1, 1, bd_infer_pool, BD_DEMAND_MAP},
    [BD_OP_MEAN] = {2, 2, bd_infer_mean, BD_DEMAND_NO_KERNEL},
    [BD_OP_RESIZE_BILINEAR] = {1, 2, bd_infer_resize, BD_DEMAND_MAP},
    [BD_OP_RESIZE_NEAREST] = {2, 2, bd_infer_resize_nearest, BD_DEMAND_NO_KERNEL},
    [BD_OP_SPACE_TO_BATCH] = {3, 3, bd_infer_space_to_batch, BD_DEMAND_NO_KERNEL},
    [BD_OP_BATCH_TO_SPACE] = {3, 3, bd_infer_batch_to_space, BD_DEMAND_NO_KERNEL},
    [BD_OP_SOFTMAX] = {1, 1, bd_infer_float, BD_DEMAND_MAP},
    [BD_OP_ARGMAX] = {1, 2, bd_infer_argmax, BD_DEMAND_NO_KERNEL},
    [BD_OP_REQUANTISE] = {1, 1, bd_infer_requantise, BD_DEMAND_MAP},
    [BD_OP_PREPROCESS] = {1, 1, infer_source, BD_DEMAND_NOTHING},
};

bd_result bd_graph_infer_node(bd_graph *graph, uint32_t index, bd_error *error) {
    bd_inference of = {graph, index, &graph->nodes[index], error};
    const bd_node *node = of.node;
    if ((uint32_t)node->op >= BD_OP_COUNT || !rules[node->op].infer) {
        return BD_INFER_FAIL(&of, "is not supported");
    }
    const op_rule *rule = &rules[node->op];
    if (node->input_count < rule->least || node->input_count > rule->most) {
        return BD_INFER_FAIL(&of, "has %u inputs", node->input_count);
    }
    for (uint32_t k = 0; k < node->input_count; k++) {
        bool absent = node->inputs[k] == BD_NO_NODE;
        bool optional = k >= rule->least && rule->most != UINT32_MAX;
        if (absent ? !optional : node->inputs[k] >= index) {
            return BD_INFER_FAIL(&of, "has an input that does not precede it");
        }
    }
    return rule->infer(&of);
}

bd_kernel_demand bd_infer_demand(bd_op op) {
    return rules[op].demand;
}

bd_result bd_graph_infer(bd_graph *graph, bd_error *error) {
    bd_result result = BD_OK;
    for (uint32_t i = 0; !result && i < graph->count; i++) {
        if (graph->nodes[i].op != BD_OP_NONE) {
            result = bd_graph_infer_node(graph, i, error);
        }
    }
    return result;
}

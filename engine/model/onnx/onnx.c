/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx.h"

#include "model/onnx/onnx_node.h"
#include "model/onnx/onnx_ops.h"
#include "model/onnx/onnx_read.h"
#include "model/onnx/onnx_tensor.h"

/* ---- the output ------------------------------------------------------------------------------------------------- */

/* How likely an output is the one that is wanted of a segmentation network: labels before probabilities, before logits
 * at full size, before others. */
static int rank_output(const bd_onnx *onnx, const bd_onnx_value *value) {
    static const char *const through[] = {"Cast",    "Squeeze", "Unsqueeze",      "Identity",        "Transpose",
                                          "Reshape", "Flatten", "QuantizeLinear", "DequantizeLinear"};
    static const char *const ops[] = {"Resize", "Upsample", "Softmax", "ArgMax"};
    if (bd_pb_contains(value->name, "aux")) {
        return -1;
    }
    for (uint32_t steps = 0; steps < 16 && value->node != BD_ONNX_NONE; steps++) {
        const bd_onnx_node *node = &onnx->nodes[value->node];
        bool pass = false;
        for (size_t i = 0; i < BD_COUNT(through); i++) {
            pass = pass || bd_pb_equals(node->op, through[i]);
        }
        if (!pass || !bd_onnx_input(onnx, node, 0)) {
            int rank = 0;
            for (size_t i = 0; i < BD_COUNT(ops); i++) {
                rank = bd_pb_equals(node->op, ops[i]) ? 1 + (int)i : rank;
            }
            return rank;
        }
        value = bd_onnx_input(onnx, node, 0);
    }
    return 0;
}

/* The first of the best. */
static uint32_t choose_output(const bd_onnx *onnx) {
    uint32_t best = 0;
    int most = -2;
    for (uint32_t i = 0; i < onnx->output_count; i++) {
        int rank = rank_output(onnx, &onnx->values[onnx->outputs[i]]);
        if (rank > most) {
            most = rank;
            best = onnx->outputs[i];
        }
    }
    return best;
}

/* ---- the order -------------------------------------------------------------------------------------------------- */

/* A value that no node makes becomes known, or the node that makes it goes on the stack. */
static bd_result visit(bd_onnx *onnx, const bd_onnx_node *reader, uint32_t index, uint32_t *stack, uint32_t *depth) {
    bd_onnx_value *value = &onnx->values[index];
    if (value->kind != BD_ONNX_UNKNOWN) {
        return BD_OK;
    }
    if (value->initializer.at) {
        value->kind = BD_ONNX_CONSTANT;
        return bd_onnx_read_tensor(onnx, reader, value->initializer, &value->tensor);
    }
    if (value->node == BD_ONNX_NONE) {
        return bd_onnx_read_input(onnx, value);
    }
    bd_onnx_node *node = &onnx->nodes[value->node];
    if (node->state == BD_ONNX_OPEN) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "the graph has a cycle through it");
    }
    if (node->state == BD_ONNX_DONE || (value->port && !bd_pb_equals(node->op, "DynamicQuantizeLinear"))) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "output number %u of it is not supported",
                            value->port);
    }
    node->state = BD_ONNX_OPEN;
    stack[(*depth)++] = value->node;
    return BD_OK;
}

/* Depth first from the output, without recursion: a node is converted when all its inputs are known. */
static bd_result convert_reachable(bd_onnx *onnx, uint32_t output) {
    uint32_t *stack = bd_pool_alloc(&onnx->pool, ((size_t)onnx->node_count + 1) * sizeof *stack);
    if (!stack) {
        return bd_onnx_fail_memory(onnx);
    }
    uint32_t depth = 0;
    bd_result result = visit(onnx, NULL, output, stack, &depth);
    while (!result && depth) {
        bd_onnx_node *node = &onnx->nodes[stack[depth - 1]];
        if (node->next_input < node->input_count) {
            uint32_t index = onnx->links[node->first_input + node->next_input++];
            result = index == BD_ONNX_NONE ? BD_OK : visit(onnx, node, index, stack, &depth);
        } else {
            node->state = BD_ONNX_DONE;
            depth--;
            result = bd_onnx_convert(onnx, node);
        }
    }
    return result;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static bd_result import_model(bd_onnx *onnx, bd_pb model) {
    bd_result result = bd_onnx_read(onnx, model);
    if (!result) {
        result = bd_onnx_open_external(onnx);
    }
    if (result) {
        return result;
    }
    if (!onnx->output_count) {
        return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "the graph has no output");
    }
    size_t bytes = bd_pb_size(model);
    for (uint32_t i = 0; i < onnx->shards->count; i++) {
        bytes += onnx->shards->contents[i].bytes;
    }
    /* Weights once, four times where they were bytes, and as much again for what is computed on the way. */
    onnx->budget = 8 * bytes + ((size_t)16 << 20);
    uint32_t output = choose_output(onnx);
    result = convert_reachable(onnx, output);
    if (result) {
        return result;
    }
    const bd_onnx_value *value = &onnx->values[output];
    if (value->kind != BD_ONNX_ACTIVATION || onnx->graph->input == BD_NO_NODE) {
        return bd_onnx_fail(onnx, NULL, BD_ERR_MODEL_UNSUPPORTED, "the output %.*s does not depend on a photo",
                            (int)BD_MIN(bd_pb_size(value->name), (size_t)120), (const char *)value->name.at);
    }
    onnx->graph->output = value->index;
    return BD_OK;
}

bool bd_model_is_onnx(const uint8_t *data, size_t bytes) {
    /* ModelProto's first field is its ir_version: tag 8, then a small number; then comes the producer's name or another
     * of the fields 2 to 25. */
    enum { IR_VERSION_MOST = 127 };
    return bytes >= 3 && data[0] == 0x08 && data[1] >= 1 && data[1] <= IR_VERSION_MOST &&
           (data[2] & 7u) <= BD_PB_BYTES && (data[2] & 7u) != BD_PB_FIXED64 && data[2] >> 3;
}

bd_result bd_model_import_onnx(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                               bd_error *error) {
    bd_shards_begin(shards, graph->pool.allocator);
    bd_onnx onnx = {
        .file = path, .graph = graph, .shards = shards, .pool = {.allocator = graph->pool.allocator}, .error = error};
    graph->input = graph->output = BD_NO_NODE;
    bd_result result = import_model(&onnx, (bd_pb){data, data + bytes});
    bd_pool_finish(&onnx.pool);
    if (result) {
        bd_shards_finish(shards);
    }
    return result;
}

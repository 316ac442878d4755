/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_read.h"

#include <stdlib.h>
#include <string.h>

#include "model/onnx/onnx_builder.h"
#include "model/onnx/onnx_node.h"

enum { MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2, OPSET_LEAST = 8 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7 };
enum { TENSOR_NAME = 8, INFO_NAME = 1, INFO_TYPE = 2 };

static bd_result fail_broken(const bd_onnx *onnx, const char *what) {
    return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "%s is truncated or broken", what);
}

/* The last string of one number in a message; empty where there is none. False: the message is broken. */
static bool find_text(bd_pb message, uint32_t number, bd_pb *text) {
    bd_pb_field field;
    bd_pb_step step;
    *text = (bd_pb){message.at, message.at};
    while ((step = bd_pb_next(&message, &field)) == BD_PB_FIELD) {
        if (field.number == number && field.wire == BD_PB_BYTES) {
            *text = field.bytes;
        }
    }
    return step == BD_PB_END;
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static bd_result read_opset(bd_onnx *onnx, bd_pb message) {
    bd_pb domain = {message.at, message.at};
    int64_t version = 0;
    bd_pb_field field;
    bd_pb_step step;
    while ((step = bd_pb_next(&message, &field)) == BD_PB_FIELD) {
        if (field.number == OPSET_DOMAIN && field.wire == BD_PB_BYTES) {
            domain = field.bytes;
        } else if (field.number == OPSET_VERSION && field.wire == BD_PB_VARINT) {
            version = (int64_t)field.value;
        }
    }
    if (step == BD_PB_BROKEN) {
        return fail_broken(onnx, "an opset");
    }
    if (bd_pb_equals(domain, "") || bd_pb_equals(domain, "ai.onnx")) {
        onnx->opset = version;
    }
    return BD_OK;
}

static bd_result read_model(bd_onnx *onnx, bd_pb model) {
    bd_pb_field field;
    bd_pb_step step;
    bool graph = false;
    while ((step = bd_pb_next(&model, &field)) == BD_PB_FIELD) {
        bd_result result = BD_OK;
        if (field.wire != BD_PB_BYTES) {
            continue;
        }
        if (field.number == MODEL_PRODUCER) {
            onnx->trained_by_torch = bd_pb_equals(field.bytes, "pytorch");
        } else if (field.number == MODEL_OPSET) {
            result = read_opset(onnx, field.bytes);
        } else if (field.number == MODEL_GRAPH) {
            result = graph ? bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "the model has two graphs") : BD_OK;
            onnx->graph_message = field.bytes;
            graph = true;
        }
        if (result) {
            return result;
        }
    }
    if (step == BD_PB_BROKEN) {
        return fail_broken(onnx, "the ONNX model");
    }
    if (!graph) {
        return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_FORMAT, "not an ONNX model: no graph");
    }
    if (onnx->opset < OPSET_LEAST) {
        return bd_onnx_fail(onnx, NULL, BD_ERR_MODEL_UNSUPPORTED, "ONNX opset %lld, the least is %d",
                            (long long)onnx->opset, OPSET_LEAST);
    }
    return BD_OK;
}

/* ---- the graph, counted ----------------------------------------------------------------------------------------- */

typedef struct counts {
    size_t nodes, values, links, outputs;
} counts;

static bool attributes_whole(bd_pb attribute) {
    bd_pb_field field;
    bd_pb_step step;
    while ((step = bd_pb_next(&attribute, &field)) == BD_PB_FIELD) {
    }
    return step == BD_PB_END;
}

static bool count_node(bd_pb node, counts *of) {
    bd_pb_field field;
    bd_pb_step step;
    of->nodes++;
    while ((step = bd_pb_next(&node, &field)) == BD_PB_FIELD) {
        if (field.wire != BD_PB_BYTES) {
            continue;
        }
        of->links += field.number == NODE_INPUT || field.number == NODE_OUTPUT;
        of->values += field.number == NODE_OUTPUT;
        if (field.number == NODE_ATTRIBUTE && !attributes_whole(field.bytes)) {
            return false;
        }
    }
    return step == BD_PB_END;
}

static bd_result count_graph(const bd_onnx *onnx, counts *of) {
    bd_pb graph = onnx->graph_message;
    bd_pb_field field;
    bd_pb_step step;
    while ((step = bd_pb_next(&graph, &field)) == BD_PB_FIELD) {
        if (field.wire != BD_PB_BYTES) {
            continue;
        }
        if (field.number == GRAPH_NODE && !count_node(field.bytes, of)) {
            return fail_broken(onnx, "a node");
        }
        if (field.number == GRAPH_SPARSE) {
            return bd_onnx_fail(onnx, NULL, BD_ERR_MODEL_UNSUPPORTED, "sparse initializers are not supported");
        }
        of->values += field.number == GRAPH_INITIALIZER || field.number == GRAPH_INPUT;
        of->outputs += field.number == GRAPH_OUTPUT;
    }
    if (step == BD_PB_BROKEN) {
        return fail_broken(onnx, "the graph");
    }
    if (of->nodes > BD_ONNX_MOST || of->values > BD_ONNX_MOST || of->links > 4 * (size_t)BD_ONNX_MOST ||
        of->outputs > BD_ONNX_MOST) {
        return bd_onnx_fail(onnx, NULL, BD_ERR_MODEL_UNSUPPORTED, "%zu nodes and %zu values, the most is %u", of->nodes,
                            of->values, BD_ONNX_MOST);
    }
    return BD_OK;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b) {
    const bd_onnx_value *left = a, *right = b;
    return bd_pb_compare(left->name, right->name);
}

/* The value of that name; BD_ONNX_NONE when there is none. */
static uint32_t find_value(const bd_onnx *onnx, bd_pb name) {
    uint32_t low = 0, high = onnx->value_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = bd_pb_compare(onnx->values[middle].name, name);
        if (!order) {
            return middle;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return BD_ONNX_NONE;
}

static bd_onnx_value *add_value(bd_onnx *onnx, bd_pb name) {
    bd_onnx_value *value = &onnx->values[onnx->value_count++];
    value->name = name;
    value->node = value->reader = BD_ONNX_NONE;
    value->packed[0] = value->packed[1] = BD_NO_NODE;
    return value;
}

/* Values in the order of the file; node outputs remember their node. */
static bd_result collect_values(bd_onnx *onnx) {
    bd_pb graph = onnx->graph_message;
    bd_pb_field field;
    uint32_t nodes = 0;
    while (bd_pb_next(&graph, &field) == BD_PB_FIELD) {
        bd_pb name;
        if (field.wire != BD_PB_BYTES) {
            continue;
        }
        if (field.number == GRAPH_INITIALIZER || field.number == GRAPH_INPUT) {
            bool input = field.number == GRAPH_INPUT;
            if (!find_text(field.bytes, input ? INFO_NAME : TENSOR_NAME, &name)) {
                return fail_broken(onnx, input ? "an input" : "an initializer");
            }
            bd_onnx_value *value = add_value(onnx, name);
            *(input ? &value->input : &value->initializer) = field.bytes;
        } else if (field.number == GRAPH_NODE) {
            bd_pb node = field.bytes;
            uint32_t port = 0;
            while (bd_pb_next(&node, &field) == BD_PB_FIELD) {
                if (field.number != NODE_OUTPUT || field.wire != BD_PB_BYTES) {
                    continue;
                }
                if (bd_pb_size(field.bytes)) {
                    bd_onnx_value *value = add_value(onnx, field.bytes);
                    value->node = nodes;
                    value->port = port;
                }
                port++;
            }
            nodes++;
        }
    }
    return BD_OK;
}

/* Sorts, and joins an input and the initializer that is its default. */
static bd_result sort_values(bd_onnx *onnx) {
    qsort(onnx->values, onnx->value_count, sizeof *onnx->values, compare_values);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < onnx->value_count; i++) {
        bd_onnx_value *value = &onnx->values[i], *last = kept ? &onnx->values[kept - 1] : NULL;
        if (!last || bd_pb_compare(last->name, value->name)) {
            onnx->values[kept++] = *value;
            continue;
        }
        bool pair = last->node == BD_ONNX_NONE && value->node == BD_ONNX_NONE &&
                    !last->initializer.at != !value->initializer.at;
        if (!pair) {
            return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "the name %.*s is used twice",
                                (int)BD_MIN(bd_pb_size(value->name), (size_t)120), (const char *)value->name.at);
        }
        last->initializer = last->initializer.at ? last->initializer : value->initializer;
        last->input = (bd_pb){NULL, NULL};
    }
    onnx->value_count = kept;
    return BD_OK;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

static bd_result link_value(bd_onnx *onnx, const bd_onnx_node *node, bd_pb name, bool output) {
    uint32_t found = bd_pb_size(name) ? find_value(onnx, name) : BD_ONNX_NONE;
    if (found == BD_ONNX_NONE && bd_pb_size(name)) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "its input %.*s is made by nothing",
                            (int)BD_MIN(bd_pb_size(name), (size_t)120), (const char *)name.at);
    }
    onnx->links[onnx->link_count++] = found;
    if (!output && found != BD_ONNX_NONE) {
        onnx->values[found].uses++;
        onnx->values[found].reader = (uint32_t)(node - onnx->nodes);
    }
    return BD_OK;
}

static bd_result read_node(bd_onnx *onnx, bd_pb message) {
    bd_onnx_node *node = &onnx->nodes[onnx->node_count++];
    const bd_pb none = {message.at, message.at};
    *node = (bd_onnx_node){.message = message, .name = none, .op = none, .domain = none};
    bd_pb_field field;
    while (bd_pb_next(&message, &field) == BD_PB_FIELD) {
        if (field.wire == BD_PB_BYTES) {
            node->name = field.number == NODE_NAME ? field.bytes : node->name;
            node->op = field.number == NODE_OP ? field.bytes : node->op;
            node->domain = field.number == NODE_DOMAIN ? field.bytes : node->domain;
        }
    }
    /* Inputs, then outputs: each in consecutive links. */
    for (int outputs = 0; outputs < 2; outputs++) {
        uint32_t first = onnx->link_count;
        message = node->message;
        while (bd_pb_next(&message, &field) == BD_PB_FIELD) {
            if (field.number == (outputs ? NODE_OUTPUT : NODE_INPUT) && field.wire == BD_PB_BYTES) {
                if (outputs && !bd_pb_size(node->name)) {
                    node->name = field.bytes;
                }
                bd_result result = link_value(onnx, node, field.bytes, outputs);
                if (result) {
                    return result;
                }
            }
        }
        *(outputs ? &node->first_output : &node->first_input) = first;
        *(outputs ? &node->output_count : &node->input_count) = onnx->link_count - first;
    }
    return BD_OK;
}

static bd_result read_output(bd_onnx *onnx, bd_pb info) {
    bd_pb name;
    if (!find_text(info, INFO_NAME, &name)) {
        return fail_broken(onnx, "an output");
    }
    uint32_t found = find_value(onnx, name);
    if (found == BD_ONNX_NONE) {
        return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "the output %.*s is made by nothing",
                            (int)BD_MIN(bd_pb_size(name), (size_t)120), (const char *)name.at);
    }
    onnx->values[found].uses++;
    onnx->outputs[onnx->output_count++] = found;
    return BD_OK;
}

/* Tools that rewrite a model put their name on it. Only PyTorch names parameters like this and, in older versions,
 * resizes in this way. */
static bool looks_like_torch(const bd_onnx *onnx) {
    static const char *const parts[] = {"onnx::", ".weight"};
    for (uint32_t i = 0; i < onnx->value_count; i++) {
        const bd_onnx_value *value = &onnx->values[i];
        for (size_t k = 0; k < BD_COUNT(parts) && value->initializer.at; k++) {
            if (bd_pb_contains(value->name, parts[k])) {
                return true;
            }
        }
    }
    for (uint32_t n = 0; n < onnx->node_count; n++) {
        bd_pb mode;
        if (bd_pb_equals(onnx->nodes[n].op, "Resize") &&
            !bd_onnx_attr_bytes(onnx, &onnx->nodes[n], "coordinate_transformation_mode", &mode) && mode.at &&
            bd_pb_equals(mode, "pytorch_half_pixel")) {
            return true;
        }
    }
    return false;
}

bd_result bd_onnx_read(bd_onnx *onnx, bd_pb model) {
    counts of = {0};
    bd_result result = read_model(onnx, model);
    if (!result) {
        result = count_graph(onnx, &of);
    }
    if (result) {
        return result;
    }
    onnx->values = bd_pool_alloc(&onnx->pool, of.values * sizeof *onnx->values);
    onnx->nodes = bd_pool_alloc(&onnx->pool, of.nodes * sizeof *onnx->nodes);
    onnx->links = bd_pool_alloc(&onnx->pool, of.links * sizeof *onnx->links);
    onnx->outputs = bd_pool_alloc(&onnx->pool, of.outputs * sizeof *onnx->outputs);
    if (!onnx->values || !onnx->nodes || !onnx->links || !onnx->outputs) {
        return bd_onnx_fail_memory(onnx);
    }
    result = collect_values(onnx);
    if (!result) {
        result = sort_values(onnx);
    }
    bd_pb graph = onnx->graph_message;
    bd_pb_field field;
    while (!result && bd_pb_next(&graph, &field) == BD_PB_FIELD) {
        if (field.number == GRAPH_NODE && field.wire == BD_PB_BYTES) {
            result = read_node(onnx, field.bytes);
        } else if (field.number == GRAPH_OUTPUT && field.wire == BD_PB_BYTES) {
            result = read_output(onnx, field.bytes);
        }
    }
    onnx->trained_by_torch = onnx->trained_by_torch || (!result && looks_like_torch(onnx));
    return result;
}

/* ---- the photo (ValueInfoProto: 2 type; TypeProto: 1 tensor_type; 1 elem_type, 2 shape; 1 dim; 1 dim_value) ------ */

static bd_result fail_input(const bd_onnx *onnx, const bd_onnx_value *value, bd_result code, const char *problem) {
    return bd_onnx_fail(onnx, NULL, code, "input %.*s: %s", (int)BD_MIN(bd_pb_size(value->name), (size_t)120),
                        (const char *)value->name.at, problem);
}

static bool read_dims(bd_pb shape, int64_t dims[5], uint32_t *rank) {
    bd_pb_field field;
    bd_pb_step step;
    *rank = 0;
    while ((step = bd_pb_next(&shape, &field)) == BD_PB_FIELD) {
        if (field.number != 1 || field.wire != BD_PB_BYTES || *rank == 5) {
            continue;
        }
        int64_t *dim = &dims[(*rank)++];
        bd_pb one = field.bytes;
        *dim = -1;
        while ((step = bd_pb_next(&one, &field)) == BD_PB_FIELD) {
            *dim = field.number == 1 && field.wire == BD_PB_VARINT ? (int64_t)field.value : *dim;
        }
        if (step == BD_PB_BROKEN) {
            return false;
        }
        *dim = *dim <= 0 ? -1 : *dim;
    }
    return step == BD_PB_END;
}

static bool read_type(bd_pb info, uint64_t *type, int64_t dims[5], uint32_t *rank) {
    bd_pb tensor;
    bd_pb shape;
    bd_pb_field field;
    *type = 0;
    if (!find_text(info, INFO_TYPE, &tensor) || !find_text(tensor, 1, &tensor) || !find_text(tensor, 2, &shape)) {
        return false;
    }
    while (bd_pb_next(&tensor, &field) == BD_PB_FIELD) {
        *type = field.number == 1 && field.wire == BD_PB_VARINT ? field.value : *type;
    }
    return read_dims(shape, dims, rank);
}

/* Whether the only reader of the photo transposes it from NHWC to NCHW. */
static bool is_transposed(const bd_onnx *onnx, const bd_onnx_value *value) {
    static const int64_t expected[4] = {0, 3, 1, 2};
    int64_t perm[4];
    int32_t count;
    return value->uses == 1 && value->reader != BD_ONNX_NONE &&
           bd_pb_equals(onnx->nodes[value->reader].op, "Transpose") &&
           !bd_onnx_attr_ints(onnx, &onnx->nodes[value->reader], "perm", perm, 4, &count) && count == 4 &&
           !memcmp(perm, expected, sizeof perm);
}

/* A node whose first input is the value and whose operation is one of the names; NULL: there is none. */
static const bd_onnx_node *find_reader(const bd_onnx *onnx, const bd_onnx_value *value, const char *const *names,
                                       size_t count) {
    for (uint32_t n = 0; n < onnx->node_count; n++) {
        const bd_onnx_node *node = &onnx->nodes[n];
        for (size_t i = 0; i < count && bd_onnx_input(onnx, node, 0) == value; i++) {
            if (node->output_count && bd_pb_equals(node->op, names[i])) {
                return node;
            }
        }
    }
    return NULL;
}

/* Whether a network of PyTorch's convolves its input without normalising it. */
static bool begins_behind_normalisation(const bd_onnx *onnx, const bd_onnx_value *value) {
    static const char *const windows[] = {"Conv", "Pad", "FusedConv", "DynamicQuantizeLinear"};
    static const char *const through[] = {"Cast", "Identity"};
    enum { STEPS_MOST = 4 };
    for (int steps = 0; onnx->trained_by_torch && steps < STEPS_MOST; steps++) {
        if (find_reader(onnx, value, windows, BD_COUNT(windows))) {
            return true;
        }
        const bd_onnx_node *node = find_reader(onnx, value, through, BD_COUNT(through));
        if (!node || onnx->links[node->first_output] == BD_ONNX_NONE) {
            return false;
        }
        value = bd_onnx_output(onnx, node);
    }
    return false;
}

bd_result bd_onnx_read_input(bd_onnx *onnx, bd_onnx_value *value) {
    enum { SIDE_MOST = 1 << 20, BATCH_MOST = 1 << 16 };
    bd_graph *graph = onnx->graph;
    int64_t dims[5] = {0};
    uint32_t rank;
    uint64_t type;
    if (!read_type(value->input, &type, dims, &rank)) {
        return fail_input(onnx, value, BD_ERR_FILE_CORRUPT, "its type is broken");
    }
    bool floats = type == BD_ONNX_F32 || type == BD_ONNX_F16 || type == BD_ONNX_F64;
    if (graph->input != BD_NO_NODE) {
        return fail_input(onnx, value, BD_ERR_MODEL_UNSUPPORTED, "a second input besides the photo");
    }
    if (rank != 4 || (!floats && type != BD_ONNX_U8)) {
        return fail_input(onnx, value, BD_ERR_MODEL_UNSUPPORTED, "not a picture of 8 bits or floats, of 4 dimensions");
    }
    graph->default_size = onnx->trained_by_torch ? 520 : 513;
    int32_t usual = (int32_t)graph->default_size;
    bool last = (dims[3] == 3 && dims[1] != 3) || (dims[1] < 0 && is_transposed(onnx, value));
    int64_t *channels = &dims[last ? 3 : 1], *sides = &dims[last ? 1 : 2];
    *channels = *channels < 0 ? 3 : *channels;
    if (dims[0] > 1 && dims[0] <= BATCH_MOST) {
        onnx->batch = dims[0]; /* one photo is computed */
        dims[0] = 1;
    }
    dims[0] = dims[0] < 0 ? 1 : dims[0];
    sides[0] = sides[0] < 0 ? (graph->open_height ? graph->open_height : usual) : sides[0];
    sides[1] = sides[1] < 0 ? (graph->open_width ? graph->open_width : usual) : sides[1];
    if (dims[0] != 1 || *channels != 3 || sides[0] > SIDE_MOST || sides[1] > SIDE_MOST) {
        return fail_input(onnx, value, BD_ERR_MODEL_UNSUPPORTED, "not one picture of three channels");
    }
    static const int32_t axes[2][4] = {{0, 3, 1, 2}, {0, 1, 2, 3}};
    const bd_shape shape = {4, {1, (int32_t)sides[0], (int32_t)sides[1], 3}};
    bd_result result = bd_onnx_append(onnx, NULL, "", BD_OP_INPUT, NULL, 0, &value->index);
    if (result) {
        return result;
    }
    graph->input = value->index;
    graph->nodes[value->index].shape = shape;
    graph->nodes[value->index].dtype = floats ? BD_F32 : BD_U8;
    value->kind = BD_ONNX_ACTIVATION;
    value->rank = 4;
    memcpy(value->axes, axes[last], sizeof axes[last]);
    result = bd_onnx_infer(onnx, value->index);
    /* torchvision's networks are trained on (photo / 255 - mean) / deviation of ImageNet, and what PyTorch exports
     * begins after that. */
    if (!result && floats && begins_behind_normalisation(onnx, value)) {
        bd_graph_suggest_feed(graph, BD_INPUT_SOURCE_ASSUMED, &bd_feed_imagenet);
    }
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "onnx_writer.h"

#include <stdlib.h>
#include <string.h>

/* ---- protobuf ---------------------------------------------------------------------------------------------------- */

static void put(onnx_buffer *b, const void *data, size_t bytes) {
    if (b->bytes + bytes > b->room) {
        size_t room = (b->bytes + bytes) * 2;
        uint8_t *grown = realloc(b->data, room);
        if (!grown) {
            b->failed = true;
            return;
        }
        b->data = grown;
        b->room = room;
    }
    memcpy(b->data + b->bytes, data, bytes);
    b->bytes += bytes;
}

static void put_varint(onnx_buffer *b, uint64_t value) {
    uint8_t bytes[10];
    size_t count = 0;
    do {
        bytes[count++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    put(b, bytes, count);
}

static void put_integer(onnx_buffer *b, uint32_t field, int64_t value) {
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, (uint64_t)value);
}

/* The start of a field of bytes, text or a message. */
static void put_length(onnx_buffer *b, uint32_t field, uint64_t bytes) {
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, bytes);
}

static void put_bytes(onnx_buffer *b, uint32_t field, const void *data, size_t bytes) {
    put_length(b, field, bytes);
    put(b, data, bytes);
}

static void put_text(onnx_buffer *b, uint32_t field, const char *text) {
    put_bytes(b, field, text, strlen(text));
}

/* Takes the message over. */
static void put_message(onnx_buffer *b, uint32_t field, onnx_buffer *message) {
    put_bytes(b, field, message->data, message->bytes);
    b->failed = b->failed || message->failed;
    free(message->data);
    *message = (onnx_buffer){0};
}

/* ---- ONNX -------------------------------------------------------------------------------------------------------- */

/* Field numbers of onnx.proto. */
enum { IR_VERSION = 8, OPSET = 13 };
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_I = 3, ATTRIBUTE_S = 4, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_I = 2, TYPE_S = 3, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };

struct onnx_initializer {
    onnx_buffer head; /* dims, type, name, tag and length of the values */
    const void *data;
    size_t bytes;
    onnx_initializer *next;
};

void onnx_add_initializer(onnx_file *to, const char *name, onnx_type type, const int64_t *dims, uint32_t rank,
                          const void *data, size_t bytes) {
    onnx_initializer *made = bd_pool_alloc(&to->pool, sizeof *made);
    if (!made) {
        to->failed = true;
        return;
    }
    *made = (onnx_initializer){.data = data, .bytes = bytes};
    for (uint32_t d = 0; d < rank; d++) {
        put_integer(&made->head, TENSOR_DIMS, dims[d]);
    }
    put_integer(&made->head, TENSOR_TYPE, type);
    put_text(&made->head, TENSOR_NAME, name);
    put_length(&made->head, TENSOR_RAW, bytes);
    if (to->last) {
        to->last->next = made;
    } else {
        to->first = made;
    }
    to->last = made;
}

void onnx_add_ints(onnx_buffer *node, const char *name, const int64_t *values, uint32_t count) {
    onnx_buffer attribute = {0};
    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_integer(&attribute, ATTRIBUTE_TYPE, TYPE_INTS);
    for (uint32_t i = 0; i < count; i++) {
        put_integer(&attribute, ATTRIBUTE_INTS, values[i]);
    }
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_add_int(onnx_buffer *node, const char *name, int64_t value) {
    onnx_buffer attribute = {0};
    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_integer(&attribute, ATTRIBUTE_TYPE, TYPE_I);
    put_integer(&attribute, ATTRIBUTE_I, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_add_text(onnx_buffer *node, const char *name, const char *value) {
    onnx_buffer attribute = {0};
    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_integer(&attribute, ATTRIBUTE_TYPE, TYPE_S);
    put_text(&attribute, ATTRIBUTE_S, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_add_input(onnx_buffer *node, const char *input) {
    put_text(node, NODE_INPUT, input);
}

void onnx_name_node(onnx_buffer *node, const char *op, const char *output) {
    put_text(node, NODE_OUTPUT, output);
    put_text(node, NODE_NAME, output);
    put_text(node, NODE_OP, op);
}

onnx_buffer onnx_begin_node(const char *op, const char *output, const char *const *inputs, uint32_t input_count) {
    onnx_buffer node = {0};
    for (uint32_t i = 0; i < input_count; i++) {
        onnx_add_input(&node, inputs[i]);
    }
    onnx_name_node(&node, op, output);
    return node;
}

void onnx_end_node(onnx_file *to, onnx_buffer *node) {
    put_message(&to->nodes, GRAPH_NODE, node);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* ValueInfoProto of a float32 (1, c, h, w). */
static void put_value_info(onnx_buffer *graph, uint32_t field, const char *name, const bd_shape *shape) {
    const int64_t dims[4] = {1, shape->dims[3], shape->dims[1], shape->dims[2]};
    onnx_buffer list = {0};
    for (int d = 0; d < 4; d++) {
        onnx_buffer dim = {0};
        put_integer(&dim, 1, dims[d]);
        put_message(&list, 1, &dim);
    }
    onnx_buffer tensor = {0};
    put_integer(&tensor, 1, ONNX_FLOAT);
    put_message(&tensor, 2, &list);
    onnx_buffer type = {0};
    put_message(&type, 1, &tensor);
    onnx_buffer info = {0};
    put_text(&info, 1, name);
    put_message(&info, 2, &type);
    put_message(graph, field, &info);
}

static void put_entry(onnx_buffer *model, const char *key, const char *value) {
    onnx_buffer entry = {0};
    put_text(&entry, ENTRY_KEY, key);
    put_text(&entry, ENTRY_VALUE, value);
    put_message(model, MODEL_METADATA, &entry);
}

static void put_vector_entry(onnx_buffer *model, const char *key, const float v[3]) {
    char text[96];
    (void)snprintf(text, sizeof text, "%.9g,%.9g,%.9g", (double)v[0], (double)v[1], (double)v[2]);
    put_entry(model, key, text);
}

static uint64_t varint_bytes(uint64_t value) {
    uint64_t bytes = 1;
    while (value >>= 7) {
        bytes++;
    }
    return bytes;
}

/* Weights are many: they go from where they lie to the file, so sizes are known before anything is written. */
bool onnx_write(const onnx_file *from, const char *producer, const bd_node *preprocess, const bd_shape *logits,
                FILE *file) {
    onnx_buffer tail = {0}; /* name, input, output of the graph */
    put_text(&tail, GRAPH_NAME, "backdrop");
    put_value_info(&tail, GRAPH_INPUT, "x", &preprocess->shape);
    put_value_info(&tail, GRAPH_OUTPUT, "logits", logits);
    uint64_t graph_bytes = from->nodes.bytes + tail.bytes;
    bool failed = from->failed || from->nodes.failed || tail.failed;
    for (const onnx_initializer *i = from->first; i; i = i->next) {
        uint64_t own = i->head.bytes + i->bytes;
        graph_bytes += 1 + varint_bytes(own) + own;
        failed = failed || i->head.failed;
    }
    onnx_buffer head = {0};
    put_integer(&head, MODEL_IR_VERSION, IR_VERSION);
    put_text(&head, MODEL_PRODUCER, producer);
    onnx_buffer opset = {0};
    put_text(&opset, OPSET_DOMAIN, "");
    put_integer(&opset, OPSET_VERSION, OPSET);
    put_message(&head, MODEL_OPSET, &opset);
    put_vector_entry(&head, "scale", preprocess->u.preprocess.scale);
    put_vector_entry(&head, "offset", preprocess->u.preprocess.offset);
    put_length(&head, MODEL_GRAPH, graph_bytes);
    bool ok = !failed && !head.failed && fwrite(head.data, 1, head.bytes, file) == head.bytes &&
              fwrite(from->nodes.data, 1, from->nodes.bytes, file) == from->nodes.bytes;
    for (const onnx_initializer *i = from->first; i && ok; i = i->next) {
        onnx_buffer start = {0};
        put_length(&start, GRAPH_INITIALIZER, i->head.bytes + i->bytes);
        ok = !start.failed && fwrite(start.data, 1, start.bytes, file) == start.bytes &&
             fwrite(i->head.data, 1, i->head.bytes, file) == i->head.bytes &&
             fwrite(i->data, 1, i->bytes, file) == i->bytes;
        free(start.data);
    }
    ok = ok && fwrite(tail.data, 1, tail.bytes, file) == tail.bytes;
    free(head.data);
    free(tail.data);
    return ok;
}

void onnx_finish(onnx_file *file) {
    for (onnx_initializer *i = file->first; i; i = i->next) {
        free(i->head.data);
    }
    bd_pool_finish(&file->pool);
    free(file->nodes.data);
}

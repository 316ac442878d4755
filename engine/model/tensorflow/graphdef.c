/* SPDX-License-Identifier: MIT
 * TensorFlow's frozen GraphDef. Field numbers are those of tensorflow/core/framework's graph.proto, node_def.proto,
 * attr_value.proto, tensor.proto and tensor_shape.proto; what is not named here is skipped, function libraries too. */
#include "model/tensorflow/graphdef.h"

#include <string.h>

#include "model/bytes/protobuf.h"
#include "model/tensorflow/tensorflow.h"

enum { GRAPH_NODE = 1 };
enum { NODE_NAME = 1, NODE_OP = 2, NODE_INPUT = 3, NODE_ATTR = 5 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { VALUE_LIST = 1, VALUE_S, VALUE_I, VALUE_F, VALUE_B, VALUE_TYPE, VALUE_SHAPE, VALUE_TENSOR };
enum { LIST_S = 2, LIST_I = 3 };
enum { SHAPE_DIM = 2, SHAPE_UNKNOWN = 3, DIM_SIZE = 1 };
enum { TENSOR_DTYPE = 1, TENSOR_SHAPE = 2, TENSOR_CONTENT = 4 };

/* The form's part of bd_tf. */
typedef struct graphdef {
    bd_pb file;
    int64_t splat_budget; /* bytes that constants may still take beyond those stored */
} graphdef;

/* ---- attributes ------------------------------------------------------------------------------------------------- */

/* Field number of message, the last one as protobuf has it; OTHER: the message is broken, or the field of another type.
 */
static bd_tf_found find_field(bd_pb message, uint32_t number, bd_pb_wire wire, bd_pb_field *found) {
    bd_tf_found result = BD_TF_ABSENT;
    bd_pb_field field;
    bd_pb_step step;
    while ((step = bd_pb_next(&message, &field)) == BD_PB_FIELD) {
        if (field.number == number) {
            *found = field;
            result = field.wire == wire ? BD_TF_FOUND : BD_TF_OTHER;
        }
    }
    return step == BD_PB_BROKEN ? BD_TF_OTHER : result;
}

/* An attribute's value of one kind. Broken entries were refused when the nodes were listed. */
static bd_tf_found find_value(const bd_tf_node *node, const char *name, uint32_t kind, bd_pb_wire wire,
                              bd_pb_field *found) {
    bd_pb message = *(const bd_pb *)node->record, value = {NULL, NULL};
    bd_pb_field entry, part;
    while (bd_pb_next(&message, &entry) == BD_PB_FIELD) {
        if (entry.number == NODE_ATTR && find_field(entry.bytes, ENTRY_KEY, BD_PB_BYTES, &part) == BD_TF_FOUND &&
            bd_pb_equals(part.bytes, name) && find_field(entry.bytes, ENTRY_VALUE, BD_PB_BYTES, &part) == BD_TF_FOUND) {
            value = part.bytes;
        }
    }
    return value.at ? find_field(value, kind, wire, found) : BD_TF_ABSENT;
}

static bd_tf_found read_integer(const bd_tf_node *node, const char *name, int64_t *value) {
    bd_pb_field field;
    bd_tf_found found = find_value(node, name, VALUE_I, BD_PB_VARINT, &field);
    *value = found == BD_TF_FOUND ? (int64_t)field.value : *value;
    return found;
}

static bd_tf_found read_real(const bd_tf_node *node, const char *name, double *value) {
    bd_pb_field field;
    bd_tf_found found = find_value(node, name, VALUE_F, BD_PB_FIXED32, &field);
    *value = found == BD_TF_FOUND ? (double)bd_pb_float(field.value) : *value;
    return found;
}

static bool read_flag(const bd_tf_node *node, const char *name) {
    bd_pb_field field;
    return find_value(node, name, VALUE_B, BD_PB_VARINT, &field) == BD_TF_FOUND && field.value;
}

static int32_t read_type(const bd_tf_node *node, const char *name) {
    bd_pb_field field;
    bd_tf_found found = find_value(node, name, VALUE_TYPE, BD_PB_VARINT, &field);
    return found == BD_TF_FOUND && field.value <= INT32_MAX ? (int32_t)field.value : 0;
}

static bd_tf_found read_text(const bd_tf_node *node, const char *name, int32_t entry, const char *expected) {
    bd_pb_field field;
    if (entry < 0) {
        bd_tf_found found = find_value(node, name, VALUE_S, BD_PB_BYTES, &field);
        return found == BD_TF_FOUND && !bd_pb_equals(field.bytes, expected) ? BD_TF_OTHER : found;
    }
    bd_tf_found found = find_value(node, name, VALUE_LIST, BD_PB_BYTES, &field);
    bd_pb list = field.bytes;
    while (found == BD_TF_FOUND && bd_pb_next(&list, &field) == BD_PB_FIELD) {
        if (field.number == LIST_S && field.wire == BD_PB_BYTES && !entry--) {
            return bd_pb_equals(field.bytes, expected) ? BD_TF_FOUND : BD_TF_OTHER;
        }
    }
    return BD_TF_ABSENT;
}

static bool keep_integer(uint64_t value, int64_t *values, uint32_t room, uint32_t *count) {
    if (*count < room) {
        values[*count] = (int64_t)value;
    }
    return ++*count <= room;
}

static bd_tf_found read_integers(const bd_tf_node *node, const char *name, int64_t *values, uint32_t room,
                                 uint32_t *count) {
    bd_pb_field field;
    *count = 0;
    bd_tf_found found = find_value(node, name, VALUE_LIST, BD_PB_BYTES, &field);
    bd_pb list = field.bytes;
    bd_pb_step step = BD_PB_END;
    while (found == BD_TF_FOUND && *count <= room && (step = bd_pb_next(&list, &field)) == BD_PB_FIELD) {
        if (field.number != LIST_I) {
            continue;
        }
        uint64_t value = field.value;
        if (field.wire == BD_PB_VARINT) {
            keep_integer(value, values, room, count);
            continue;
        }
        while (field.wire == BD_PB_BYTES && bd_pb_size(field.bytes) && *count <= room) {
            if (!bd_pb_take_varint(&field.bytes, &value)) {
                return BD_TF_OTHER;
            }
            keep_integer(value, values, room, count);
        }
    }
    return step == BD_PB_BROKEN ? BD_TF_OTHER : found;
}

/* A size that is absent is 0. Where the rank is unknown *rank is 0. */
static bd_tf_found parse_shape(bd_pb message, int64_t *dims, uint32_t room, uint32_t *rank) {
    bd_pb_field field, size;
    bd_pb_step step;
    bool unknown = false;
    *rank = 0;
    while (*rank <= room && (step = bd_pb_next(&message, &field)) != BD_PB_END) {
        if (step == BD_PB_BROKEN) {
            return BD_TF_OTHER;
        }
        if (field.number == SHAPE_DIM) {
            bd_tf_found found = find_field(field.bytes, DIM_SIZE, BD_PB_VARINT, &size);
            if (field.wire != BD_PB_BYTES || found == BD_TF_OTHER) {
                return BD_TF_OTHER;
            }
            keep_integer(found == BD_TF_FOUND ? size.value : 0, dims, room, rank);
        }
        unknown = unknown || (field.number == SHAPE_UNKNOWN && field.value);
    }
    *rank = unknown ? 0 : *rank;
    return BD_TF_FOUND;
}

static bd_tf_found read_shape(const bd_tf_node *node, const char *name, int64_t *dims, uint32_t room, uint32_t *rank) {
    bd_pb_field field;
    *rank = 0;
    bd_tf_found found = find_value(node, name, VALUE_SHAPE, BD_PB_BYTES, &field);
    return found == BD_TF_FOUND ? parse_shape(field.bytes, dims, room, rank) : found;
}

/* ---- constants -------------------------------------------------------------------------------------------------- */

static const struct kind {
    int32_t number; /* in types.proto */
    bd_dtype dtype;
    uint32_t bytes; /* in tensor_content */
    uint32_t field; /* of single values */
} kinds[] = {
    {1 /* DT_FLOAT */, BD_F32, 4, 5},  {3 /* DT_INT32 */, BD_I32, 4, 7}, {4 /* DT_UINT8 */, BD_U8, 1, 7},
    {9 /* DT_INT64 */, BD_I32, 8, 10}, {10 /* DT_BOOL */, BD_U8, 1, 11}, {19 /* DT_HALF */, BD_F32, 2, 13},
};

typedef struct tensor {
    bd_tf *tf;
    const bd_tf_node *node;
    const struct kind *kind;
    bd_shape shape;
    size_t elements;
    bd_pb message, content;
    unsigned char *values;
    size_t written; /* elements */
} tensor;

static bd_result fail_tensor(const tensor *of, bd_result code, const char *problem) {
    return bd_fail(of->tf->error, code, "%s: node %.120s: operation Const: %s", of->tf->file, of->node->name, problem);
}

/* One value, as varint, bits of a float, or bits of a half. False when it is out of its type's range. */
static bool put(tensor *of, uint64_t bits) {
    int64_t number = (int64_t)bits;
    float real = 0;
    unsigned char *to = of->values + of->written * bd_dtype_bytes(of->kind->dtype);
    of->written++;
    if (of->kind->dtype == BD_U8) {
        *to = (unsigned char)bits;
        return bits <= UINT8_MAX;
    }
    if (of->kind->dtype == BD_I32) {
        int32_t narrow = number >= INT32_MIN && number <= INT32_MAX ? (int32_t)number : 0;
        memcpy(to, &narrow, sizeof narrow);
        return narrow == number;
    }
    real = of->kind->bytes == 2 ? bd_half_to_float((uint16_t)bits) : bd_pb_float(bits);
    memcpy(to, &real, sizeof real);
    return of->kind->bytes == 4 || bits <= UINT16_MAX;
}

static bool take_float(bd_pb *from, uint64_t *bits) {
    if (bd_pb_size(*from) < sizeof(float)) {
        return false;
    }
    memcpy(bits, from->at, sizeof(float));
    from->at += sizeof(float);
    return true;
}

static bd_result fail_values(const tensor *of) {
    return fail_tensor(of, BD_ERR_FILE_CORRUPT, "a value is broken or out of its type's range");
}

/* Values one by one; what is missing at the end repeats the last one, or is 0 where there is none. */
static bd_result read_values(tensor *of) {
    bd_pb message = of->message;
    bd_pb_field field;
    while (of->written < of->elements && bd_pb_next(&message, &field) == BD_PB_FIELD) {
        if (field.number != of->kind->field) {
            continue;
        }
        if (field.wire != BD_PB_BYTES) {
            if (!put(of, field.value)) {
                return fail_values(of);
            }
            continue;
        }
        while (of->written < of->elements && bd_pb_size(field.bytes)) {
            uint64_t bits = 0;
            bool real = of->kind->dtype == BD_F32 && of->kind->bytes == 4;
            bool read = real ? take_float(&field.bytes, &bits) : bd_pb_take_varint(&field.bytes, &bits);
            if (!read || !put(of, bits)) {
                return fail_values(of);
            }
        }
    }
    size_t item = bd_dtype_bytes(of->kind->dtype);
    for (size_t i = of->written; of->written && i < of->elements; i++) {
        memcpy(of->values + i * item, of->values + (of->written - 1) * item, item);
    }
    return BD_OK;
}

/* The bytes as they are where they can be used in place, else a copy in the graph's pool. */
static bd_result read_content(tensor *of, const void **data) {
    size_t item = bd_dtype_bytes(of->kind->dtype), stored = of->kind->bytes, bytes = bd_pb_size(of->content);
    if (bytes / stored != of->elements || bytes % stored) {
        return bd_fail(of->tf->error, BD_ERR_FILE_CORRUPT, "%s: node %.120s: operation Const: %zu bytes, %llu expected",
                       of->tf->file, of->node->name, bytes, (unsigned long long)of->elements * stored);
    }
    if (item == stored && (uintptr_t)of->content.at % item == 0) {
        *data = of->content.at;
        return BD_OK;
    }
    of->values = bd_pool_alloc(&of->tf->graph->pool, of->elements * item);
    *data = of->values;
    if (!of->values) {
        return fail_tensor(of, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    if (item == stored) {
        memcpy(of->values, of->content.at, bytes);
        return BD_OK;
    }
    for (const uint8_t *at = of->content.at; at < of->content.end; at += stored) {
        uint64_t bits = 0;
        memcpy(&bits, at, stored);
        if (!put(of, bits)) {
            return fail_values(of);
        }
    }
    return BD_OK;
}

static bd_result read_tensor_shape(tensor *of, const bd_pb *message) {
    int64_t dims[BD_MAX_RANK];
    uint32_t rank;
    if (parse_shape(*message, dims, BD_MAX_RANK, &rank) != BD_TF_FOUND) {
        return fail_tensor(of, BD_ERR_FILE_CORRUPT, "the shape is broken");
    }
    if (rank > BD_MAX_RANK) {
        return fail_tensor(of, BD_ERR_MODEL_UNSUPPORTED, "more than 6 dimensions");
    }
    of->shape.rank = rank;
    for (uint32_t d = 0; d < rank; d++) {
        if (dims[d] < 0 || dims[d] > INT32_MAX) {
            return fail_tensor(of, BD_ERR_FILE_CORRUPT, "a dimension is not a size");
        }
        of->shape.dims[d] = (int32_t)dims[d];
    }
    return BD_OK;
}

static bd_result read_tensor(tensor *of, const void **data) {
    bd_pb_field field;
    bd_pb message = of->message, shape = {NULL, NULL};
    bd_pb_step step;
    uint64_t number = 0;
    while ((step = bd_pb_next(&message, &field)) == BD_PB_FIELD) {
        if (field.number == TENSOR_DTYPE && field.wire == BD_PB_VARINT) {
            number = field.value;
        } else if (field.number == TENSOR_SHAPE && field.wire == BD_PB_BYTES) {
            shape = field.bytes;
        } else if (field.number == TENSOR_CONTENT && field.wire == BD_PB_BYTES) {
            of->content = field.bytes;
        }
    }
    if (step == BD_PB_BROKEN) {
        return fail_tensor(of, BD_ERR_FILE_CORRUPT, "the tensor is broken");
    }
    for (size_t i = 0; i < BD_COUNT(kinds); i++) {
        of->kind = (uint64_t)kinds[i].number == number ? &kinds[i] : of->kind;
    }
    if (!of->kind) {
        return fail_tensor(of, BD_ERR_MODEL_UNSUPPORTED,
                           "a tensor of something other than float32, float16, int32, int64, uint8 or bool");
    }
    bd_result result = read_tensor_shape(of, &shape);
    if (result) {
        return result;
    }
    int64_t elements = bd_shape_elements(&of->shape);
    if (elements < 0) {
        return fail_tensor(of, BD_ERR_FILE_CORRUPT, "the shape is too large");
    }
    of->elements = (size_t)elements;
    if (of->content.at && bd_pb_size(of->content)) {
        return read_content(of, data);
    }
    size_t bytes = of->elements * bd_dtype_bytes(of->kind->dtype);
    graphdef *file = of->tf->user;
    /* A few bytes may stand for many values, but memory is bounded by the file's size. */
    size_t beyond = bytes - BD_MIN(bytes, 4 * bd_pb_size(of->message));
    if (beyond > (uint64_t)file->splat_budget) {
        return fail_tensor(of, BD_ERR_FILE_CORRUPT, "far more values than the file has bytes");
    }
    file->splat_budget -= (int64_t)beyond;
    of->values = bd_pool_alloc(&of->tf->graph->pool, bytes);
    *data = of->values;
    return of->values ? read_values(of) : fail_tensor(of, BD_ERR_OUT_OF_MEMORY, "out of memory");
}

static bd_result add_constant(bd_tf *tf, const bd_tf_node *node, uint32_t *index) {
    bd_pb_field field;
    tensor of = {.tf = tf, .node = node};
    if (find_value(node, "value", VALUE_TENSOR, BD_PB_BYTES, &field) != BD_TF_FOUND) {
        return fail_tensor(&of, BD_ERR_FILE_CORRUPT, "it has no value");
    }
    of.message = field.bytes;
    const void *data = NULL;
    bd_result result = read_tensor(&of, &data);
    if (result) {
        return result;
    }
    *index = bd_graph_add_const(tf->graph, node->name, of.kind->dtype, &of.shape, data);
    return *index == BD_NO_NODE ? fail_tensor(&of, BD_ERR_OUT_OF_MEMORY, "out of memory") : BD_OK;
}

static const bd_tf_form form = {.integer = read_integer,
                                .real = read_real,
                                .flag = read_flag,
                                .type = read_type,
                                .text = read_text,
                                .integers = read_integers,
                                .shape = read_shape,
                                .constant = add_constant,
                                .open_ended = true};

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

/* at: the first byte that could not be read as a field. */
static bd_result fail_broken(const bd_tf *tf, const uint8_t *at) {
    const graphdef *of = tf->user;
    return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node number %u: broken or cut short at byte %zu of %zu",
                   tf->file, tf->count, (size_t)(at - of->file.at), bd_pb_size(of->file));
}

typedef struct needs {
    size_t nodes, references, text;
} needs;

/* Checks a node's fields, and those of its attributes' entries; counts what it takes. */
static bd_result measure_node(const bd_tf *tf, bd_pb message, needs *needed) {
    bd_pb_field field;
    for (;;) {
        const uint8_t *at = message.at;
        bd_pb_step step = bd_pb_next(&message, &field);
        if (step == BD_PB_END) {
            return BD_OK;
        }
        bool text = field.number == NODE_NAME || field.number == NODE_OP || field.number == NODE_INPUT;
        if (step == BD_PB_BROKEN || ((text || field.number == NODE_ATTR) && field.wire != BD_PB_BYTES)) {
            return fail_broken(tf, at);
        }
        if (text && memchr(field.bytes.at, 0, bd_pb_size(field.bytes))) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node number %u: a name has a zero byte in it", tf->file,
                           tf->count);
        }
        needed->text += text ? bd_pb_size(field.bytes) + 1 : 0;
        needed->references += field.number == NODE_INPUT;
        while (field.number == NODE_ATTR && step == BD_PB_FIELD) {
            bd_pb_field part;
            step = bd_pb_next(&field.bytes, &part);
        }
        if (step == BD_PB_BROKEN) {
            return fail_broken(tf, at);
        }
    }
}

static bd_result measure(bd_tf *tf, needs *needed) {
    bd_pb file = ((const graphdef *)tf->user)->file;
    bd_pb_field field;
    tf->count = 0;
    for (;;) {
        const uint8_t *at = file.at;
        bd_pb_step step = bd_pb_next(&file, &field);
        if (step == BD_PB_END) {
            break;
        }
        if (step == BD_PB_BROKEN || (field.number == GRAPH_NODE && field.wire != BD_PB_BYTES)) {
            return fail_broken(tf, at);
        }
        if (field.number == GRAPH_NODE) {
            bd_result result = measure_node(tf, field.bytes, needed);
            if (result) {
                return result;
            }
            tf->count++;
        }
    }
    needed->nodes = tf->count;
    return BD_OK;
}

static const char *keep_text(char **room, const bd_pb *text) {
    char *kept = *room;
    size_t length = bd_pb_size(*text);
    memcpy(kept, text->at, length);
    *room += length + 1; /* the pool is zeroed */
    return kept;
}

static bd_result list_nodes(bd_tf *tf) {
    needs needed = {0};
    bd_result result = measure(tf, &needed);
    if (result) {
        return result;
    }
    tf->nodes = bd_pool_alloc(&tf->pool, needed.nodes * sizeof *tf->nodes);
    bd_pb *records = bd_pool_alloc(&tf->pool, needed.nodes * sizeof *records);
    const char **references = bd_pool_alloc(&tf->pool, needed.references * sizeof *references);
    char *text = bd_pool_alloc(&tf->pool, needed.text);
    if (!tf->nodes || !records || !references || !text) {
        return bd_tf_fail_memory(tf, NULL);
    }
    bd_pb file = ((const graphdef *)tf->user)->file;
    bd_pb_field field, part;
    tf->count = 0;
    while (bd_pb_next(&file, &field) == BD_PB_FIELD) {
        if (field.number != GRAPH_NODE) {
            continue;
        }
        bd_tf_node *node = &tf->nodes[tf->count];
        records[tf->count] = field.bytes;
        node->record = &records[tf->count];
        node->references = references;
        while (bd_pb_next(&field.bytes, &part) == BD_PB_FIELD) {
            switch (part.number) {
            case NODE_NAME: node->name = keep_text(&text, &part.bytes); break;
            case NODE_OP: node->op = keep_text(&text, &part.bytes); break;
            case NODE_INPUT: node->references[node->reference_count++] = keep_text(&text, &part.bytes); break;
            default: break;
            }
        }
        references += node->reference_count;
        if (!node->name || !node->op) {
            return bd_fail(tf->error, BD_ERR_FILE_CORRUPT, "%s: node number %u has no name or no op", tf->file,
                           tf->count);
        }
        tf->count++;
    }
    return BD_OK;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* It begins with a node, whose name is followed by its operation: every writer puts fields in this order. JSON may
 * begin with the same byte, a line feed, but has no byte of value 18. */
bool bd_model_is_graphdef(const uint8_t *data, size_t bytes) {
    uint64_t length;
    bd_pb file = {data, data + bytes};
    if (!bytes || *file.at++ != (GRAPH_NODE << 3 | BD_PB_BYTES) || !bd_pb_take_varint(&file, &length) ||
        !bd_pb_size(file) || *file.at++ != (NODE_NAME << 3 | BD_PB_BYTES) || !bd_pb_take_varint(&file, &length)) {
        return false;
    }
    return length < bd_pb_size(file) && file.at[length] == (NODE_OP << 3 | BD_PB_BYTES);
}

bd_result bd_model_import_graphdef(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph,
                                   bd_shards *shards, bd_error *error) {
    enum { SPLAT_LEAST = 16 << 20 };
    bd_shards_begin(shards, graph->pool.allocator);
    graphdef of = {.file = {data, data + bytes}};
    of.splat_budget = (int64_t)BD_MIN(bytes, (size_t)INT32_MAX) * 2 + SPLAT_LEAST;
    bd_tf tf = {.file = path,
                .graph = graph,
                .form = &form,
                .user = &of,
                .pool = {.allocator = graph->pool.allocator},
                .error = error};
    graph->input = graph->output = BD_NO_NODE;
    bd_result result = list_nodes(&tf);
    if (!result) {
        result = bd_tf_build(&tf, NULL, 0);
    }
    bd_pool_finish(&tf.pool);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_tensor.h"

#include <stdlib.h>
#include <string.h>

enum {
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_SEGMENT = 3,
    TENSOR_FLOATS = 4,
    TENSOR_INT32 = 5,
    TENSOR_STRINGS = 6,
    TENSOR_INT64 = 7,
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_UINT64 = 11,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14
};
enum { LOCATION_EXTERNAL = 1, ENTRY_KEY = 1, ENTRY_VALUE = 2, GRAPH_INITIALIZER = 5 };

static size_t type_bytes(bd_onnx_type type) {
    switch (type) {
    case BD_ONNX_U8:
    case BD_ONNX_I8:
    case BD_ONNX_BOOL: return 1;
    case BD_ONNX_U16:
    case BD_ONNX_I16:
    case BD_ONNX_F16:
    case BD_ONNX_BF16: return 2;
    case BD_ONNX_F32:
    case BD_ONNX_I32:
    case BD_ONNX_U32: return 4;
    case BD_ONNX_I64:
    case BD_ONNX_F64:
    case BD_ONNX_U64: return 8;
    }
    return 0;
}

bool bd_onnx_is_float(bd_onnx_type type) {
    return type == BD_ONNX_F32 || type == BD_ONNX_F16 || type == BD_ONNX_F64 || type == BD_ONNX_BF16;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static uint64_t load_bits(const uint8_t *at, size_t bytes) {
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes; i++) {
        bits |= (uint64_t)at[i] << (8 * i);
    }
    return bits;
}

int64_t bd_onnx_integer(const bd_onnx_tensor *tensor, int64_t i) {
    size_t bytes = type_bytes(tensor->type);
    uint64_t bits = load_bits(tensor->data + (size_t)i * bytes, bytes);
    switch (tensor->type) {
    case BD_ONNX_I8: return (int8_t)bits;
    case BD_ONNX_I16: return (int16_t)bits;
    case BD_ONNX_I32: return (int32_t)bits;
    default: return (int64_t)bits;
    }
}

double bd_onnx_number(const bd_onnx_tensor *tensor, int64_t i) {
    size_t bytes = type_bytes(tensor->type);
    uint64_t bits = load_bits(tensor->data + (size_t)i * bytes, bytes);
    double value;
    switch (tensor->type) {
    case BD_ONNX_F32: return (double)bd_pb_float(bits);
    case BD_ONNX_F16: return (double)bd_half_to_float((uint16_t)bits);
    case BD_ONNX_BF16: return (double)bd_pb_float(bits << 16);
    case BD_ONNX_F64: memcpy(&value, &bits, sizeof value); return value;
    case BD_ONNX_U64: return (double)bits;
    default: return (double)bd_onnx_integer(tensor, i);
    }
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

bd_result bd_onnx_alloc(bd_onnx *onnx, const bd_onnx_node *node, bool in_graph, size_t bytes, void **data) {
    if (bytes > onnx->budget) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "the constants grow far beyond the file's size");
    }
    onnx->budget -= bytes;
    *data = bd_pool_alloc(in_graph ? &onnx->graph->pool : &onnx->pool, bytes);
    return *data ? BD_OK : bd_onnx_fail_memory(onnx);
}

/* Checks the dimensions and multiplies them. */
static bd_result count_elements(const bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_tensor *tensor) {
    tensor->elements = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        int64_t dim = tensor->dims[i];
        if (dim < 0 || dim > INT32_MAX || (dim && tensor->elements > INT32_MAX / dim)) {
            return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a tensor with a dimension of %lld", (long long)dim);
        }
        tensor->elements *= dim;
    }
    return BD_OK;
}

bd_result bd_onnx_new_tensor(bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_type type, uint32_t rank,
                             const int64_t *dims, bd_onnx_tensor *tensor, void **data) {
    *tensor = (bd_onnx_tensor){.type = type, .rank = rank};
    if (rank > BD_MAX_RANK) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "a tensor of %u dimensions", rank);
    }
    for (uint32_t i = 0; i < rank; i++) {
        tensor->dims[i] = dims[i];
    }
    bd_result result = count_elements(onnx, node, tensor);
    if (!result) {
        result = bd_onnx_alloc(onnx, node, false, (size_t)tensor->elements * type_bytes(type), data);
    }
    tensor->data = result ? NULL : *data;
    return result;
}

/* ---- TensorProto ------------------------------------------------------------------------------------------------ */

typedef struct parts {
    uint64_t type;
    bd_pb raw, location;
    bool has_raw, external, segment, strings;
    uint64_t offset, length;
    bool has_length;
    uint32_t typed; /* number of the field that holds the values */
    uint32_t runs;  /* how many such fields there are */
    bd_pb run;      /* the last one, when packed */
    bool packed;
} parts;

/* StringStringEntryProto: a decimal number for offset and length. */
static bool read_decimal(bd_pb text, uint64_t *value) {
    *value = 0;
    if (text.at == text.end) {
        return false;
    }
    for (; text.at < text.end; text.at++) {
        if (*text.at < '0' || *text.at > '9' || *value > (UINT64_MAX - 9) / 10) {
            return false;
        }
        *value = *value * 10 + (uint64_t)(*text.at - '0');
    }
    return true;
}

static bool read_entry(bd_pb entry, parts *of) {
    bd_pb key = {entry.at, entry.at}, value = key;
    bd_pb_field field;
    bd_pb_step step;
    while ((step = bd_pb_next(&entry, &field)) == BD_PB_FIELD) {
        key = field.number == ENTRY_KEY && field.wire == BD_PB_BYTES ? field.bytes : key;
        value = field.number == ENTRY_VALUE && field.wire == BD_PB_BYTES ? field.bytes : value;
    }
    if (bd_pb_equals(key, "location")) {
        of->location = value;
    } else if (bd_pb_equals(key, "offset")) {
        return step == BD_PB_END && read_decimal(value, &of->offset);
    } else if (bd_pb_equals(key, "length")) {
        of->has_length = true;
        return step == BD_PB_END && read_decimal(value, &of->length);
    }
    return step == BD_PB_END;
}

static bool add_dim(bd_onnx_tensor *tensor, uint64_t dim) {
    if (tensor->rank < BD_MAX_RANK) {
        tensor->dims[tensor->rank] = (int64_t)dim;
    }
    return tensor->rank++ < 64;
}

static bool take_field(const bd_pb_field *field, bd_onnx_tensor *tensor, parts *of) {
    bool bytes = field->wire == BD_PB_BYTES;
    switch (field->number) {
    case TENSOR_DIMS: {
        bd_pb packed = field->bytes;
        uint64_t dim = field->value;
        bool whole = bytes || (field->wire == BD_PB_VARINT && add_dim(tensor, dim));
        while (bytes && whole && packed.at < packed.end) {
            whole = bd_pb_take_varint(&packed, &dim) && add_dim(tensor, dim);
        }
        return whole;
    }
    case TENSOR_TYPE: of->type = field->wire == BD_PB_VARINT ? field->value : 0; return true;
    case TENSOR_SEGMENT: of->segment = true; return true;
    case TENSOR_STRINGS: of->strings = true; return true;
    case TENSOR_RAW:
        of->has_raw = bytes;
        of->raw = field->bytes;
        return bytes;
    case TENSOR_EXTERNAL: return bytes && read_entry(field->bytes, of);
    case TENSOR_LOCATION: of->external = field->wire == BD_PB_VARINT && field->value == LOCATION_EXTERNAL; return true;
    case TENSOR_FLOATS:
    case TENSOR_INT32:
    case TENSOR_INT64:
    case TENSOR_DOUBLES:
    case TENSOR_UINT64:
        /* A tensor has its values in one field. */
        if (of->typed && of->typed != field->number) {
            return false;
        }
        of->typed = field->number;
        of->packed = bytes;
        of->run = field->bytes;
        of->runs++;
        return true;
    default: return true;
    }
}

static bool take_parts(bd_pb message, bd_onnx_tensor *tensor, parts *of) {
    bd_pb_field field;
    bd_pb_step step;
    while ((step = bd_pb_next(&message, &field)) == BD_PB_FIELD) {
        if (!take_field(&field, tensor, of)) {
            return false;
        }
    }
    return step == BD_PB_END;
}

/* The field that has a type's values when they are not raw. */
static uint32_t typed_field(bd_onnx_type type) {
    switch (type) {
    case BD_ONNX_F32: return TENSOR_FLOATS;
    case BD_ONNX_I64: return TENSOR_INT64;
    case BD_ONNX_F64: return TENSOR_DOUBLES;
    case BD_ONNX_U32:
    case BD_ONNX_U64: return TENSOR_UINT64;
    default: return TENSOR_INT32;
    }
}

static void store_bits(uint8_t *to, size_t bytes, uint64_t bits) {
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(bits >> (8 * i));
    }
}

/* Values one by one, packed or not. False: too many, or broken. */
static bool take_values(bd_pb message, uint32_t number, size_t bytes, uint8_t *to, size_t room, size_t *count) {
    bool fixed = number == TENSOR_FLOATS || number == TENSOR_DOUBLES;
    bd_pb_field field;
    *count = 0;
    while (bd_pb_next(&message, &field) == BD_PB_FIELD) {
        if (field.number != number) {
            continue;
        }
        bool packed = field.wire == BD_PB_BYTES;
        while (!packed || field.bytes.at < field.bytes.end) {
            if (packed && fixed) {
                if (bd_pb_size(field.bytes) < bytes) {
                    return false;
                }
                field.value = load_bits(field.bytes.at, bytes);
                field.bytes.at += bytes;
            } else if (packed && !bd_pb_take_varint(&field.bytes, &field.value)) {
                return false;
            }
            if (*count == room) {
                return false;
            }
            store_bits(to + (*count)++ * bytes, bytes, field.value);
            if (!packed) {
                break;
            }
        }
    }
    return true;
}

static bd_result read_typed(bd_onnx *onnx, const bd_onnx_node *node, bd_pb message, const parts *of,
                            bd_onnx_tensor *tensor) {
    size_t bytes = type_bytes(tensor->type), elements = (size_t)tensor->elements, count = 0;
    uint32_t number = typed_field(tensor->type);
    if (elements && of->typed != number) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a tensor without values");
    }
    if (of->runs == 1 && of->packed && (number == TENSOR_FLOATS || number == TENSOR_DOUBLES) &&
        bd_pb_size(of->run) == elements * bytes) {
        tensor->data = of->run.at;
        return BD_OK;
    }
    /* Each value takes a byte at least: memory is bounded by a multiple of the file's size. */
    if (elements > bd_pb_size(message)) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a tensor of %zu values in %zu bytes", elements,
                            bd_pb_size(message));
    }
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, false, elements * bytes, &data);
    if (!result && (!take_values(message, number, bytes, data, elements, &count) || count != elements)) {
        result = bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a tensor of %zu values has %zu", elements, count);
    }
    tensor->data = result ? NULL : data;
    return result;
}

static int compare_paths(const void *a, const void *b) {
    const bd_pb *left = a, *right = b;
    return bd_pb_compare(*left, *right);
}

static bd_result read_external(const bd_onnx *onnx, const bd_onnx_node *node, const parts *of, bd_onnx_tensor *tensor) {
    const bd_pb *path =
        onnx->path_count ? bsearch(&of->location, onnx->paths, onnx->path_count, sizeof *path, compare_paths) : NULL;
    if (!path) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "external data outside the initializers");
    }
    const bd_content *file = &onnx->shards->contents[path - onnx->paths];
    uint64_t bytes = (uint64_t)tensor->elements * type_bytes(tensor->type);
    if (of->offset > file->bytes || bytes > file->bytes - of->offset || (of->has_length && of->length != bytes)) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT,
                            "external data of %llu bytes at %llu of a file of %zu, for a tensor of %llu",
                            (unsigned long long)(of->has_length ? of->length : bytes), (unsigned long long)of->offset,
                            file->bytes, (unsigned long long)bytes);
    }
    tensor->data = file->data + of->offset;
    return BD_OK;
}

bd_result bd_onnx_read_tensor(bd_onnx *onnx, const bd_onnx_node *node, bd_pb message, bd_onnx_tensor *tensor) {
    parts of = {.location = {message.at, message.at}};
    *tensor = (bd_onnx_tensor){0};
    if (!take_parts(message, tensor, &of)) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a tensor is truncated or broken");
    }
    tensor->type = (bd_onnx_type)(of.type & 0xff);
    if (of.type > BD_ONNX_BF16 || !type_bytes(tensor->type) || of.segment || of.strings || tensor->rank > BD_MAX_RANK) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "a tensor of type %llu and %u dimensions",
                            (unsigned long long)of.type, tensor->rank);
    }
    bd_result result = count_elements(onnx, node, tensor);
    if (result) {
        return result;
    }
    if (of.external) {
        return read_external(onnx, node, &of, tensor);
    }
    if (!of.has_raw) {
        return read_typed(onnx, node, message, &of, tensor);
    }
    size_t bytes = (size_t)tensor->elements * type_bytes(tensor->type);
    if (bd_pb_size(of.raw) != bytes) {
        return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "a tensor of %zu bytes has %zu", bytes,
                            bd_pb_size(of.raw));
    }
    tensor->data = of.raw.at;
    return BD_OK;
}

/* ---- external files --------------------------------------------------------------------------------------------- */

/* The paths of all initializers' external data: *count of them, into onnx->paths where there is room. */
static bd_result collect_paths(bd_onnx *onnx, uint32_t *count) {
    *count = 0;
    for (uint32_t i = 0; i < onnx->value_count; i++) {
        bd_pb message = onnx->values[i].initializer;
        bd_onnx_tensor tensor = {0};
        parts of = {.location = {message.at, message.at}};
        if (!message.at) {
            continue;
        }
        if (!take_parts(message, &tensor, &of)) {
            return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "an initializer is truncated or broken");
        }
        if (!of.external) {
            continue;
        }
        if (!bd_pb_size(of.location) || memchr(of.location.at, 0, bd_pb_size(of.location))) {
            return bd_onnx_fail(onnx, NULL, BD_ERR_FILE_CORRUPT, "external data without a path");
        }
        if (onnx->paths) {
            onnx->paths[*count] = of.location;
        }
        (*count)++;
    }
    return BD_OK;
}

static bd_result map_paths(bd_onnx *onnx) {
    const char **names = bd_pool_alloc(&onnx->pool, onnx->path_count * sizeof *names);
    if (!names) {
        return bd_onnx_fail_memory(onnx);
    }
    for (uint32_t i = 0; i < onnx->path_count; i++) {
        size_t length = bd_pb_size(onnx->paths[i]);
        char *name = bd_pool_alloc(&onnx->pool, length + 1);
        if (!name) {
            return bd_onnx_fail_memory(onnx);
        }
        memcpy(name, onnx->paths[i].at, length);
        names[i] = name;
    }
    return bd_shards_open(onnx->shards, onnx->file, names, onnx->path_count, onnx->error);
}

bd_result bd_onnx_open_external(bd_onnx *onnx) {
    uint32_t count;
    bd_result result = collect_paths(onnx, &count);
    if (result || !count) {
        return result;
    }
    onnx->paths = bd_pool_alloc(&onnx->pool, count * sizeof *onnx->paths);
    if (!onnx->paths) {
        return bd_onnx_fail_memory(onnx);
    }
    result = collect_paths(onnx, &count);
    if (result) {
        return result;
    }
    qsort(onnx->paths, count, sizeof *onnx->paths, compare_paths);
    for (uint32_t i = 0; i < count; i++) {
        if (!i || bd_pb_compare(onnx->paths[onnx->path_count - 1], onnx->paths[i])) {
            onnx->paths[onnx->path_count++] = onnx->paths[i];
        }
    }
    return map_paths(onnx);
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

/* from [outs][ins][taps] to [taps][ins][outs], in blocks of a cache line each way. */
static void transpose_weights(const bd_onnx_tensor *tensor, size_t outs, size_t ins, size_t taps, const float *scale,
                              float *to) {
    enum { BLOCK = 16 };
    bool plain = tensor->type == BD_ONNX_F32;
    for (size_t i0 = 0; i0 < ins; i0 += BLOCK) {
        for (size_t o0 = 0; o0 < outs; o0 += BLOCK) {
            size_t i1 = BD_MIN(i0 + BLOCK, ins), o1 = BD_MIN(o0 + BLOCK, outs);
            for (size_t n = i0 * taps; n < i1 * taps; n++) {
                float *row = to + (n % taps * ins + n / taps) * outs;
                for (size_t o = o0; o < o1; o++) {
                    size_t from = o * ins * taps + n;
                    float value;
                    if (plain) {
                        memcpy(&value, tensor->data + from * sizeof value, sizeof value);
                    } else {
                        value = (float)bd_onnx_number(tensor, (int64_t)from);
                    }
                    row[o] = scale ? value * scale[o] : value;
                }
            }
        }
    }
}

bd_result bd_onnx_add_weights(bd_onnx *onnx, const bd_onnx_node *node, bd_onnx_value *value, bool depthwise,
                              const float *scale, uint32_t *index) {
    const bd_onnx_tensor *tensor = &value->tensor;
    uint32_t *kept = &value->packed[depthwise];
    if (*kept != BD_NO_NODE && !scale) {
        *index = *kept;
        return BD_OK;
    }
    void *data = NULL;
    bd_result result = bd_onnx_alloc(onnx, node, true, (size_t)tensor->elements * sizeof(float), &data);
    if (result) {
        return result;
    }
    size_t outs = (size_t)tensor->dims[0], ins = (size_t)tensor->dims[1];
    size_t taps = (size_t)tensor->dims[2] * (size_t)tensor->dims[3];
    transpose_weights(tensor, outs, ins, taps, scale, data);
    const bd_shape shape = {4,
                            {(int32_t)tensor->dims[2], (int32_t)tensor->dims[3], (int32_t)(depthwise ? outs : ins),
                             (int32_t)(depthwise ? ins : outs)}};
    char name[128];
    size_t length = BD_MIN(bd_pb_size(value->name), sizeof name - 1);
    memcpy(name, value->name.at, length);
    name[length] = '\0';
    *index = bd_graph_add_const(onnx->graph, name, BD_F32, &shape, data);
    if (*index == BD_NO_NODE) {
        return bd_onnx_fail_memory(onnx);
    }
    if (!scale) {
        *kept = *index;
    }
    return BD_OK;
}

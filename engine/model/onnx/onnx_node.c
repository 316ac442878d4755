/* SPDX-License-Identifier: MIT */
#include "model/onnx/onnx_node.h"

#include "model/onnx/onnx_tensor.h"

bd_onnx_value *bd_onnx_input(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t k) {
    if (k >= node->input_count || onnx->links[node->first_input + k] == BD_ONNX_NONE) {
        return NULL;
    }
    return &onnx->values[onnx->links[node->first_input + k]];
}

bd_onnx_value *bd_onnx_output(const bd_onnx *onnx, const bd_onnx_node *node) {
    return &onnx->values[onnx->links[node->first_output]];
}

const bd_onnx_tensor *bd_onnx_constant(const bd_onnx *onnx, const bd_onnx_node *node, uint32_t k) {
    const bd_onnx_value *value = bd_onnx_input(onnx, node, k);
    return value && value->kind == BD_ONNX_CONSTANT ? &value->tensor : NULL;
}

uint32_t bd_onnx_rank(const bd_onnx_value *value) {
    return value->kind == BD_ONNX_CONSTANT ? value->tensor.rank : value->rank;
}

int64_t bd_onnx_dim(const bd_onnx *onnx, const bd_onnx_value *value, uint32_t i) {
    if (value->kind == BD_ONNX_CONSTANT) {
        return value->tensor.dims[i];
    }
    return value->axes[i] < 0 ? 1 : onnx->graph->nodes[value->index].shape.dims[value->axes[i]];
}

bool bd_onnx_normalise_axis(int64_t *axis, uint32_t rank) {
    if (*axis < 0) {
        *axis += (int64_t)rank;
    }
    return *axis >= 0 && *axis < (int64_t)rank;
}

/* ---- attributes (AttributeProto: 1 name, 2 f, 3 i, 4 s, 5 t, 7 floats, 8 ints) ---------------------------------- */

enum {
    NODE_ATTRIBUTE = 5,
    ATTR_NAME = 1,
    ATTR_F = 2,
    ATTR_I = 3,
    ATTR_S = 4,
    ATTR_T = 5,
    ATTR_FLOATS = 7,
    ATTR_INTS = 8
};

static bd_result fail_attribute(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, const char *problem) {
    return bd_onnx_fail(onnx, node, BD_ERR_FILE_CORRUPT, "attribute %s %s", name, problem);
}

/* The AttributeProto of that name; at NULL when absent. bd_onnx_read has checked that none is truncated. */
static bd_pb find(const bd_onnx_node *node, const char *name) {
    bd_pb message = node->message;
    bd_pb_field field;
    while (bd_pb_next(&message, &field) == BD_PB_FIELD) {
        if (field.number != NODE_ATTRIBUTE || field.wire != BD_PB_BYTES) {
            continue;
        }
        bd_pb attribute = field.bytes;
        bd_pb_field part;
        while (bd_pb_next(&attribute, &part) == BD_PB_FIELD) {
            if (part.number == ATTR_NAME && part.wire == BD_PB_BYTES && bd_pb_equals(part.bytes, name)) {
                return field.bytes;
            }
        }
    }
    return (bd_pb){NULL, NULL};
}

/* The last field of one number and kind, as protobuf has it; false when there is none. */
static bool find_field(bd_pb attribute, uint32_t number, bd_pb_wire wire, bd_pb_field *found) {
    bd_pb_field field;
    bool any = false;
    while (attribute.at && bd_pb_next(&attribute, &field) == BD_PB_FIELD) {
        if (field.number == number && field.wire == wire) {
            *found = field;
            any = true;
        }
    }
    return any;
}

bd_result bd_onnx_attr_int(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t low, int64_t high,
                           int64_t *value) {
    bd_pb_field field;
    if (!find_field(find(node, name), ATTR_I, BD_PB_VARINT, &field)) {
        return BD_OK;
    }
    *value = (int64_t)field.value;
    return *value < low || *value > high ? fail_attribute(onnx, node, name, "is out of range") : BD_OK;
}

bd_result bd_onnx_attr_float(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, float *value) {
    bd_pb_field field;
    if (!find_field(find(node, name), ATTR_F, BD_PB_FIXED32, &field)) {
        return BD_OK;
    }
    *value = bd_pb_float(field.value);
    return *value == *value ? BD_OK : fail_attribute(onnx, node, name, "is not a number");
}

bd_result bd_onnx_attr_bytes(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, bd_pb *bytes) {
    (void)onnx;
    bd_pb attribute = find(node, name);
    bd_pb_field field;
    *bytes = (bd_pb){NULL, NULL};
    if (find_field(attribute, ATTR_S, BD_PB_BYTES, &field) || find_field(attribute, ATTR_T, BD_PB_BYTES, &field)) {
        *bytes = field.bytes;
    }
    return BD_OK;
}

bd_result bd_onnx_attr_ints(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, int64_t *values,
                            int32_t room, int32_t *count) {
    bd_pb attribute = find(node, name);
    bd_pb_field field;
    *count = attribute.at ? 0 : -1;
    while (attribute.at && bd_pb_next(&attribute, &field) == BD_PB_FIELD) {
        bool packed = field.wire == BD_PB_BYTES;
        if (field.number != ATTR_INTS || (!packed && field.wire != BD_PB_VARINT)) {
            continue;
        }
        while (!packed || field.bytes.at < field.bytes.end) {
            if (packed && !bd_pb_take_varint(&field.bytes, &field.value)) {
                return fail_attribute(onnx, node, name, "is broken");
            }
            if (*count == room) {
                return fail_attribute(onnx, node, name, "has too many entries");
            }
            values[(*count)++] = (int64_t)field.value;
            if (!packed) {
                break;
            }
        }
    }
    return BD_OK;
}

bd_result bd_onnx_attr_floats(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, float *values,
                              int32_t room, int32_t *count) {
    bd_pb attribute = find(node, name);
    bd_pb_field field;
    *count = attribute.at ? 0 : -1;
    while (attribute.at && bd_pb_next(&attribute, &field) == BD_PB_FIELD) {
        if (field.number != ATTR_FLOATS || (field.wire != BD_PB_BYTES && field.wire != BD_PB_FIXED32)) {
            continue;
        }
        size_t bytes = field.wire == BD_PB_BYTES ? bd_pb_size(field.bytes) : 4;
        if (bytes % 4) {
            return fail_attribute(onnx, node, name, "is broken");
        }
        for (size_t i = 0; i < bytes; i += 4) {
            const uint8_t *at = field.bytes.at + i;
            uint64_t bits = field.wire == BD_PB_FIXED32 ? field.value
                                                        : (uint64_t)at[0] | (uint64_t)at[1] << 8 |
                                                              (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
            if (*count == room) {
                return fail_attribute(onnx, node, name, "has too many entries");
            }
            values[(*count)++] = bd_pb_float(bits);
        }
    }
    return BD_OK;
}

bd_result bd_onnx_read_ints(const bd_onnx *onnx, const bd_onnx_node *node, const char *name, uint32_t input,
                            int64_t *values, int32_t room, int32_t *count) {
    if (!bd_onnx_input(onnx, node, input)) {
        return bd_onnx_attr_ints(onnx, node, name, values, room, count);
    }
    const bd_onnx_tensor *tensor = bd_onnx_constant(onnx, node, input);
    if (!tensor || bd_onnx_is_float(tensor->type)) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "its %s are not constant integers", name);
    }
    if (tensor->elements > room) {
        return bd_onnx_fail(onnx, node, BD_ERR_MODEL_UNSUPPORTED, "%lld %s", (long long)tensor->elements, name);
    }
    *count = (int32_t)tensor->elements;
    for (int32_t i = 0; i < *count; i++) {
        values[i] = bd_onnx_integer(tensor, i);
    }
    return BD_OK;
}
